"""A compiled formula with data in; its values and its slopes at every row, in double precision, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradgen.adapters.given import Given, bind, of_arrays
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.numbers import check_columns, real
from gradgen.over_rows import adds_rows

Doubles: TypeAlias = NDArray[np.float64]


def doubles(what: str, value: Any) -> Doubles:
    """Return numbers in double precision.

    Args:
        what: what they are called in an error.
        value: a number, or an array of numbers.

    Raises:
        GradgenError: it holds something else than real numbers, or what NumPy would leave out without a word: units, a mask.
    """
    return real(what, value).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Rows:
    """A formula at rows of data.

    Attributes:
        given: what is given, and which inputs vary.
        made: the formula for NumPy's arrays.
    """

    given: Given
    made: Compiled

    def values(self, parameters: Sequence[Any], columns: Sequence[Any] = ()) -> Doubles:
        """Return the values in the shape (rows,), one result behind the other."""
        value, _ = self.made.module.forward(*self._inputs(parameters, columns))
        several = len(self.given.results) > 1
        return np.concatenate([np.ravel(v) for v in (value if several else [value])])

    def slopes(self, parameters: Sequence[Any], columns: Sequence[Any] = ()) -> Doubles:
        """Return the slopes in the shape (rows, parameters), one result behind the other."""
        found = self.made.module.jacobian(*self._inputs(parameters, columns))
        lines = [np.stack([np.ravel(s) for s in row], axis=-1) for row in found]
        return np.concatenate(lines)

    def total(self, parameters: Sequence[Any]) -> tuple[float, Doubles]:
        """Return the sum of the value over all rows, or what `reduce` makes of them, and its gradient."""
        value, slopes = self.made.module.value_and_grad(*self._inputs(parameters, ()))
        return float(np.sum(value)), np.array(slopes, np.float64)

    def _inputs(self, parameters: Sequence[Any], columns: Sequence[Any]) -> list[Any]:
        """Return all inputs, the parameters as numbers.

        Raises:
            GradgenError: there are more or fewer parameters, or columns of several shapes.
        """
        given = self.given
        numbers = doubles("the vector of parameters", parameters)
        if numbers.shape != (len(given.parameters),):
            raise GradgenError(
                f"the parameters are {', '.join(given.parameters)}, and what is given for them has the shape {numbers.shape}"
            )
        if len(columns) != len(given.columns):
            raise GradgenError(
                f"there are {len(columns)} rows of data for the columns {', '.join(given.columns)}"
            )
        named = zip(given.columns, columns)
        data = [doubles(f"`{name}`", column) for name, column in named]
        one_shape({**given.fixed, **dict(zip(given.columns, data))})
        return given.inputs(numbers.tolist(), data)


def one_shape(data: Mapping[str, Doubles]) -> None:
    """Refuse columns whose shapes would be spread along each other: that of (200,) and (200, 1) has 40 000 rows.

    Raises:
        GradgenError: there are several shapes, beside numbers.
    """
    shapes = {name: np.shape(c) for name, c in data.items() if np.ndim(c)}
    if len({*shapes.values()}) > 1:
        raise GradgenError(
            f"columns have one shape; here {', '.join(f'`{n}` has {s}' for n, s in shapes.items())}"
        )


def rows(
    compiled: Compiled,
    given: Mapping[str, Any],
    columns: Sequence[str] = (),
    extra: str = "jacobian",
) -> Rows:
    """Return a formula at rows of data, which are given here, or in every call under the names of `columns`.

    Args:
        compiled: the formula.
        given: numbers and columns by the names of inputs.
        columns: the inputs that every call gives anew.
        extra: "value_and_grad" for totals; with "jacobian", for slopes, there is no sum or mean over rows.

    Raises:
        GradgenError: names or data do not fit the formula, or it was compiled with `reduce`, and slopes are wanted.
    """
    bound = bind(compiled, given, columns)
    fixed = bound.fixed.items()
    # A copy, which nobody changes afterwards.
    data = {name: np.array(doubles(f"`{name}`", value)) for name, value in fixed}
    one_shape(data)
    bound = replace(bound, fixed=data)
    own = compiled.recipe.rows if extra == "value_and_grad" else ()
    if not (adds_rows(compiled.program) and own):
        return Rows(bound, of_arrays(compiled, "numpy", bound.parameters, [extra]))
    for name in own:
        if name in bound.parameters:
            raise GradgenError(f"`{name}` is a column of data; give it by its name")
    # A number is the same in every row.
    spread = np.broadcast_arrays(*(data[name] for name in own))
    data |= zip(own, spread)
    check_columns(data, own)
    bound = replace(bound, fixed=data)
    return Rows(bound, of_arrays(compiled, "numpy", bound.parameters, [extra], own))
