"""A compiled formula and points in; how far its module is from the truth out."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import mpmath

from gradgen.errors import GradgenError
from gradgen.over_rows import for_few_rows, of_all
from gradgen.pipeline import Compiled, in_python
from gradgen.prove.exact import DIGITS, Exact, ExactFormulas
from gradgen.read.programs import parse
from gradgen.read.sympy.unroll import row_names
from gradgen.unrolled import Unrolled

#: The largest relative error that passes: of the value, and of the gradient as a vector.
TOLERANCE = 1e-10
SAMPLES = 50
#: Inputs are drawn from here unless a range is given.
RANGE = (-4.0, 4.0)
#: How many points are tried for each that is wanted, where some lie outside the domain.
_TRIES = 40
_SMALLEST, _LARGEST = 2.2250738585072014e-308, 1.7976931348623157e308
#: How many additions with hundreds of digits a verification may take by default: some seconds. At least so many points are
#: compared all the same.
_WORK, _FEWEST = 400_000, 2
#: How many slopes, and how many inputs of a point, a report shows at most.
_MOST_ROWS, _MOST_NAMED = 50, 20
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
        few: how many points were wanted, where the formula's size made them fewer than usual; else 0.
        instead: whether the same program in Python was run in the place of a module in another language.
    """

    inputs: tuple[str, ...]
    rows: list[Worst]
    judged: tuple[int, ...] = (0, -1)
    compared: int = 0
    outside: int = 0
    kinks: int = 0
    raised: list[str] = field(default_factory=list)
    digits: int = DIGITS
    few: int = 0
    instead: bool = False

    @property
    def met(self) -> int:
        """How many points were inside the domain: compared, or raised at."""
        return self.compared + len(self.raised)

    def passed(self, tolerance: float = TOLERANCE) -> bool:
        """Whether values and gradients were compared, none raised, and all keep to the tolerance."""
        judged = [self.rows[place] for place in self.judged]
        met = all(row.met for row in self.rows)
        return met and not self.raised and all(r.relative <= tolerance for r in judged)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        table = [("", "relative error", "ulp", "at")]
        shown = self._shown()
        for row in shown:
            found = (f"{row.relative:.2g}", f"{row.ulps:.3g}", self.point(row.where))
            table.append((row.what, *(found if row.met else ("-", "-", "-"))))
        widths = [max(map(len, column)) for column in zip(*table)]
        if self.compared:
            for cells in table:
                padded = (cell.ljust(width) for cell, width in zip(cells, widths))
                yield "  ".join(padded).rstrip()
            if len(shown) < len(self.rows):
                yield f"{len(self.rows) - len(shown)} slopes more, none further from the truth"
        yield f"{_points(self.compared)} compared with {self.digits} digits"
        if self.instead:
            yield "the same program was run in Python"
        if self.outside:
            yield f"{_points(self.outside)} outside the domain, or beyond the range of a double"
        if self.kinks:
            yield f"{_points(self.kinks)} at a kink, a jump or an edge: slopes that do not exist there not compared"
        yield from self.raised[:5]
        if len(self.raised) > 5:
            yield f"... and {len(self.raised) - 5} more exceptions"
        if self.few:
            yield (
                f"fewer points than the usual {SAMPLES}, since each takes long; "
                "--samples says how many"
            )
        if not self.compared and not self.raised:
            yield "no point was inside the domain; name others with --at or --range"
        elif self.compared:
            unmet = [row.what for row in self.rows if not row.met]
            if unmet and all(self.rows[i].met for i in self.judged):
                more = ", ..." if unmet[5:] else ""
                yield f"{', '.join(unmet[:5])}{more}: not compared; name other points with --at or --range"
            elif unmet:
                yield "no gradient was compared; name other points with --at or --range"

    def _shown(self) -> list[Worst]:
        """Return the rows; of many slopes those with the largest errors."""
        judged = {place % len(self.rows) for place in self.judged}
        slopes = [place for place in range(len(self.rows)) if place not in judged]
        slopes.sort(key=lambda place: -self.rows[place].relative)
        kept = judged | set(slopes[:_MOST_ROWS])
        return [row for place, row in enumerate(self.rows) if place in kept]

    def point(self, point: Sequence[float]) -> str:
        """Return a point as it is written in --at; of many inputs the first ones."""
        listed = zip(self.inputs[:_MOST_NAMED], point)
        more = ", ..." if len(point) > _MOST_NAMED else ""
        return ", ".join(f"{n}={x!r}" for n, x in listed) + more


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


def verify(
    compiled: Compiled,
    points: Sequence[Sequence[float]] = (),
    samples: int | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Run a compiled module and compare it with mpmath: the formula as parsed, and difference quotients of that.

    Args:
        compiled: what to verify.
        points: where; by default at random points, the same at every run.
        samples: how many of these; by default 50, and fewer where the formula is so large that they would take long.
        ranges: the inputs' ranges at random points; -4 to 4 for inputs without one.
        progress: called after every point with the number of points that are done and that there are.

    Raises:
        GradgenError: the recipe holds no formula.
    """
    given, compiled = compiled, in_python(compiled)
    program = compiled.program
    if isinstance(compiled, Unrolled):
        ranges = _of_rows(given, points, ranges or {})
    for point in points:
        if len(point) != len(program.inputs):
            raise GradgenError(
                f"a point has {len(program.inputs)} values, one for each input, not {len(point)}"
            )
    for name in ranges or ():
        if name not in program.inputs:
            raise GradgenError(
                f"`{name}` has a range and is no input; the inputs are {', '.join(program.inputs) or '(none)'}"
            )
    formulas = formulas_of(compiled)
    affordable = max(_FEWEST, _WORK // formulas.work)
    count = min(SAMPLES, affordable) if samples is None else samples
    reports = _empty(compiled, formulas.digits)
    chosen: Iterable[tuple[float, ...]] = map(tuple, points)
    if not points:
        tries = min(count * _TRIES, max(count, _TRIES, _TRIES * affordable // 10))
        chosen = _drawn(compiled, tries, ranges or {})
    for point in chosen:
        open_ = [
            place
            for place, report in enumerate(reports)
            if points or report.met < count
        ]
        if not open_:
            break
        _compare(compiled, formulas, point, reports, open_)
        if progress is not None:
            progress(min(report.met for report in reports), len(points) or count)
    joined = _joined(reports)
    if samples is None and not points and count < SAMPLES:
        joined.few = count
    joined.instead = compiled is not given
    return joined


def _of_rows(
    given: Compiled,
    points: Sequence[Sequence[float]],
    ranges: Mapping[str, tuple[float, float]],
) -> Mapping[str, tuple[float, float]]:
    """Return the ranges of the numbers in a few rows."""
    if points:
        raise GradgenError(
            "over rows of data points are drawn; --range says where, a column's for each of its rows"
        )
    each = {name: row_names(name) for name in given.recipe.rows}
    return {row: r for name, r in ranges.items() for row in each.get(name, [name])}


def formulas_of(compiled: Compiled) -> ExactFormulas:
    """Return the formulas of a module's results as they were read, for evaluation with hundreds of digits.

    Raises:
        GradgenError: there are none, or none that are known.
    """
    recipe, program = compiled.recipe, compiled.program
    if not recipe.source:
        raise GradgenError(
            "this expression could not be written out as text, so there is nothing to verify against"
        )
    read = parse(recipe.source, recipe.inputs or (), "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so there is no truth to compare with"
        )
    # mpmath needs seconds for the hundreds of digits of a Bessel function.
    digits = DIGITS if recipe.target == "python" else _FEWER_DIGITS
    results = [of_all(result, recipe) for result in read.results(recipe.outputs)]
    if isinstance(compiled, Unrolled):
        results = for_few_rows([*read.results(recipe.outputs)], recipe)
    return ExactFormulas(results, program.inputs, digits)


def _empty(compiled: Compiled, digits: int) -> list[Report]:
    """Return a report without a point for every result."""
    program = compiled.program
    reports = []
    for name, _ in program.outputs:
        slopes = [Worst(f"d{name}/d{program.inputs[i]}") for i in program.wrt]
        whole = "gradient" if len(program.outputs) == 1 else f"gradient of {name}"
        rows = [Worst(name), *slopes, Worst(whole)]
        reports.append(Report(program.inputs, rows, digits=digits))
    return reports


def _drawn(
    compiled: Compiled, tries: int, ranges: Mapping[str, tuple[float, float]]
) -> Iterator[tuple[float, ...]]:
    """Yield random points, the same at every run."""
    rnd = random.Random(compiled.recipe.source)
    bounds = [ranges.get(name, RANGE) for name in compiled.program.inputs]
    for _ in range(tries):
        # Few digits, so that a point can be read and typed.
        yield tuple(float(f"{rnd.uniform(*b):.6g}") for b in bounds)


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


def _compare(
    compiled: Compiled,
    formulas: ExactFormulas,
    point: tuple[float, ...],
    reports: Sequence[Report],
    places: Sequence[int],
) -> None:
    """Compare the outputs at some places at a point, and note in their reports what is found."""
    truths = formulas.at(point, compiled.program.wrt)
    largest = mpmath.mpf(_LARGEST)
    # The module computes all its outputs, or none.
    inside = all(
        true.value is not None and abs(true.value) <= largest for true in truths
    )
    for place in places:
        report, true = reports[place], truths[place]
        known = [slope for slope in true.slopes if slope is not None]
        if not inside or any(abs(slope) > largest for slope in known):
            report.outside += 1
        else:
            _compare_output(compiled, place, true, point, report)


def _compare_output(
    compiled: Compiled,
    place: int,
    true: Exact,
    point: tuple[float, ...],
    report: Report,
) -> None:
    """Compare one output at a point."""
    known = [number for number, slope in enumerate(true.slopes) if slope is not None]
    smooth = len(known) == len(true.slopes)
    gradient: Sequence[float] | None = None
    try:
        value, cache = compiled.forward(*point)
        count = len(compiled.program.outputs)
        value = value[place] if count > 1 else value
        if known or smooth:
            try:
                seeds = [float(i == place) for i in range(count)]
                gradient = compiled.backward(cache, *seeds)
                # With another upstream gradient, a quotient in the place of a product shows.
                doubled = compiled.backward(cache, *(2.0 * seed for seed in seeds))
                rows = "jacobian" in compiled.recipe.with_
                row = compiled.jacobian(*point)[place] if rows else gradient
            except (ArithmeticError, ValueError):
                if smooth:
                    raise
                gradient = None  # a slope that does not exist may raise
    except (ArithmeticError, ValueError) as error:
        where = report.point(point) or "every point"
        report.raised.append(f"{type(error).__name__} at {where}: {error}")
        return
    report.compared += 1
    report.kinks += not smooth
    with mpmath.workdps(report.digits):
        first, *each, vector = report.rows
        first.meet(_difference(value, true.value), true.value, point)
        if gradient is not None:
            errors = []
            for i in known:
                slope = true.slopes[i]
                off = max(
                    _difference(gradient[i], slope),
                    _difference(doubled[i], 2 * slope) / 2,
                    _difference(row[i], slope),
                )
                each[i].meet(off, slope, point)
                errors.append(off)
            size = mpmath.norm([true.slopes[i] for i in known])
            vector.meet(mpmath.norm(errors), size, point)


def _difference(got: float, true: mpmath.mpf) -> mpmath.mpf:
    return abs(got - true) if math.isfinite(got) else mpmath.inf
