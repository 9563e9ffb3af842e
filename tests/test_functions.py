"""gradgen's own SymPy functions behave like SymPy's."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from sympy.core.function import ArgumentIndexError

from gradgen.read.sympy import functions
from gradgen.read.sympy.functions import (
    Meant,
    gammainc,
    gammaincc,
    rounded,
    sigmoid,
    softplus,
    trunc,
)
from gradgen.read.sympy.make import add, div, mul, neg, power, sub, unevaluated

x, y = sp.symbols("x y")
#: The functions that gradgen adds to SymPy's.
OWN: list[Any] = [
    value
    for value in vars(functions).values()
    if isinstance(value, type) and issubclass(value, Meant) and value is not Meant
]


def test_derivatives() -> None:
    for cls in OWN:
        symbols = sp.symbols("x y z", positive=True)[
            : max(cls.nargs) if len(cls.nargs.args) else 2
        ]
        node = cls(*symbols)
        for place, symbol in enumerate(symbols, start=1):
            try:
                slope = node.fdiff(place)
            except ArgumentIndexError:
                assert cls in (gammainc, gammaincc) and place == 1
                continue
            ours = sp.expand_func(slope)
            true = sp.diff(sp.expand_func(node), symbol)
            if cls in (rounded, trunc):  # SymPy leaves the slope of a step as it is
                assert slope == 0
                continue
            at = {s: sp.Rational(7, 10) + i for i, s in enumerate(symbols)}
            assert abs(sp.N((ours - true).subs(at), 30)) < 1e-25, cls
        with pytest.raises(ArgumentIndexError):
            node.fdiff(len(symbols) + 1)


def test_values() -> None:
    assert sp.expand_func(sigmoid(x)).subs(x, 0) == sp.Rational(1, 2)
    assert sp.expand_func(softplus(x)).subs(x, 0) == sp.log(2)


def test_unevaluated_nodes_keep_what_was_written() -> None:
    assert sub(x, x).args == (x, neg(x)) and neg(x).args == (-1, x)
    assert mul(sp.Integer(2), add(x, y)).args == (2, add(x, y))
    assert div(x, y).args == (x, power(y, sp.Integer(-1)))
    assert unevaluated(sp.sin, sp.S.Zero).args == (0,)
    assert add(x, sp.S.Zero).doit() == x
