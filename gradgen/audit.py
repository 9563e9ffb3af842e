"""A function and one that claims to be its derivative in, both as text; a verdict on every slope out. Nothing is imported or run."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, Literal

import mpmath
import sympy as sp

from gradgen.errors import GradgenError
from gradgen.prove.exact import ExactFormulas
from gradgen.prove.plain import Plain
from gradgen.prove.plain_python import plain_function
from gradgen.prove.points import Point, points
from gradgen.read.programs import parse
from gradgen.read.python.function import Function, read_function

Verdict = Literal["right", "weak", "wrong", "unknown"]

#: The precision of what is compared; and in that, what is no difference beside the largest slope.
_DIGITS, _NOTHING = 120, mpmath.mpf(10) ** -20
#: Relative differences: right up to the first, wrong from the second on; a constant of few digits lies between.
_RIGHT, _WRONG = 1e-10, 1e-5
#: In double precision, what loses more than half of the digits is weak.
_WEAK = 1e-8
#: At so many points slopes are compared, among so many that are tried; a verdict needs so many of them.
_POINTS, _TRIES, _FEWEST = 24, 400, 3
#: So many points are looked at again, with so many digits, before a slope is called wrong.
_LOOKS, _CONFIRMING = 3, (80, 1200)
#: What is larger at a point is not compared there.
_LARGEST = mpmath.mpf(10) ** 100
#: A ratio of larger numbers is no factor that anybody forgets.
_FACTOR = 100


@dataclass(frozen=True)
class Finding:
    """The verdict on one slope.

    Attributes:
        slope: what it is called, as `df/dx`.
        verdict: `wrong` where it is another; `weak` where it is right but for digits; `unknown` where that cannot be told.
        at: where it is worst.
        got: what was claimed there.
        true: what it is.
        reason: why, where that is known.
    """

    slope: str
    verdict: Verdict
    at: Point = ()
    got: float = 0.0
    true: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Audit:
    """Verdicts on the slopes of a function.

    Attributes:
        function: the function.
        against: what claims to be its derivative.
        inputs: the function's parameters.
        arranged: which slopes are which, and how that was found out.
        findings: the verdicts.
    """

    function: str
    against: str
    inputs: tuple[str, ...]
    arranged: str
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> bool:
        """Whether a slope is wrong."""
        return any(finding.verdict == "wrong" for finding in self.findings)

    def lines(self) -> Iterator[str]:
        """Yield the verdicts, one a line, under what was compared."""
        yield f"{self.against} against the gradient of {self.function}, {self.arranged}"
        width = max(len(finding.slope) for finding in self.findings)
        for finding in self.findings:
            yield f"  {finding.slope.ljust(width)}  {finding.verdict.ljust(7)}  {self._said(finding)}".rstrip()

    def _said(self, finding: Finding) -> str:
        if not finding.at or finding.verdict in ("right", "unknown"):
            return finding.reason
        where = ", ".join(f"{n}={x!r}" for n, x in zip(self.inputs, finding.at))
        said = f"{finding.got:.10g} where {finding.true:.10g} is right, at {where}"
        return f"{said}: {finding.reason}" if finding.reason else said


def audit(
    text: str,
    function: str,
    against_text: str,
    against: str,
    wrt: Sequence[str] | None = None,
    means: Mapping[str, str] | None = None,
) -> Audit:
    """Compare a function that somebody wrote with the derivative of another.

    Args:
        text: the file of the function.
        function: its name.
        against_text: the file of what claims to be its derivative: one slope, or several as a tuple.
        against: its name.
        wrt: by which parameters, in the order of what is returned; else that is found out by the shape.
        means: what imports mean that are not known.

    Raises:
        GradgenError: one of them cannot be read, or which slopes are claimed cannot be told; the message says what is missing.
    """
    found, claimed = (
        read_function(text, function, means),
        read_function(against_text, against, means),
    )
    pair = _Pair(found, claimed, function, against)
    order, arranged = pair.arranged(wrt)
    records = pair.records()
    if order is None:
        order, arranged = pair.told_by_value(records)
    findings = [pair.finding(records, place, each) for place, each in enumerate(order)]
    return Audit(function, against, found.inputs, arranged, tuple(findings))


@dataclass(frozen=True)
class _Record:
    """What both come to at a point: the claimed slopes, and the true ones; None where there is none."""

    at: Point
    claimed: Sequence[Any]
    true: Sequence[Any]
    size: Any


class _Pair:
    """A function, and what claims to be its derivative."""

    def __init__(
        self, found: Function, claimed: Function, function: str, against: str
    ) -> None:
        self.found = found
        self.claimed = claimed
        self.function = function
        self.against = against
        self.inputs = found.inputs
        #: By parameter of what is claimed, its place among those of the function.
        self.places = self._places()
        self.formulas = _formulas(found)
        self.claims = _formulas(claimed)
        if len(self.formulas) > 1:
            raise GradgenError(
                f"`{function}` returns {len(self.formulas)} values; audit a function of one"
            )

    def _places(self) -> Sequence[int]:
        mine, theirs = self.inputs, self.claimed.inputs
        if {*theirs} <= {*mine}:
            return [mine.index(name) for name in theirs]
        if len(theirs) == len(mine):
            return range(len(mine))
        raise GradgenError(
            f"`{self.against}` takes {', '.join(theirs) or 'nothing'} and `{self.function}` {', '.join(mine) or 'nothing'}; "
            "both must take the same parameters"
        )

    def arranged(self, wrt: Sequence[str] | None) -> tuple[Sequence[int] | None, str]:
        """Return by which parameter each claimed slope is, and that in words; None where only their values can tell."""
        names, count = self.inputs, len(self.claims)
        if wrt is not None:
            for name in wrt:
                if name not in names:
                    raise GradgenError(
                        f"`{name}` is no parameter of `{self.function}`, which takes {', '.join(names)}"
                    )
            if len(wrt) != count:
                raise GradgenError(
                    f"`{self.against}` returns {count} values, and there are {len(wrt)} names"
                )
            return [names.index(name) for name in wrt], f"by {', '.join(wrt)}"
        if count == len(names):
            return (
                range(count),
                f"by {', '.join(names)}, in the order of its parameters",
            )
        if count == 1 and not self.against.endswith("fit_deriv"):
            told = [
                n
                for n in names
                if re.search(rf"(?<![A-Za-z])d?_?{re.escape(n)}$", self.against)
            ]
            if len(told) == 1:
                return [names.index(told[0])], f"by {told[0]}, as its name says"
            return None, ""
        if count < len(names):
            said = f"by {', '.join(names[-count:])}: the last {count} parameters"
            return range(len(names) - count, len(names)), said
        raise GradgenError(
            f"`{self.against}` returns {count} values and `{self.function}` has {len(names)} parameters; "
            "say by which they are with --wrt"
        )

    def told_by_value(self, records: Sequence[_Record]) -> tuple[Sequence[int], str]:
        """Return the parameter by which one claimed slope is right."""
        fits = [
            place
            for place in range(len(self.inputs))
            if self.finding(records, 0, place).verdict in ("right", "weak")
        ]
        if len(fits) != 1:
            raise GradgenError(
                f"by which parameter of `{self.function}` the value of `{self.against}` is cannot be told; say it with --wrt"
            )
        return fits, f"by {self.inputs[fits[0]]}, as its value is that"

    def records(self) -> Sequence[_Record]:
        """Return both at points at which the function has a value."""
        names = self.inputs
        exact = ExactFormulas(self.formulas, names, _DIGITS)
        claims = ExactFormulas(self.claims, self.claimed.inputs, _DIGITS)
        plain = self._plain(self.found)
        marks = plain.landmarks() if plain else []
        chosen = points(len(names), marks, random.Random(self.found.program))
        records = []
        for at in islice(chosen, _TRIES):
            (truth,) = exact.at(at, range(len(names)))
            if truth.value is None or all(slope is None for slope in truth.slopes):
                continue
            there = [at[place] for place in self.places]
            claimed = [claim.value for claim in claims.at(there, ())]
            known = [abs(slope) for slope in truth.slopes if slope is not None]
            sizes = [
                *known,
                abs(truth.value),
                *(abs(c) for c in claimed if c is not None),
            ]
            if max(sizes) > _LARGEST:
                continue
            records.append(_Record(at, claimed, truth.slopes, max(known)))
            if len(records) == _POINTS:
                break
        return records

    def finding(self, records: Sequence[_Record], place: int, by: int) -> Finding:
        """Return the verdict on a claimed slope, which is that by a parameter."""
        slope = f"d{self.function}/d{self.inputs[by]}"
        known = [r for r in records if None not in (r.claimed[place], r.true[by])]
        if len(known) < _FEWEST:
            return Finding(
                slope, "unknown", reason="no points were found where both have a value"
            )
        offs = [_off(r.claimed[place], r.true[by], r.size) for r in known]
        off, worst = max(zip(offs, range(len(known))))
        at = known[worst]
        got, true = float(at.claimed[place]), float(at.true[by])
        if sum(each > _WRONG for each in offs) > 1:
            order = sorted(range(len(known)), key=lambda n: -offs[n])[:_LOOKS]
            sure = [known[n] for n in order if self.confirmed(known[n], place, by)]
            if not sure:
                said = "a difference could not be confirmed"
                return Finding(slope, "unknown", reason=said)
            at = sure[0]
            numbers = float(at.claimed[place]), float(at.true[by])
            why = _reason(known, place, by, self.inputs)
            return Finding(slope, "wrong", at.at, *numbers, why)
        if off > _WRONG:
            return Finding(slope, "unknown", reason="it differs at a single point")
        if off > _RIGHT:
            return Finding(slope, "weak", at.at, got, true, "a constant of few digits?")
        return self.in_doubles(known, place, by) or Finding(slope, "right")

    def in_doubles(
        self, known: Sequence[_Record], place: int, by: int
    ) -> Finding | None:
        """Return where a right slope loses its digits in double precision."""
        plain = self._plain(self.claimed)
        if plain is None:
            return None
        for record in known:
            there = [record.at[each] for each in self.places]
            with mpmath.workprec(53):
                got = plain.values(plain.at([mpmath.mpf(x) for x in there]))[place]
            if got is None or _off(got, record.true[by], 0) > _WEAK:
                slope = f"d{self.function}/d{self.inputs[by]}"
                number = float("nan") if got is None else float(got)
                true = float(record.true[by])
                return Finding(
                    slope, "weak", record.at, number, true, "digits are lost"
                )
        return None

    def confirmed(self, record: _Record, place: int, by: int) -> bool:
        """Whether a difference is one as well by the functions' own syntax trees, and by a difference quotient."""
        found, claimed = self._plain(self.found), self._plain(self.claimed)
        if found is None or claimed is None:
            return False
        slopes, got = [], []
        for digits in _CONFIRMING:
            with mpmath.workdps(digits):
                at = [mpmath.mpf(x) for x in record.at]
                step = mpmath.mpf(10) ** -(digits // 3)
                sides = []
                for sign in (1, -1):
                    moved = [x + sign * step * (i == by) for i, x in enumerate(at)]
                    sides.append(found.values(found.at(moved))[0])
                there = claimed.at([at[each] for each in self.places])
                got.append(claimed.values(there)[place])
                if None in (*sides, got[-1]):
                    return False
                slopes.append((sides[0] - sides[1]) / (2 * step))
        # Where digits decide, as in sin(exp(1406)), nothing is sure.
        told = [_off(a, b, record.size) <= _WRONG / 100 for a, b in (slopes, got)]
        return all(told) and bool(_off(got[0], slopes[0], record.size) > _WRONG / 10)

    def _plain(self, function: Function) -> Plain | None:
        """Return a function as its own syntax tree says."""
        if function.origin is None:
            return None
        return plain_function(function.origin, function.inputs, {})


def _formulas(found: Function) -> Sequence[sp.Expr]:
    """Return what a function returns, as expressions over its parameters."""
    read = parse(found.program, found.inputs, "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so nothing is known of it"
        )
    return [*read.results(found.outputs)]


def _off(got: Any, true: Any, size: Any) -> Any:
    """Return the relative difference of two numbers; 0 where it is nothing beside the size of the gradient."""
    off = abs(got - true)
    if off <= _NOTHING * size or off == 0:
        return mpmath.mpf(0)
    return off / max(abs(got), abs(true))


def _constant(ratios: Sequence[Any]) -> Fraction | None:
    """Return the small fraction that all these are; None where they are no such number."""
    if len(ratios) < _FEWEST or ratios[0] == 0:
        return None
    first = ratios[0]
    if any(abs(ratio - first) > _RIGHT * abs(first) for ratio in ratios):
        return None
    near = Fraction(float(first)).limit_denominator(_FACTOR)
    if abs(near.numerator) > _FACTOR or not near:
        return None
    return (
        near
        if abs(near - Fraction(float(first))) <= Fraction(_RIGHT) * abs(near)
        else None
    )


def _reason(
    known: Sequence[_Record], place: int, by: int, inputs: Sequence[str]
) -> str:
    """Return what is likely to be wrong: a factor, a sign, another slope; nothing where none of these is."""
    found = [(r.claimed[place], r.true[by], r) for r in known]
    if all(got == 0 for got, _, _ in found):
        return "it is 0 everywhere"
    for other, name in enumerate(inputs):
        if other != by and all(
            r.true[other] is not None and _off(got, r.true[other], r.size) < _RIGHT
            for got, _, r in found
        ):
            return f"that is the slope by {name}"
    ratios = [(got / true, r) for got, true, r in found if true != 0]
    factor = _constant([ratio for ratio, _ in ratios])
    if factor is not None:
        return "the sign" if factor == -1 else f"a factor {factor} too much"
    for other, name in enumerate(inputs):
        if any(r.at[other] == 0 for _, r in ratios):
            continue
        for power, said in (
            (1, "too much"),
            (-1, "missing"),
            (2, "squared too much"),
            (-2, "squared missing"),
        ):
            scaled = [ratio / mpmath.mpf(r.at[other]) ** power for ratio, r in ratios]
            factor = _constant(scaled)
            if factor is not None:
                more = "" if factor == 1 else f", and a factor {factor} too much"
                return f"a factor {name} {said}{more}"
    return ""
