"""A named program in; its formula in MathML, each stage in an element of its own, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from gradgen.core.build import Steps
from gradgen.core.notation import Node
from gradgen.core.program import Program
from gradgen.core.rows import Number
from gradgen.errors import GradgenError
from gradgen.page.flow import places
from gradgen.write.language import CONDITIONAL, Word, word
from gradgen.write.languages.mathml import MATHML, number, symbol
from gradgen.write.latex import by_formula
from gradgen.write.spell import Speller

#: What is shared is written out each time; of a longer formula the stages are better read.
_LONGEST = 40_000


class _Speller(Speller):
    """Writes values in MathML, where digits stand in an element too, and each copy in one that tells which stage it is."""

    def __init__(self, steps: Steps, places: Mapping[int, int]) -> None:
        """Take steps, and of what copies are of, which stages these are."""
        super().__init__(steps, MATHML, joined=True)
        self.places = places

    def constant(self, number_: Number) -> tuple[str, int]:
        text, binds = super().constant(number_)
        return number(text), binds

    def _word(self, op: str, args: Sequence[Node], names: Mapping[int, str]) -> Word:
        if op != "copy" or args[0] not in self.places:
            return super()._word(op, args, names)
        text = _marked(self.places[cast(int, args[0])], "{0}")
        return word(text, self.binds(args[0], names), CONDITIONAL)


def formula(program: Program) -> str:
    """Return the equations of the values that their author named, and of the results, one below the other; empty where they are too long.

    What belongs to an input or a stage has the attribute `data-s`, its place among them.
    """
    at = places(program)
    named = {v for _, v, _ in program.given if v in program.lines}
    # A reciprocal is no part of the formula where something is divided.
    apart = {v for v in program.lines if v in named or program.steps[v].op != "inv"}
    steps, moved = by_formula(program, apart)
    copies = {steps[moved[v]].args[0]: at[v] for v in sorted(apart, reverse=True)}
    speller = _Speller(steps, copies)
    called = {v: _symbol(program.names[v], at[v]) for v in (*program.signature, *named)}
    inputs = "<mo>,</mo>".join(called[v] for v in program.signature)
    ends = {value for _, value in program.outputs}
    names = {moved[v]: text for v, text in called.items()}
    rows = []
    room = _LONGEST
    for value in sorted(named | ends):
        try:
            text = speller.text(moved[value], names, limit=room)
        except GradgenError:
            return ""
        room -= len(text)
        head = _symbol(program.names[value], at[value])
        if value in ends and inputs:
            head += f"<mo>(</mo>{inputs}<mo>)</mo>"
        cells = head, "<mo>=</mo>", _marked(at[value], text)
        rows.append("".join(f"<mtd>{cell}</mtd>" for cell in cells))
    lines = "".join(f"<mtr>{row}</mtr>" for row in rows)
    return f'<math display="block"><mtable class="equations" displaystyle="true">{lines}</mtable></math>'


def _symbol(name: str, place: int) -> str:
    return symbol(name).replace(">", f' data-s="{place}">', 1)


def _marked(place: int, text: str) -> str:
    return f'<mrow data-s="{place}">{text}</mrow>'
