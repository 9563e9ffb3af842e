"""Independent truth for the tests: SymPy's derivative and mpmath's value, at 50 digits, never gradgen's own rules."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import sympy as sp
from sympy.codegen import cfunctions as cf
from sympy.utilities.lambdify import implemented_function

from gradgen.core.notation import term
from gradgen.core.rows import NAMED, Term
from gradgen.read.sympy.functions import (
    Meant,
    erfcx,
    gammainc,
    gammaincc,
    hypot3,
    logaddexp,
    logbeta,
    logsigmoid,
    norm_cdf,
    relu,
    rounded,
    sigmoid,
    softplus,
    trunc,
    versin,
)
from gradgen.read.sympy.table import NODES

DIGITS = 50

#: Functions that mpmath does not know by SymPy's name, as expressions that it knows.
_PLAIN: dict[Any, Callable[..., Any]] = {
    sigmoid: lambda x: 1 / (1 + sp.exp(-x)),
    softplus: lambda x: sp.log(1 + sp.exp(x)),
    cf.Cbrt: lambda x: sp.cbrt(x),
    cf.hypot: lambda x, y: sp.sqrt(x**2 + y**2),
    cf.exp2: lambda x: 2**x,
    cf.expm1: lambda x: sp.exp(x) - 1,
    cf.log1p: lambda x: sp.log(1 + x),
    cf.log2: lambda x: sp.log(x) / sp.log(2),
    cf.log10: lambda x: sp.log(x) / sp.log(10),
    logsigmoid: lambda x: -sp.log(1 + sp.exp(-x)),
    logaddexp: lambda *terms: sp.log(sp.Add(*map(sp.exp, terms))),
    relu: lambda x: (x + sp.Abs(x)) / 2,
    sp.Max: lambda x, y: (x + y + sp.Abs(x - y)) / 2,
    sp.Min: lambda x, y: (x + y - sp.Abs(x - y)) / 2,
    sp.Heaviside: lambda x, at_zero=sp.S.Half: sp.Piecewise(
        (1, x > 0), (at_zero, sp.Eq(x, 0)), (0, True)
    ),
    sp.Mod: lambda x, y: x - y * sp.floor(x / y),
    trunc: lambda x: sp.sign(x) * sp.floor(sp.Abs(x)),
    rounded: lambda x: sp.floor(x + sp.Rational(1, 2))
    - sp.Piecewise((1, sp.Eq(sp.Mod(x + sp.Rational(1, 2), 2), 1)), (0, True)),
    sp.sinc: lambda x: sp.sin(x) / x,
    versin: lambda x: 1 - sp.cos(x),
    hypot3: lambda x, y, z: sp.sqrt(x**2 + y**2 + z**2),
    norm_cdf: lambda x: sp.erfc(-x / sp.sqrt(2)) / 2,
    logbeta: lambda a, b: sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b),
    gammainc: lambda a, x: sp.lowergamma(a, x) / sp.gamma(a),
    gammaincc: lambda a, x: sp.uppergamma(a, x) / sp.gamma(a),
    erfcx: lambda x: sp.exp(x**2) * sp.erfc(x),
    sp.erfcinv: lambda q: sp.erfinv(1 - q),
}
_PLAIN |= {cls: cls.meant for cls in Meant.__subclasses__() if cls not in _PLAIN}

#: The derivative of the zeta function, for which SymPy has no name.
_zeta_slope = implemented_function(
    sp.Function("zeta_slope"), lambda s: mpmath.zeta(s, 1, 1)
)


def plain(expr: Any) -> Any:
    """Rewrite an expression in elementary functions, and let SymPy evaluate it."""
    for cls, meaning in _PLAIN.items():
        if expr.has(cls):  # which is faster to ask than to replace nothing
            expr = expr.replace(cls, meaning)
    return expr.doit()


def derivative(expr: Any, symbol: Any) -> Any:
    """Return SymPy's derivative; that of a step function is 0 wherever it exists."""
    return named_slopes(sp.diff(expr, symbol))


def named_slopes(expr: Any) -> Any:
    """Replace the derivatives that SymPy leaves unevaluated."""
    expr = expr.replace(
        lambda e: isinstance(e, sp.Derivative) and isinstance(e.expr, sp.zeta),
        lambda e: _zeta_slope(*e.expr.args),
    )
    steps = sp.Derivative, sp.Subs, sp.DiracDelta
    return expr.replace(lambda e: isinstance(e, steps), lambda e: sp.S.Zero)


def function(
    expr: Any, symbols: Sequence[Any], digits: int = DIGITS
) -> Callable[..., Any]:
    """Return the expression as a function of exact numbers, right to 50 digits or more."""
    evaluate = sp.lambdify(list(symbols), expr, "mpmath")

    def at(*point: Fraction | float) -> Any:
        with mpmath.workdps(digits):
            exact = [Fraction(x) for x in point]
            return mpmath.mpf(
                evaluate(*(mpmath.mpf(x.numerator) / x.denominator for x in exact))
            )

    return at


def value_and_gradient(
    expr: Any, names: Sequence[str], point: Sequence[float]
) -> tuple[Any, list[Any]]:
    """Return the true value and gradient of an expression at a point."""
    symbols = [sp.Symbol(name, real=True) for name in names]
    real = plain(expr.xreplace({sp.Symbol(s.name): s for s in symbols}))
    # What they share is printed and evaluated once; the branches of a choice stay apart, for only one has a value.
    shared = not real.has(sp.Piecewise)
    slopes = [derivative(real, s) for s in symbols]
    evaluate = sp.lambdify(symbols, [real, *slopes], "mpmath", cse=shared)
    with mpmath.workdps(DIGITS):
        exact = [mpmath.mpf(x) for x in point]
        value, *found = map(mpmath.mpf, evaluate(*exact))
    return value, found


def ulps(got: float, true: Any) -> float:
    """Return the error of `got` in units in the last place of the true value."""
    with mpmath.workdps(DIGITS):
        return float(abs(mpmath.mpf(got) - true) / mpmath.mpf(math.ulp(float(true))))


def relative(got: Sequence[float], true: Sequence[Any]) -> float:
    """Return the norm-wise relative error of a vector."""
    with mpmath.workdps(DIGITS):
        norm = mpmath.sqrt(sum(t * t for t in true)) or mpmath.mpf(1)
        error = mpmath.sqrt(sum((mpmath.mpf(g) - t) ** 2 for g, t in zip(got, true)))
        return float(error / norm)


# What a text of the table means: each operation is what SymPy's node for it is to mpmath.


def _slope_of(name: str, place: int = 0) -> Callable[..., Any]:
    def slope(*args: Any) -> Any:
        return derivative(plain(NODES[name](*args)), args[place])

    return slope


#: The rows whose derivative is a helper called after them.
WITH_SLOPES = (
    "tanh exprel bern log1prel sinhc gelu_tanh tanhc atanc xcot xcsc xcoth xcsch "
    "langevin log_norm_cdf compound sinc zeta erfcx"
)
#: The helpers that the table's texts call, in SymPy.
HELPERS: Mapping[str, Callable[..., Any]] = {
    **{f"{name}_slope": _slope_of(name) for name in WITH_SLOPES.split()},
    "log_softplus_slope": _slope_of("logsoftplus"),
    "log_erfc_slope": _slope_of("logerfc"),
    "compound_by_power": _slope_of("compound", 1),
    "gauss": lambda x: sp.exp(-(x**2)),
    "sigmoid_difference": lambda x, y: 1 / (1 + sp.exp(y - x)),
    "digamma_rise": lambda x, y: sp.digamma(x + y) - sp.digamma(x),
    "floordiv": lambda x, y: sp.floor(x / y),
    "copysign": lambda x, y: sp.Abs(x) * sp.sign(y),
}
#: The doubles of the table's texts that stand for numbers which are none.
ROUNDED: Mapping[float, Any] = {
    0.3989422804014327: 1 / sp.sqrt(2 * sp.pi),
    0.7071067811865476: 1 / sp.sqrt(2),
}
_SIMPLE: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "**": operator.pow,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "not": operator.not_,
    "lowers": lambda c: mpmath.mpf(float(c) - 1) == c - 1,
}
_NUMBERS = {"pi": sp.pi, "e": sp.E, **{name: getattr(sp, name) for name in NAMED}}


@cache
def _operation(op: str, arity: int) -> Callable[..., Any]:
    symbols = sp.symbols("a b c", real=True)[:arity]
    node = HELPERS[op] if op in HELPERS else NODES[op]
    return sp.lambdify(symbols, plain(node(*symbols)), "mpmath")  # type: ignore[no-any-return]


def _number(data: Any) -> Any:
    if data in ("nan", "inf"):
        return mpmath.mpf(data)
    if isinstance(data, Fraction):
        return mpmath.mpf(data.numerator) / data.denominator
    exact = _NUMBERS[data] if isinstance(data, str) else ROUNDED.get(abs(data))
    if exact is None:
        return mpmath.mpf(data)
    number = mpmath.mpf(sp.N(exact, mpmath.mp.dps + 5))
    return -number if not isinstance(data, str) and data < 0 else number


def meant(text: Term | str, scope: Mapping[str, Any]) -> Any:
    """Return what a text of the table comes to, in mpmath's precision; of a choice the other side is not looked at."""
    at = term(text)
    if at.op == "name":
        return scope[str(at.data)]
    if at.op == "const":
        return _number(at.data)
    if at.op == "where":
        return meant(at.args[1 if meant(at.args[0], scope) else 2], scope)
    if at.op in ("and", "or"):
        one = meant(at.args[0], scope)
        return one if bool(one) == (at.op == "or") else meant(at.args[1], scope)
    args = [meant(arg, scope) for arg in at.args]
    return (_SIMPLE.get(at.op) or _operation(at.op, len(args)))(*args)
