"""A compiled formula in; the text of a test module out, which holds the generated module to values from mpmath."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import mpmath

from gradgen.errors import GradgenError
from gradgen.exact import Exact, ExactFormula
from gradgen.ir import Program
from gradgen.parse import parse
from gradgen.recipe import Recipe
from gradgen.render import TestModule, render_test
from gradgen.statements import split_docstring
from gradgen.targets import TARGETS

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


def make_test(
    program: Program, recipe: Recipe, module: str, templates: Path | None = None
) -> tuple[str, Recipe]:
    """Return the test of a module, header and all, and its recipe.

    Args:
        program: the formula's program.
        recipe: its recipe.
        module: the name that the generated module is imported by.
        templates: the user's folder of templates, if the module was made with one.

    Raises:
        GradgenError: there is no formula to compute values from, or no point of the domain was found.
    """
    recipe = replace(recipe, tests=module)
    if not recipe.source:
        raise GradgenError(
            "this expression could not be written out as text, so there is nothing to test against"
        )
    read = parse(recipe.source, recipe.inputs or (), "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so its values are not known without running it; leave --test out"
        )
    choices = any(step.op == "where" for step in program.steps)
    wanted = _POINTS_WITH_CHOICES if choices else _POINTS
    several = len(program.outputs) > 1
    formulas = [
        ExactFormula(read.result(output), program.inputs, _DIGITS)
        for output, _ in program.outputs
    ]
    points = [*islice(_points(program, formulas), wanted)]
    if not points:
        raise GradgenError(
            "no point of the domain was found to test at; it must lie within -4 and 4 in every input"
        )
    found = []
    for place in range(len(formulas)):
        for point, truths in points:
            true = truths[place]
            numbers = (point, (float(true.value),), tuple(map(float, true.slopes)))
            texts = tuple(tuple(map(repr, part)) for part in numbers)
            found.append(((repr(place),), *texts) if several else texts)
    body = render_test(
        TestModule(
            module,
            _quoted(recipe.source),
            program.wrt,
            tuple(found),
            len(program.outputs),
            "jacobian" in recipe.extras,
        ),
        TARGETS[recipe.target],
        templates,
    )
    return recipe.header(body) + body, recipe


def _quoted(source: str) -> str:
    """Return a formula, or a program without its docstring, as it stands in a docstring."""
    _, statements = split_docstring(source)
    return statements.strip("\n").replace("\\", "\\\\").replace('"""', "'''")


def _points(
    program: Program, formulas: Sequence[ExactFormula]
) -> Iterator[tuple[tuple[float, ...], list[Exact]]]:
    """Yield points, always the same ones, with the truths there: in the domain of all, smooth and well-conditioned."""
    # Each input has numbers of its own, so that an edit of the formula leaves the points alone.
    numbers = [random.Random(name) for name in program.inputs]
    seen = set()
    for number in range(_TRIES):
        bounds = _RANGES[number % len(_RANGES)]
        point = tuple(float(f"{rnd.uniform(*bounds):.3g}") for rnd in numbers)
        if point in seen:
            return  # there are no inputs
        seen.add(point)
        truths = [formula.at(point, program.wrt) for formula in formulas]
        # Slopes that are all 0 may be too small for the digits, unless no gradient flows at all.
        flat = any(not any(true.slopes) for true in truths) and program.flows
        if not flat and all(
            _good(formula, point, true, program.wrt)
            for formula, true in zip(formulas, truths)
        ):
            yield point, truths


def _good(
    formula: ExactFormula, point: tuple[float, ...], true: Exact, wrt: tuple[int, ...]
) -> bool:
    """Whether a formula may be tested at a point."""
    if not _known(true):
        return False
    nudged = formula.at([x * (1 + _NUDGE) for x in point], wrt)
    if not _known(nudged) or not _steady(true, nudged):
        return False
    return _smooth(formula, point, true, wrt)


def _smooth(
    formula: ExactFormula, point: tuple[float, ...], true: Exact, wrt: tuple[int, ...]
) -> bool:
    """Whether the central differences of the test are close to the slopes, with room for their rounding."""
    scale = max([abs(slope) for slope in true.slopes], default=0)
    for place, slope in zip(wrt, true.slopes):
        step = _STEP * max(1.0, abs(point[place]))
        sides = []
        for moved in (point[place] + step, point[place] - step):
            at = (*point[:place], moved, *point[place + 1 :])
            sides.append(formula.at(at, ()).value)
        if None in sides:
            return False
        rounding = abs(true.value) * _EPSILON / step
        off = abs((sides[0] - sides[1]) / (2 * step) - slope)
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
