"""gradgen's own SymPy functions behave like SymPy's."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy.core.function import ArgumentIndexError

from gradgen.functions import (
    add,
    div,
    mul,
    neg,
    power,
    sigmoid,
    softplus,
    sub,
    unevaluated,
)

x, y = sp.symbols("x y")


def test_derivatives() -> None:
    for cls in (sigmoid, softplus):
        ours = sp.diff(cls(x), x).rewrite(sp.exp)
        assert sp.simplify(ours - sp.diff(cls(x).rewrite(sp.exp), x)) == 0
        with pytest.raises(ArgumentIndexError):
            cls(x).fdiff(2)


def test_values() -> None:
    assert sigmoid(x).rewrite(sp.exp).subs(x, 0) == sp.Rational(1, 2)
    assert softplus(x).rewrite(sp.exp).subs(x, 0) == sp.log(2)


def test_unevaluated_nodes_keep_what_was_written() -> None:
    assert sub(x, x).args == (x, neg(x)) and neg(x).args == (-1, x)
    assert mul(sp.Integer(2), add(x, y)).args == (2, add(x, y))
    assert div(x, y).args == (x, power(y, sp.Integer(-1)))
    assert unevaluated(sp.sin, sp.S.Zero).args == (0,)
    assert add(x, sp.S.Zero).doit() == x
