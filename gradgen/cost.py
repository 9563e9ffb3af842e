"""The text of a line in; the number of its operations out."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from functools import cache

from gradgen.syntax import parse_expression

#: What a value is worth to a count: constants are folded once and for all, and a product with 1 is no operation.
ONE, CONSTANT, VARIABLE = range(3)


@dataclass(frozen=True)
class Cost:
    """Operations of a module: binary operators and calls.

    A sign, a comparison and a choice are none; a guard costs its first branch, a choice the dearer one; constants are folded. The
    upstream gradient counts as 1, so that the backward pass is what a gradient costs. `jacobian` is what all rows cost
    after the forward pass, in a module that has a function for them.
    """

    forward: int
    backward: int
    jacobian: int | None = None

    @property
    def ratio(self) -> float:
        """What value and gradient together cost in terms of the value."""
        return (self.forward + self.backward) / max(1, self.forward)


#: A name, or a number.
_WORD = re.compile(r"(?<![\w.])(?:[^\W\d]\w*|[0-9][\w.]*(?:(?<=e)[+-][0-9]+)?)")


def operations(
    text: str, upstream: str = "", worth: int = VARIABLE, dearest: bool = False
) -> tuple[int, int]:
    """Count the operations of an expression; return them, and what its value is worth.

    Args:
        text: the expression.
        upstream: the name of the gradient in it that flows on.
        worth: what that gradient is worth.
        dearest: whether a choice is the user's, which costs its dearer branch, and not a guard.
    """

    def shape(match: re.Match[str]) -> str:
        word = match.group()
        if word[0].isdigit():
            return "1" if float(word) == 1 else "2"
        known = keyword.iskeyword(word) or word in ("math", "special", "float")
        return word if known else "_d" if word == upstream else "_"

    # Lines of one shape cost the same.
    return _count(_WORD.sub(shape, text), worth, dearest)


@cache
def _count(text: str, worth: int, dearest: bool) -> tuple[int, int]:
    return _expression(parse_expression(text), worth, dearest)


def _expression(node: ast.expr, upstream: int, dearest: bool) -> tuple[int, int]:
    if isinstance(node, ast.Constant):
        return 0, ONE if node.value == 1 else CONSTANT
    if isinstance(node, ast.Name):
        return 0, upstream if node.id == "_d" else VARIABLE
    if isinstance(node, ast.Attribute):
        return 0, CONSTANT  # math.pi
    if isinstance(node, (ast.Compare, ast.BoolOp)):
        return 0, VARIABLE
    if isinstance(node, ast.IfExp) and dearest:
        branches = [_expression(n, upstream, True) for n in (node.body, node.orelse)]
        return max(branches)
    inner = (
        node.operand
        if isinstance(node, ast.UnaryOp)
        else (
            node.body
            if isinstance(node, ast.IfExp)
            else node.value if isinstance(node, ast.Subscript) else None
        )
    )
    if inner is not None:
        return _expression(inner, upstream, dearest)
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
    counts, worths = zip(
        *(_expression(part, upstream, dearest) for part in _parts(node))
    )
    if getattr(getattr(node, "func", None), "id", "") == "float":
        return counts[0], worths[0]
    variables = worths.count(VARIABLE)
    if not variables:
        return sum(counts), CONSTANT if CONSTANT in worths or not product else ONE
    if product:
        # A product's constant factors are one factor.
        return sum(counts) + variables - 1 + (CONSTANT in worths), VARIABLE
    return sum(counts) + 1, VARIABLE


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the operands of an operation; of a product, all its factors."""
    if isinstance(node, ast.Call):
        return node.args
    assert isinstance(node, ast.BinOp)
    if not isinstance(node.op, ast.Mult):
        return [node.left, node.right]
    factors = [node.right]
    left: ast.expr = node.left
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
        factors.append(left.right)
        left = left.left
    return [left, *reversed(factors)]
