"""A slope that is wrong in, with what is right at many points; what is likely to be wrong with it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp

from gradgen.audit.arrange import Slot
from gradgen.audit.claims import Claim
from gradgen.prove.exact import ExactFormulas
from gradgen.prove.points import Point
from gradgen.read.sympy.nodes import ByNode

#: Relative differences that are none, beside the size of the gradient and in a ratio.
_NOTHING, _SAME = mpmath.mpf(10) ** -20, 1e-10
#: What is as far off is another value.
_OTHER = 1e-5
#: A ratio needs so many points; one of larger numbers is no factor that anybody forgets.
_FEWEST, _FACTOR = 3, 100
#: So many points tell which part it is, and a part is named by no more characters.
_LOOKED_AT, _NAMED = 6, 48
#: What factors are looked for, by the power of a parameter.
_POWERS = {1: "too much", -1: "missing", 2: "squared too much", -2: "squared missing"}


@dataclass(frozen=True)
class Record:
    """What both come to at a point.

    Attributes:
        at: the point.
        claimed: the claimed slopes; None where one has no value.
        true: by result, its slopes; None where there is none.
        size: the largest slope there.
        values: the results.
    """

    at: Point
    claimed: Sequence[Any]
    true: Sequence[Sequence[Any]]
    size: Any
    values: Sequence[Any]


@dataclass(frozen=True)
class Reasons:
    """Looks for what is wrong with a slope: what all of it is off by, then the first stage in which it parts from the right one.

    Attributes:
        found: the function.
        claimed: what claims to be its derivative.
        exact: the function's formulas.
        places: by parameter of what is claimed, its place among those of the function.
        digits: the precision.
    """

    found: Claim
    claimed: Claim
    exact: ExactFormulas
    places: Sequence[int]
    digits: int

    def of(self, known: Sequence[Record], place: int, slot: Slot) -> str:
        """Return the reason; empty where none is found."""
        ways = (self.whole, self.part, self.excess, self.name)
        with mpmath.workdps(self.digits):
            return next(filter(None, (way(known, place, slot) for way in ways)), "")

    def whole(self, known: Sequence[Record], place: int, slot: Slot) -> str:
        """Return what all of it is off by: a factor, a sign, another slope."""
        row, by = slot
        found = [(r.claimed[place], r.true[row][by], r) for r in known]
        if all(got == 0 for got, _, _ in found):
            return "it is 0 everywhere"
        for other in self._others(found, slot):
            return other
        ratios = [(got / true, r) for got, true, r in found if true != 0]
        factor = _constant([ratio for ratio, _ in ratios])
        if factor is not None and factor != 1:
            return "the sign" if factor == -1 else f"a factor {factor} too much"
        for other_by, name in enumerate(self.found.inputs):
            if any(r.at[other_by] == 0 for _, r in ratios):
                continue
            for power, said in _POWERS.items():
                scaled = [
                    ratio / mpmath.mpf(r.at[other_by]) ** power for ratio, r in ratios
                ]
                factor = _constant(scaled)
                if factor is not None:
                    more = "" if factor == 1 else f", and a factor {factor} too much"
                    return f"a factor {name} {said}{more}"
        return ""

    def _others(
        self, found: Sequence[tuple[Any, Any, Record]], slot: Slot
    ) -> Iterator[str]:
        """Yield which other slope it is at all points."""
        rows = len(self.found.formulas)
        for row in range(rows):
            for by, name in enumerate(self.found.inputs):
                others = [r.true[row][by] for _, _, r in found]
                if (row, by) == slot or None in others:
                    continue
                if all(
                    off_by(got, other, r.size) < _SAME
                    for (got, _, r), other in zip(found, others)
                ):
                    transposed = (row, by) == (slot.by, slot.row) and rows > 1
                    of = f" of result {row}" if rows > 1 else ""
                    swapped = ": transposed?" if transposed else ""
                    yield f"that is the slope{of} by {name}{swapped}"

    def part(self, known: Sequence[Record], place: int, slot: Slot) -> str:
        """Return the first stage, from the result on, by way of which a part comes that explains the difference."""
        ratios: dict[int, list[Any]] = {}
        whole: Counter[int] = Counter()
        looked_at = known[:_LOOKED_AT]
        for record in looked_at:
            parts = self.exact.parts(record.at, slot.by, slot.row)
            true = record.true[slot.row][slot.by]
            for node, part in parts.items():
                if part:
                    off = (record.claimed[place] - true) / part
                    ratios.setdefault(node, []).append(1 + off)
                    whole[node] += off_by(part, true, record.size) < _SAME
        for node in sorted(ratios, reverse=True):
            factor = _constant(ratios[node], zero=True)
            told = len(ratios[node]) == len(looked_at) > whole[node]
            if factor is None or not told:
                continue
            said = self._said(self.exact.nodes[node])
            if factor == 0:
                return f"the part by way of {said} is missing"
            wrong = "the wrong sign" if factor == -1 else f"a factor {factor} too much"
            return f"the part by way of {said} has {wrong}"
        return ""

    def excess(self, known: Sequence[Record], place: int, slot: Slot) -> str:
        """Return the term that is too much, or that stands there in the place of another sign."""
        formula = self.claimed.formulas[place]
        if not isinstance(formula, sp.Add):
            return ""
        terms = ExactFormulas(formula.args, self.claimed.inputs, self.digits)
        ratios: list[list[Any]] = [[] for _ in formula.args]
        for record in known[:_LOOKED_AT]:
            values = terms.at([record.at[each] for each in self.places], ())
            off = record.claimed[place] - record.true[slot.row][slot.by]
            for found, term in zip(ratios, values):
                if term.value:
                    found.append(off / term.value)
        for term, found in zip(formula.args, ratios):
            if _constant(found) == 1 and len(str(term)) <= _NAMED:
                return f"the term `{term}` is too much"
        return ""

    def name(self, known: Sequence[Record], place: int, slot: Slot) -> str:
        """Return the first name that both give to a value, to another one each."""
        results = [*self.found.formulas, *self.claimed.formulas]
        mine = {a.name: a.expr for a in self.found.named}
        both = [
            a
            for a in self.claimed.named
            if a.name in mine
            and not any(each is a.expr or each is mine[a.name] for each in results)
        ]
        if not both:
            return ""
        ours = ExactFormulas([mine[a.name] for a in both], self.found.inputs, self.digits)  # fmt: skip
        theirs = ExactFormulas([a.expr for a in both], self.claimed.inputs, self.digits)
        counts = dict.fromkeys(range(len(both)), 0)
        for record in known[:_LOOKED_AT]:
            here = ours.at(record.at, ())
            there = theirs.at([record.at[each] for each in self.places], ())
            for number, (one, other) in enumerate(zip(here, there)):
                if None not in (one.value, other.value):
                    counts[number] += off_by(other.value, one.value, 0) > _OTHER
        for number, count in counts.items():
            if count > 1:
                return f"`{both[number].name}` is another value there than in {self.found.name}"
        return ""

    def _said(self, node: sp.Basic) -> str:
        """Return a stage as it is called, or as it is written if that is short."""
        named: Mapping[sp.Basic, str] = self._named()
        if node in named:
            return f"`{named[node]}`"
        text = str(node)
        if len(text) <= _NAMED:
            return f"`{text}`"
        return f"a {node.func.__name__.lower()} of it"

    def _named(self) -> ByNode[str]:
        found: ByNode[str] = ByNode()
        for assignment in self.found.named:
            if assignment.expr.args:
                found[assignment.expr] = assignment.name
        return found


def off_by(got: Any, true: Any, size: Any) -> Any:
    """Return the relative difference of two numbers; 0 where it is nothing beside the size of the gradient."""
    off = abs(got - true)
    if off <= _NOTHING * size or off == 0:
        return mpmath.mpf(0)
    return off / max(abs(got), abs(true))


def _constant(ratios: Sequence[Any], zero: bool = False) -> Fraction | None:
    """Return the small fraction that all these are; None where they are no such number."""
    if len(ratios) < _FEWEST:
        return None
    first = ratios[0]
    if zero and all(abs(ratio) < _SAME for ratio in ratios):
        return Fraction(0)
    if first == 0 or any(abs(ratio - first) > _SAME * abs(first) for ratio in ratios):
        return None
    near = Fraction(float(first)).limit_denominator(_FACTOR)
    if abs(near.numerator) > _FACTOR or not near:
        return None
    close = abs(near - Fraction(float(first))) <= Fraction(_SAME) * abs(near)
    return near if close else None
