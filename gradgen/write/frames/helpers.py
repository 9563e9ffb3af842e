"""The bodies of SQL's helpers, as formulas, in; the same as functions of expressions in Polars out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gradgen.core.build import Steps
from gradgen.core.notation import Bound
from gradgen.core.table import ROWS
from gradgen.write.language import Language, Word, word
from gradgen.write.spell import Speller
from gradgen.write.sql.helpers import OPERATIONS, Helper, read, shared

_FUNCTION = '''def _{}({}) -> pl.Expr:
    """{}"""
    return {}
'''


class Helpers:
    """The helpers of a language of expressions.

    Attributes:
        names: what they are called.
        words: the words of operations that they stand for.
    """

    def __init__(self, language: Language, own: Mapping[str, str]) -> None:
        """Take a language without words for helpers, and the texts of those that are other than in SQL."""
        known = {n: h for n, h in shared().items() if n not in language.words}
        self._all = {**known, **{name: read(text) for name, text in own.items()}}
        self.names = [*self._all]
        calls = {name: _call(helper) for name, helper in self._all.items()}
        calls |= {op: calls[name] for name, op in OPERATIONS.items() if name in calls}
        self.words = {op: one for op, one in calls.items() if op in ROWS}
        self._language = replace(language, words={**language.words, **calls})
        self._steps = Steps(ROWS)
        self._texts: dict[str, str] = {}

    def texts(self) -> Mapping[str, str]:
        """Return the functions that a module may carry, by name."""
        if not self._texts:
            self._texts = {name: self._text(one) for name, one in self._all.items()}
        return self._texts

    def _text(self, helper: Helper) -> str:
        given = [self._steps.input(param) for param in helper.params]
        scope, names = dict(zip(helper.params, given)), dict(zip(given, helper.params))
        speller = Speller(self._steps, self._language)
        pieces, _ = speller.spelled(Bound(helper.body, scope), names)
        params = ", ".join(f"{param}: pl.Expr" for param in helper.params)
        says = " ".join(helper.comment)
        return _FUNCTION.format(helper.name, params, says, "".join(pieces))


def _call(helper: Helper) -> Word:
    places = ", ".join(f"{{{n}}}" for n in range(len(helper.params)))
    return replace(word(f"_{helper.name}({places})"), helper=helper.name)
