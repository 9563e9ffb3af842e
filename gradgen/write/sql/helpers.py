"""The bodies of helpers in, as formulas; the functions of a dialect that a query begins with, and its words that call them, out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from gradgen.core.build import Steps
from gradgen.core.notation import Bound, term
from gradgen.core.rows import Term
from gradgen.core.table import ROWS
from gradgen.write.language import ATOM, Language, Word, word
from gradgen.write.spell import Speller
from gradgen.write.sql.dialect import PLAIN, Dialect
from gradgen.write.sql.layout import layout
from gradgen.write.target import template_folder

#: What an engine writes out: a name that nobody else has.
NAMED = "gradgen_{}"
#: The helpers with another name than the operation that they stand for.
OPERATIONS = {
    "log_cosh": "logcosh",
    "log_erfc": "logerfc",
    "log_softplus": "logsoftplus",
    "log_beta": "logbeta",
    "exp_erfc": "experfc",
    "maximum": "max",
    "minimum": "min",
    "modulo": "mod",
    "floor_divide": "floordiv",
}
_HEAD = re.compile(r"((?:# .*\n)*)(\w+)\(([\w, ]+)\) = (.*)", re.DOTALL)
#: A body that is written out in the place of its call has at most so many characters.
_LONGEST = 1500


@dataclass(frozen=True)
class Helper:
    """A helper.

    Attributes:
        name: its name.
        comment: what it is, one line each.
        params: its parameters.
        text: what it gives, as a formula.
    """

    name: str
    comment: tuple[str, ...]
    params: tuple[str, ...]
    text: str

    @property
    def body(self) -> Term:
        """What it gives."""
        return term(f"({self.text})")


def read(text: str) -> Helper:
    """Return a helper from its text: comments, and a head with a body in the language of formulas."""
    match = _HEAD.fullmatch(text.strip())
    assert match is not None, text
    comment, name, params, body = match.groups()
    lines = tuple(line.removeprefix("# ") for line in comment.splitlines())
    return Helper(name, lines, (*params.split(", "),), body)


@cache
def shared() -> Mapping[str, Helper]:
    """Return the helpers that dialects share, by name."""
    files = sorted((template_folder() / "sql" / "helpers").glob("*.txt"))
    found = (read(file.read_text("utf-8")) for file in files)
    return {helper.name: helper for helper in found}


class Helpers:
    """The helpers of one dialect.

    Attributes:
        all: the helpers, by name.
    """

    def __init__(
        self, dialect: Dialect, language: Language, known: Mapping[str, Helper]
    ) -> None:
        """Take a dialect, its language without words for helpers, and the helpers that dialects share."""
        self.dialect = dialect
        own = {name: read(text) for name, text in dialect.bodies.items()}
        self.all = {**{n: h for n, h in known.items() if n not in dialect.words}, **own}
        # Bodies settle themselves what nan comes to.
        words = {**language.words, **PLAIN}
        words = {n: w for n, w in words.items() if not n.endswith("a constant")}
        if dialect.helper:
            words |= {name: self._call(helper) for name, helper in self.all.items()}
        words |= {op: words[n] for n, op in OPERATIONS.items() if n in words}
        self.language = replace(language, words=words)
        self.steps = Steps(ROWS)
        self._texts: Mapping[str, str] | None = None
        if not dialect.helper:
            self._write_out()

    def words(self) -> Mapping[str, Word]:
        """Return the words of operations that helpers stand for."""
        known = self.language.words
        names = {n: OPERATIONS.get(n, n) for n in self.all}
        return {op: known[n] for n, op in names.items() if op in ROWS and n in known}

    def texts(self) -> Mapping[str, str]:
        """Return the functions that a query may begin with, by name."""
        if self._texts is None:
            made = self.all.values() if self.dialect.helper else ()
            self._texts = {helper.name: self._text(helper) for helper in made}
        return self._texts

    def _call(self, helper: Helper) -> Word:
        name = NAMED.format(helper.name)
        places = ", ".join(f"{{{n}}}" for n in range(len(helper.params)))
        return replace(word(f"{self.dialect.prefix}{name}({places})"), helper=name)

    def _text(self, helper: Helper) -> str:
        dialect = self.dialect
        params = ", ".join(map(dialect.argument.format, helper.params))
        body, _ = self._spelled(helper, helper.params)
        name = f"{dialect.prefix}{NAMED.format(helper.name)}"
        text = dialect.helper.format(name, params, body)
        comment = "".join(f"-- {line}\n" for line in helper.comment)
        return layout(f"{comment}{text}")

    def _spelled(self, helper: Helper, names: tuple[str, ...]) -> tuple[str, int]:
        """Return a body's text, over names for its parameters, and how strongly it binds."""
        given = [self.steps.input(param) for param in helper.params]
        speller = Speller(self.steps, self.language)
        scope = dict(zip(helper.params, given))
        pieces, binds = speller.spelled(Bound(helper.body, scope), dict(zip(given, names)))  # fmt: skip
        return "".join(pieces), binds

    def _write_out(self) -> None:
        """Give helpers words that are their bodies, as far as those are short: first what others call."""
        words = dict(self.language.words)
        for helper in self._callees_first():
            self.language = replace(self.language, words=words)
            places = tuple(f"{{{n}}}" for n in range(len(helper.params)))
            missing = [op for op in _called(helper.body) if op in self.all and op not in words]  # fmt: skip
            if missing:
                continue
            text, binds = self._spelled(helper, places)
            if len(text) <= _LONGEST:
                words[helper.name] = word(text, binds, *(ATOM,) * len(places))
        words |= {op: words[n] for n, op in OPERATIONS.items() if n in words}
        self.language = replace(self.language, words=words)

    def _callees_first(self) -> Iterator[Helper]:
        done: set[str] = set()
        todo = [*self.all][::-1]
        while todo:
            helper = self.all[todo[-1]]
            called = [op for op in _called(helper.body) if op in self.all]
            missing = [name for name in called if name not in done and name not in todo]
            waiting = [name for name in called if name not in done and name != todo[-1]]
            if missing or waiting:
                todo = [n for n in todo if n not in waiting] + waiting
                continue
            todo.pop()
            done.add(helper.name)
            yield helper


def _called(body: Term) -> list[str]:
    found, todo = [], [body]
    while todo:
        at = todo.pop()
        found.append(at.op)
        todo += at.args
    return found
