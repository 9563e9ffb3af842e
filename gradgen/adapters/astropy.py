"""astropy: a compiled formula in; the class of a fittable model, with its slopes, out."""

from __future__ import annotations

from typing import Any

from astropy.modeling import FittableModel, Parameter

from gradgen.adapters.given import only_result
from gradgen.adapters.rows import doubles, rows
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.options import Names, read_names


def model(compiled: Compiled, columns: Names, /, **given: Any) -> type[FittableModel]:
    """Return the class of a model with `fit_deriv`: `Level = model(compiled, "t")`, `fitter(Level(a=1, k=2), t, y)`.

    Fixed parameters, bounds and weights are as astropy has them. Where parameters are tied it would leave out what comes by way
    of them, so that `fit_deriv` raises a GradgenError: fit these with `estimate_jacobian=True`. Where a bound is reached, take
    TRFLSQFitter: LevMarLSQFitter cuts parameters off at bounds, which exact slopes do not show.

    Args:
        compiled: the model of one row.
        columns: the independent variables, as "x" or "x, y"; astropy's fitters take one or two.
        given: numbers for inputs that are not fitted.

    Raises:
        GradgenError: names do not fit the formula, or astropy has a use for one; or there are several results.
    """
    only_result(compiled, "a model")
    names = read_names(columns, "the column") or ()
    found = rows(compiled, given, names)
    parameters = found.given.parameters
    for name in parameters:
        if hasattr(FittableModel, name):
            raise GradgenError(f"astropy's models have something else called `{name}`; give the parameter another name")  # fmt: skip

    module = found.made.module

    def ordered(given: tuple[Any, ...]) -> list[Any]:
        named = zip((*names, *parameters), given, strict=True)
        values = [doubles(f"`{name}`", value) for name, value in named]
        return found.given.inputs(values[len(names) :], values[: len(names)])

    def fit_deriv(self: FittableModel, *inputs: Any) -> list[Any]:
        if self.has_tied:
            raise GradgenError("astropy leaves out what slopes get by way of tied parameters; fit with estimate_jacobian=True")  # fmt: skip
        return [*module.jacobian(*ordered(inputs))[0]]

    defaults = dict(compiled.recipe.defaults)
    members = {
        "__module__": __name__,
        "__doc__": compiled.module.__doc__,
        "n_inputs": len(names),
        "n_outputs": 1,
        "_separable": len(names) == 1,
        # Without annotations, in which astropy looks for units.
        "evaluate": staticmethod(lambda *x: module.forward(*ordered(x))[0]),
        "fit_deriv": fit_deriv,
        **{name: Parameter(default=defaults.get(name)) for name in parameters},
    }
    name = found.given.results[0]
    return type(name[0].upper() + name[1:], (FittableModel,), members)
