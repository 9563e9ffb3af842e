"""THE TABLE: one row per operation, read by the parser, staging, recognition, differentiation, naming, spelling and tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.codegen import cfunctions as cf

from gradgen.functions import logaddexp, logsigmoid, relu, sigmoid, softplus

#: A partial derivative: the operation's own value, then its arguments, to a SymPy expression.
Partial = Callable[..., Any]


#: Any partial, where an exception does not depend on which.
ANY = -1


@dataclass(frozen=True)
class Raise:
    """An exception that a stage can raise for finite inputs, and the condition in words (`{0}` is the first argument).

    With `partial`, it is the backward line of that partial that raises. `step_only` conditions speak of an infinite
    operand, which only another stage can produce; `exponent_below` ones concern a constant exponent below that, and
    `base_at_most` ones a constant base up to that.
    """

    error: str
    when: str
    partial: int | None = None
    step_only: bool = False
    exponent_below: float | None = None
    base_at_most: float | None = None


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        name: the field's name; also what the parser accepts as a call.
        node: the SymPy class it stands for; for arithmetic, which SymPy writes as Add, Mul and Pow, the expression.
        partials: one per argument, `(out, *args) -> SymPy expression`; `out` is the operation's own value.
        fragment: how it names a stage after its operands' names.
        python: its forward text in Python.
        ulp: the largest error of the forward text and of its partials over `sample`, in units in the last place.
        sample: a safe range for each argument, used by the tests.
        python_partials: Python text for the partials whose accurate form is no plain expression (guards).
        formula: its text in a formula; a call by default.
        aliases: other names that the parser accepts for it (SymPy's, NumPy's, `math`'s).
        role: the word for it in a stage's name when the operands' names are too long.
        rule: its derivative as an equation, printed beside the backward line where it is not obvious.
        raises: the exceptions it can raise.
        kink: the convention where its derivative jumps, in words.
        kink_partial: the only partial that the kink concerns, if it is not all of them.
        helpers: functions that its Python text calls, carried by the module.
        rational: whether it takes rational numbers to rational numbers, so that constants fold exactly.
        exponent: whether the last argument is a constant exponent, on whose value the partials' form depends.
        flat: whether the derivative is 0 wherever there is one; then it gets no backward line.
        variadic: whether a call takes any number of arguments, combined two by two from the left.
    """

    name: str
    node: Callable[..., Any]
    partials: tuple[Partial, ...]
    fragment: str
    python: str
    ulp: tuple[float, float]
    sample: tuple[tuple[float, float], ...]
    python_partials: tuple[str | None, ...] = ()
    formula: str = ""
    aliases: tuple[str, ...] = ()
    role: str = ""
    rule: str = ""
    raises: tuple[Raise, ...] = ()
    kink: str = ""
    kink_partial: int | None = None
    helpers: tuple[str, ...] = ()
    rational: bool = False
    exponent: bool = False
    flat: bool = False
    variadic: bool = False

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.partials)

    def spelled_partial(self, position: int) -> str | None:
        """Return the Python text of a partial that has no plain expression, or None."""
        return self.python_partials[position] if self.python_partials else None


_DOMAIN, _POLE, _OVERFLOW = "ValueError", "ZeroDivisionError", "OverflowError"
_PERIODIC = (Raise(_DOMAIN, "{0} is infinite", step_only=True),)
_log2, _log10 = sp.log(sp.Integer(2), evaluate=False), sp.log(
    sp.Integer(10), evaluate=False
)


def real(exponent: Any) -> float:
    """Return a number as a double; nan for an expression, whose digits SymPy might compute for ever."""
    return (
        float(exponent) if exponent.is_Number or exponent.is_NumberSymbol else math.nan
    )


def lowers_exactly(exponent: Any) -> bool:
    """Whether c - 1 is exact in double precision, as for every c > 1/2: then x**(c - 1) is as accurate as x**c."""
    c = real(exponent)
    return math.isfinite(c) and Fraction(c) - 1 == Fraction(c - 1.0)


# fmt: off
_ROWS = (
    # Arithmetic. The fragment of a product is the bare juxtaposition, as on paper.
    Op("copy", lambda x: x,        (lambda out, x: sp.S.One,),
       "{0}",      "{0}",       (0, 0),     ((-9, 9),),
       formula="{0}", rational=True),
    Op("add",  lambda x, y: x + y, (lambda out, x, y: sp.S.One, lambda out, x, y: sp.S.One),
       "{0}p{1}",  "{0} + {1}", (0.5, 0),   ((1, 9), (1, 9)),
       formula="{0} + {1}", rational=True, role="sum"),
    Op("sub",  lambda x, y: x - y, (lambda out, x, y: sp.S.One, lambda out, x, y: sp.S.NegativeOne),
       "{0}m{1}",  "{0} - {1}", (0.5, 0),   ((1, 9), (1, 9)),
       formula="{0} - {1}", rational=True, role="diff"),
    Op("mul",  lambda x, y: x*y,   (lambda out, x, y: y, lambda out, x, y: x),
       "{0}{1}",   "{0} * {1}", (0.5, 0),   ((-9, 9), (-9, 9)),
       formula="{0} * {1}", rational=True, role="prod"),
    Op("div",  lambda x, y: x/y,   (lambda out, x, y: 1/y, lambda out, x, y: -out/y),
       "{0}by{1}", "{0} / {1}", (0.5, 1.5), ((-9, 9), (1, 9)),
       formula="{0} / {1}", rational=True, role="ratio"),
    Op("neg",  lambda x: -x,       (lambda out, x: sp.S.NegativeOne,),
       "neg{0}",   "-{0}",      (0, 0),     ((-9, 9),),
       formula="-{0}", rational=True),
    Op("inv",  lambda x: 1/x,      (lambda out, x: -(out*out),),
       "inv{0}",   "1.0 / {0}", (0.5, 1.9), ((0.01, 99),),
       formula="1 / {0}", rational=True, rule="d(1/{0})/d{0} = -1/{0}**2", raises=(Raise(_POLE, "{0} = 0"),)),
    # Powers: by the exponent, because each has its own accurate spelling.
    Op("sqr",  lambda x: x*x,     (lambda out, x: 2*x,),
       "{0}sqr",    "{0} * {0}",          (0.5, 0.5),  ((-99, 99),),
       formula="{0}**2", rational=True),
    Op("powi", lambda x, n: x**n, (lambda out, x, n: n*x**(n - 1), lambda out, x, n: out*sp.log(x)),
       "{0}pow{1}", "{0}**{1:d}",         (0.51, 1.4), ((0.1, 9), (3, 9)),
       formula="{0}**{1}", rational=True, role="pow", exponent=True,
       raises=(Raise(_OVERFLOW, "{0}**{1} is too large"),)),
    Op("powr", lambda x, c: x**c, (lambda out, x, c: c*x**(c - 1) if lowers_exactly(c) else c*(out/x), lambda out, x, c: out*sp.log(x)),
       "{0}pow{1}", "math.pow({0}, {1})", (0.51, 2.1), ((0.1, 9), (-4, 4)),
       formula="{0}**{1}", role="pow", exponent=True, rule="d(u**c)/du = c*u**(c - 1)",
       raises=(Raise(_DOMAIN, "{0} < 0"), Raise(_DOMAIN, "{0} = 0", exponent_below=0), Raise(_OVERFLOW, "{0}**{1} is too large"), Raise("ValueError or ZeroDivisionError", "{0} = 0", partial=0, exponent_below=1), Raise(_OVERFLOW, "{0}**({1} - 1) is too large", partial=0, exponent_below=1))),
    Op("expb", lambda b, x: b**x, (lambda out, b, x: x*b**(x - 1), lambda out, b, x: out*sp.log(b)),
       "{0}pow{1}", "math.pow({0}, {1})", (0.51, 2.0), ((0.1, 9), (-4, 4)),
       formula="{0}**{1}", role="pow", rule="d(b**u)/du = log(b)*b**u",
       raises=(Raise(_OVERFLOW, "{0}**{1} is too large"), Raise(_DOMAIN, "{0}**{1} is not real", base_at_most=0), Raise(_DOMAIN, "{0} has no logarithm", partial=1, base_at_most=0))),
    Op("pow",  lambda x, y: x**y, (lambda out, x, y: y*(out/x), lambda out, x, y: out*sp.log(x)),
       "{0}pow{1}", "math.pow({0}, {1})", (0.51, 2.1), ((0.1, 9), (-4, 4)),
       formula="{0}**{1}", role="pow",
       python_partials=("{1} * ({out} / {0}) if {0} != 0.0 else {1} * math.pow({0}, {1} - 1.0)", "{out} * math.log({0}) if {0} != 0.0 else 0.0"),
       rule="d(u**v) = v*u**(v - 1) du + log(u)*u**v dv", kink="{0}**{1} at {0} = 0: the gradient by {1} is 0",
       kink_partial=1, aliases=("power",),
       raises=(Raise(_DOMAIN, "{0} < 0 and {1} is no integer, or {0} = 0 and {1} < 0"), Raise(_OVERFLOW, "{0}**{1} is too large"), Raise(_DOMAIN, "{0} = 0 and {1} < 1", partial=0), Raise(_DOMAIN, "{0} < 0", partial=1))),
    # Roots.
    Op("sqrt",  sp.sqrt,  (lambda out, x: sp.Rational(1, 2)/out,),
       "sqrt{0}",   "math.sqrt({0})",       (0.5, 1.5), ((0.01, 99),),
       rule="d sqrt = 1/(2*{out})", raises=(Raise(_DOMAIN, "{0} < 0"), Raise(_POLE, "{0} = 0", partial=0))),
    Op("cbrt",  cf.Cbrt,  (lambda out, x: out/x/3,),
       "cbrt{0}",   "_cbrt({0})",           (0.8, 2.1), ((0.01, 99),),
       rule="d cbrt = {out}/{0}/3", raises=(Raise(_POLE, "{0} = 0", partial=0),), helpers=("cbrt",),
       aliases=("Cbrt",)),
    Op("hypot", cf.hypot, (lambda out, x, y: x/out, lambda out, x, y: y/out),
       "hyp{0}{1}", "math.hypot({0}, {1})", (0.6, 1.5), ((-99, 99), (-99, 99)),
       python_partials=("{0} / {out} if {out} != 0.0 else 0.0", "{1} / {out} if {out} != 0.0 else 0.0"),
       rule="d hypot(u, v) = (u du + v dv)/{out}", kink="hypot({0}, {1}) at (0, 0): gradient 0"),
    Op("abs",   sp.Abs,   (lambda out, x: sp.sign(x),),
       "abs{0}",    "abs({0})",             (0, 0),     ((0.01, 99),),
       python_partials=("math.copysign(1.0, {0}) if {0} != 0.0 else 0.0",), aliases=("Abs", "fabs", "absolute"),
       rule="d abs = sign({0})", kink="abs({0}) at {0} = 0: gradient 0"),
    # Exponentials and logarithms.
    Op("exp",   sp.exp,   (lambda out, x: out,),
       "exp{0}",    "math.exp({0})",      (0.51, 0.51), ((-20, 20),),
       raises=(Raise(_OVERFLOW, "{0} > 709.78"),)),
    Op("exp2",  cf.exp2,  (lambda out, x: out*_log2,),
       "exp2{0}",   "math.pow(2.0, {0})", (0.51, 1.5),  ((-20, 20),),
       rule="d 2**u = log(2)*2**u", raises=(Raise(_OVERFLOW, "{0} >= 1024"),)),
    Op("expm1", cf.expm1, (lambda out, x: sp.exp(x),),
       "expm1{0}",  "math.expm1({0})",    (0.8, 0.51),  ((-2, 2),),
       raises=(Raise(_OVERFLOW, "{0} > 709.78"),)),
    Op("log",   sp.log,   (lambda out, x: 1/x,),
       "log{0}",    "math.log({0})",      (0.52, 0.5),  ((0.01, 99),),
       aliases=("ln",), raises=(Raise(_DOMAIN, "{0} <= 0"),)),
    Op("log2",  cf.log2,  (lambda out, x: 1/(x*_log2),),
       "lg{0}",     "math.log2({0})",     (1.0, 1.9),   ((0.01, 99),),
       rule="d log2 = 1/({0}*log(2))", raises=(Raise(_DOMAIN, "{0} <= 0"),)),
    Op("log10", cf.log10, (lambda out, x: 1/(x*_log10),),
       "logten{0}", "math.log10({0})",    (1.4, 2.3),   ((0.01, 99),),
       rule="d log10 = 1/({0}*log(10))", raises=(Raise(_DOMAIN, "{0} <= 0"),)),
    Op("log1p", cf.log1p, (lambda out, x: 1/(1 + x),),
       "log1p{0}",  "math.log1p({0})",    (0.8, 1.5),   ((-0.5, 9),),
       raises=(Raise(_DOMAIN, "{0} <= -1"),)),
    # Trigonometric functions and their inverses.
    Op("sin",   sp.sin,   (lambda out, x: sp.cos(x),),
       "sin{0}",     "math.sin({0})",        (0.52, 0.52), ((-9, 9),),
       raises=_PERIODIC),
    Op("cos",   sp.cos,   (lambda out, x: -sp.sin(x),),
       "cos{0}",     "math.cos({0})",        (0.52, 0.52), ((-9, 9),),
       raises=_PERIODIC),
    Op("tan",   sp.tan,   (lambda out, x: 1 + out*out,),
       "tan{0}",     "math.tan({0})",        (0.62, 1.9),  ((-9, 9),),
       rule="d tan = 1 + {out}**2", raises=_PERIODIC),
    Op("asin",  sp.asin,  (lambda out, x: 1/sp.sqrt((1 - x)*(1 + x)),),
       "asin{0}",    "math.asin({0})",       (0.52, 1.8),  ((-1, 1),),
       aliases=("arcsin",), rule="d asin = 1/sqrt(1 - {0}**2)",
       raises=(Raise(_DOMAIN, "abs({0}) > 1"), Raise(_POLE, "abs({0}) = 1", partial=0))),
    Op("acos",  sp.acos,  (lambda out, x: -1/sp.sqrt((1 - x)*(1 + x)),),
       "acos{0}",    "math.acos({0})",       (0.53, 1.8),  ((-1, 1),),
       aliases=("arccos",), rule="d acos = -1/sqrt(1 - {0}**2)",
       raises=(Raise(_DOMAIN, "abs({0}) > 1"), Raise(_POLE, "abs({0}) = 1", partial=0))),
    Op("atan",  sp.atan,  (lambda out, x: 1/(1 + x*x),),
       "atan{0}",    "math.atan({0})",       (0.56, 1.9),  ((-9, 9),),
       aliases=("arctan",), rule="d atan = 1/(1 + {0}**2)"),
    Op("atan2", sp.atan2, (lambda out, y, x: x/cf.hypot(x, y)/cf.hypot(x, y), lambda out, y, x: -(y/cf.hypot(x, y)/cf.hypot(x, y))),
       "atan{0}{1}", "math.atan2({0}, {1})", (0.6, 3.2),   ((-9, 9), (0.1, 9)),
       aliases=("arctan2",), rule="d atan2(v, u) = (u dv - v du)/(u**2 + v**2)",
       raises=(Raise(_POLE, "{0} = {1} = 0", partial=ANY),)),
    Op("sec",   sp.sec,   (lambda out, x: out*sp.tan(x),),
       "sec{0}",     "1.0 / math.cos({0})",  (1.4, 3.0),   ((-9, 9),),
       rule="d sec = {out}*tan({0})", raises=_PERIODIC),
    Op("csc",   sp.csc,   (lambda out, x: -out/sp.tan(x),),
       "csc{0}",     "1.0 / math.sin({0})",  (1.4, 3.0),   ((0.1, 3),),
       rule="d csc = -{out}/tan({0})", raises=(*_PERIODIC, Raise(_POLE, "{0} = 0"))),
    Op("cot",   sp.cot,   (lambda out, x: -(1 + out*out),),
       "cot{0}",     "1.0 / math.tan({0})",  (1.6, 3.0),   ((0.1, 3),),
       rule="d cot = -(1 + {out}**2)", raises=(*_PERIODIC, Raise(_POLE, "{0} = 0"))),
    # Hyperbolic functions and their inverses.
    Op("sinh",  sp.sinh,  (lambda out, x: sp.cosh(x),),
       "sinh{0}",  "math.sinh({0})",  (2.0, 2.0), ((-9, 9),),
       raises=(Raise(_OVERFLOW, "abs({0}) > 710.47"),)),
    Op("cosh",  sp.cosh,  (lambda out, x: sp.sinh(x),),
       "cosh{0}",  "math.cosh({0})",  (2.0, 2.0), ((-9, 9),),
       raises=(Raise(_OVERFLOW, "abs({0}) > 710.47"),)),
    Op("tanh",  sp.tanh,  (lambda out, x: 1 - out*out,),
       "tanh{0}",  "math.tanh({0})",  (2.2, 5.6), ((-1, 1),),
       rule="d tanh = 1 - {out}**2"),
    Op("asinh", sp.asinh, (lambda out, x: 1/cf.hypot(x, sp.S.One),),
       "asinh{0}", "math.asinh({0})", (1.5, 1.5), ((-9, 9),),
       aliases=("arcsinh",), rule="d asinh = 1/sqrt({0}**2 + 1)"),
    Op("acosh", sp.acosh, (lambda out, x: 1/sp.sqrt((x - 1)*(x + 1)),),
       "acosh{0}", "math.acosh({0})", (2.0, 1.9), ((1, 99),),
       aliases=("arccosh",), rule="d acosh = 1/sqrt({0}**2 - 1)",
       raises=(Raise(_DOMAIN, "{0} < 1"), Raise(_POLE, "{0} = 1", partial=0))),
    Op("atanh", sp.atanh, (lambda out, x: 1/((1 - x)*(1 + x)),),
       "atanh{0}", "math.atanh({0})", (1.8, 1.9), ((-1, 1),),
       aliases=("arctanh",), rule="d atanh = 1/(1 - {0}**2)", raises=(Raise(_DOMAIN, "abs({0}) >= 1"),)),
    # Functions of statistics.
    Op("erf",  sp.erf,  (lambda out, x: 2/sp.sqrt(sp.pi)*sp.exp(-(x*x)),),
       "erf{0}",  "math.erf({0})",  (1.6, 4.0), ((-1, 1),),
       rule="d erf = 2/sqrt(pi)*exp(-{0}**2)"),
    Op("erfc", sp.erfc, (lambda out, x: -(2/sp.sqrt(sp.pi)*sp.exp(-(x*x))),),
       "erfc{0}", "math.erfc({0})", (1.9, 4.0), ((-1, 1),),
       rule="d erfc = -2/sqrt(pi)*exp(-{0}**2)"),
    # Steps, and the larger and smaller of two. The guards give each side half at a tie.
    Op("floor", sp.floor,   (lambda out, x: sp.S.Zero,),
       "floor{0}",  "float(math.floor({0}))", (0, 0), ((-9, 9),),
       flat=True, kink="floor({0}): gradient 0 everywhere",
       raises=(Raise(_OVERFLOW, "{0} is infinite", step_only=True),)),
    Op("ceil",  sp.ceiling, (lambda out, x: sp.S.Zero,),
       "ceil{0}",   "float(math.ceil({0}))",  (0, 0), ((-9, 9),),
       flat=True, kink="ceil({0}): gradient 0 everywhere",
       raises=(Raise(_OVERFLOW, "{0} is infinite", step_only=True),), aliases=("ceiling",)),
    Op("sign",  sp.sign,    (lambda out, x: sp.S.Zero,),
       "sign{0}",   "math.copysign(1.0, {0}) if {0} != 0.0 else 0.0", (0, 0), ((-9, 9),),
       flat=True, kink="sign({0}): gradient 0 everywhere"),
    Op("max",   sp.Max,     (lambda out, x, y: sp.Heaviside(x - y), lambda out, x, y: sp.Heaviside(y - x)),
       "max{0}{1}", "max({0}, {1})",          (0, 0), ((-9, 9), (-9, 9)),
       python_partials=("1.0 if {0} > {1} else 0.5 if {0} == {1} else 0.0", "1.0 if {1} > {0} else 0.5 if {0} == {1} else 0.0"),
       kink="max({0}, {1}) at a tie: half the gradient to each", aliases=("Max", "maximum", "fmax"),
       variadic=True),
    Op("min",   sp.Min,     (lambda out, x, y: sp.Heaviside(y - x), lambda out, x, y: sp.Heaviside(x - y)),
       "min{0}{1}", "min({0}, {1})",          (0, 0), ((-9, 9), (-9, 9)),
       python_partials=("1.0 if {0} < {1} else 0.5 if {0} == {1} else 0.0", "1.0 if {1} < {0} else 0.5 if {0} == {1} else 0.0"),
       kink="min({0}, {1}) at a tie: half the gradient to each", aliases=("Min", "minimum", "fmin"),
       variadic=True),
    # Functions of machine learning. The guard keeps exp from overflowing: below -709 both forms agree to the last bit.
    Op("sigmoid",    sigmoid,    (lambda out, x: (1 - out)*out,),
       "sig{0}",          "1.0 / (1.0 + math.exp(-{0})) if {0} > -709.0 else math.exp({0})", (2.3, 2.3),  ((-20, 1),),
       aliases=("expit", "logistic"), rule="d sigmoid = (1 - {out}) * {out}"),
    Op("softplus",   softplus,   (lambda out, x: sigmoid(x),),
       "softplus{0}",     "max({0}, 0.0) + math.log1p(math.exp(-abs({0})))", (1.5, 2.0),  ((-20, 20),),
       rule="d softplus = sigmoid({0})"),
    Op("logsigmoid", logsigmoid, (lambda out, x: sigmoid(-x),),
       "logsig{0}",       "min({0}, 0.0) - math.log1p(math.exp(-abs({0})))", (1.5, 2.3),  ((-20, 20),),
       python_partials=("1.0 / (1.0 + math.exp({0})) if {0} < 709.0 else math.exp(-{0})",),
       rule="d logsigmoid = sigmoid(-{0})", aliases=("log_sigmoid",)),
    Op("logaddexp",  logaddexp,  (lambda out, x, y: sigmoid(x - y), lambda out, x, y: sigmoid(y - x)),
       "logaddexp{0}{1}", "max({0}, {1}) + math.log1p(math.exp(-abs({0} - {1})))", (6.0, 30.0), ((1, 9), (1, 9)),
       rule="d logaddexp(u, v) = sigmoid(u - v) du + sigmoid(v - u) dv", aliases=("logsumexp",), variadic=True),
    Op("relu",       relu,       (lambda out, x: sp.Heaviside(x, 0),),
       "relu{0}",         "max({0}, 0.0)", (0, 0),      ((-9, 9),),
       python_partials=("1.0 if {0} > 0.0 else 0.0",), kink="relu({0}) at {0} = 0: gradient 0"),
)
# fmt: on

#: The table by name.
OPS: Mapping[str, Op] = {row.name: row for row in _ROWS}

#: The rows that stand for a SymPy class.
BY_NODE: Mapping[type[Any], Op] = {
    row.node: row for row in _ROWS if isinstance(row.node, type)
}

#: What a formula may call, by every accepted name. `sqrt` and `pow` are calls for what SymPy writes as a power.
CALLS: Mapping[str, Op] = {
    name: row
    for row in _ROWS
    if isinstance(row.node, type) or row.name in ("sqrt", "pow")
    for name in (row.name, *row.aliases)
}


@dataclass(frozen=True)
class Composition:
    """A function that is written out in others: its call means its body."""

    name: str
    params: tuple[str, ...]
    body: str

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.params)


#: Functions that need no row of their own, because their stages are worth reading.
COMPOSITIONS: Mapping[str, Composition] = {
    name: Composition(name, params, body)
    for name, params, body in (
        ("silu", ("x",), "x*sigmoid(x)"),
        ("swish", ("x",), "x*sigmoid(x)"),
        ("mish", ("x",), "x*tanh(softplus(x))"),
        ("gelu", ("x",), "x/2*erfc(-x/sqrt(2))"),
        ("gelu_tanh", ("x",), "x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))"),
        ("leaky_relu", ("x", "slope"), "relu(x) - slope*relu(-x)"),
        ("clip", ("x", "low", "high"), "min(max(x, low), high)"),
        ("logit", ("x",), "log(x) - log1p(-x)"),
        ("norm_pdf", ("x",), "exp(-x**2/2)/sqrt(2*pi)"),
        ("norm_cdf", ("x",), "erfc(-x/sqrt(2))/2"),
        ("degrees", ("x",), "x*(180/pi)"),
        ("radians", ("x",), "x*(pi/180)"),
        ("sech", ("x",), "1/cosh(x)"),
        ("csch", ("x",), "1/sinh(x)"),
        ("coth", ("x",), "1/tanh(x)"),
        ("asec", ("x",), "acos(1/x)"),
        ("acsc", ("x",), "asin(1/x)"),
        ("acot", ("x",), "atan(1/x)"),
        ("square", ("x",), "x**2"),
    )
}
