"""A compiled module over rows in; the same for a few rows, as functions of all their numbers, out: run line by line, without its text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradgen.compiled import Compiled
from gradgen.core.notation import NoWordError
from gradgen.core.program import Line, Program, ProgramError, Step
from gradgen.over_rows import target_of
from gradgen.passes.facts import rowwise
from gradgen.passes.functions import Names
from gradgen.read.sympy.unroll import ROWS, row_names
from gradgen.targets import PYTHON, SCIPY, TARGETS
from gradgen.trace import carried, meanings
from gradgen.trace_rows import EachRow, lifted
from gradgen.write.blocks import Function, Functions
from gradgen.write.compact.plan import plan
from gradgen.write.target import Target


def unrolled(compiled: Compiled) -> Compiled:
    """Return a module over rows as one of the numbers in a few: the names of a column's are those of `row_names`."""
    if isinstance(compiled, Unrolled):
        return compiled
    program, columns = compiled.program, compiled.recipe.rows
    each = rowwise(program, columns)
    runner: _Runner = _Runner(compiled)
    if TARGETS[compiled.recipe.target].runs:
        runner = _Text(compiled)
    asked = {value: len(names) for value, names in runner.given.items()}
    starts = dict.fromkeys(asked, 0)
    total = 0
    for value, count in asked.items():
        starts[value], total = total, total + count
    inputs = [name for names in runner.given.values() for name in names]
    results = [
        (name, value) for text, value in program.outputs for name in (row_names(text) if value in each else [text])
    ]  # fmt: skip
    rest = program.steps[len(program.signature) :]
    steps = (*(Step("input", data=name) for name in inputs), *rest)
    wrt = [starts[v] + i for v in program.wrt for i in range(asked[v])]
    twin = Program(steps, tuple(results), tuple(wrt), program.rows, ())
    recipe = replace(compiled.recipe, target=PYTHON.name)
    return Unrolled(compiled.source, twin, recipe, compiled.cost, functions=runner)


@dataclass(frozen=True, repr=False)
class Unrolled(Compiled):
    """A module over rows for a few of them."""

    functions: Any = field(default=None)

    def runner(self) -> Any:
        """Return the functions."""
        return self.functions

    module = property(runner)


class _Runner:
    """The functions of a module over rows, of the numbers in a few."""

    def __init__(self, compiled: Compiled) -> None:
        self.program = program = compiled.program
        self.columns = compiled.recipe.rows
        self.given = {
            value: row_names(text) if text in self.columns else [text]
            for value, text in program.signature.items()
        }
        target = target_of(compiled.recipe, program)
        rows = "jacobian" in compiled.recipe.with_
        self.made = Functions(plan(program, target), {}, target, rows, None)
        self.steps = self.made.chain.steps
        self.each = rowwise(program, self.columns)
        self.run = EachRow(self.steps, _lifted(program, PYTHON))
        extra = "value_and_grad" in compiled.recipe.with_
        self.single = self.made.single()[0] if extra else None

    def forward(self, *numbers: float) -> tuple[Any, dict[str, Any]]:
        """Return the values, and all that backward may read."""
        scope = self._follow(self.made.front, self._entered(numbers))
        return self._results(scope), scope

    def backward(self, cache: Mapping[str, Any], *seeds: float) -> tuple[float, ...]:
        """Return the gradient."""
        scope, rest = dict(cache), iter(seeds)
        upstream = zip(self.program.outputs, self.made.upstream.values())
        for (_, value), name in upstream:
            rows = value in self.each
            scope[name] = tuple(next(rest) for _ in range(ROWS)) if rows else next(rest)
        return tuple(self._gradient(self.made.back, self._follow(self.made.back, scope)))  # fmt: skip

    def value_and_grad(self, *numbers: float) -> tuple[float, tuple[float, ...]]:
        """Return the value of one result and its gradient."""
        assert self.single is not None
        scope = self._follow(self.single, self._entered(numbers))
        return self._results(scope), tuple(self._gradient(self.single, scope))

    def jacobian(self, *numbers: float) -> tuple[tuple[float, ...], ...]:
        """Return the slopes of all rows of all results."""
        made, found = self.made, list[tuple[float, ...]]()
        assert made.rows is not None
        scope = self._follow(made.front, self._entered(numbers))
        for _, function in made.swept:
            scope = self._follow(function, scope)
        lines, names = made.end.shown
        known = Names(names).behind(lines)
        for cells in made.rows.rows:
            slopes = []
            for name in cells:
                said = made.end.said.get(name)
                one = scope.get(name, 0.0) if said is None else self.run.value(said, known, scope)  # fmt: skip
                slopes.append(one if isinstance(one, tuple) else (one,) * ROWS)
            found += zip(*slopes)
        return tuple(found)

    def _entered(self, numbers: Sequence[float]) -> dict[str, Any]:
        rest, scope = iter(numbers), dict[str, Any]()
        for value, names in self.given.items():
            found = tuple(next(rest) for _ in names)
            column = self.program.signature[value] in self.columns
            scope[self.program.names[value]] = found if column else found[0]
        return scope

    def _results(self, scope: Mapping[str, Any]) -> Any:
        values = [(scope[self.program.names[v]], v) for _, v in self.program.outputs]
        found = [x for value, at in values for x in self._numbers(value, at)]
        return found[0] if len(found) == 1 else tuple(found)

    def _gradient(self, function: Function, scope: Mapping[str, Any]) -> Iterator[float]:  # fmt: skip
        lines, names = function.shown
        known = Names(names).behind(lines)
        for value in self.program.wrt:
            name = self.program.adjoints[value]
            said = function.said.get(name)
            found = scope.get(name, 0.0) if said is None else self.run.value(said, known, scope)  # fmt: skip
            if not isinstance(found, tuple) and value in self.each and not found:
                found = (found,) * ROWS  # what nothing reaches is 0 in every row
            yield from self._numbers(found, value)

    def _numbers(self, found: Any, value: int) -> tuple[float, ...]:
        """Return a value's numbers, of which there are as many as there are rows if each has its own."""
        if isinstance(found, tuple) != (value in self.each):
            raise ProgramError("rows have their own where all share one, or the other way round")  # fmt: skip
        return found if isinstance(found, tuple) else (found,)

    def _follow(self, function: Function, scope: dict[str, Any]) -> dict[str, Any]:
        lines, names = function.shown
        try:
            return self._followed(lines, names, dict(scope))
        except NoWordError:
            self.run = EachRow(self.steps, _lifted(self.program, SCIPY))
            return self._followed(lines, names, dict(scope))

    def _followed(
        self, lines: Sequence[Line], names: Mapping[int, str], scope: dict[str, Any]
    ) -> dict[str, Any]:
        known = Names(names)
        for _ in self.run.lines(known.along(lines), known, scope):
            pass
        return scope


class _Text(_Runner):
    """The same by the functions of the module itself, where these take lists."""

    def __init__(self, compiled: Compiled) -> None:
        super().__init__(compiled)
        self.compiled = compiled

    def forward(self, *numbers: float) -> tuple[Any, Any]:
        value, cache = self.compiled.module.forward(*self._entered(numbers).values())
        values = value if len(self.program.outputs) > 1 else (value,)
        results = zip(self.program.outputs, values)
        found = [x for (_, at), one in results for x in self._numbers(_listed(one), at)]
        return (found[0] if len(found) == 1 else tuple(found)), cache

    def backward(self, cache: Any, *seeds: float) -> tuple[float, ...]:
        rest = iter(seeds)
        upstream = [
            [next(rest) for _ in range(ROWS)] if value in self.each else next(rest)
            for _, value in self.program.outputs
        ]
        return self._slopes(self.compiled.module.backward(cache, *upstream))

    def value_and_grad(self, *numbers: float) -> tuple[float, tuple[float, ...]]:
        value, slopes = self.compiled.module.value_and_grad(
            *self._entered(numbers).values()
        )
        return value, self._slopes(slopes)

    def _slopes(self, slopes: Sequence[Any]) -> tuple[float, ...]:
        found = zip(self.program.wrt, slopes, strict=True)
        return tuple(x for at, one in found for x in self._numbers(_listed(one), at))


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _lifted(program: Program, target: Target) -> Mapping[str, Callable[..., Any]]:
    """Return what operations mean over rows, nan where one raises, as in arrays."""
    return lifted(meanings(program, target, carried()), ROWS, _quiet)


def _quiet(meaning: Callable[..., Any], *args: Any) -> Any:
    try:
        return meaning(*args)
    except (ArithmeticError, ValueError):
        return math.nan
