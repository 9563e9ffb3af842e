"""SymPy nodes: the functions that SymPy lacks, and a constructor that keeps what was written as it was written."""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, Function, Heaviside, Integer, Mul, Pow, exp, log
from sympy.core.function import ArgumentIndexError


class sigmoid(Function):
    """The logistic function 1/(1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(x) * (1 - sigmoid(x))."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return (1 - self) * self

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return 1 / (1 + exp(-x))


class softplus(Function):
    """The smooth ramp log(1 + exp(x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(x)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sigmoid(self.args[0])

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return log(1 + exp(x))


class logsigmoid(Function):
    """The logarithm of the logistic function, -log(1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(-x)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sigmoid(-self.args[0])

    def _eval_rewrite_as_exp(self, x: Expr, **_: Any) -> Expr:
        return -log(1 + exp(-x))


class logaddexp(Function):
    """The smooth maximum log(exp(x) + exp(y))."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, sigmoid(x - y) or sigmoid(y - x)."""
        x, y = self.args
        if argindex not in (1, 2):
            raise ArgumentIndexError(self, argindex)
        return sigmoid(x - y) if argindex == 1 else sigmoid(y - x)

    def _eval_rewrite_as_exp(self, x: Expr, y: Expr, **_: Any) -> Expr:
        return log(exp(x) + exp(y))


class relu(Function):
    """The ramp max(x, 0)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative, 1 for x > 0 and else 0."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return Heaviside(self.args[0], 0)


def unevaluated(cls: type[Expr], *args: Expr) -> Expr:
    """Return the node `cls(*args)` exactly as given.

    `evaluate=False` is not enough: SymPy's constructors look their arguments up in a cache that compares trees
    recursively, and fold some numbers all the same.
    """
    node: Expr = Expr.__new__(cls, *args)
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


def power(a: Expr, b: Expr) -> Expr:
    """Return a**b, unevaluated."""
    return unevaluated(Pow, a, b)
