"""A function and one that claims to be its derivative in, both as text; a verdict on every slope out. Nothing is imported or run."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import mpmath

from gradgen.audit.arrange import Arrangement, Returns, Slot, arrangements, called
from gradgen.audit.claims import Claim, read_claim
from gradgen.audit.finding import Audit, Finding
from gradgen.audit.reasons import Reasons, Record, off_by
from gradgen.errors import GradgenError
from gradgen.prove.exact import ExactFormulas
from gradgen.prove.points import points
from gradgen.read.python.follow.imports import Imports

#: The precision of what is compared.
_DIGITS = 120
#: Relative differences: right up to the first, wrong from the second on; a constant of few digits lies between.
_RIGHT, _WRONG = 1e-10, 1e-5
#: What is off by more is off plainly.
_PLAIN = 1e-2
#: In double precision, what loses more than half of the digits is weak.
_WEAK = 1e-8
#: At so many points slopes are compared, among so many that are tried; a verdict needs so many of them.
_POINTS, _TRIES, _FEWEST = 24, 400, 3
#: So many points are looked at again, with so many digits, before a slope is called wrong.
_LOOKS, _CONFIRMING = 3, (80, 1200)
#: What is said of a slope that is off by a number.
_MULTIPLE = ("the sign", "a factor")
_SIGNED = tuple(f"a factor {digit}" for digit in "123456789")
#: What is larger at a point is not compared there.
_LARGEST = mpmath.mpf(10) ** 100
#: What is smaller counts as 0.
_SMALLEST = mpmath.mpf(10) ** -330
#: A slope that is smaller beside the function's value is not seen in its digits.
_UNSEEN = mpmath.mpf(10) ** -80


def audit(
    text: str,
    function: str,
    against_text: str,
    against: str,
    wrt: Sequence[str] | None = None,
    means: Mapping[str, str] | None = None,
    own: Sequence[str] = (),
    imports: tuple[Imports | None, Imports | None] = (None, None),
    within: bool = False,
) -> Audit:
    """Compare a function that somebody wrote with the derivative of another.

    Args:
        text: the file of the function.
        function: its name.
        against_text: the file of what claims to be its derivative: one slope, several as a tuple, or those of several results
            as rows, by result or by parameter.
        against: its name.
        wrt: by which parameters, in the order of what is returned; else that is found out by the shape.
        means: what imports mean that are not known.
        own: the parameters by which a slope may be, if not all of them.
        imports: of each file, those that are read beside it, and what else is said of imports.
        within: whether both are meant for some points alone, as densities are within their support: then what is right at some is not wrong.

    Raises:
        GradgenError: one of them cannot be read, or which slopes are claimed cannot be told; the message says what is missing.
    """
    pair = _Pair(
        read_claim(text, function, means, imports[0]),
        read_claim(against_text, against, means, imports[1]),
        within,
    )
    shapes = pair.found.function.shapes
    parts = [part for name in own for part in shapes.get(name, (name,))]
    offered = arrangements(pair.found, pair.claimed, wrt, parts, [*shapes.values()])
    records = pair.records()
    return judged(pair.found, against, offered, lambda *at: pair.finding(records, *at))


def judged(
    found: Returns,
    against: str,
    offered: Sequence[Arrangement],
    finding: Callable[[int, Slot], Finding],
) -> Audit:
    """Return the verdicts on what is claimed, each value taken for the slope that it fits best.

    Args:
        found: the function.
        against: what claims to be its derivative.
        offered: which slopes the values may be.
        finding: the verdict on a value, by its place, as a slope.

    Raises:
        GradgenError: which slope one value is cannot be told.
    """
    verdicts = [[finding(*each) for each in enumerate(slots)] for slots, _ in offered]
    wrong = [sum(f.verdict == "wrong" for f in all_of) for all_of in verdicts]
    fits = [n for n, all_of in enumerate(verdicts) if _fits(all_of)]
    best = min(range(len(offered)), key=lambda n: (n not in fits, wrong[n], n))
    slots, arranged = offered[best]
    if not arranged:
        # A multiple of one slope, and of no other, is that slope, and wrong.
        told = [n for n, each in enumerate(verdicts) if each[0].reason.startswith(_MULTIPLE)]  # fmt: skip
        # One with its sign goes before those without, as where a kernel is of x - y.
        signed = [n for n in told if verdicts[n][0].reason.startswith(_SIGNED)]
        told = told if len(told) == 1 else signed
        if not fits and len(told) == 1:
            slots = offered[told[0]][0]
            said = f"by {found.inputs[slots[0].by]}, as its value is a multiple of that"
            return _audit(found, against, said, verdicts[told[0]], slots)
        if len(fits) != 1:
            raise GradgenError(
                f"by which parameter of `{found.name}` the value of `{against}` is cannot be told; say it with --wrt"
            )
        arranged = f"by {found.inputs[slots[0].by]}, as its value is that"
    return _audit(found, against, arranged, verdicts[best], slots)


def _audit(
    found: Returns,
    against: str,
    arranged: str,
    verdicts: Sequence[Finding],
    slots: Sequence[Slot],
) -> Audit:
    places = tuple((slot.row, slot.by) for slot in slots)
    return Audit(found.name, against, found.inputs, arranged, tuple(verdicts), places)


def _beyond(known: Sequence[Record], offs: Sequence[Any], row: int, by: int) -> bool:
    """Whether a slope is right at all points at which the function moves: who wrote it may have had these in mind alone."""
    moving = [off for r, off in zip(known, offs) if r.true[row][by] != 0]
    return len(moving) >= _FEWEST and all(off <= _RIGHT for off in moving)


def _is_told(record: Record, place: int, slot: Slot) -> bool:
    """Whether both slopes have a value, and no digits of the function itself are lost where that is told by differences."""
    both = record.claimed[place], record.true[slot.row][slot.by]
    if None in both:
        return False
    largest = max(map(abs, both))
    return bool(largest == 0 or largest > _UNSEEN * abs(record.values[slot.row]))


def _doubled(number: Any) -> Any:
    """Return a number, as 0 where it is smaller than any double: there neither function nor slope is meant."""
    return mpmath.mpf(0) if number is not None and abs(number) < _SMALLEST else number


def _fits(found: Sequence[Finding]) -> bool:
    return all(finding.verdict in ("right", "weak") for finding in found)


class _Pair:
    """A function, and what claims to be its derivative."""

    def __init__(self, found: Claim, claimed: Claim, within: bool) -> None:
        self.within = within
        self.found = found
        self.claimed = claimed
        #: By parameter of what is claimed, its place among those of the function.
        self.places = self._places()
        self.exact = ExactFormulas(found.formulas, found.inputs, _DIGITS)
        self.claims = ExactFormulas(claimed.formulas, claimed.inputs, _DIGITS)
        self.reasons = Reasons(found, claimed, self.exact, self.places, _DIGITS)
        self._plain = found.plain(), claimed.plain()

    def _places(self) -> Sequence[int]:
        mine, theirs = self.found.inputs, self.claimed.inputs
        if {*theirs} <= {*mine}:
            return [mine.index(name) for name in theirs]
        if len(theirs) == len(mine):
            return range(len(mine))
        raise GradgenError(
            f"`{self.claimed.name}` takes {', '.join(theirs) or 'nothing'} and `{self.found.name}` {', '.join(mine) or 'nothing'}; "
            "both must take the same parameters"
        )

    def records(self) -> Sequence[Record]:
        """Return both at points at which the function has a value."""
        names = self.found.inputs
        plain = self._plain[0]
        marks = plain.landmarks() if plain else []
        source = self.found.function.program
        chosen = points(len(names), marks, random.Random(source))
        records: list[Record] = []
        for at in islice(chosen, _TRIES):
            truths = self.exact.at(at, range(len(names)))
            known = [abs(s) for t in truths for s in t.slopes if s is not None]
            if not known or any(truth.value is None for truth in truths):
                continue
            there = [at[place] for place in self.places]
            claimed = [_doubled(claim.value) for claim in self.claims.at(there, ())]
            sizes = [abs(c) for c in claimed if c is not None]
            sizes += (abs(truth.value) for truth in truths)
            if max([*known, *sizes]) > _LARGEST:
                continue
            slopes = [[*map(_doubled, truth.slopes)] for truth in truths]
            values = [truth.value for truth in truths]
            records.append(Record(at, claimed, slopes, max(known), values))
            if len(records) == _POINTS:
                break
        return records

    def finding(self, records: Sequence[Record], place: int, slot: Slot) -> Finding:
        """Return the verdict on a claimed slope, which is that of a result by a parameter."""
        slope = called(self.found, slot)
        row, by = slot
        known = [r for r in records if _is_told(r, place, slot)]
        if len(known) < _FEWEST:
            return Finding(
                slope, "unknown", reason="no points were found where both have a value"
            )
        offs = [off_by(r.claimed[place], r.true[row][by], r.size) for r in known]
        off, worst = max(zip(offs, range(len(known))))
        at = known[worst]
        got, true = float(at.claimed[place]), float(at.true[row][by])
        if sum(each > _WRONG for each in offs) > 1:
            if self.within and sum(each <= _RIGHT for each in offs) >= _FEWEST:
                said = "it is right at other points, as within a support"
                return Finding(slope, "unknown", reason=said)
            if _beyond(known, offs, row, by):
                said = "it is right, but for where the function stands still, as beyond a limit"
                return Finding(slope, "unknown", reason=said)
            # Of points where it is plain, those whose numbers are easy to read.
            plainly = [
                (-min(o, _PLAIN), abs(mpmath.mag(r.size))) for o, r in zip(offs, known)
            ]
            order = sorted(range(len(known)), key=lambda n: plainly[n])[:_LOOKS]
            sure = [known[n] for n in order if self.confirmed(known[n], place, slot)]
            if not sure:
                said = "a difference could not be confirmed"
                return Finding(slope, "unknown", reason=said)
            at = sure[0]
            numbers = float(at.claimed[place]), float(at.true[row][by])
            why = self.reasons.of(known, place, slot)
            return Finding(slope, "wrong", at.at, *numbers, why)
        if off > _WRONG:
            return Finding(slope, "unknown", reason="it differs at a single point")
        if off > _RIGHT:
            return Finding(slope, "weak", at.at, got, true, "a constant of few digits?")
        return self.in_doubles(known, place, slot) or Finding(slope, "right")

    def in_doubles(
        self, known: Sequence[Record], place: int, slot: Slot
    ) -> Finding | None:
        """Return where a right slope loses its digits in double precision."""
        plain = self._plain[1]
        if plain is None:
            return None
        for record in known:
            there = [record.at[each] for each in self.places]
            with mpmath.workprec(53):
                got = plain.values(plain.at([mpmath.mpf(x) for x in there]))[place]
            true = record.true[slot.row][slot.by]
            if got is None or off_by(_doubled(got), true, 0) > _WEAK:
                number = float("nan") if got is None else float(got)
                slope = called(self.found, slot)
                return Finding(
                    slope, "weak", record.at, number, float(true), "digits are lost"
                )
        return None

    def confirmed(self, record: Record, place: int, slot: Slot) -> bool:
        """Whether a difference is one as well by the functions' own syntax trees, and by a difference quotient."""
        found, claimed = self._plain
        if found is None or claimed is None:
            return False
        slopes, got = [], []
        for digits in _CONFIRMING:
            with mpmath.workdps(digits):
                at = [mpmath.mpf(x) for x in record.at]
                step = mpmath.mpf(10) ** -(digits // 3)
                sides = []
                for sign in (1, -1):
                    moved = [x + sign * step * (i == slot.by) for i, x in enumerate(at)]
                    sides.append(found.values(found.at(moved))[slot.row])
                there = claimed.at([at[each] for each in self.places])
                got.append(claimed.values(there)[place])
                if None in (*sides, got[-1]):
                    return False
                slopes.append((sides[0] - sides[1]) / (2 * step))
        # Where digits decide, as in sin(exp(1406)), nothing is sure.
        told = [off_by(a, b, record.size) <= _WRONG / 100 for a, b in (slopes, got)]
        return all(told) and bool(off_by(got[0], slopes[0], record.size) > _WRONG / 10)
