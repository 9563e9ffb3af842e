"""Constants with names in; their declarations at the top of a module out: by formula where that says their value to the last digit."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from gradgen.core.build import Steps
from gradgen.core.doubles import double
from gradgen.core.rows import Term
from gradgen.passes.constants import (
    Constant,
    as_step,
    called,
    leaves,
    operations,
    plain,
    value_of,
)
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import Speller
from gradgen.write.target import Target
from gradgen.write.view import Stage

#: A longer declaration has its comment cut.
_WIDTH = 88


class Declarations:
    """Declares constants in a target's language.

    Attributes:
        said: the words of the language that they use.
    """

    def __init__(self, steps: Steps, target: Target) -> None:
        self.target = target
        self.speller = Speller(Steps(steps.rows), target.language)
        self.said = self.speller.said
        self.formulas = Speller(self.speller.steps, FORMULA)

    def lines(
        self, constants: Mapping[str, Constant], read: Container[str]
    ) -> Sequence[Stage]:
        """Return the declaration of each constant, with what its author says of it and, where it is made of others, its value or its formula.

        Args:
            constants: the constants.
            read: those that lines read. What no declaration reads either stands in a comment.
        """
        found: list[Stage] = []
        needed: set[str] = set()
        for name, number in [*constants.items()][::-1]:
            digits, _ = self.speller.constant(float(number))
            made, formula = number.origin.made, self._formula(number)
            if name not in needed and name not in read:
                found.append(Stage(f"{self.target.comment} {name} = {digits}"))
                continue
            if made is None:
                found.append(self._beside(name, digits, "", number.origin.note))
                continue
            said = digits if formula else self._said(made, self.formulas)
            found.append(
                self._beside(name, formula or digits, said, number.origin.note)
            )
            needed |= {called(leaf)[0] for leaf in leaves(made)} if formula else set()
        return found[::-1]

    def _beside(self, name: str, value: str, said: str, note: str) -> Stage:
        """Return a declaration with its comment, as far as there is room for it."""
        named = self.target.language.named(name)
        text = self.target.constant.format(named, value)
        room = _WIDTH - len(text) - len(self.target.comment) - 3
        comments = ("; ".join(filter(None, [said, note])), note, said, "")
        return Stage(text, next((c for c in comments if len(c) <= room), ""))

    def _formula(self, number: Constant) -> str:
        """Return a constant's formula; nothing where the language has none, or one that comes to another double."""
        made = number.origin.made
        if made is None or value_of(made) != float(double(plain(number))):
            return ""
        known = self.target.formulas
        return (
            self._said(made, self.speller) if known.issuperset(operations(made)) else ""
        )

    def _said(self, made: Term, speller: Speller) -> str:
        return speller.text(as_step(speller.steps, made), {})
