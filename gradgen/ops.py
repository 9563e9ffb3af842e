"""THE TABLE: one row per operation, read by the parser, staging, recognition, differentiation, naming, spelling and tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.codegen import cfunctions as cf

from gradgen.functions import (
    atanc,
    bern,
    bose,
    choose,
    compound,
    erfcx,
    experfc,
    exprel,
    gammainc,
    gammaincc,
    gelu_tanh,
    hypot3,
    langevin,
    log1mexp,
    log1prel,
    log_norm_cdf,
    logaddexp,
    logbeta,
    logcosh,
    logerfc,
    logrel,
    logsigmoid,
    logsoftplus,
    norm_cdf,
    relu,
    rounded,
    sigmoid,
    sinhc,
    softplus,
    tanhc,
    trunc,
    versin,
    xcot,
    xcoth,
    xcsc,
    xcsch,
    xlog1py,
    xlogy,
)

#: A partial derivative: the operation's own value, then its arguments, to a SymPy expression.
Partial = Callable[..., Any]


#: Any partial, where an exception does not depend on which.
ANY = -1


@dataclass(frozen=True)
class Raise:
    """An exception that a stage can raise for finite inputs, and the condition in words (`{0}` is the first argument).

    With `partial`, it is the backward line of that partial that raises. `step_only` conditions speak of an infinite
    operand, which only another stage can produce; `missing` is the condition under which there is no slope, so that it is nan
    and only a strict program raises; `exponent_below` ones concern a constant exponent below that,
    `base_at_most` ones a constant base up to that, and `variable` ones no constant operand in that place.
    """

    error: str
    when: str
    partial: int | None = None
    step_only: bool = False
    exponent_below: float | None = None
    base_at_most: float | None = None
    variable: int | None = None
    missing: str = ""


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        name: the field's name; also what the parser accepts as a call.
        node: the SymPy class it stands for; for arithmetic, which SymPy writes as Add, Mul and Pow, the expression.
        partials: one per argument, `(out, *args) -> SymPy expression`; `out` is the operation's own value. None for an
            argument by which it has no derivative that can be written down.
        fragment: how it names a stage after its operands' names.
        python: its forward text in Python.
        ulp: the largest error of the forward text and of its partials over `sample`, in units in the last place.
        sample: a safe range for each argument, used by the tests.
        python_partials: Python text for the partials whose accurate form is no plain expression (guards). A text with
            the upstream gradient `{d}` is the whole backward line, and a product if it starts with a minus.
        strict_partials: the same for `--strict`, where they differ: without nan for a slope that does not exist.
        no_log: the partial by the exponent, if the base is a constant that has no logarithm.
        precise_partials: the same for `--precise`: right to a few ulp of the partial's own size over the whole range.
        over_partials: the backward lines from a quotient whose denominator it is straight to its arguments, which pass
            through no square of the denominator; `{out}` is the quotient, and the place after the last argument its own value.
        scipy: its forward text in the scipy target, where Python has none.
        latex: its text in a formula in LaTeX; a call by default.
        formula: its text in a formula; a call by default.
        aliases: other names that the parser accepts for it (SymPy's, NumPy's, `math`'s).
        role: the word for it in a stage's name when the operands' names are too long.
        rule: its derivative as an equation, printed beside the backward line where it is not obvious.
        raises: the exceptions it can raise.
        kink: the convention where its derivative jumps, in words.
        kink_partial: the only partial that the kink concerns, if it is not all of them.
        helpers: functions that its Python text calls, carried by the module.
        imports: what its text needs of other modules: the module, the name in it, and the name here.
        rational: whether it takes rational numbers to rational numbers, so that constants fold exactly.
        exponent: whether the last argument is a constant exponent, on whose value the partials' form depends.
        flat: whether the derivative is 0 wherever there is one; then it gets no backward line.
        flat_by: the same of single arguments.
        variadic: whether a call takes any number of arguments, combined two by two from the left.
        truths: the arguments that are conditions.
        boolean: whether its value is a condition.
        whole: the arguments that must be whole constants.
        variable: whether its name, when not called, is an ordinary variable.
    """

    name: str
    node: Callable[..., Any]
    partials: tuple[Partial | None, ...]
    fragment: str
    python: str
    ulp: tuple[float, float]
    sample: tuple[tuple[float, float], ...]
    python_partials: tuple[str | None, ...] = ()
    precise_partials: tuple[str | None, ...] = ()
    strict_partials: tuple[str | None, ...] = ()
    no_log: str = ""
    over_partials: tuple[str, ...] = ()
    scipy: str = ""
    latex: str = ""
    formula: str = ""
    aliases: tuple[str, ...] = ()
    role: str = ""
    rule: str = ""
    raises: tuple[Raise, ...] = ()
    kink: str = ""
    kink_partial: int | None = None
    helpers: tuple[str, ...] = ()
    imports: tuple[tuple[str, str, str], ...] = ()
    rational: bool = False
    exponent: bool = False
    flat: bool = False
    flat_by: tuple[int, ...] = ()
    variadic: bool = False
    truths: tuple[int, ...] = ()
    boolean: bool = False
    whole: tuple[int, ...] = ()
    variable: bool = False

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.sample)

    def moves_by(self, position: int) -> bool:
        """Whether an argument has a backward line."""
        still = self.flat or position in self.truths
        return not (still or position in self.flat_by)

    def spelled_partial(
        self, position: int, precise: bool = False, strict: bool = False
    ) -> str | None:
        """Return the Python text of a partial that has no plain expression, or None."""
        texts = self.python_partials
        if strict and self.strict_partials and self.strict_partials[position]:
            return self.strict_partials[position]
        if precise and self.precise_partials:
            texts = self.precise_partials
        return texts[position] if texts else None


#: Constants beside pi and e, each with its value: names that no formula uses for anything else.
NAMED: Mapping[str, float] = {
    "EulerGamma": 0.5772156649015329,
    "GoldenRatio": 1.618033988749895,
    "Catalan": 0.915965594177219,
}

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


def _bent(x: Any) -> Any:
    """Return what tanh is taken of in gelu_tanh."""
    return sp.sqrt(2 / sp.pi) * (x + sp.Float(0.044715) * x**3)


# fmt: off
_ROWS = (
    # Arithmetic. The fragment of a product is the bare juxtaposition, as on paper.
    Op("copy", lambda x: x,        (lambda out, x: sp.S.One,),
       "{0}",      "{0}",       (0, 0),     ((-9, 9),),
       formula="{0}", rational=True, latex="{0}"),
    Op("add",  lambda x, y: x + y, (lambda out, x, y: sp.S.One, lambda out, x, y: sp.S.One),
       "{0}p{1}",  "{0} + {1}", (0.5, 0),   ((1, 9), (1, 9)),
       formula="{0} + {1}", rational=True, role="sum", latex="{0} + {1}"),
    Op("sub",  lambda x, y: x - y, (lambda out, x, y: sp.S.One, lambda out, x, y: sp.S.NegativeOne),
       "{0}m{1}",  "{0} - {1}", (0.5, 0),   ((1, 9), (1, 9)),
       formula="{0} - {1}", rational=True, role="diff", latex="{0} - {1}"),
    Op("mul",  lambda x, y: x*y,   (lambda out, x, y: y, lambda out, x, y: x),
       "{0}{1}",   "{0} * {1}", (0.5, 0),   ((-9, 9), (-9, 9)),
       over_partials=("-({out} / {0}) * {d}", "-({out} / {1}) * {d}"),
       formula="{0} * {1}", rational=True, role="prod", latex=r"{0} \cdot {1}"),
    Op("div",  lambda x, y: x/y,   (lambda out, x, y: 1/y, lambda out, x, y: -out/y),
       "{0}by{1}", "{0} / {1}", (0.5, 1.8), ((-9, 9), (1, 9)),
       python_partials=(None, "-{out} / {1} * {d}"), over_partials=("-({out} / {0}) * {d}", "{out} / {1} * {d}"),
       formula="{0} / {1}", rational=True, role="ratio", latex=r"\frac{{0}}{{1}}",
       raises=(Raise(_POLE, "{1} = 0", variable=1),)),
    Op("neg",  lambda x: -x,       (lambda out, x: sp.S.NegativeOne,),
       "neg{0}",   "-{0}",      (0, 0),     ((-9, 9),),
       formula="-{0}", rational=True, latex="-{0}"),
    Op("inv",  lambda x: 1/x,      (lambda out, x: -(out*out),),
       "inv{0}",   "1.0 / {0}", (0.5, 1.9), ((0.01, 99),),
       python_partials=("-{out} * ({out} * {d})",),  # 1/u**2 alone has no double beyond 1e154
       formula="1 / {0}", rational=True, rule="d(1/{0})/d{0} = -1/{0}**2", raises=(Raise(_POLE, "{0} = 0"),),
       latex=r"\frac1{{0}}"),
    # Powers: by the exponent, because each has its own accurate spelling.
    Op("sqr",  lambda x: x*x,     (lambda out, x: 2*x,),
       "{0}sqr",    "{0} * {0}",          (0.5, 0.5),  ((-99, 99),),
       over_partials=("-2.0 * ({out} / {0}) * {d}",),
       formula="{0}**2", rational=True, latex="{0}^2"),
    Op("powi", lambda x, n: x**n, (lambda out, x, n: n*(out/x) if real(n) < 0 else n*x**(n - 1), lambda out, x, n: out*sp.log(x)),
       "{0}pow{1}", "{0}**{1:d}",         (0.51, 1.9), ((0.1, 9), (3, 9)),
       over_partials=("-{1} * ({out} / {0}) * {d}", ""),
       formula="{0}**{1}", rational=True, role="pow", exponent=True,
       raises=(Raise(_POLE, "{0} = 0", exponent_below=0), Raise(_OVERFLOW, "{0}**{1} is too large")), latex="{0}^{{1}}"),
    Op("powr", lambda x, c: x**c, (lambda out, x, c: c*x**(c - 1) if lowers_exactly(c) else c*(out/x), lambda out, x, c: out*sp.log(x)),
       "{0}pow{1}", "math.pow({0}, {1})", (0.51, 2.1), ((0.1, 9), (-4, 4)),
       over_partials=("-{1} * ({out} / {0}) * {d}", ""),
       formula="{0}**{1}", role="pow", exponent=True, rule="d(u**c)/du = c*u**(c - 1)",
       raises=(Raise(_DOMAIN, "{0} < 0"), Raise(_DOMAIN, "{0} = 0", exponent_below=0), Raise(_OVERFLOW, "{0}**{1} is too large"), Raise("ValueError or ZeroDivisionError", "{0} = 0", partial=0, exponent_below=1), Raise(_OVERFLOW, "{0}**({1} - 1) is too large", partial=0, exponent_below=1)),
       latex="{0}^{{1}}"),
    Op("expb", lambda b, x: b**x, (lambda out, b, x: x*b**(x - 1), lambda out, b, x: out*sp.log(b)),
       "{0}pow{1}", "math.pow({0}, {1})", (0.51, 2.0), ((0.1, 9), (-4, 4)),
       formula="{0}**{1}", role="pow", rule="d(b**u)/du = log(b)*b**u",
       raises=(Raise(_OVERFLOW, "{0}**{1} is too large"), Raise(_DOMAIN, "{0}**{1} is not real", base_at_most=0), Raise(_DOMAIN, "{0} has no logarithm", partial=1, base_at_most=0, missing="{0}**{1} != 0")), no_log="math.nan if {out} != 0.0 else 0.0",
       latex="{0}^{{1}}"),
    Op("pow",  lambda x, y: x**y, (lambda out, x, y: y*(out/x), lambda out, x, y: out*sp.log(x)),
       "{0}pow{1}", "math.pow({0}, {1})", (0.51, 2.1), ((0.1, 9), (-4, 4)),
       formula="{0}**{1}", role="pow",
       python_partials=("{1} * ({out} / {0}) if abs({out}) > 1e-290 and {0} != 0.0 else {1} * math.pow({0}, {1} - 1.0)", "{out} * math.log({0}) if {0} > 0.0 else 0.0 if {0} == 0.0 else math.nan"),
       strict_partials=(None, "{out} * math.log({0}) if {0} != 0.0 else 0.0"),
       rule="d(u**v) = v*u**(v - 1) du + log(u)*u**v dv", kink="{0}**{1} at {0} = 0: the gradient by {1} is 0",
       kink_partial=1, aliases=("power",),
       raises=(Raise(_DOMAIN, "{0} < 0 and {1} is no integer, or {0} = 0 and {1} < 0"), Raise(_OVERFLOW, "{0}**{1} is too large"), Raise(_DOMAIN, "{0} = 0 and {1} < 1", partial=0), Raise(_DOMAIN, "{0} < 0", partial=1, missing="{0} < 0")),
       latex="{0}^{{1}}"),
    # Roots.
    Op("sqrt",  sp.sqrt,  (lambda out, x: sp.Rational(1, 2)/out,),
       "sqrt{0}",   "math.sqrt({0})",       (0.5, 1.5), ((0.01, 99),),
       rule="d sqrt = 1/(2*{out})", raises=(Raise(_DOMAIN, "{0} < 0"), Raise(_POLE, "{0} = 0", partial=0)),
       latex=r"\sqrt{{0}}"),
    Op("cbrt",  cf.Cbrt,  (lambda out, x: out/x/3,),
       "cbrt{0}",   "_cbrt({0})",           (0.8, 2.1), ((0.01, 99),),
       rule="d cbrt = {out}/{0}/3", raises=(Raise(_POLE, "{0} = 0", partial=0),), helpers=("cbrt",),
       aliases=("Cbrt",), latex=r"\sqrt[3]{{0}}"),
    Op("hypot", cf.hypot, (lambda out, x, y: x/out, lambda out, x, y: y/out),
       "hyp{0}{1}", "math.hypot({0}, {1})", (0.6, 1.5), ((-99, 99), (-99, 99)),
       over_partials=tuple(f"-({{{i}}} / {{2}} * {{out}} / {{2}}) * {{d}}" for i in range(2)),
       python_partials=("{0} / {out} if {out} != 0.0 else 0.0", "{1} / {out} if {out} != 0.0 else 0.0"),
       rule="d hypot(u, v) = (u du + v dv)/{out}", kink="hypot({0}, {1}) at (0, 0): gradient 0"),
    Op("hypot3", hypot3, (lambda out, x, y, z: x/out, lambda out, x, y, z: y/out, lambda out, x, y, z: z/out),
       "hyp{0}{1}{2}", "math.hypot({0}, {1}, {2})", (0.6, 1.5), ((-99, 99), (-99, 99), (-99, 99)),
       over_partials=tuple(f"-({{{i}}} / {{3}} * {{out}} / {{3}}) * {{d}}" for i in range(3)),
       python_partials=tuple(f"{{{i}}} / {{out}} if {{out}} != 0.0 else 0.0" for i in range(3)), formula="hypot({0}, {1}, {2})",
       rule="d hypot(u, v, w) = (u du + v dv + w dw)/{out}", kink="hypot({0}, {1}, {2}) at (0, 0, 0): gradient 0",
       latex=r"\operatorname{hypot}\left({0}, {1}, {2}\right)", role="hyp"),
    Op("abs",   sp.Abs,   (lambda out, x: sp.sign(x),),
       "abs{0}",    "abs({0})",             (0, 0),     ((0.01, 99),),
       python_partials=("math.copysign(1.0, {0}) if {0} != 0.0 else 0.0",), aliases=("Abs", "fabs", "absolute"),
       rule="d abs = sign({0})", kink="abs({0}) at {0} = 0: gradient 0", latex=r"\left|{{0}}\right|"),
    # Exponentials and logarithms.
    Op("exp",   sp.exp,   (lambda out, x: out,),
       "exp{0}",    "math.exp({0})",      (0.51, 0.51), ((-20, 20),),
       over_partials=("-{out} * {d}",),
       raises=(Raise(_OVERFLOW, "{0} > 709.78"),), latex=r"\exp\left({0}\right)"),
    Op("exp2",  cf.exp2,  (lambda out, x: out*_log2,),
       "exp2{0}",   "math.pow(2.0, {0})", (0.51, 1.5),  ((-20, 20),),
       rule="d 2**u = log(2)*2**u", raises=(Raise(_OVERFLOW, "{0} >= 1024"),), latex="2^{{0}}"),
    Op("expm1", cf.expm1, (lambda out, x: sp.exp(x),),
       "expm1{0}",  "math.expm1({0})",    (0.8, 0.51),  ((-2, 2),),
       raises=(Raise(_OVERFLOW, "{0} > 709.78"),), latex=r"\operatorname{expm1}\left({0}\right)"),
    Op("log",   sp.log,   (lambda out, x: 1/x,),
       "log{0}",    "math.log({0})",      (0.52, 0.5),  ((0.01, 99),),
       aliases=("ln",), raises=(Raise(_DOMAIN, "{0} <= 0"),), latex=r"\ln\left({0}\right)"),
    Op("log2",  cf.log2,  (lambda out, x: 1/(x*_log2),),
       "lg{0}",     "math.log2({0})",     (1.0, 1.9),   ((0.01, 99),),
       rule="d log2 = 1/({0}*log(2))", raises=(Raise(_DOMAIN, "{0} <= 0"),), latex=r"\log_2\left({0}\right)"),
    Op("log10", cf.log10, (lambda out, x: 1/(x*_log10),),
       "logten{0}", "math.log10({0})",    (1.4, 2.3),   ((0.01, 99),),
       rule="d log10 = 1/({0}*log(10))", raises=(Raise(_DOMAIN, "{0} <= 0"),), latex=r"\log_{10}\left({0}\right)"),
    Op("log1p", cf.log1p, (lambda out, x: 1/(1 + x),),
       "log1p{0}",  "math.log1p({0})",    (0.8, 1.5),   ((-0.5, 9),),
       raises=(Raise(_DOMAIN, "{0} <= -1"),)),
    # Trigonometric functions and their inverses.
    Op("sin",   sp.sin,   (lambda out, x: sp.cos(x),),
       "sin{0}",     "math.sin({0})",        (0.52, 0.52), ((-9, 9),),
       raises=_PERIODIC, latex=r"\sin\left({0}\right)"),
    Op("cos",   sp.cos,   (lambda out, x: -sp.sin(x),),
       "cos{0}",     "math.cos({0})",        (0.52, 0.52), ((-9, 9),),
       raises=_PERIODIC, latex=r"\cos\left({0}\right)"),
    Op("tan",   sp.tan,   (lambda out, x: 1 + out*out,),
       "tan{0}",     "math.tan({0})",        (0.62, 1.9),  ((-9, 9),),
       rule="d tan = 1 + {out}**2", raises=_PERIODIC, latex=r"\tan\left({0}\right)"),
    Op("asin",  sp.asin,  (lambda out, x: 1/sp.sqrt((1 - x)*(1 + x)),),
       "asin{0}",    "math.asin({0})",       (0.52, 1.8),  ((-1, 1),),
       aliases=("arcsin",), rule="d asin = 1/sqrt(1 - {0}**2)",
       raises=(Raise(_DOMAIN, "abs({0}) > 1"), Raise(_POLE, "abs({0}) = 1", partial=0)),
       latex=r"\arcsin\left({0}\right)"),
    Op("acos",  sp.acos,  (lambda out, x: -1/sp.sqrt((1 - x)*(1 + x)),),
       "acos{0}",    "math.acos({0})",       (0.53, 1.8),  ((-1, 1),),
       aliases=("arccos",), rule="d acos = -1/sqrt(1 - {0}**2)",
       raises=(Raise(_DOMAIN, "abs({0}) > 1"), Raise(_POLE, "abs({0}) = 1", partial=0)),
       latex=r"\arccos\left({0}\right)"),
    Op("atan",  sp.atan,  (lambda out, x: 1/(1 + x*x),),
       "atan{0}",    "math.atan({0})",       (0.56, 1.9),  ((-9, 9),),
       aliases=("arctan",), rule="d atan = 1/(1 + {0}**2)", latex=r"\arctan\left({0}\right)"),
    Op("acot",  sp.acot,  (lambda out, x: -1/(1 + x*x),),
       "acot{0}",    "math.atan(1.0 / {0})", (1.5, 2.0),  ((0.1, 9),),
       rule="d acot = -1/(1 + {0}**2)", raises=(Raise(_POLE, "{0} = 0"),), latex=r"\operatorname{arccot}\left({0}\right)"),
    Op("atan2", sp.atan2, (lambda out, y, x: x/cf.hypot(x, y)/cf.hypot(x, y), lambda out, y, x: -(y/cf.hypot(x, y)/cf.hypot(x, y))),
       "atan{0}{1}", "math.atan2({0}, {1})", (0.6, 3.2),   ((-9, 9), (0.1, 9)),
       aliases=("arctan2",), rule="d atan2(v, u) = (u dv - v du)/(u**2 + v**2)",
       raises=(Raise(_POLE, "{0} = {1} = 0", partial=ANY, missing="{0} = {1} = 0"),),
       python_partials=("{1} / math.hypot({1}, {0}) / math.hypot({1}, {0}) if {0} != 0.0 or {1} != 0.0 else math.nan", "-({0} / math.hypot({1}, {0}) / math.hypot({1}, {0})) if {0} != 0.0 or {1} != 0.0 else math.nan"),
       strict_partials=("{1} / math.hypot({1}, {0}) / math.hypot({1}, {0})", "-({0} / math.hypot({1}, {0}) / math.hypot({1}, {0}))"),
       latex=r"\operatorname{atan2}\left({0}, {1}\right)"),
    Op("sec",   sp.sec,   (lambda out, x: out*sp.tan(x),),
       "sec{0}",     "1.0 / math.cos({0})",  (1.4, 3.0),   ((-9, 9),),
       rule="d sec = {out}*tan({0})", raises=_PERIODIC, latex=r"\sec\left({0}\right)"),
    Op("csc",   sp.csc,   (lambda out, x: -out/sp.tan(x),),
       "csc{0}",     "1.0 / math.sin({0})",  (1.4, 3.0),   ((0.1, 3),),
       rule="d csc = -{out}/tan({0})", raises=(*_PERIODIC, Raise(_POLE, "{0} = 0")), latex=r"\csc\left({0}\right)"),
    Op("cot",   sp.cot,   (lambda out, x: -(1 + out*out),),
       "cot{0}",     "1.0 / math.tan({0})",  (1.6, 3.0),   ((0.1, 3),),
       rule="d cot = -(1 + {out}**2)", raises=(*_PERIODIC, Raise(_POLE, "{0} = 0")), latex=r"\cot\left({0}\right)"),
    # Hyperbolic functions and their inverses.
    Op("sinh",  sp.sinh,  (lambda out, x: sp.cosh(x),),
       "sinh{0}",  "math.sinh({0})",  (2.0, 2.0), ((-9, 9),),
       raises=(Raise(_OVERFLOW, "abs({0}) > 710.47"),), latex=r"\sinh\left({0}\right)"),
    Op("cosh",  sp.cosh,  (lambda out, x: sp.sinh(x),),
       "cosh{0}",  "math.cosh({0})",  (2.0, 2.0), ((-9, 9),),
       over_partials=("-({out} * math.tanh({0})) * {d}",),
       raises=(Raise(_OVERFLOW, "abs({0}) > 710.47"),), latex=r"\cosh\left({0}\right)"),
    Op("tanh",  sp.tanh,  (lambda out, x: 1 - out*out,),
       "tanh{0}",  "math.tanh({0})",  (2.2, 5.6), ((-1, 1),),
       rule="d tanh = 1 - {out}**2", precise_partials=("_tanh_slope({0})",), helpers=("tanh_slope",),
       latex=r"\tanh\left({0}\right)"),
    Op("asinh", sp.asinh, (lambda out, x: 1/cf.hypot(x, sp.S.One),),
       "asinh{0}", "math.asinh({0})", (1.5, 1.5), ((-9, 9),),
       aliases=("arcsinh",), rule="d asinh = 1/sqrt({0}**2 + 1)"),
    Op("acosh", sp.acosh, (lambda out, x: 1/(sp.sqrt(x - 1)*sp.sqrt(x + 1)),),
       "acosh{0}", "math.acosh({0})", (2.0, 2.7), ((1, 99),),
       aliases=("arccosh",), rule="d acosh = 1/sqrt({0}**2 - 1)",
       raises=(Raise(_DOMAIN, "{0} < 1"), Raise(_POLE, "{0} = 1", partial=0))),
    Op("atanh", sp.atanh, (lambda out, x: 1/((1 - x)*(1 + x)),),
       "atanh{0}", "math.atanh({0})", (1.8, 1.9), ((-1, 1),),
       aliases=("arctanh",), rule="d atanh = 1/(1 - {0}**2)", raises=(Raise(_DOMAIN, "abs({0}) >= 1"),)),
    # Functions of statistics.
    Op("erf",  sp.erf,  (lambda out, x: 2/sp.sqrt(sp.pi)*sp.exp(-(x*x)),),
       "erf{0}",  "math.erf({0})",  (1.6, 4.0), ((-1, 1),),
       rule="d erf = 2/sqrt(pi)*exp(-{0}**2)", precise_partials=("2.0 / math.sqrt(math.pi) * _gauss({0})",), helpers=("gauss",)),
    Op("erfc", sp.erfc, (lambda out, x: -(2/sp.sqrt(sp.pi)*sp.exp(-(x*x))),),
       "erfc{0}", "math.erfc({0})", (1.9, 4.0), ((-1, 1),),
       rule="d erfc = -2/sqrt(pi)*exp(-{0}**2)", precise_partials=("-2.0 / math.sqrt(math.pi) * _gauss({0})",), helpers=("gauss",)),
    Op("norm_cdf", norm_cdf, (lambda out, x: sp.exp(-(x*x)/2)/sp.sqrt(2*sp.pi),),
       "cdf{0}", "0.5 * math.erfc(-0.7071067811865476 * {0})", (9, 9), ((-2, 2),),
       python_partials=("0.3989422804014327 * math.exp(-0.5 * ({0} * {0}))",), variable=True,
       rule="d norm_cdf = exp(-{0}**2/2)/sqrt(2*pi)", latex=r"\Phi\left({0}\right)"),
    # Steps, and the larger and smaller of two. The guards give each side half at a tie.
    Op("floor", sp.floor,   (lambda out, x: sp.S.Zero,),
       "floor{0}",  "float(math.floor({0}))", (0, 0), ((-9, 9),),
       flat=True, kink="floor({0}): gradient 0 everywhere",
       raises=(Raise(_OVERFLOW, "{0} is infinite", step_only=True),), latex=r"\left\lfloor{{0}}\right\rfloor"),
    Op("ceil",  sp.ceiling, (lambda out, x: sp.S.Zero,),
       "ceil{0}",   "float(math.ceil({0}))",  (0, 0), ((-9, 9),),
       flat=True, kink="ceil({0}): gradient 0 everywhere",
       raises=(Raise(_OVERFLOW, "{0} is infinite", step_only=True),), aliases=("ceiling",),
       latex=r"\left\lceil{{0}}\right\rceil"),
    Op("trunc", trunc,      (lambda out, x: sp.S.Zero,),
       "trunc{0}",  "float(math.trunc({0}))", (0, 0), ((-9, 9),),
       flat=True, kink="trunc({0}): gradient 0 everywhere", variable=True, aliases=("fix",),
       raises=(Raise(_OVERFLOW, "{0} is infinite", step_only=True),), latex=r"\operatorname{trunc}\left({0}\right)"),
    Op("round", rounded,    (lambda out, x: sp.S.Zero,),
       "round{0}",  "float(round({0}))",      (0, 0), ((-9, 9),),
       flat=True, kink="round({0}), halves to the even number: gradient 0 everywhere", variable=True, aliases=("rint",),
       raises=(Raise(_OVERFLOW, "{0} is infinite", step_only=True),), latex=r"\operatorname{round}\left({0}\right)"),
    Op("heaviside", sp.Heaviside, (lambda out, x, h: sp.S.Zero, lambda out, x, h: choose(sp.Eq(x, 0), sp.S.One, sp.S.Zero)),
       "step{0}{1}", "1.0 if {0} > 0.0 else {1} if {0} == 0.0 else 0.0", (0, 0), ((-9, 9), (0, 1)),
       python_partials=(None, "{d} if {0} == 0.0 else 0.0"), flat_by=(0,),
       kink="heaviside({0}, {1}): gradient 0 by {0}", aliases=("Heaviside",), variable=True,
       latex=r"\theta_{{1}}\left({0}\right)"),
    Op("mod",   sp.Mod,     (lambda out, x, y: sp.S.One, lambda out, x, y: -sp.floor(x/y)),
       "{0}mod{1}", "{0} % {1}", (0.6, 0.5), ((-99, 99), (1, 9)),
       python_partials=(None, "-({0} // {1})"), formula="{0} % {1}", aliases=("Mod",), variable=True,
       rule="d(u % v) = du - floor(u/v) dv", kink="{0} % {1} where {0} / {1} is whole: the gradient from above",
       raises=(Raise(_POLE, "{1} = 0"),), latex=r"{0} \bmod {1}"),
    Op("sign",  sp.sign,    (lambda out, x: sp.S.Zero,),
       "sign{0}",   "math.copysign(1.0, {0}) if {0} != 0.0 else 0.0", (0, 0), ((-9, 9),),
       flat=True, kink="sign({0}): gradient 0 everywhere", latex=r"\operatorname{sgn}\left({0}\right)"),
    Op("max",   sp.Max,     (lambda out, x, y: sp.Heaviside(x - y), lambda out, x, y: sp.Heaviside(y - x)),
       "max{0}{1}", "max({0}, {1})",          (0, 0), ((-9, 9), (-9, 9)),
       python_partials=("1.0 if {0} > {1} else 0.5 if {0} == {1} else 0.0", "1.0 if {1} > {0} else 0.5 if {0} == {1} else 0.0"),
       kink="max({0}, {1}) at a tie: half the gradient to each", aliases=("Max", "maximum", "fmax"),
       variadic=True, latex=r"\max\left({0}, {1}\right)"),
    Op("min",   sp.Min,     (lambda out, x, y: sp.Heaviside(y - x), lambda out, x, y: sp.Heaviside(x - y)),
       "min{0}{1}", "min({0}, {1})",          (0, 0), ((-9, 9), (-9, 9)),
       python_partials=("1.0 if {0} < {1} else 0.5 if {0} == {1} else 0.0", "1.0 if {1} < {0} else 0.5 if {0} == {1} else 0.0"),
       kink="min({0}, {1}) at a tie: half the gradient to each", aliases=("Min", "minimum", "fmin"),
       variadic=True, latex=r"\min\left({0}, {1}\right)"),
    # Conditions, which have no gradient, and the choice by one: only the branch taken is evaluated.
    Op("lt",    sp.StrictLessThan,    (), "{0}lt{1}",   "{0} < {1}",   (0, 0), ((-9, 9), (-9, 9)),
       formula="{0} < {1}",  flat=True, boolean=True, role="cond", aliases=("Lt",), latex="{0} < {1}"),
    Op("le",    sp.LessThan,          (), "{0}le{1}",   "{0} <= {1}",  (0, 0), ((-9, 9), (-9, 9)),
       formula="{0} <= {1}", flat=True, boolean=True, role="cond", aliases=("Le",), latex=r"{0} \leq {1}"),
    Op("gt",    sp.StrictGreaterThan, (), "{0}gt{1}",   "{0} > {1}",   (0, 0), ((-9, 9), (-9, 9)),
       formula="{0} > {1}",  flat=True, boolean=True, role="cond", aliases=("Gt",), latex="{0} > {1}"),
    Op("ge",    sp.GreaterThan,       (), "{0}ge{1}",   "{0} >= {1}",  (0, 0), ((-9, 9), (-9, 9)),
       formula="{0} >= {1}", flat=True, boolean=True, role="cond", aliases=("Ge",), latex=r"{0} \geq {1}"),
    Op("eq",    sp.Equality,          (), "{0}eq{1}",   "{0} == {1}",  (0, 0), ((-9, 9), (-9, 9)),
       formula="{0} == {1}", flat=True, boolean=True, role="cond", aliases=("Eq",), latex="{0} = {1}"),
    Op("ne",    sp.Unequality,        (), "{0}ne{1}",   "{0} != {1}",  (0, 0), ((-9, 9), (-9, 9)),
       formula="{0} != {1}", flat=True, boolean=True, role="cond", aliases=("Ne",), latex=r"{0} \neq {1}"),
    Op("and",   sp.And,               (), "{0}and{1}",  "{0} and {1}", (0, 0), ((0, 1), (0, 1)),
       formula="{0} and {1}", flat=True, boolean=True, truths=(0, 1), variadic=True, role="both", aliases=("And",),
       latex=r"{0} \wedge {1}"),
    Op("or",    sp.Or,                (), "{0}or{1}",   "{0} or {1}",  (0, 0), ((0, 1), (0, 1)),
       formula="{0} or {1}", flat=True, boolean=True, truths=(0, 1), variadic=True, role="either", aliases=("Or",),
       latex=r"{0} \vee {1}"),
    Op("not",   sp.Not,               (), "not{0}",     "not {0}",     (0, 0), ((0, 1),),
       formula="not {0}", flat=True, boolean=True, truths=(0,), aliases=("Not",), latex=r"\neg {0}"),
    Op("where", choose, (lambda out, c, x, y: sp.S.Zero, lambda out, c, x, y: choose(c, sp.S.One, sp.S.Zero), lambda out, c, x, y: choose(c, sp.S.Zero, sp.S.One)),
       "pick{1}", "{1} if {0} else {2}", (0, 0), ((0, 1), (-9, 9), (-9, 9)),
       python_partials=(None, "{d} if {0} else 0.0", "0.0 if {0} else {d}"),
       formula="{1} if {0} else {2}", truths=(0,), role="pick", kink="{1} if {0} else {2}: the gradient of the branch taken",
       latex=r"\begin{cases} {1} & \text{if } {0} \\ {2} & \text{otherwise} \end{cases}"),
    # Functions of machine learning. The guard keeps exp from overflowing: below -709 both forms agree to the last bit.
    Op("sigmoid",    sigmoid,    (lambda out, x: (1 - out)*out,),
       "sig{0}",          "1.0 / (1.0 + math.exp(-{0})) if {0} > -709.0 else math.exp({0})", (2.3, 2.3),  ((-20, 1),),
       precise_partials=("{out} * (1.0 - {out}) if {0} <= 0.0 else math.exp(-{0}) * {out} * {out}",),
       aliases=("expit", "logistic"), rule="d sigmoid = (1 - {out}) * {out}", latex=r"\sigma\left({0}\right)"),
    Op("softplus",   softplus,   (lambda out, x: sigmoid(x),),
       "softplus{0}",     "max({0}, 0.0) + math.log1p(math.exp(-abs({0})))", (1.5, 2.0),  ((-20, 20),),
       rule="d softplus = sigmoid({0})"),
    Op("logsigmoid", logsigmoid, (lambda out, x: sigmoid(-x),),
       "logsig{0}",       "min({0}, 0.0) - math.log1p(math.exp(-abs({0})))", (1.5, 2.3),  ((-20, 20),),
       python_partials=("1.0 / (1.0 + math.exp({0})) if {0} < 709.0 else math.exp(-{0})",),
       rule="d logsigmoid = sigmoid(-{0})", aliases=("log_sigmoid",)),
    Op("logaddexp",  logaddexp,  (lambda out, x, y: sigmoid(x - y), lambda out, x, y: sigmoid(y - x)),
       "logaddexp{0}{1}", "max({0}, {1}) + math.log1p(math.exp(-abs({0} - {1})))", (6.0, 30.0), ((1, 9), (1, 9)),
       rule="d logaddexp(u, v) = sigmoid(u - v) du + sigmoid(v - u) dv", aliases=("logsumexp",), variadic=True,
       precise_partials=("_sigmoid_difference({0}, {1})", "_sigmoid_difference({1}, {0})"), helpers=("sigmoid_difference",)),
    Op("relu",       relu,       (lambda out, x: sp.Heaviside(x, 0),),
       "relu{0}",         "max({0}, 0.0)", (0, 0),      ((-9, 9),),
       python_partials=("1.0 if {0} > 0.0 else 0.0",), kink="relu({0}) at {0} = 0: gradient 0"),
    # Functions that stand in for naive forms: their logarithms where they vanish, and their quotients where both parts do.
    Op("norm",       lambda x: sp.Pow(x, sp.Rational(1, 2)), (lambda out, x: sp.Rational(1, 2)/out,),
       "norm{0}",      "math.sqrt({0})",       (0.5, 1.5), ((0.01, 99),),
       python_partials=("0.5 / {out} if {out} != 0.0 else 0.0",), formula="sqrt({0})", latex=r"\sqrt{{0}}",
       rule="d sqrt = 1/(2*{out})", kink="sqrt({0}) at {0} = 0, which is a sum of squares: gradient 0",
       raises=(Raise(_DOMAIN, "{0} < 0"),)),
    Op("normif",     lambda x, c: choose(c, sp.sqrt(x), sp.S.Zero), (lambda out, x, c: sp.Rational(1, 2)/out, lambda out, x, c: sp.S.Zero),
       "norm{0}{1}",   "math.sqrt({0}) if {1} else 0.0", (0.5, 1.5), ((0.01, 99), (0, 1)),
       python_partials=("0.5 / {out} if {1} else 0.0", None), formula="sqrt({0}) if {1} else 0", truths=(1,), role="norm",
       latex=r"\begin{cases} \sqrt{{0}} & \text{if } {1} \\ 0 & \text{otherwise} \end{cases}",
       rule="d sqrt = 1/(2*{out})", kink="sqrt({0}) where not {1}, so where all its squares are 0: gradient 0",
       raises=(Raise(_DOMAIN, "{0} < 0"), Raise(_POLE, "{0} = 0 and {1}", partial=0))),
    Op("radicand",   lambda x: sp.sqrt(x)**2, (lambda out, x: sp.S.One,),
       "sqrtsqr{0}",   "math.sqrt({0}) ** 2",  (1.1, 0), ((0.01, 99),),
       formula="sqrt({0})**2", latex=r"\sqrt{{0}}^2", rule="d sqrt(u)**2 = du", role="radicand", raises=(Raise(_DOMAIN, "{0} < 0"),)),
    Op("wsigmoid",   lambda a, x: 1/(1 + a*sp.exp(-x)), (lambda out, a, x: -(out*out*sp.exp(-x)), lambda out, a, x: (1 - out)*out),
       "wsig{0}{1}",   "1.0 / (1.0 + {0} * math.exp(-{1})) if {1} > -709.0 else math.exp({1}) / (math.exp({1}) + {0})", (2.1, 3.5), ((0.1, 9), (-20, 9)),
       python_partials=("-({out} * (1.0 - {out}) / {0} if {out} < 0.5 else math.exp(-{1}) * {out} * {out})", "{out} * (1.0 - {out}) if {out} < 0.5 else {0} * math.exp(-{1}) * {out} * {out}"),
       formula="1 / (1 + {0} * exp(-{1}))", latex=r"\frac1{1 + {0} e^{-{1}}}", rule="d(1/(1 + a*exp(-u))) = (1 - {out})*{out}*(du - da/a)", role="sig",
       raises=(Raise(_POLE, "1 + {0}*exp(-{1}) = 0"), Raise(_OVERFLOW, "{1} < -709.78 where {0} is 0", partial=ANY))),
    Op("top",        lambda x, y: sp.floor(sp.Max(x, y)), (lambda out, x, y: sp.S.Zero, lambda out, x, y: sp.S.Zero),
       "top{0}{1}",    "max({0}, {1}) // 1.0", (0, 0), ((-9, 9), (-9, 9)),
       formula="floor(max({0}, {1}))", flat=True, latex=r"\left\lfloor\max\left({0}, {1}\right)\right\rfloor"),
    Op("expinf",     lambda x: sp.exp(x, evaluate=False), (lambda out, x: out,),
       "expinf{0}",    "math.exp({0}) if not {0} > 709.78 else math.inf", (0.51, 0.51), ((-20, 20),),
       python_partials=("{out} * {d} if {d} != 0.0 else 0.0",), formula="exp({0})", latex=r"\exp\left({0}\right)", role="exp"),
    Op("sech",       sp.sech,      (lambda out, x: -(out*sp.tanh(x)),),
       "sech{0}",      "1.0 / math.cosh({0}) if abs({0}) < 710.0 else 2.0 * math.exp(-abs({0}))", (2.5, 5.0), ((-9, 9),),
       rule="d sech = -{out}*tanh({0})", variable=True),
    Op("csch",       sp.csch,      (lambda out, x: -out/sp.tanh(x),),
       "csch{0}",      "1.0 / math.sinh({0}) if abs({0}) < 710.0 else math.copysign(2.0 * math.exp(-abs({0})), {0})", (2.5, 5.0), ((0.01, 9),),
       rule="d csch = -{out}/tanh({0})", raises=(Raise(_POLE, "{0} = 0"),), variable=True),
    Op("exprel",     exprel,       (lambda out, x: (sp.exp(x) - out)/x,),
       "exprel{0}",    "math.expm1({0}) / {0} if {0} != 0.0 else 1.0", (1.5, 8.0), ((-3, 3),),
       python_partials=("_exprel_slope({0})",), helpers=("exprel_slope",), rule="d exprel = (exp({0}) - {out})/{0}",
       raises=(Raise(_OVERFLOW, "{0} > 709.78"),), variable=True),
    Op("bose",       bose,         (lambda out, x: -(out*(1 + out)),),
       "bose{0}",      "1.0 / math.expm1({0}) if {0} < 700.0 else math.exp(-{0})", (1.5, 3.2), ((0.01, 9),),
       python_partials=("-({out} * (1.0 + {out})) if {0} > 0.0 else -({out} * {out} * math.exp({0}))",),
       rule="d bose = -{out}*(1 + {out})", raises=(Raise(_POLE, "{0} = 0"),), variable=True),
    Op("bern",       bern,         (lambda out, x: 1/(sp.exp(x) - 1) - x*sp.exp(x)/(sp.exp(x) - 1)**2,),
       "bern{0}",      "_bern({0})", (1.5, 20.0), ((-3, 3),),
       python_partials=("_bern_slope({0})",), helpers=("bern", "bern_slope"), rule="d bern = {out}*(1 - {0} - {out})/{0}", variable=True),
    Op("log1prel",   log1prel,     (lambda out, x: (1/(1 + x) - out)/x,),
       "log1prel{0}",  "math.log1p({0}) / {0} if {0} != 0.0 else 1.0", (1.5, 20.0), ((-0.9, 3),),
       python_partials=("_log1prel_slope({0})",), helpers=("log1prel_slope",), rule="d log1prel = (1/(1 + {0}) - {out})/{0}",
       raises=(Raise(_DOMAIN, "{0} <= -1"),), variable=True),
    Op("logrel",     logrel,       (lambda out, x: (1/x - out)/(x - 1),),
       "logrel{0}",    "math.log({0}) / ({0} - 1.0) if {0} != 1.0 else 1.0", (2.0, 20.0), ((0.1, 3),),
       python_partials=("_log1prel_slope({0} - 1.0) if {0} > 0.5 else (1.0 / {0} - {out}) / ({0} - 1.0)",), helpers=("log1prel_slope",),
       rule="d logrel = (1/{0} - {out})/({0} - 1)", raises=(Raise(_DOMAIN, "{0} <= 0"),), variable=True),
    Op("sinhc",      sinhc,        (lambda out, x: (sp.cosh(x) - out)/x,),
       "sinhc{0}",     "math.sinh({0}) / {0} if {0} != 0.0 else 1.0", (2.5, 8.0), ((-3, 3),),
       python_partials=("_sinhc_slope({0})",), helpers=("sinhc_slope",), rule="d sinhc = (cosh({0}) - {out})/{0}",
       raises=(Raise(_OVERFLOW, "abs({0}) > 710.47"),), variable=True),
    Op("gelu_tanh",  gelu_tanh,    (lambda out, x: sigmoid(2*_bent(x)) + x*sigmoid(2*_bent(x))*sigmoid(-2*_bent(x))*2*sp.sqrt(2/sp.pi)*(1 + 3*sp.Float(0.044715)*x*x),),
       "gelu{0}",      "_gelu_tanh({0})", (4.0, 6.0), ((-0.5, 3),),
       python_partials=("_gelu_tanh_slope({0})",), helpers=("gelu_tanh", "gelu_tanh_slope"),
       rule="d gelu_tanh = s + {0}*s*(1 - s)*dz, s = sigmoid(z)", variable=True),
    Op("tanhc",      tanhc,        (lambda out, x: (1 - sp.tanh(x)**2 - out)/x,),
       "tanhc{0}",     "math.tanh({0}) / {0} if {0} != 0.0 else 1.0", (2.5, 12.0), ((-3, 3),),
       python_partials=("_tanhc_slope({0})",), helpers=("tanhc_slope", "sinhc_slope"), rule="d tanhc = (1 - tanh({0})**2 - {out})/{0}",
       variable=True),
    Op("atanc",      atanc,        (lambda out, x: (1/(1 + x*x) - out)/x,),
       "atanc{0}",     "math.atan({0}) / {0} if {0} != 0.0 else 1.0", (1.5, 20.0), ((-3, 3),),
       python_partials=("_atanc_slope({0})",), helpers=("atanc_slope",), rule="d atanc = (1/(1 + {0}**2) - {out})/{0}", variable=True),
    Op("xcot",       xcot,         (lambda out, x: 1/sp.tan(x) - x/sp.sin(x)**2,),
       "xcot{0}",      "{0} / math.tan({0}) if {0} != 0.0 else 1.0", (1.6, 8.0), ((-1.5, 1.5),),
       python_partials=("_xcot_slope({0})",), helpers=("xcot_slope", "sinc_slope"), rule="d xcot = 1/tan({0}) - {0}/sin({0})**2",
       raises=_PERIODIC, variable=True),
    Op("xcsc",       xcsc,         (lambda out, x: (1 - x/sp.tan(x))/sp.sin(x),),
       "xcsc{0}",      "{0} / math.sin({0}) if {0} != 0.0 else 1.0", (1.6, 8.0), ((-3, 3),),
       python_partials=("_xcsc_slope({0})",), helpers=("xcsc_slope", "sinc_slope"), rule="d xcsc = (1 - {0}/tan({0}))/sin({0})",
       raises=_PERIODIC, variable=True),
    Op("xcoth",      xcoth,        (lambda out, x: 1/sp.tanh(x) - x/sp.sinh(x)**2,),
       "xcoth{0}",     "{0} / math.tanh({0}) if {0} != 0.0 else 1.0", (2.5, 12.0), ((-3, 3),),
       python_partials=("_xcoth_slope({0})",), helpers=("xcoth_slope", "sinhc_slope"), rule="d xcoth = 1/tanh({0}) - {0}/sinh({0})**2",
       variable=True),
    Op("xcsch",      xcsch,        (lambda out, x: (1 - x/sp.tanh(x))/sp.sinh(x),),
       "xcsch{0}",     "_xcsch({0})", (2.5, 12.0), ((-3, 3),),
       python_partials=("_xcsch_slope({0})",), helpers=("xcsch", "xcsch_slope", "sinhc_slope"),
       rule="d xcsch = (1 - {0}/tanh({0}))/sinh({0})", variable=True),
    Op("langevin",   langevin,     (lambda out, x: 1/x**2 - 1/sp.sinh(x)**2,),
       "langevin{0}",  "_langevin({0})", (8.0, 20.0), ((-3, 3),),
       python_partials=("_langevin_slope({0})",), helpers=("langevin", "langevin_slope", "sinhc_slope"),
       rule="d langevin = 1/{0}**2 - 1/sinh({0})**2", variable=True),
    Op("log1mexp",   log1mexp,     (lambda out, x: -sp.exp(x)/(1 - sp.exp(x)),),
       "log1mexp{0}",  "math.log(-math.expm1({0})) if {0} > -0.6931471805599453 else math.log1p(-math.exp({0}))", (2.5, 3.0), ((-9, -0.01),),
       python_partials=("-1.0 / math.expm1(-{0}) if {0} > -709.0 else -math.exp({0})",),
       rule="d log1mexp = -1/(exp(-{0}) - 1)", raises=(Raise(_DOMAIN, "{0} >= 0"),), variable=True),
    Op("logcosh",    logcosh,      (lambda out, x: sp.tanh(x),),
       "logcosh{0}",   "_log_cosh({0})", (4.0, 2.5), ((-9, 9),),
       rule="d logcosh = tanh({0})", helpers=("log_cosh",), variable=True),
    Op("logsoftplus", logsoftplus, (lambda out, x: sigmoid(x)/softplus(x),),
       "logsoftplus{0}", "_log_softplus({0})", (6.0, 6.0), ((-9, 0),),
       python_partials=("_log_softplus_slope({0})",), helpers=("log_softplus", "log_softplus_slope"),
       rule="d logsoftplus = sigmoid({0})/softplus({0})", variable=True),
    Op("logerfc",    logerfc,      (lambda out, x: -2/sp.sqrt(sp.pi)*sp.exp(-(x*x))/sp.erfc(x),),
       "logerfc{0}",   "_log_erfc({0})", (6.0, 8.0), ((-2, 9),),
       python_partials=("_log_erfc_slope({0})",), helpers=("erfcx", "log_erfc", "log_erfc_slope"),
       rule="d logerfc = -2/sqrt(pi)*exp(-{0}**2)/erfc({0})", variable=True),
    Op("log_norm_cdf", log_norm_cdf, (lambda out, x: sp.exp(-(x*x)/2)/sp.sqrt(2*sp.pi)/norm_cdf(x),),
       "logcdf{0}",    "_log_norm_cdf({0})", (6.0, 8.0), ((-6, 2),),
       python_partials=("_log_norm_cdf_slope({0})",), helpers=("erfcx", "log_norm_cdf", "log_norm_cdf_slope"), aliases=("log_ndtr",),
       rule="d log(norm_cdf) = norm_pdf({0})/norm_cdf({0})", variable=True),
    Op("compound",   compound,     (lambda out, x, y: (y*(1 + x)**(y - 1) - out)/x, lambda out, x, y: (1 + x)**y*sp.log(1 + x)/x),
       "compound{0}{1}", "_compound({0}, {1})", (12.0, 90.0), ((-0.4, 3), (-9, 9)),
       python_partials=("_compound_slope({0}, {1})", "_compound_by_power({0}, {1})"), role="compound",
       strict_partials=("_compound_slope({0}, {1})", "math.exp({1} * math.log1p({0})) * (math.log1p({0}) / {0} if {0} != 0.0 else 1.0)"),
       rule="d compound(r, n) = (n*(1 + r)**(n - 1) - {out})/r dr + (1 + r)**n*log(1 + r)/r dn",
       helpers=("compound", "compound_slope", "compound_by_power", "exprel", "exprel_slope", "log1prel_slope"), variable=True,
       raises=(Raise(_DOMAIN, "{0} < -1 and {1} is no integer, or {0} = -1 and {1} < 0"), Raise(_OVERFLOW, "(1 + {0})**{1} is too large"), Raise(_DOMAIN, "{0} < -1", partial=1, missing="{0} < -1"))),
    Op("experfc",    experfc,      (lambda out, x, y: out, lambda out, x, y: -2/sp.sqrt(sp.pi)*sp.exp(x - y*y)),
       "experfc{0}{1}", "_exp_erfc({0}, {1})", (40.0, 40.0), ((-9, 9), (-3, 3)),
       rule="d exp(u)*erfc(v) = {out} du - 2/sqrt(pi)*exp(u - v**2) dv", helpers=("erfcx", "exp_erfc"), variable=True,
       raises=(Raise(_OVERFLOW, "exp({0})*erfc({1}) is too large"),)),
    Op("xlogy",      xlogy,        (lambda out, x, y: sp.log(y), lambda out, x, y: x/y),
       "{0}log{1}",    "{0} * math.log({1}) if {0} != 0.0 or {1} != 0.0 else 0.0", (1.2, 0.6), ((0.01, 9), (0.01, 9)),
       python_partials=("math.log({1}) if {1} != 0.0 else -math.inf", "{0} / {1} if {0} != 0.0 else 0.0"),
       rule="d u*log(v) = log(v) du + u/v dv", kink="{0}*log({1}) at (0, 0): 0, the gradient by {0} -infinity",
       raises=(Raise(_DOMAIN, "{1} < 0, or {1} = 0 and {0} != 0"),), variable=True),
    Op("xlog1py",    xlog1py,      (lambda out, x, y: sp.log(1 + y), lambda out, x, y: x/(1 + y)),
       "{0}log1p{1}",  "{0} * math.log1p({1}) if {0} != 0.0 or {1} != -1.0 else 0.0", (1.4, 1.5), ((0.01, 9), (-0.9, 9)),
       python_partials=("math.log1p({1}) if {1} != -1.0 else -math.inf", "{0} / (1.0 + {1}) if {0} != 0.0 else 0.0"),
       rule="d u*log(1 + v) = log(1 + v) du + u/(1 + v) dv", kink="{0}*log(1 + {1}) at (0, -1): 0, the gradient by {0} -infinity",
       raises=(Raise(_DOMAIN, "{1} < -1, or {1} = -1 and {0} != 0"),), variable=True),
    # Special functions. Those without a text in Python need the scipy target.
    Op("sinc",       sp.sinc,      (lambda out, x: (sp.cos(x) - out)/x,),
       "sinc{0}",      "math.sin({0}) / {0} if {0} != 0.0 else 1.0", (1.5, 2.0), ((-2, 2),),
       python_partials=("_sinc_slope({0})",), rule="d sinc = (cos({0}) - {out})/{0}", raises=_PERIODIC,
       helpers=("sinc_slope",), variable=True),
    Op("versin",     versin,       (lambda out, x: sp.sin(x),),
       "versin{0}",    "2.0 * math.sin(0.5 * {0}) ** 2",  (2.0, 0.52), ((-3, 3),),
       rule="d versin = sin({0})", raises=_PERIODIC, variable=True, latex=r"\operatorname{versin}\left({0}\right)"),
    Op("gamma",      sp.gamma,     (lambda out, x: out*sp.digamma(x),),
       "gamma{0}",     "math.gamma({0})",                 (6.0, 8.0), ((2, 9),),
       over_partials=("-({out} * _digamma({0})) * {d}",),
       rule="d gamma = {out}*digamma({0})", helpers=("digamma",), variable=True, latex=r"\Gamma\left({0}\right)",
       raises=(Raise(_DOMAIN, "{0} is 0 or a negative whole number"), Raise(_OVERFLOW, "{0} > 171.62 or abs({0}) < 5.6e-309"))),
    Op("lgamma",     sp.loggamma,  (lambda out, x: sp.digamma(x),),
       "lgamma{0}",    "math.lgamma({0})",                (7.5, 2.0), ((3, 99),),
       aliases=("loggamma", "gammaln"), rule="d lgamma = digamma({0})", helpers=("digamma",), variable=True,
       latex=r"\ln\Gamma\left({0}\right)",
       raises=(Raise(_DOMAIN, "{0} is 0 or a negative whole number"), Raise(_OVERFLOW, "{0} > 2.5e305"))),
    Op("digamma",    sp.digamma,   (lambda out, x: sp.trigamma(x),),
       "digamma{0}",   "_digamma({0})",                   (2.2, 3.6), ((2, 99),),
       aliases=("psi",), rule="d digamma = trigamma({0})",
       helpers=("digamma", "trigamma"), variable=True, latex=r"\psi\left({0}\right)",
       raises=(Raise(_DOMAIN, "{0} is 0 or a negative whole number"), Raise(_OVERFLOW, "abs({0}) < 7.5e-155", partial=0))),
    Op("trigamma",   sp.trigamma,  (lambda out, x: sp.polygamma(2, x),),
       "trigamma{0}",  "_trigamma({0})",                  (3.5, 4.5), ((0.1, 99),),
       rule="d trigamma = polygamma(2, {0})",
       helpers=("trigamma", "polygamma"), variable=True, latex=r"\psi^{(1)}\left({0}\right)",
       raises=(Raise(_DOMAIN, "{0} is 0 or a negative whole number"), Raise(_OVERFLOW, "abs({0}) < 7.5e-155"), Raise(_OVERFLOW, "abs({0}) < 2.3e-103", partial=0))),
    Op("polygamma",  sp.polygamma, (None, lambda out, n, x: sp.polygamma(n + 1, x)),
       "psi{0}{1}",    "_polygamma({0:d}, {1})",          (5.0, 6.0), ((2, 5), (0.1, 99)),
       rule="d polygamma(n, u) = polygamma(n + 1, u)", whole=(0,),
       helpers=("polygamma",), variable=True, latex=r"\psi^{({0})}\left({1}\right)",
       raises=(Raise(_DOMAIN, "{1} <= 0"), Raise(_OVERFLOW, "{1} is too small"))),
    Op("beta",       sp.beta,      (lambda out, a, b: out*(sp.digamma(a) - sp.digamma(a + b)), lambda out, a, b: out*(sp.digamma(b) - sp.digamma(a + b))),
       "beta{0}{1}",   "_beta({0}, {1})",                 (12.0, 14.0), ((2, 9), (2, 9)),
       python_partials=("-({out} * _digamma_rise({0}, {1})) * {d}", "-({out} * _digamma_rise({1}, {0})) * {d}"),
       over_partials=("{out} * _digamma_rise({0}, {1}) * {d}", "{out} * _digamma_rise({1}, {0}) * {d}"),
       rule="d beta by a = {out}*(digamma(a) - digamma(a + b))",
       helpers=("beta", "log_beta", "digamma_rise"), variable=True, latex=r"\mathrm{B}\left({0}, {1}\right)",
       raises=(Raise(_DOMAIN, "{0} <= 0 or {1} <= 0"),)),
    Op("logbeta",    logbeta,      (lambda out, a, b: sp.digamma(a) - sp.digamma(a + b), lambda out, a, b: sp.digamma(b) - sp.digamma(a + b)),
       "logbeta{0}{1}", "_log_beta({0}, {1})",            (6.5, 5.0), ((2, 9), (2, 9)),
       python_partials=("-_digamma_rise({0}, {1}) * {d}", "-_digamma_rise({1}, {0}) * {d}"),
       aliases=("betaln",), rule="d logbeta by a = digamma(a) - digamma(a + b)",
       helpers=("log_beta", "digamma_rise"), variable=True, latex=r"\ln\mathrm{B}\left({0}, {1}\right)",
       raises=(Raise(_DOMAIN, "{0} <= 0 or {1} <= 0"),)),
    Op("erfinv",     sp.erfinv,    (lambda out, x: sp.sqrt(sp.pi)/2*sp.exp(out*out),),
       "erfinv{0}",    "_erfinv({0})",                    (1.7, 7.0), ((-0.99, 0.99),),
       rule="d erfinv = sqrt(pi)/2*exp({out}**2)", helpers=("erfinv", "erfcinv"), variable=True,
       latex=r"\operatorname{erf}^{-1}\left({0}\right)", raises=(Raise(_DOMAIN, "abs({0}) >= 1"),)),
    Op("erfcinv",    sp.erfcinv,   (lambda out, x: -(sp.sqrt(sp.pi)/2*sp.exp(out*out)),),
       "erfcinv{0}",   "_erfcinv({0})",                   (1.8, 7.0), ((0.01, 0.9),),
       rule="d erfcinv = -sqrt(pi)/2*exp({out}**2)", helpers=("erfinv", "erfcinv"), variable=True,
       latex=r"\operatorname{erfc}^{-1}\left({0}\right)", raises=(Raise(_DOMAIN, "{0} <= 0 or {0} >= 2"),)),
    Op("lambertw",   sp.LambertW,  (lambda out, x: 1/(sp.exp(out)*(1 + out)),),
       "lambertw{0}",  "_lambertw({0})",                  (1.8, 5.5), ((-0.3, 99),),
       aliases=("LambertW",), rule="d lambertw = 1/(exp({out})*(1 + {out}))",
       helpers=("lambertw",), variable=True, latex=r"W\left({0}\right)",
       raises=(Raise(_DOMAIN, "{0} < -1 / E"), Raise(_POLE, "{0} = -1 / E", partial=0))),
    Op("zeta",       sp.zeta,      (lambda out, s: sp.Derivative(sp.zeta(s), s),),
       "zeta{0}",      "_zeta({0})",                      (1.5, 4.5), ((1.1, 30),),
       python_partials=("_zeta_slope({0})",), helpers=("zeta", "zeta_slope"), variable=True,
       latex=r"\zeta\left({0}\right)", raises=(Raise(_DOMAIN, "{0} <= 1"),)),
    Op("besselj",    sp.besselj,   (None, lambda out, n, x: -sp.besselj(1, x) if n == 0 else (sp.besselj(n - 1, x) - sp.besselj(n + 1, x))/2),
       "J{0}{1}",      "",                                (30, 30), ((0, 3), (0.5, 1.5)),
       scipy="float(special.jv({0:d}, {1}))", aliases=("jv",), whole=(0,), variable=True, latex=r"J_{{0}}\left({1}\right)",
       rule="d besselj(n, u) = (besselj(n - 1, u) - besselj(n + 1, u))/2"),
    Op("bessely",    sp.bessely,   (None, lambda out, n, x: -sp.bessely(1, x) if n == 0 else (sp.bessely(n - 1, x) - sp.bessely(n + 1, x))/2),
       "Y{0}{1}",      "",                                (30, 30), ((0, 3), (0.1, 0.6)),
       scipy="float(special.yv({0:d}, {1}))", aliases=("yv",), whole=(0,), variable=True, latex=r"Y_{{0}}\left({1}\right)",
       rule="d bessely(n, u) = (bessely(n - 1, u) - bessely(n + 1, u))/2"),
    Op("besseli",    sp.besseli,   (None, lambda out, n, x: sp.besseli(1, x) if n == 0 else (sp.besseli(n - 1, x) + sp.besseli(n + 1, x))/2),
       "I{0}{1}",      "",                                (20, 20), ((0, 3), (0.5, 9)),
       scipy="float(special.iv({0:d}, {1}))", aliases=("iv",), whole=(0,), variable=True, latex=r"I_{{0}}\left({1}\right)",
       rule="d besseli(n, u) = (besseli(n - 1, u) + besseli(n + 1, u))/2"),
    Op("besselk",    sp.besselk,   (None, lambda out, n, x: -sp.besselk(1, x) if n == 0 else -(sp.besselk(n - 1, x) + sp.besselk(n + 1, x))/2),
       "K{0}{1}",      "",                                (30, 20), ((0, 3), (0.5, 9)),
       scipy="float(special.kv({0:d}, {1}))", aliases=("kv",), whole=(0,), variable=True, latex=r"K_{{0}}\left({1}\right)",
       rule="d besselk(n, u) = -(besselk(n - 1, u) + besselk(n + 1, u))/2"),
    Op("gammainc",   gammainc,     (None, lambda out, a, x: sp.exp((a - 1)*sp.log(x) - x - sp.loggamma(a))),
       "gaminc{0}{1}", "",                                (40, 40), ((0.5, 9), (0.5, 9)),
       scipy="float(special.gammainc({0}, {1}))", variable=True, latex=r"P\left({0}, {1}\right)",
       rule="d gammainc(a, u) = u**(a - 1)*exp(-u)/gamma(a)", raises=(Raise(_DOMAIN, "{1} <= 0", partial=1),)),
    Op("gammaincc",  gammaincc,    (None, lambda out, a, x: -sp.exp((a - 1)*sp.log(x) - x - sp.loggamma(a))),
       "gamincc{0}{1}", "",                               (40, 40), ((0.5, 9), (0.5, 9)),
       scipy="float(special.gammaincc({0}, {1}))", variable=True, latex=r"Q\left({0}, {1}\right)",
       rule="d gammaincc(a, u) = -u**(a - 1)*exp(-u)/gamma(a)", raises=(Raise(_DOMAIN, "{1} <= 0", partial=1),)),
    Op("erfi",       sp.erfi,      (lambda out, x: 2/sp.sqrt(sp.pi)*sp.exp(x*x),),
       "erfi{0}",      "",                                (60, 4), ((-2, 2),),
       scipy="float(special.erfi({0}))", rule="d erfi = 2/sqrt(pi)*exp({0}**2)", variable=True,
       raises=(Raise(_OVERFLOW, "abs({0}) > 26.64", partial=0),)),
    Op("erfcx",      erfcx,        (lambda out, x: 2*x*out - 2/sp.sqrt(sp.pi),),
       "erfcx{0}",     "_erfcx({0})",                     (6.0, 60.0), ((-2, 9),),
       python_partials=("_erfcx_slope({0})",), scipy="float(special.erfcx({0}))", rule="d erfcx = 2*{0}*{out} - 2/sqrt(pi)",
       helpers=("erfcx", "erfcx_slope"), variable=True, raises=(Raise(_OVERFLOW, "{0} < -26.62"),)),
    Op("Ei",         sp.Ei,        (lambda out, x: sp.exp(x)/x,),
       "Ei{0}",        "",                                (12, 2), ((0.5, 9),),
       scipy="float(special.expi({0}))", aliases=("expi",), rule="d Ei = exp({0})/{0}", variable=True,
       raises=(Raise(_OVERFLOW, "{0} > 709.78", partial=0), Raise(_POLE, "{0} = 0", partial=0))),
    Op("Si",         sp.Si,        (lambda out, x: sp.sinc(x),),
       "Si{0}",        "",                                (4, 2), ((0.5, 2.5),),
       scipy="float(special.sici({0})[0])", rule="d Si = sinc({0})", variable=True),
    Op("Ci",         sp.Ci,        (lambda out, x: sp.cos(x)/x,),
       "Ci{0}",        "",                                (20, 2),     ((1, 2.5),),
       scipy="float(special.sici({0})[1])", rule="d Ci = cos({0})/{0}", variable=True,
       raises=(Raise(_POLE, "{0} = 0", partial=0),)),
)
# fmt: on


class Table(dict[str, Op]):
    """The table by name. The functions that programs declare for themselves have rows as well, which stand apart in `own`."""

    def __init__(self, rows: Iterable[Op]) -> None:
        super().__init__((row.name, row) for row in rows)
        self.own: dict[str, Op] = {}

    def __missing__(self, name: str) -> Op:
        return self.own[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.own


#: The table by name.
OPS = Table(_ROWS)

#: The rows that stand for a SymPy class.
BY_NODE: Mapping[type[Any], Op] = {
    row.node: row for row in _ROWS if isinstance(row.node, type)
}

#: What a formula may call, by every accepted name. `sqrt` and `pow` are calls for what SymPy writes as a power,
#: `where` for a Piecewise; conditions are called by SymPy's names alone.
CALLS: Mapping[str, Op] = {
    name: row
    for row in _ROWS
    if isinstance(row.node, type) or row.name in ("sqrt", "pow", "where")
    for name in ((row.name,) * (not row.boolean) + row.aliases)
}


@dataclass(frozen=True)
class Composition:
    """A function that is written out in others: its call means its body. SymPy's function of that name means it too."""

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
        ("leaky_relu", ("x", "slope"), "relu(x) - slope*relu(-x)"),
        ("elu", ("x", "slope"), "x if x > 0 else slope*expm1(x)"),
        (
            "huber",
            ("r", "delta"),
            "r**2/2 if abs(r) <= delta else delta*(abs(r) - delta/2)",
        ),
        ("clip", ("x", "low", "high"), "min(max(x, low), high)"),
        ("logit", ("x",), "log(x) - log1p(-x)"),
        ("norm_pdf", ("x",), "exp(-x**2/2)/sqrt(2*pi)"),
        ("norm_ppf", ("p",), "-sqrt(2)*erfcinv(2*p)"),
        ("degrees", ("x",), "x*(180/pi)"),
        ("radians", ("x",), "x*(pi/180)"),
        ("coth", ("x",), "1/tanh(x)"),
        ("asec", ("x",), "acos(1/x)"),
        ("acsc", ("x",), "asin(1/x)"),
        ("asech", ("x",), "acosh(1/x)"),
        ("acsch", ("x",), "asinh(1/x)"),
        ("acoth", ("x",), "atanh(1/x)"),
        ("haversin", ("x",), "sin(x/2)**2"),
        ("frac", ("x",), "x - floor(x)"),
        ("entr", ("x",), "-xlogy(x, x)"),
        ("square", ("x",), "x**2"),
        ("cube", ("x",), "x**3"),
        ("inv", ("x",), "1/x"),
        ("neg", ("x",), "-x"),
        ("rsqrt", ("x",), "1/sqrt(x)"),
        ("exp10", ("x",), "10**x"),
        ("log1m", ("x",), "log1p(-x)"),
        ("fma", ("x", "y", "z"), "x*y + z"),
        ("factorial", ("x",), "gamma(x + 1)"),
        ("binomial", ("n", "k"), "1/((n + 1)*beta(n - k + 1, k + 1))"),
        ("harmonic", ("x",), "digamma(x + 1) + EulerGamma"),
        ("lowergamma", ("s", "x"), "gamma(s)*gammainc(s, x)"),
        ("uppergamma", ("s", "x"), "gamma(s)*gammaincc(s, x)"),
        *(
            (f"{kind}{order}", ("x",), f"bessel{kind}({order}, x)")
            for kind in "jyik"
            for order in (0, 1)
        ),
    )
}
