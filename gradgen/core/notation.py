"""A text of the table in; steps of a program out, with the text's parameters bound to values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce
from typing import TypeAlias

from gradgen.core.build import Steps
from gradgen.core.rows import NAMED, Number, Term

#: What signs mean, by the names that Python's own trees have for them.
# fmt: off
_SIGNS = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "Div": "div", "Mod": "mod", "FloorDiv": "floordiv", "Pow": "**",
    "Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "Eq": "eq", "NotEq": "ne",
    "And": "and", "Or": "or", "Not": "not", "USub": "neg", "IfExp": "where",
}
# fmt: on
#: What makes an operation on values.
Make: TypeAlias = "Callable[..., int]"
#: Constants that texts name.
CONSTANTS = {"pi": "pi", "E": "e", "nan": "nan", "inf": "inf"} | {n: n for n in NAMED}


def term(text: Term | str) -> Term:
    """Return what a text of the table says."""
    return text if isinstance(text, Term) else _parsed(text)


@cache
def _parsed(text: str) -> Term:
    return _term(ast.parse(text, mode="eval").body)


def _term(node: ast.expr) -> Term:
    if isinstance(node, ast.Name):
        if node.id in CONSTANTS:
            return Term("const", data=CONSTANTS[node.id])
        return Term("name", data=node.id)
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, (int, float))
        whole = isinstance(node.value, int)
        return Term("const", data=Fraction(node.value) if whole else node.value)
    inside = [*ast.iter_child_nodes(node)]
    operands = [child for child in inside if isinstance(child, ast.expr)]
    if isinstance(node, ast.Call):
        op = ast.unparse(operands.pop(0))
    else:
        signs = [child for child in inside if not isinstance(child, ast.expr)]
        op = _SIGNS[type(signs[-1] if signs else node).__name__]
    if isinstance(node, ast.BoolOp):  # signs join two
        return reduce(lambda a, b: Term(op, (a, b)), map(_term, operands))
    return Term(op, tuple(map(_term, operands)))


def read(text: Term | str, scope: Mapping[str, int], steps: Steps, make: Make) -> int:
    """Return the value of a text.

    Args:
        text: the text.
        scope: the values of its parameters.
        steps: where its constants are made.
        make: what makes an operation, by name, on values.
    """
    at = text if isinstance(text, Term) else _parsed(text)
    op, args, data = at.op, at.args, at.data
    if op == "name":
        return scope[data]  # type: ignore[index]
    if op == "const":
        assert data is not None
        return steps.const(data)
    if op == "where":
        # Of a choice that a constant settles, the other side need not have a value.
        settled = steps.number(condition := read(args[0], scope, steps, make))
        if isinstance(settled, bool):
            return read(args[1 if settled else 2], scope, steps, make)
        return make(op, condition, *[read(a, scope, steps, make) for a in args[1:]])
    return make(op, *[scope[a.data] if a.op == "name" else read(a, scope, steps, make) for a in args])  # type: ignore[index]  # fmt: skip


class NoWordError(LookupError):
    """An operation for which there is no word, and that has no body."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A term of a row's body, with what its parameters are bound to."""

    term: Term
    scope: Mapping[str, Node]


#: A value, or a term of a body over values.
Node: TypeAlias = "int | Bound"


def resolved(node: Node) -> Node:
    """Return a node, or what it is bound to if it is a parameter."""
    while isinstance(node, Bound) and node.term.op == "name":
        node = node.scope[str(node.term.data)]
    return node


def constant(steps: Steps, node: Node) -> Number | None:
    """Return what a resolved node is as a plain constant, None for all else."""
    if isinstance(node, int):
        step = steps.list[node]
        return step.data if step.op == "const" else None
    return node.term.data if node.term.op == "const" else None


def parts(
    steps: Steps, node: Node, words: Container[str]
) -> tuple[str, Sequence[Node], str]:
    """Return an operation in `words` and its operands: where a node's own is none of them, that of its body.

    Returns:
        The operation, its operands, and the last row whose body was looked into, if any.

    Raises:
        NoWordError: there is no word and no body; its argument is the operation.
    """
    within = ""
    node = resolved(node)
    while True:
        args: Sequence[Node]
        if isinstance(node, int):
            op, args, _, _ = steps.list[node]
        else:
            op, scope = node.term.op, node.scope
            args = [Bound(arg, scope) for arg in node.term.args]
            if op == "**":
                whole = isinstance(node.term.args[1].data, Fraction)
                op = "powi" if whole else "pow"
        if op in words:
            return op, args, within
        row = steps.rows[op]
        if row.foreign:
            return op, args, within
        if not row.body:
            raise NoWordError(op)
        within = op
        node = Bound(term(row.body), dict(zip(row.params, args)))
