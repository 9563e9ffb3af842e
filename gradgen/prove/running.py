"""A compiled module and a point in; what its functions return there out, and an error where they cannot be run, or differ."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from gradgen.errors import GradgenError
from gradgen.prove.points import Point, points

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled

BUG = "this is a bug in gradgen, please report it; --no-proof, in Python proof=False, hands the module over all the same"
#: At so many points it is compared, among so many that are tried.
_POINTS, _TRIES = 4, 40
#: By so much of their size two roundings may differ, and by so many times what a few units in the last place of the inputs change.
_FINE, _ROOM = 1e-9, 1e4
_UNITS = 4 * 2.0**-52


class Running:
    """A module that is run.

    Attributes:
        compiled: the module.
        program: what it was written from.
        names: the names of its results.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.program = compiled.program
        self.names = [name for name, _ in self.program.outputs]
        #: The rows of its Jacobian at the last point that they were asked for.
        self._rows: tuple[Point | None, Any] = (None, ())

    @cached_property
    def functions(self) -> Any:
        """The module's functions.

        Raises:
            ImportError: the module imports what is not there.
        """
        return self.compiled.runner()

    def close(self) -> None:
        """Let go of the module's functions, which are called no more."""
        if "functions" in vars(self):
            self.compiled.release(self.functions)

    def broken(self, error: Exception) -> str:
        """Refuse a module that cannot be run; one of the user's own templates may want to be run otherwise."""
        words = f"{type(error).__name__}: {error}"
        if self.compiled.recipe.custom_templates and not isinstance(error, NameError):
            return f"it does not run as others do: {words}"
        raise GradgenError(f"the module cannot be run: {words}; {BUG}") from None

    def slopes(
        self, at: Point, cache: Any, seeds: Sequence[float]
    ) -> Iterator[tuple[str, Sequence[float]]]:
        """Yield the gradient by each function of the module that has it; nan where it raises."""
        try:
            yield "", self.functions.backward(cache, *seeds)
            if "jacobian" in self.compiled.recipe.with_:
                if self._rows[0] != at:
                    self._rows = at, [*zip(*self.functions.jacobian(*at))]
                yield "jacobian", [
                    math.fsum(map(operator.mul, seeds, column))
                    for column in self._rows[1]
                ]
            if "value_and_grad" in self.compiled.recipe.with_:
                _, gradient = self.functions.value_and_grad(*at)
                yield "value_and_grad", [seeds[0] * slope for slope in gradient]
        except (ArithmeticError, ValueError):
            yield "", (math.nan,)
        except Exception as error:  # noqa: BLE001
            self.broken(error)
            yield "", (math.nan,)

    def value_at_once(self, at: Point) -> float | None:
        """Return the value by the function for value and gradient at once; None where there is none."""
        if "value_and_grad" not in self.compiled.recipe.with_:
            return None
        try:
            value, _ = self.functions.value_and_grad(*at)
        except (ArithmeticError, ValueError):
            return None
        except Exception as error:  # noqa: BLE001
            self.broken(error)
            return None
        return float(value) if math.isfinite(value) else None


def check_same(compiled: Compiled, name: str, function: Callable[..., Any]) -> None:
    """Compare `value_and_grad` or `jacobian` with `forward` and `backward`, where these have values.

    Raises:
        GradgenError: it gives another number at a point.
    """
    program = compiled.program
    numbers = [s.data for s in program.steps if s.op == "const"]
    marks = [float(n) for n in numbers if not isinstance(n, (str, bool)) and n]
    random = Random(compiled.recipe.source)
    compared = 0
    for at in islice(points(len(program.inputs), marks, random), _TRIES):
        passes = _numbers(_passes, compiled, at)
        other = _numbers(_at_once, function, compiled, at)
        if passes is None or other is None:
            continue
        if name == "jacobian":
            passes = passes[len(program.outputs) :]
        off = [abs(a - b) - _FINE * abs(a) for a, b in zip(passes, other)]
        wrong = len(passes) != len(other) or max(off, default=0.0) > 0
        if wrong and not _explained(compiled, at, passes, other):
            where = ", ".join(f"{n}={x!r}" for n, x in zip(program.inputs, at))
            raise GradgenError(
                f"{name} gives other numbers than forward and backward at {where}; {BUG}"
            )
        compared += 1
        if compared == _POINTS:
            return


def _passes(compiled: Compiled, at: Point) -> Iterator[float]:
    """Yield the values at a point, and the gradient of each."""
    count = len(compiled.program.outputs)
    values, cache = compiled.forward(*_given(compiled, at))
    yield from _flat(values)
    for place in range(count):
        seeds = (float(i == place) for i in range(count))
        yield from _flat(compiled.backward(cache, *seeds))


def _at_once(
    function: Callable[..., Any], compiled: Compiled, at: Point
) -> Iterator[float]:
    return _flat(function(*_given(compiled, at)))


def _given(compiled: Compiled, at: Point) -> Sequence[Any]:
    """Return the inputs at a point; of a module over lists, columns of two rows."""
    columns, names = compiled.recipe.rows, compiled.program.inputs
    if not columns or compiled.recipe.target != "python":
        return at
    return [[x, 0.75 * x] if name in columns else x for name, x in zip(names, at)]


def _flat(value: Any) -> Iterator[float]:
    if getattr(value, "ndim", 0):  # an array of several
        yield from map(float, value.reshape(-1))
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _numbers(call: Callable[..., Iterator[float]], *args: Any) -> list[float] | None:
    """Return the numbers of a call, None where one has no value."""
    try:
        found = [*call(*args)]
    except (ArithmeticError, ValueError):
        return None
    return found if all(map(math.isfinite, found)) else None


def _explained(
    compiled: Compiled, at: Point, passes: Sequence[float], other: Sequence[float]
) -> bool:
    """Whether what rounds the inputs otherwise changes the numbers about as much as they differ."""
    if len(passes) != len(other):
        return False
    doubts = [0.0] * len(passes)
    for place in range(len(at)):
        for sign in (1, -1):
            moved = [*at]
            moved[place] *= 1 + sign * _UNITS
            found = _numbers(_passes, compiled, tuple(moved))
            if found is None:
                return True
            found = found[len(found) - len(passes) :]
            doubts = [max(d, abs(f - p)) for d, f, p in zip(doubts, found, passes)]
    pairs = zip(passes, other, doubts)
    return all(abs(p - o) <= _FINE * abs(p) + _ROOM * d for p, o, d in pairs)
