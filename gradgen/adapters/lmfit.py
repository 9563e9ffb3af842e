"""lmfit: a compiled formula in; a `Model`, and the slopes of its weighted residuals, out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import lmfit
import numpy as np

from gradgen.adapters.given import only_result
from gradgen.adapters.rows import Doubles, rows
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.options import Names, read_names


def model(
    compiled: Compiled, columns: Names, /, **given: Any
) -> tuple[lmfit.Model, Callable[..., Doubles]]:
    """Return a `Model` and its `Dfun`: for `model.fit(y, params, t=t, weights=w, fit_kws={"Dfun": dfun})`.

    Bounds and weights are as lmfit has them; the methods are leastsq and least_squares. A fit with `Dfun` raises a GradgenError
    where a parameter follows from an expression, or belongs to another model: these slopes are not known here.

    Args:
        compiled: the model of one row.
        columns: the independent variables, as "t" or "t, s".
        given: numbers for inputs that are not fitted.

    Raises:
        GradgenError: names do not fit the formula, or it has several results.
    """
    only_result(compiled, "a model")
    names = read_names(columns, "the column") or ()
    found = rows(compiled, given, names)
    parameters = found.given.parameters

    def function(**named: Any) -> Doubles:
        columns = [named[name] for name in names]
        shape = np.broadcast_shapes(*map(np.shape, columns))
        return found.values([named[n] for n in parameters], columns).reshape(shape)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    listed = [inspect.Parameter(name, kind) for name in (*names, *parameters)]
    function.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    function.__name__ = found.given.results[0]
    made = lmfit.Model(function, independent_vars=[*names])

    def dfun(
        params: lmfit.Parameters, data: Any, weights: Any, **named: Any
    ) -> Doubles:
        place = {made.prefix + name: n for n, name in enumerate(parameters)}
        for name, one in params.items():
            if one.expr is not None or name not in place:
                raise GradgenError(f"the slope by `{name}` is not known, as it follows from an expression or is of another model; fit without Dfun")  # fmt: skip
        slopes = found.slopes(
            [params[name].value for name in place], [named[name] for name in names]
        )
        if weights is not None:
            slopes = slopes * np.reshape(weights, (-1, 1))
        # Of (data - model) * weights, by the parameters that vary, in lmfit's order.
        return -slopes[:, [place[name] for name, one in params.items() if one.vary]]

    return made, dfun
