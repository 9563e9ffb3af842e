"""SciPy: a compiled formula and data in; the functions that `scipy.optimize` takes, with their slopes, out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from gradgen.adapters.given import only_result
from gradgen.adapters.rows import Doubles, Rows, rows
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.options import Names, read_names

#: The status of a search that ends where a value has no more digits.
_DIGITS = 2
#: A slope that is so much smaller than at the start has been followed to its end.
_SMALLER = 1e-3
#: The step that tells whether a slope is small promises so much of the value.
_PROBE = 1e-3
#: What part of a value may be all that changes: a step that gains less is lost in the digits of its sum.
_PARTS = (1.0, 1e-3, 1e-6, 1e-8)
_EPS = float(np.finfo(np.float64).eps)
#: So often a step is made longer by as much, where slopes at its ends are alike.
_LONGER = 4
#: So often are other units of the inputs tried.
_ROUNDS = 8
#: A function of a vector of parameters.
Vector: TypeAlias = "Callable[[Any], Doubles]"


def objective(
    compiled: Compiled, /, **given: Any
) -> Callable[[Any], tuple[float, Doubles]]:
    """Return `fun(x)`, the sum of the formula over all rows, and its gradient: for `minimize(fun, x0, jac=True)`.

    Args:
        compiled: the formula of one row. All of it is summed, also what no column reaches; with `reduce="mean"` it is the mean.
        given: numbers, and columns of data of one shape, by the names of inputs. The others are the parameters `x`, in the
            order of `wrt`, or else of the signature.

    Raises:
        GradgenError: names or data do not fit the formula, or it has several results.
    """
    only_result(compiled, "an objective")
    return rows(compiled, given, extra="value_and_grad").total


def residuals(compiled: Compiled, /, **given: Any) -> tuple[Vector, Vector]:
    """Return `fun(x)` of the shape (rows,) and `jac(x)` of (rows, parameters): for `least_squares(fun, x0, jac=jac)`.

    Args:
        compiled: the residual of one row; of several results, all rows of one stand behind those of the other.
        given: as for `objective`.

    Raises:
        GradgenError: names or data do not fit the formula.
    """
    found = rows(compiled, given)
    return found.values, found.slopes


def model(
    compiled: Compiled, columns: Names, /, **given: Any
) -> tuple[Callable[..., Doubles], Callable[..., Doubles]]:
    """Return `f(x, *parameters)` and `jac(x, *parameters)`, of (rows, parameters): for `curve_fit(f, x, y, p0, jac=jac)`.

    Args:
        compiled: the model of one row.
        columns: the independent variables, as "t" or "t, s"; `x` is the column, or a row for each of several.
        given: numbers for inputs that are not fitted.

    Raises:
        GradgenError: names do not fit the formula, or it has several results.
    """
    only_result(compiled, "a model")
    names = read_names(columns, "the column") or ()
    found = rows(compiled, given, names)

    def f(x: Any, *parameters: float) -> Doubles:
        return found.values(parameters, x if len(names) > 1 else [x])

    def jac(x: Any, *parameters: float) -> Doubles:
        return found.slopes(parameters, x if len(names) > 1 else [x])

    # curve_fit counts parameters by it where there is no p0.
    kind = inspect.Parameter.POSITIONAL_ONLY
    listed = ["x", *(f"_{name}" for name in found.given.parameters)]
    signature = inspect.Signature([inspect.Parameter(n, kind) for n in listed])
    f.__signature__ = jac.__signature__ = signature  # type: ignore[attr-defined]
    return f, jac


def system(compiled: Compiled, /, **given: Any) -> tuple[Vector, Vector]:
    """Return `fun(x)` of the shape (n,) and `jac(x)` of (n, n): for `root(fun, x0, jac=jac)`, which finds where all results are 0.

    Args:
        compiled: a formula of as many results as there are parameters.
        given: numbers by the names of inputs; the others are the unknowns `x`.

    Raises:
        GradgenError: names do not fit the formula, a column is given, or there are more or fewer results than unknowns.
    """
    found: Rows = rows(compiled, given)
    for name, value in found.given.fixed.items():
        if np.ndim(value):
            raise GradgenError(f"`{name}` is a column; a system of equations takes numbers")  # fmt: skip
    results, unknowns = found.given.results, found.given.parameters
    if len(results) != len(unknowns):
        raise GradgenError(
            f"there are {len(results)} equations ({', '.join(results)}) for {len(unknowns)} unknowns ({', '.join(unknowns)})"
        )
    return found.values, found.slopes


def minimum(
    fun: Callable[[Doubles], tuple[float, Doubles]], start: Doubles, tolerance: float
) -> tuple[Doubles, float, str]:
    """Minimise a function by `scipy.optimize.minimize` (BFGS); return where it ended, its value, and what stopped it before slopes were as small as this.

    Args:
        fun: the function, with its gradient.
        start: where to start.
        tolerance: the largest slope at the end, also by inputs in units in which the function bends by as much as it is.
    """
    from scipy.optimize import minimize

    units, size, at = np.ones_like(start), 1.0, start
    for _ in range(_ROUNDS):
        scaled = _Scaled(fun, units, size)
        ended = minimize(
            scaled, at / units, jac=True, method="BFGS", options={"gtol": tolerance}
        )
        at, value = ended.x * units, float(ended.fun) * size
        # Where slopes are small already, digits of the value that are lost in its sum may end the search.
        told = np.sqrt(_EPS * abs(float(ended.fun)))  # a smaller slope gains less
        near = np.abs(ended.jac).max() <= 10 * max(tolerance, told)
        lost = ended.status == _DIGITS and not near
        if not (ended.success or ended.status == _DIGITS):
            return at, value, str(ended.message)
        found, part = (None, 1.0) if lost else _units(scaled, ended)
        if found is None:
            found = _by_curvature(scaled, ended)
            told = ~np.isnan(found)
            if _rests(ended, found, tolerance)[told].all() and (told.all() or not lost):
                return at, value, ""
            found = np.where(told, found, 1.0)
        if lost:
            return at, value, str(ended.message)
        units, size = units * found, part * abs(value)
        if not (size and np.isfinite(units).all() and units.all()):
            break
    return at, value, "slopes are small only as units are large: take others"


class _Scaled:
    """A function in other units of its inputs and its value, which keeps what it gave first."""

    def __init__(
        self,
        fun: Callable[[Doubles], tuple[float, Doubles]],
        units: Doubles,
        size: float,
    ) -> None:
        self.fun = fun
        self.units = units
        self.size = size
        self.first: tuple[float, Doubles] | None = None

    def __call__(self, at: Doubles) -> tuple[float, Doubles]:
        value, slopes = self.fun(at * self.units)
        found = value / self.size, slopes * (self.units / self.size)
        self.first = self.first or found
        return found


def _by_curvature(fun: _Scaled, ended: Any) -> Doubles:
    """Return the units of inputs in which a value bends by as much as it is, nan where that cannot be told.

    From far away a value comes down to where its slopes are small beside what they were, and still far from the minimum.
    """
    units: Doubles = np.full_like(ended.x, np.nan)
    for place, at in enumerate(ended.x):
        before, step = ended.jac[place], _PROBE * (abs(at) or 1.0)
        for _ in range(_LONGER):
            ahead = ended.x.copy()
            ahead[place] += step
            more = fun(ahead)[1][place] - before
            if more > _SMALLER * abs(before):
                units[place] = np.sqrt(abs(ended.fun) * (ahead[place] - at) / more)
                break
            step /= _PROBE
    return units


def _rests(ended: Any, units: Doubles, tolerance: float) -> Any:
    """Return for each input whether its slope is small in the unit in which the value bends by as much as it is, or asks for a step that is small beside it."""
    value, slopes = abs(ended.fun), np.abs(ended.jac)
    small = slopes * units <= 2 * tolerance * value
    near = slopes * units**2 <= tolerance * value * np.abs(ended.x)
    return small | near


def _units(fun: _Scaled, ended: Any) -> tuple[Doubles | None, float]:
    """Return other units of inputs if a slope that has always been small is so by its unit alone: a long step along it still gains what it promises.

    Beside what does not change of a value that may be a small part of it: what part of it the units are of.
    """
    assert fun.first is not None
    value, slopes, first = float(ended.fun), ended.jac, fun.first
    units = np.divide(abs(first[0]), np.abs(first[1]), where=first[1] != 0, out=np.ones_like(slopes))  # fmt: skip
    slow = np.flatnonzero(np.abs(slopes) > _SMALLER * np.abs(first[1]))
    lengths = [abs(value) / abs(float(slopes[place])) for place in slow]
    units[slow] = lengths
    if not value and len(slow):
        return units, 1.0
    for part in _PARTS:
        for place, length in zip(slow, lengths):
            promised = _PROBE * part * abs(value)
            ahead = ended.x.copy()
            ahead[place] -= np.copysign(_PROBE * part * length, slopes[place])
            if fun(ahead)[0] < value - 0.25 * promised:
                units[slow] *= part
                return units, part
    return None, 1.0
