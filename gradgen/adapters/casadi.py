"""CasADi: a compiled formula in; an `external` function of numbers, made of its module in C, out."""

from __future__ import annotations

import math
import tempfile
from numbers import Real
from pathlib import Path

import casadi

from gradgen.adapters.given import Given, free, of_arrays, only_result
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError

#: What CasADi calls: the value, and the row of slopes, which also has the value as an input. What has no pattern is one number,
#: and what stands nowhere is 0.
_SHELL = """
#define EXPORT __attribute__((visibility("default")))
#define ARG(i) (arg[i] ? *arg[i] : 0.0)

EXPORT long long {name}_n_in(void) {{ return {count}; }}
EXPORT long long {name}_n_out(void) {{ return 1; }}
EXPORT int {name}(const double **arg, double **res, long long *iw, double *w, int mem) {{
    double value, gradient[{count}];
    value_and_grad({values}, &value, gradient);
    if (res[0]) *res[0] = value;
    return 0;
}}

EXPORT long long jac_{name}_n_in(void) {{ return {count} + 1; }}
EXPORT long long jac_{name}_n_out(void) {{ return {count}; }}
EXPORT int jac_{name}(const double **arg, double **res, long long *iw, double *w, int mem) {{
    double value, gradient[{count}];
    value_and_grad({values}, &value, gradient);
    for (int i = 0; i < {count}; i++)
        if (res[i]) *res[i] = gradient[i];
    return 0;
}}
"""


def function(compiled: Compiled, /, **given: float) -> casadi.Function:
    """Return the formula as a `casadi.Function` of numbers, compiled by `cc`, with its Jacobian; by `map`, of columns.

    It takes the inputs that are not given, in the order of the signature, whatever `wrt` says. CasADi has no second derivative of
    it and says so: give IPOPT the option `hessian_approximation="limited-memory"`.

    Args:
        compiled: the formula, of one result.
        given: numbers by the names of inputs.

    Raises:
        GradgenError: a name is no input, what is given is no number, C lacks a function, or there are several results.
        RuntimeError: CasADi finds no compiler.
    """
    only_result(compiled, "a function of CasADi's")
    names = free(compiled, given)
    literals: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, Real) or not math.isfinite(value):
            raise GradgenError(f"`{name}` is no finite number")
        literals[name] = repr(float(value))
    bound = Given(compiled.program.inputs, (), names, literals, ())
    values = bound.inputs([f"ARG({place})" for place in range(len(names))])
    made = of_arrays(compiled, "c", names, ["value_and_grad"])
    symbol = f"gradgen_{compiled.recipe.name}"
    shell = _SHELL.format(name=symbol, count=len(names), values=", ".join(values))
    flags = ["-O2", "-std=c99", "-ffp-contract=off", "-fvisibility=hidden"]
    options = {"compiler": "cc", "compiler_flags": flags, "linker": "cc"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{symbol}.c"
        file.write_text(made.source + shell, "utf-8")
        return casadi.external(symbol, casadi.Importer(str(file), "shell", options))
