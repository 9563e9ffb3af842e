"""A compiled formula and points in; how far its module is from the truth out."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import mpmath

from gradgen.errors import GradgenError
from gradgen.exact import DIGITS, Exact, ExactFormula
from gradgen.parse import parse
from gradgen.pipeline import Compiled

#: The largest relative error that passes: of the value, and of the gradient as a vector.
TOLERANCE = 1e-10
SAMPLES = 50
#: Inputs are drawn from here unless a range is given.
RANGE = (-4.0, 4.0)
#: How many points are tried for each that is wanted, where some lie outside the domain.
_TRIES = 40
_SMALLEST = 2.2250738585072014e-308
#: The working precision for what is in SciPy alone.
_FEWER_DIGITS = 120


@dataclass
class Worst:
    """The largest error of one quantity: relative, in units in the last place, and where."""

    what: str
    relative: float = 0.0
    ulps: float = 0.0
    where: tuple[float, ...] = ()
    met: bool = False

    def meet(
        self, difference: mpmath.mpf, true: mpmath.mpf, point: tuple[float, ...]
    ) -> None:
        """Take another error into account; it may be infinite."""
        size = max(abs(true), mpmath.mpf(_SMALLEST))
        relative = float(difference / size)
        if not self.met or relative > self.relative:
            self.met = True
            self.relative, self.where = relative, point
            self.ulps = float(difference / mpmath.mpf(math.ulp(float(size))))


@dataclass
class Report:
    """What a verification found.

    Attributes:
        inputs: the names of the inputs.
        rows: the value, each input's slope, and the gradient as a vector; of several outputs, one after the other.
        judged: the rows that decide: values and gradients.
        compared: how many points were compared.
        outside: how many lay outside the domain, or beyond the range of a double.
        kinks: how many lay at a kink, a jump or an edge, where there is no gradient to compare with.
        raised: what the module raised where the truth has a value.
        digits: the working precision of the truth.
    """

    inputs: tuple[str, ...]
    rows: list[Worst]
    judged: tuple[int, ...] = (0, -1)
    compared: int = 0
    outside: int = 0
    kinks: int = 0
    raised: list[str] = field(default_factory=list)
    digits: int = DIGITS

    def passed(self, tolerance: float = TOLERANCE) -> bool:
        """Whether points were compared, none raised, and value and gradient keep to the tolerance."""
        worst = max(self.rows[place].relative for place in self.judged)
        return bool(self.compared) and not self.raised and worst <= tolerance

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        table = [("", "relative error", "ulp", "at")]
        for row in self.rows:
            found = (f"{row.relative:.2g}", f"{row.ulps:.3g}", self.point(row.where))
            table.append((row.what, *(found if row.met else ("-", "-", "-"))))
        widths = [max(map(len, column)) for column in zip(*table)]
        if self.compared:
            for cells in table:
                padded = (cell.ljust(width) for cell, width in zip(cells, widths))
                yield "  ".join(padded).rstrip()
        yield f"{_points(self.compared)} compared with {self.digits} digits"
        if self.outside:
            yield f"{_points(self.outside)} outside the domain, or beyond the range of a double"
        if self.kinks:
            yield f"{_points(self.kinks)} at a kink, a jump or an edge: the value alone compared"
        yield from self.raised[:5]
        if len(self.raised) > 5:
            yield f"... and {len(self.raised) - 5} more exceptions"
        if not self.compared and not self.raised:
            yield "no point was inside the domain; name others with --at or --range"

    def point(self, point: Sequence[float]) -> str:
        """Return a point as it is written in --at."""
        return ", ".join(f"{n}={x!r}" for n, x in zip(self.inputs, point))


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


def verify(
    compiled: Compiled,
    points: Sequence[Sequence[float]] = (),
    samples: int = SAMPLES,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Report:
    """Run a compiled module and compare it with mpmath: the formula as parsed, and difference quotients of that.

    Args:
        compiled: what to verify.
        points: where; by default at random points, the same at every run.
        samples: how many of these.
        ranges: the inputs' ranges at random points; -4 to 4 for inputs without one.

    Raises:
        GradgenError: the recipe holds no formula.
    """
    program = compiled.program
    if not compiled.recipe.source:
        raise GradgenError(
            "this expression could not be written out as text, so there is nothing to verify against"
        )
    read = parse(compiled.recipe.source, compiled.recipe.inputs or (), "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so there is no truth to compare with"
        )
    # mpmath needs seconds for the hundreds of digits of a Bessel function.
    digits = DIGITS if compiled.recipe.target == "python" else _FEWER_DIGITS
    reports = []
    formulas = [
        ExactFormula(read.result(name), program.inputs, digits)
        for name, _ in program.outputs
    ]
    for place, (name, _) in enumerate(program.outputs):
        slopes = [Worst(f"d{name}/d{program.inputs[i]}") for i in program.wrt]
        whole = "gradient" if len(program.outputs) == 1 else f"gradient of {name}"
        report = Report(
            program.inputs, [Worst(name), *slopes, Worst(whole)], digits=digits
        )
        _verify_output(compiled, place, formulas, report, points, samples, ranges or {})
        reports.append(report)
    return _joined(reports)


def _joined(reports: Sequence[Report]) -> Report:
    """Return the reports of several outputs as one."""
    rows = [row for report in reports for row in report.rows]
    size = len(reports[0].rows)
    judged = [place for place in range(len(rows)) if place % size in (0, size - 1)]
    return Report(
        reports[0].inputs,
        rows,
        tuple(judged),
        min(report.compared for report in reports),
        sum(report.outside for report in reports),
        sum(report.kinks for report in reports),
        [raised for report in reports for raised in report.raised],
        reports[0].digits,
    )


def _verify_output(
    compiled: Compiled,
    place: int,
    formulas: Sequence[ExactFormula],
    report: Report,
    points: Sequence[Sequence[float]],
    samples: int,
    ranges: Mapping[str, tuple[float, float]],
) -> None:
    """Fill the report of one output."""
    program = compiled.program
    for point in points:
        if len(point) != len(program.inputs):
            raise GradgenError(
                f"a point has {len(program.inputs)} values, one for each input, not {len(point)}"
            )
        _compare(compiled, place, formulas, tuple(point), report)
    if points:
        return
    rnd = random.Random(compiled.recipe.source)
    bounds = [ranges.get(n, RANGE) for n in program.inputs]
    for _ in range(samples * _TRIES):
        if report.compared + len(report.raised) >= samples:
            break
        # Few digits, so that a point can be read and typed.
        point = tuple(float(f"{rnd.uniform(*b):.6g}") for b in bounds)
        _compare(compiled, place, formulas, point, report)


def _compare(
    compiled: Compiled,
    place: int,
    formulas: Sequence[ExactFormula],
    point: tuple[float, ...],
    report: Report,
) -> None:
    wrt = compiled.program.wrt
    true = formulas[place].at(point, wrt)
    # The module computes all its outputs, or none.
    others = [f.at(point, ()) for i, f in enumerate(formulas) if i != place]
    if any(t.value is None or not _double(t) for t in (true, *others)):
        report.outside += 1
        return
    smooth = None not in true.slopes
    try:
        value, cache = compiled.forward(*point)
        count = len(compiled.program.outputs)
        value = value[place] if count > 1 else value
        seeds = [float(i == place) for i in range(count)]
        gradient = compiled.backward(cache, *seeds) if smooth else ()
        # With another upstream gradient, a quotient in the place of a product shows.
        twice = [2.0 * seed for seed in seeds]
        doubled = compiled.backward(cache, *twice) if smooth else ()
        rows = "jacobian" in compiled.recipe.extras and smooth
        row = compiled.jacobian(*point)[place] if rows else gradient
    except (ArithmeticError, ValueError) as error:
        where = report.point(point) or "every point"
        report.raised.append(f"{type(error).__name__} at {where}: {error}")
        return
    report.compared += 1
    report.kinks += not smooth
    with mpmath.workdps(report.digits):
        first, *each, vector = report.rows
        first.meet(_difference(value, true.value), true.value, point)
        if smooth:
            errors = [
                max(_difference(g, s), _difference(d, 2 * s) / 2, _difference(r, s))
                for g, d, r, s in zip(gradient, doubled, row, true.slopes)
            ]
            for column, off, slope in zip(each, errors, true.slopes):
                column.meet(off, slope, point)
            vector.meet(mpmath.norm(errors), mpmath.norm(true.slopes), point)


def _difference(got: float, true: mpmath.mpf) -> mpmath.mpf:
    return abs(got - true) if math.isfinite(got) else mpmath.inf


def _double(true: Exact) -> bool:
    """Whether the truth is in the range of a double."""
    largest = mpmath.mpf(1.7976931348623157e308)
    known = [slope for slope in true.slopes if slope is not None]
    return all(abs(x) <= largest for x in (true.value, *known))
