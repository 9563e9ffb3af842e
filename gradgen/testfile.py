"""A compiled formula in; the text of a test module out, which holds the generated module to values from mpmath."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import mpmath

from gradgen.compiled import Compiled
from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.files.recipe import Recipe
from gradgen.over_rows import for_few_rows, is_over_rows
from gradgen.passes.facts import rowwise
from gradgen.prove.exact import Exact, ExactFormulas
from gradgen.read.programs import parse
from gradgen.read.statements import split_docstring
from gradgen.read.sympy.unroll import ROWS
from gradgen.targets import TARGETS
from gradgen.unrolled import unrolled
from gradgen.write.templates import Templates
from gradgen.write.view import ModuleTest

#: How many points a test holds; formulas with choices get more, so that every branch is likely met.
_POINTS, _POINTS_WITH_CHOICES = 5, 12
_TRIES = 400
#: Inputs are drawn from these in turn.
_RANGES = ((0.2, 2.2), (-4.0, 4.0))
_DIGITS = 120
#: A point is left out where moving its inputs by this part of themselves moves value or gradient by more than the other.
_NUDGE, _STEADY = 1e-12, 1e-10
#: The step of the test's central differences, and how close to the slope they must be, in parts of the largest slope.
_STEP, _CLOSE = 1e-6, 2e-5
_EPSILON = 2.0**-52
#: What bounds the test of a large formula: the numbers in it, the moves of single inputs, and the tries to find a point.
_MOST_NUMBERS, _MOST_MOVES, _MOST_WORK = 20_000, 300_000, 2_000_000
_FEWEST, _FEWEST_TRIES = 3, 10
#: Over rows the upstream gradients of the results' numbers, in turn.
_UPSTREAM = (1.5, -2.5, 0.75, 2.0)


def make_test(
    compiled: Compiled, module: str, templates: Path | None = None
) -> tuple[str, Recipe]:
    """Return the test of a module, header and all, and its recipe.

    Args:
        compiled: the module.
        module: the name that it is imported by.
        templates: the user's folder of templates, if the module was made with one.

    Raises:
        GradgenError: there is no formula to compute values from, or no point of the domain was found.
    """
    recipe = replace(compiled.recipe, tests=module)
    if not recipe.source:
        raise GradgenError(
            "this expression could not be written out as text, so there is nothing to test against"
        )
    read = parse(recipe.source, recipe.inputs or (), "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so its values are not known without running it; leave --test out"
        )
    over = is_over_rows(recipe, compiled.program)
    results = [*read.results(recipe.outputs)]
    if over:
        results = for_few_rows(results, recipe)
    program = unrolled(compiled).program if over else compiled.program
    formulas = ExactFormulas(results, program.inputs, _DIGITS)
    points, checked = _found(program, formulas)
    texts = _over_rows(compiled, points) if over else _texts(points)
    wrt: Sequence[object] = program.wrt
    if over:
        wrt = [*_places(compiled)]
    body = Templates(TARGETS[recipe.target], templates).test(
        ModuleTest(
            module,
            _quoted(recipe.source),
            tuple(wrt),
            tuple(texts),
            len(compiled.program.outputs),
            "jacobian" in recipe.with_,
            checked if len(checked) < len(program.wrt) else (),
            over,
            TARGETS[recipe.target].spreads,
        )
    )
    return recipe.header(body) + body, recipe


#: A point with the truths there, one of each result.
Point: TypeAlias = "tuple[tuple[float, ...], list[Exact]]"


def _found(
    program: Program, formulas: ExactFormulas
) -> tuple[list[Point], tuple[int, ...]]:
    """Return the points to test at, and the slopes that are compared with central differences there.

    Raises:
        GradgenError: there are none.
    """
    choices = any(step.op == "where" for step in program.steps)
    wanted = _POINTS_WITH_CHOICES if choices else _POINTS
    size = (len(program.inputs) + len(program.wrt) + 1) * len(program.outputs)
    wanted = max(1, min(wanted, _MOST_NUMBERS // size))
    checked = _spread(len(program.wrt), max(_FEWEST, _MOST_MOVES // formulas.work))
    points = [*islice(_points(program, formulas, checked), wanted)]
    if not points:
        raise GradgenError(
            "no point of the domain was found to test at; it must lie within -4 and 4 in every input"
        )
    return points, checked


def _texts(points: Sequence[Point]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Yield the texts of each result's points: its place, if there are several, the point, the value and the slopes."""
    results = len(points[0][1])
    for place in range(results):
        for point, truths in points:
            true = truths[place]
            numbers = (point, (float(true.value),), tuple(map(float, true.slopes)))
            texts = tuple(tuple(map(repr, part)) for part in numbers)
            yield ((repr(place),), *texts) if results > 1 else texts


def _over_rows(
    compiled: Compiled, points: Sequence[Point]
) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Yield the texts of each point over rows: its inputs, the values, upstream gradients, and the gradient with these."""
    program = compiled.program
    each = rowwise(program, compiled.recipe.rows)
    inputs = [value in each for value in program.signature]
    results = [value in each for _, value in program.outputs]
    slopes = [value in each for value in program.wrt]
    for point, truths in points:
        upstream = [_UPSTREAM[i % len(_UPSTREAM)] for i in range(len(truths))]
        with mpmath.workdps(_DIGITS):
            columns = zip(*(true.slopes for true in truths))
            found = [mpmath.fdot(upstream, column) for column in columns]
        values = [float(true.value) for true in truths]
        yield (
            _grouped(point, inputs),
            _grouped(values, results),
            _grouped(upstream, results),
            _grouped([float(slope) for slope in found], slopes),
        )


def _grouped(numbers: Iterable[float], columns: Sequence[bool]) -> tuple[str, ...]:
    """Return texts of numbers, those of columns as lists."""
    rest = map(repr, numbers)
    return tuple(
        f"[{', '.join(islice(rest, ROWS))}]" if column else next(rest)
        for column in columns
    )


def _places(compiled: Compiled) -> Iterator[tuple[int, int]]:
    """Yield the place of each number that the gradient is by: the input's, and its row."""
    each = rowwise(compiled.program, compiled.recipe.rows)
    for value in compiled.program.wrt:
        for row in range(ROWS if value in each else 1):
            yield value, row


def _quoted(source: str) -> str:
    """Return a formula, or a program without its docstring, as it stands in a docstring."""
    _, statements = split_docstring(source)
    return statements.strip("\n").replace("\\", "\\\\").replace('"""', "'''")


def _spread(count: int, most: int) -> tuple[int, ...]:
    """Return so many places at most of a row, as far apart as they go."""
    taken = min(count, most)
    return tuple(place * count // taken for place in range(taken))


def _points(
    program: Program, formulas: ExactFormulas, checked: Sequence[int]
) -> Iterator[tuple[tuple[float, ...], list[Exact]]]:
    """Yield points, always the same ones, with the truths there: in the domain of all, smooth and well-conditioned."""
    # Each input has numbers of its own, so that an edit of the formula leaves the points alone.
    numbers = [random.Random(name) for name in program.inputs]
    seen = set()
    for number in range(max(_FEWEST_TRIES, min(_TRIES, _MOST_WORK // formulas.work))):
        bounds = _RANGES[number % len(_RANGES)]
        point = tuple(float(f"{rnd.uniform(*bounds):.3g}") for rnd in numbers)
        if point in seen:
            return  # there are no inputs
        seen.add(point)
        truths = formulas.at(point, program.wrt)
        # Slopes that are all 0 may be too small for the digits, unless no gradient flows at all.
        flat = any(not any(true.slopes) for true in truths) and program.ways
        if not flat and _good(formulas, point, truths, program.wrt, checked):
            yield point, truths


def _good(
    formulas: ExactFormulas,
    point: tuple[float, ...],
    truths: Sequence[Exact],
    wrt: tuple[int, ...],
    checked: Sequence[int],
) -> bool:
    """Whether formulas may be tested at a point."""
    if not all(map(_known, truths)):
        return False
    nudged = formulas.at([x * (1 + _NUDGE) for x in point], wrt)
    for true, other in zip(truths, nudged):
        if not _known(other) or not _steady(true, other):
            return False
    return _smooth(formulas, point, truths, wrt, checked)


def _smooth(
    formulas: ExactFormulas,
    point: tuple[float, ...],
    truths: Sequence[Exact],
    wrt: tuple[int, ...],
    checked: Sequence[int],
) -> bool:
    """Whether the central differences of the test are close to the slopes, with room for their rounding."""
    steps = {number: _STEP * max(1.0, abs(point[wrt[number]])) for number in checked}
    moves = [
        (wrt[number], (point[wrt[number]] + step, point[wrt[number]] - step))
        for number, step in steps.items()
    ]
    for (number, step), sides in zip(steps.items(), formulas.beside(point, moves)):
        for true, above, below in zip(truths, *sides):
            if above is None or below is None:
                return False
            scale = max([abs(slope) for slope in true.slopes], default=0)
            rounding = abs(true.value) * _EPSILON / step
            off = abs((above - below) / (2 * step) - true.slopes[number])
            if off > _CLOSE * scale or (scale and rounding > _CLOSE * scale):
                return False
    return True


def _known(true: Exact) -> bool:
    parts = (true.value, *true.slopes)
    return (
        None not in parts
        and true.value != 0  # whose relative error would say nothing
        and all(x == 0 or 1e-300 < abs(x) < 1e300 for x in parts)
    )


def _steady(true: Exact, nudged: Exact) -> bool:
    def near(a: list[Any], b: list[Any]) -> bool:
        with mpmath.workdps(_DIGITS):
            off = mpmath.norm([x - y for x, y in zip(a, b)])
            return bool(off <= _STEADY * mpmath.norm(a))

    return near([true.value], [nudged.value]) and near(
        list(true.slopes), list(nudged.slopes)
    )
