"""The rows of the table as SymPy has them: the class that each stands for, and what a formula may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp
from sympy.codegen import cfunctions as cf

from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.read.sympy import functions as fn
from gradgen.read.sympy import make

#: Where SymPy's name is another, or where it has no class but an expression.
_OTHERS: Mapping[str, Callable[..., Any]] = {
    "copy": lambda x: x,
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "inv": lambda x: 1 / x,
    "sqr": lambda x: x * x,
    "powi": lambda x, n: x**n,
    "powr": lambda x, c: x**c,
    "expb": lambda b, x: b**x,
    "pow": lambda x, y: x**y,
    "cbrt": cf.Cbrt,
    "abs": sp.Abs,
    "ceil": sp.ceiling,
    "round": fn.rounded,
    "heaviside": sp.Heaviside,
    "mod": sp.Mod,
    "max": sp.Max,
    "min": sp.Min,
    "lt": sp.StrictLessThan,
    "le": sp.LessThan,
    "gt": sp.StrictGreaterThan,
    "ge": sp.GreaterThan,
    "eq": sp.Equality,
    "ne": sp.Unequality,
    "and": sp.And,
    "or": sp.Or,
    "not": sp.Not,
    "where": make.choose,
    "norm": lambda x: sp.Pow(x, sp.Rational(1, 2)),
    "normif": lambda x, c: make.choose(c, sp.sqrt(x), sp.S.Zero),
    "radicand": lambda x: sp.sqrt(x) ** 2,
    "wsigmoid": lambda a, x: 1 / (1 + a * sp.exp(-x)),
    "top": lambda x, y: sp.floor(sp.Max(x, y)),
    "expinf": lambda x: sp.exp(x, evaluate=False),
    "sum": fn.total,
    "mean": fn.average,
    "lgamma": sp.loggamma,
    "lambertw": sp.LambertW,
}


def _node(name: str) -> Callable[..., Any]:
    if name in _OTHERS:
        return _OTHERS[name]
    found = next(getattr(m, name) for m in (fn, cf, sp) if hasattr(m, name))
    return found  # type: ignore[no-any-return]


#: The SymPy class of each row, or its expression.
NODES: Mapping[str, Callable[..., Any]] = {
    name: _node(name) for name, row in ROWS.items() if not row.helper
}
#: The rows that stand for a SymPy class.
BY_NODE: Mapping[type[Any], Row] = {
    node: ROWS[name] for name, node in NODES.items() if isinstance(node, type)
}
#: What a formula may call, by every accepted name. `sqrt` and `pow` are calls for what SymPy writes as a power,
#: `where` for a Piecewise; conditions are called by SymPy's names alone.
CALLS: Mapping[str, Row] = {
    name: ROWS[op]
    for op, node in NODES.items()
    if isinstance(node, type) or op in ("sqrt", "pow", "where")
    for name in ((op,) * (not ROWS[op].boolean) + ROWS[op].aliases)
}
