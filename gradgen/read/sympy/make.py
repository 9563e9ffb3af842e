"""The parts of a SymPy node in; the node, exactly as it was written, out."""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, Float, Integer, Mod, Mul, Piecewise, Pow, Rational, true
from sympy.core.basic import Basic
from sympy.core.numbers import Half
from sympy.functions.elementary.piecewise import ExprCondPair


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


def fresh(node: Basic) -> Basic:
    """Return a node that equals a number and is no other node; any other node as it is."""
    if not isinstance(node, (Rational, Float)):
        return node
    made = Basic.__new__(Rational if isinstance(node, Half) else type(node))
    if isinstance(node, Float):
        made._mpf_, made._prec = node._mpf_, node._prec
    elif node.is_Integer:
        made = Basic.__new__(Integer)
        made.p = node.p
    else:
        made.p, made.q = node.p, node.q
    return made
