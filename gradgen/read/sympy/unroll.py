"""Trees over rows of data in; the same for a few rows, each number of which is a variable, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from gradgen.read.sympy import functions as fn
from gradgen.read.sympy import make
from gradgen.read.sympy.nodes import ByNode, operands_first

#: So many rows stand for any number.
ROWS = 3


def row_names(name: str) -> list[str]:
    """Return what the numbers of a column are called, as hardly any formula calls a variable: never with two underscores in front."""
    form = "_{}_of__" if name == "_" else name + "__{}__"
    return [form.format(i) for i in range(ROWS)]


def unroll(
    named: Sequence[tuple[str, sp.Basic]],
    results: Sequence[str],
    columns: Sequence[str],
) -> tuple[list[tuple[str, sp.Basic]], list[str]]:
    """Return what names stand for, and the names of results; there are as many as rows of what rows have their own of.

    Args:
        named: names and what they stand for, in order; later ones may be in terms of earlier ones.
        results: the names of the results.
        columns: the inputs that rows have their own of.
    """
    known = {name: row_names(name) for name in columns}
    found: list[tuple[str, sp.Basic]] = []
    done: ByNode[list[Any]] = ByNode()
    for name, expr in named:
        rows = _unrolled(expr, known, done)
        known[name] = [name] if len(rows) == 1 else row_names(name)
        found += zip(known[name], rows)
    return found, [each for name in results for each in known[name]]


def _unrolled(
    expr: sp.Basic, known: Mapping[str, Sequence[str]], done: ByNode[list[Any]]
) -> list[Any]:
    """Return an expression for each row, or the one for all of them."""
    for node in operands_first([expr], done):
        if isinstance(node, sp.Symbol) and node.name in known:
            done[node] = [sp.Symbol(name) for name in known[node.name]]
        elif not node.args:
            done[node] = [node]
        elif node.func in _WHOLE:
            (operand,) = done.of(node.args)
            done[node] = [_WHOLE[node.func](operand)]
        else:
            operands = done.of(node.args)
            count = max(map(len, operands))
            spread = [rows if len(rows) == count else rows * count for rows in operands]
            done[node] = [make.unevaluated(node.func, *args) for args in zip(*spread)]
    return done[expr]


def _mean(rows: Sequence[Any]) -> Any:
    return make.div(_sum(rows), sp.Integer(len(rows)))


def _sum(rows: Sequence[Any]) -> Any:
    return make.unevaluated(sp.Add, *rows)


def _raised(rows: Sequence[Any]) -> list[Any]:
    return [make.unevaluated(sp.exp, one) for one in rows]


def _log(value: Any) -> Any:
    return make.unevaluated(sp.log, value)


#: What is one number of all rows, in terms of those of each.
_WHOLE: Mapping[type[sp.Basic], Callable[[Sequence[Any]], Any]] = {
    fn.total: _sum,
    fn.average: _mean,
    fn.logsumexp: lambda rows: _log(_sum(_raised(rows))),
    fn.logmeanexp: lambda rows: _log(_mean(_raised(rows))),
}
