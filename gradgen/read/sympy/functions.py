"""The functions that SymPy lacks, each by its meaning in SymPy's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError

#: What meanings are in terms of.
X, Y, Z = sp.symbols("x y z", cls=sp.Dummy, real=True)


class _Meaning:
    """What a function means, made when somebody asks: the first sum that SymPy makes takes it a moment."""

    def __init__(self, make: Callable[[], sp.Expr]) -> None:
        self._made = cache(make)

    def __get__(self, instance: Any, owner: type) -> sp.Expr:
        return self._made()


class Meant(sp.Function):
    """A function of gradgen's.

    Attributes:
        meaning: the same of X, Y and Z in SymPy's own functions.
    """

    meaning: _Meaning

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return the derivative by an argument, counted from 1."""
        if not 1 <= argindex <= len(self.args):
            raise ArgumentIndexError(self, argindex)
        return self.slope(argindex - 1)

    def slope(self, place: int) -> sp.Expr:
        """Return the derivative by an argument: that of the meaning, unless there is a better form."""
        slope = self.meaning.diff((X, Y, Z)[place])
        return slope.xreplace(dict(zip((X, Y, Z), self.args)))

    @classmethod
    def meant(cls, *args: sp.Expr) -> sp.Expr:
        """Return the meaning of a call."""
        return cls.meaning.xreplace(dict(zip((X, Y, Z), args)))

    def _eval_expand_func(self, **_: Any) -> sp.Expr:
        return self.meant(*self.args)


class sigmoid(Meant):
    """The logistic function 1/(1 + exp(-x))."""

    nargs = 1
    meaning = _Meaning(lambda: 1 / (1 + sp.exp(-X)))

    def slope(self, place: int) -> sp.Expr:
        return (1 - self) * self


class softplus(Meant):
    """The smooth ramp log(1 + exp(x))."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(1 + sp.exp(X)))

    def slope(self, place: int) -> sp.Expr:
        return sigmoid(self.args[0])


class logsigmoid(Meant):
    """The logarithm of the logistic function, -log(1 + exp(-x))."""

    nargs = 1
    meaning = _Meaning(lambda: -sp.log(1 + sp.exp(-X)))

    def slope(self, place: int) -> sp.Expr:
        return sigmoid(-self.args[0])


class logaddexp(Meant):
    """The smooth maximum log(exp(x) + exp(y) + ...) of two or more arguments."""

    def slope(self, place: int) -> sp.Expr:
        return sp.exp(self.args[place] - self)

    @classmethod
    def meant(cls, *args: sp.Expr) -> sp.Expr:
        return sp.log(sp.Add(*map(sp.exp, args)))


class relu(Meant):
    """The ramp max(x, 0)."""

    nargs = 1
    meaning = _Meaning(lambda: sp.Max(X, 0))

    def slope(self, place: int) -> sp.Expr:
        return sp.Heaviside(self.args[0], 0)


class versin(Meant):
    """The versed sine 1 - cos(x)."""

    nargs = 1
    meaning = _Meaning(lambda: 1 - sp.cos(X))


class hypot3(Meant):
    """The length of a vector of three, sqrt(x**2 + y**2 + z**2)."""

    nargs = 3
    meaning = _Meaning(lambda: sp.sqrt(X**2 + Y**2 + Z**2))

    def slope(self, place: int) -> sp.Expr:
        return self.args[place] / self


class norm_cdf(Meant):
    """The distribution function of the standard normal, erfc(-x/sqrt(2))/2."""

    nargs = 1
    meaning = _Meaning(lambda: sp.erfc(-X / sp.sqrt(2)) / 2)


class logbeta(Meant):
    """The logarithm of the beta function, loggamma(a) + loggamma(b) - loggamma(a + b)."""

    nargs = 2
    meaning = _Meaning(lambda: sp.loggamma(X) + sp.loggamma(Y) - sp.loggamma(X + Y))

    def slope(self, place: int) -> sp.Expr:
        return sp.digamma(self.args[place]) - sp.digamma(sp.Add(*self.args))


class gammainc(Meant):
    """The regularised lower incomplete gamma function P(a, x) = lowergamma(a, x)/gamma(a)."""

    nargs = 2
    meaning = _Meaning(lambda: sp.lowergamma(X, Y) / sp.gamma(X))

    def slope(self, place: int) -> sp.Expr:
        if place == 0:  # there is no closed form
            raise ArgumentIndexError(self, 1)
        a, x = self.args
        return sp.exp((a - 1) * sp.log(x) - x - sp.loggamma(a))


class gammaincc(Meant):
    """The regularised upper incomplete gamma function Q(a, x) = uppergamma(a, x)/gamma(a)."""

    nargs = 2
    meaning = _Meaning(lambda: sp.uppergamma(X, Y) / sp.gamma(X))

    def slope(self, place: int) -> sp.Expr:
        if place == 0:  # there is no closed form
            raise ArgumentIndexError(self, 1)
        a, x = self.args
        return -sp.exp((a - 1) * sp.log(x) - x - sp.loggamma(a))


class erfcx(Meant):
    """The scaled complementary error function exp(x**2)*erfc(x)."""

    nargs = 1
    meaning = _Meaning(lambda: sp.exp(X**2) * sp.erfc(X))

    def slope(self, place: int) -> sp.Expr:
        return 2 * self.args[0] * self - 2 / sp.sqrt(sp.pi)


class trunc(Meant):
    """The whole part of x, towards zero."""

    nargs = 1
    meaning = _Meaning(lambda: sp.sign(X) * sp.floor(sp.Abs(X)))

    def slope(self, place: int) -> sp.Expr:
        return sp.S.Zero


class rounded(Meant):
    """The whole number next to x; of two, the even one."""

    nargs = 1
    meaning = _Meaning(
        lambda: sp.floor(X + sp.S.Half)
        - sp.Piecewise((1, sp.Eq(sp.Mod(X + sp.S.Half, 2), 1)), (0, True))
    )

    def slope(self, place: int) -> sp.Expr:
        return sp.S.Zero


class exprel(Meant):
    """The ratio (exp(x) - 1)/x, 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: (sp.exp(X) - 1) / X)


class bose(Meant):
    """The reciprocal 1/(exp(x) - 1)."""

    nargs = 1
    meaning = _Meaning(lambda: 1 / (sp.exp(X) - 1))


class bern(Meant):
    """The ratio x/(exp(x) - 1), 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: X / (sp.exp(X) - 1))


class log1prel(Meant):
    """The ratio log(1 + x)/x, 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(1 + X) / X)


class logrel(Meant):
    """The ratio log(x)/(x - 1), 1 at 1."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(X) / (X - 1))


class sinhc(Meant):
    """The ratio sinh(x)/x, 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: sp.sinh(X) / X)


class gelu_tanh(Meant):
    """The activation x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))."""

    nargs = 1
    meaning = _Meaning(
        lambda: (
            X / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (X + sp.Float(0.044715) * X**3)))
        )
    )


class gudermannian(Meant):
    """The Gudermannian function 2*atan(tanh(x/2))."""

    nargs = 1
    meaning = _Meaning(lambda: 2 * sp.atan(sp.tanh(X / 2)))


class tanhc(Meant):
    """The ratio tanh(x)/x, 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: sp.tanh(X) / X)


class atanc(Meant):
    """The ratio atan(x)/x, 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: sp.atan(X) / X)


class xcot(Meant):
    """The ratio x/tan(x), 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: X / sp.tan(X))


class xcsc(Meant):
    """The ratio x/sin(x), 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: X / sp.sin(X))


class xcoth(Meant):
    """The ratio x/tanh(x), 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: X / sp.tanh(X))


class xcsch(Meant):
    """The ratio x/sinh(x), 1 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: X / sp.sinh(X))


class langevin(Meant):
    """The Langevin function coth(x) - 1/x, 0 at 0."""

    nargs = 1
    meaning = _Meaning(lambda: sp.coth(X) - 1 / X)


class log1mexp(Meant):
    """The logarithm of 1 - exp(x), for x < 0."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(1 - sp.exp(X)))


class logcosh(Meant):
    """The logarithm of cosh(x)."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(sp.cosh(X)))


class logsoftplus(Meant):
    """The logarithm of log(1 + exp(x))."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(sp.log(1 + sp.exp(X))))


class logerfc(Meant):
    """The logarithm of erfc(x)."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(sp.erfc(X)))


class log_norm_cdf(Meant):
    """The logarithm of norm_cdf(x)."""

    nargs = 1
    meaning = _Meaning(lambda: sp.log(sp.erfc(-X / sp.sqrt(2)) / 2))


class compound(Meant):
    """The ratio ((1 + x)**y - 1)/x, y at x = 0."""

    nargs = 2
    meaning = _Meaning(lambda: ((1 + X) ** Y - 1) / X)


class experfc(Meant):
    """The product exp(x)*erfc(y)."""

    nargs = 2
    meaning = _Meaning(lambda: sp.exp(X) * sp.erfc(Y))


class xlogy(Meant):
    """The product x*log(y), 0 for x = 0."""

    nargs = 2
    meaning = _Meaning(lambda: X * sp.log(Y))


class xlog1py(Meant):
    """The product x*log(1 + y), 0 for x = 0."""

    nargs = 2
    meaning = _Meaning(lambda: X * sp.log(1 + Y))


class total(sp.Function):
    """The sum of what rows of data have."""

    nargs = 1


class average(sp.Function):
    """The mean of what rows of data have."""

    nargs = 1


class logsumexp(sp.Function):
    """The logarithm of the sum of exp(x) over rows of data."""

    nargs = 1


class logmeanexp(sp.Function):
    """The logarithm of the mean of exp(x) over rows of data."""

    nargs = 1
