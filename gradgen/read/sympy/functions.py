"""SymPy nodes: the functions that SymPy lacks, and a constructor that keeps what was written as it was written."""

from __future__ import annotations

from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Eq,
    Expr,
    Float,
    Function,
    Heaviside,
    Integer,
    Max,
    Mod,
    Mul,
    Piecewise,
    Pow,
    Rational,
    atan,
    cos,
    cosh,
    coth,
    digamma,
    erfc,
    exp,
    floor,
    gamma,
    log,
    loggamma,
    lowergamma,
    pi,
    sign,
    sin,
    sinh,
    sqrt,
    symbols,
    tan,
    tanh,
    true,
    uppergamma,
)
from sympy.core.basic import Basic
from sympy.core.function import ArgumentIndexError
from sympy.functions.elementary.piecewise import ExprCondPair


class sigmoid(Function):
    """The logistic function 1/(1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(x) * (1 - sigmoid(x))."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return (1 - self) * self

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return 1 / (1 + exp(-x))


class softplus(Function):
    """The smooth ramp log(1 + exp(x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(x)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sigmoid(self.args[0])

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return log(1 + exp(x))


class logsigmoid(Function):
    """The logarithm of the logistic function, -log(1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(-x)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sigmoid(-self.args[0])

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return -log(1 + exp(-x))


class logaddexp(Function):
    """The smooth maximum log(exp(x) + exp(y) + ...) of two or more arguments."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, exp(x - logaddexp(x, y, ...)) by x."""
        if not 1 <= argindex <= len(self.args):
            raise ArgumentIndexError(self, argindex)
        return exp(self.args[argindex - 1] - self)

    def _eval_expand_func(self, **_: Any) -> Expr:
        return log(Add(*map(exp, self.args)))


class relu(Function):
    """The ramp max(x, 0)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, 1 for x > 0 and else 0."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return Heaviside(self.args[0], 0)

    def _eval_expand_func(self, **_: Any) -> Expr:
        return Max(self.args[0], 0)


class versin(Function):
    """The versed sine 1 - cos(x)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sin(x)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sin(self.args[0])

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return 1 - cos(x)


class hypot3(Function):
    """The length of a vector of three, sqrt(x**2 + y**2 + z**2)."""

    nargs = 3

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative by one component, that component over the length."""
        if argindex not in (1, 2, 3):
            raise ArgumentIndexError(self, argindex)
        return self.args[argindex - 1] / self

    def _eval_expand_func(self, **_: Any) -> Expr:
        x, y, z = self.args
        return sqrt(x**2 + y**2 + z**2)


class norm_cdf(Function):
    """The distribution function of the standard normal, erfc(-x/sqrt(2))/2."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, exp(-x**2/2)/sqrt(2*pi)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return exp(-self.args[0] ** 2 / 2) / sqrt(2 * pi)

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return erfc(-x / sqrt(2)) / 2


class logbeta(Function):
    """The logarithm of the beta function, loggamma(a) + loggamma(b) - loggamma(a + b)."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, digamma(a) - digamma(a + b) or the same of b."""
        if argindex not in (1, 2):
            raise ArgumentIndexError(self, argindex)
        return digamma(self.args[argindex - 1]) - digamma(self.args[0] + self.args[1])

    def _eval_expand_func(self, **_: Any) -> Expr:
        a, b = self.args
        return loggamma(a) + loggamma(b) - loggamma(a + b)


class gammainc(Function):
    """The regularised lower incomplete gamma function P(a, x) = lowergamma(a, x)/gamma(a)."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative by x, x**(a - 1)*exp(-x)/gamma(a); by a there is no closed form."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        a, x = self.args
        return exp((a - 1) * log(x) - x - loggamma(a))

    def _eval_expand_func(self, **_: Any) -> Expr:
        a, x = self.args
        return lowergamma(a, x) / gamma(a)


class gammaincc(Function):
    """The regularised upper incomplete gamma function Q(a, x) = uppergamma(a, x)/gamma(a)."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative by x, -x**(a - 1)*exp(-x)/gamma(a); by a there is no closed form."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        a, x = self.args
        return -exp((a - 1) * log(x) - x - loggamma(a))

    def _eval_expand_func(self, **_: Any) -> Expr:
        a, x = self.args
        return uppergamma(a, x) / gamma(a)


class erfcx(Function):
    """The scaled complementary error function exp(x**2)*erfc(x)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, 2*x*erfcx(x) - 2/sqrt(pi)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return 2 * self.args[0] * self - 2 / sqrt(pi)

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return exp(x**2) * erfc(x)


class trunc(Function):
    """The whole part of x, towards zero."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, 0 wherever there is one."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return Integer(0)

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        return sign(x) * floor(Abs(x))


class rounded(Function):
    """The whole number next to x; of two, the even one."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, 0 wherever there is one."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return Integer(0)

    def _eval_expand_func(self, **_: Any) -> Expr:
        (x,) = self.args
        up = floor(x + Rational(1, 2))
        return up - Piecewise((1, Eq(Mod(x + Rational(1, 2), 2), 1)), (0, true))


class _Meant(Function):
    """A function of gradgen's that is known by its meaning in SymPy's own functions."""

    @staticmethod
    def meaning(*args: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative of the meaning."""
        if not 1 <= argindex <= len(self.args):
            raise ArgumentIndexError(self, argindex)
        places = symbols(f"x:{len(self.args)}", cls=Dummy, real=True)
        slope = self.meaning(*places).diff(places[argindex - 1])
        return slope.xreplace(dict(zip(places, self.args)))

    def _eval_expand_func(self, **_: Any) -> Expr:
        return self.meaning(*self.args)


class exprel(_Meant):
    """The ratio (exp(x) - 1)/x, 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return (exp(x) - 1) / x


class bose(_Meant):
    """The reciprocal 1/(exp(x) - 1)."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return 1 / (exp(x) - 1)


class bern(_Meant):
    """The ratio x/(exp(x) - 1), 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x / (exp(x) - 1)


class log1prel(_Meant):
    """The ratio log(1 + x)/x, 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(1 + x) / x


class logrel(_Meant):
    """The ratio log(x)/(x - 1), 1 at 1."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(x) / (x - 1)


class sinhc(_Meant):
    """The ratio sinh(x)/x, 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return sinh(x) / x


class gelu_tanh(_Meant):
    """The activation x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + Float(0.044715) * x**3)))


class tanhc(_Meant):
    """The ratio tanh(x)/x, 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return tanh(x) / x


class atanc(_Meant):
    """The ratio atan(x)/x, 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return atan(x) / x


class xcot(_Meant):
    """The ratio x/tan(x), 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x / tan(x)


class xcsc(_Meant):
    """The ratio x/sin(x), 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x / sin(x)


class xcoth(_Meant):
    """The ratio x/tanh(x), 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x / tanh(x)


class xcsch(_Meant):
    """The ratio x/sinh(x), 1 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x / sinh(x)


class langevin(_Meant):
    """The Langevin function coth(x) - 1/x, 0 at 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return coth(x) - 1 / x


class log1mexp(_Meant):
    """The logarithm of 1 - exp(x), for x < 0."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(1 - exp(x))


class logcosh(_Meant):
    """The logarithm of cosh(x)."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(cosh(x))


class logsoftplus(_Meant):
    """The logarithm of log(1 + exp(x))."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(log(1 + exp(x)))


class logerfc(_Meant):
    """The logarithm of erfc(x)."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(erfc(x))


class log_norm_cdf(_Meant):
    """The logarithm of norm_cdf(x)."""

    nargs = 1

    @staticmethod
    def meaning(x: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return log(erfc(-x / sqrt(2)) / 2)


class compound(_Meant):
    """The ratio ((1 + x)**y - 1)/x, y at x = 0."""

    nargs = 2

    @staticmethod
    def meaning(x: Expr, y: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return ((1 + x) ** y - 1) / x


class experfc(_Meant):
    """The product exp(x)*erfc(y)."""

    nargs = 2

    @staticmethod
    def meaning(x: Expr, y: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return exp(x) * erfc(y)


class xlogy(_Meant):
    """The product x*log(y), 0 for x = 0."""

    nargs = 2

    @staticmethod
    def meaning(x: Expr, y: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x * log(y)


class xlog1py(_Meant):
    """The product x*log(1 + y), 0 for x = 0."""

    nargs = 2

    @staticmethod
    def meaning(x: Expr, y: Expr) -> Expr:
        """Return the same in SymPy's own functions."""
        return x * log(1 + y)


def unevaluated(cls: type[Basic], *args: Basic) -> Any:
    """Return the node `cls(*args)` exactly as given.

    `evaluate=False` is not enough: SymPy's constructors look their arguments up in a cache that compares trees
    recursively, and fold some numbers all the same.
    """
    node = Basic.__new__(cls, *args)
    if cls in (Add, Mul, Pow):
        node.is_commutative = True
    return node


def add(a: Expr, b: Expr) -> Expr:
    """Return a + b, unevaluated."""
    return unevaluated(Add, a, b)


def sub(a: Expr, b: Expr) -> Expr:
    """Return a - b, unevaluated: SymPy's a + (-1)*b."""
    return unevaluated(Add, a, neg(b))


def mul(a: Expr, b: Expr) -> Expr:
    """Return a * b, unevaluated."""
    return unevaluated(Mul, a, b)


def div(a: Expr, b: Expr) -> Expr:
    """Return a / b, unevaluated: SymPy's a * b**(-1)."""
    return unevaluated(Mul, a, power(b, Integer(-1)))


def neg(a: Expr) -> Expr:
    """Return -a, unevaluated: SymPy's (-1)*a."""
    return unevaluated(Mul, Integer(-1), a)


def mod(a: Expr, b: Expr) -> Expr:
    """Return a mod b, with the sign of b as Python's %, unevaluated."""
    return unevaluated(Mod, a, b)


def power(a: Expr, b: Expr) -> Expr:
    """Return a**b, unevaluated."""
    return unevaluated(Pow, a, b)


def choose(condition: Basic, a: Expr, b: Expr) -> Expr:
    """Return `a if condition else b`, unevaluated: SymPy's Piecewise."""
    return pieces((a, condition), (b, true))


def pieces(*pairs: tuple[Basic, Basic]) -> Expr:
    """Return the Piecewise of these values and conditions, unevaluated."""
    nodes = (unevaluated(ExprCondPair, *pair) for pair in pairs)
    return unevaluated(Piecewise, *nodes)
