"""SymPy expressions in; the same out with a function's parameters, or the index of a sum or a product, written out."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import sympy as sp

from gradgen.core.rows import Row
from gradgen.errors import GradgenError
from gradgen.read.compositions import body_of
from gradgen.read.sympy import make
from gradgen.read.sympy.nodes import ByNode, below, operands_first

#: Published limits: the terms of one sum or product, and the nodes of all of them together.
MAX_TERMS = 1000
MAX_NODES = 100_000
#: Whole numbers are raised to powers up to this while writing a series out; larger powers stay as they are.
_EXPONENT = 64
#: And while the result has about this many bits: more than any double.
_BITS = 2048


def substitute(
    body: sp.Basic,
    values: Mapping[str, sp.Basic],
    tidy: Literal["", "ones", "all"] = "",
    whole: Iterable[sp.Basic] = (),
) -> sp.Basic:
    """Put values in the place of symbols, and leave all else exactly as it is written. Not recursive: bodies may be deep.

    Args:
        body: the expression.
        values: what to put in, by the symbols' names.
        whole: parts of it that hold no such symbol, and are not looked into.
        tidy: whether to drop the factors 1 and the like that the values leave behind, or also what is multiplied by 0.
    """
    done: ByNode[sp.Basic] = ByNode()
    done.update((node, node) for node in whole)
    for node in operands_first([body], done):
        if node.args:
            done[node] = _with(node, done.of(node.args), tidy)
        else:
            is_name = isinstance(node, sp.Symbol)
            done[node] = values.get(node.name, node) if is_name else node
    return done[body]


def _with(node: sp.Basic, args: Sequence[Any], tidy: str) -> sp.Basic:
    if all(map(operator.is_, args, node.args)):
        return node
    made = make.unevaluated(type(node), *args)
    return _tidy(made, tidy == "all") if tidy else made


def series(
    name: str, term: sp.Basic, index: sp.Symbol, low: sp.Basic, high: sp.Basic
) -> sp.Basic:
    """Write out a sum or a product over whole numbers from `low` to `high`, both included.

    Raises:
        GradgenError: the bounds are no whole numbers, or the result passes the limits.
    """
    if not (low.is_Integer and high.is_Integer):
        raise GradgenError(
            "the bounds of a series are written as whole numbers, as in (k, 0, 10)"
        )
    count = int(high) - int(low) + 1
    if count < 0:
        raise GradgenError("the bounds of a series run upwards, as in (k, 0, 10)")
    if count > MAX_TERMS:
        raise GradgenError(
            f"this series has {count} terms; at most {MAX_TERMS} are allowed"
        )
    if count * size(term) > MAX_NODES:
        raise GradgenError(
            f"this series has more than {MAX_NODES} parts when written out; shorten it"
        )
    total: sp.Basic | None = None
    for k in range(int(low), int(high) + 1):
        one = substitute(term, {index.name: sp.Integer(k)}, tidy="all")
        if total is None or (name == "Sum" and total == 0):
            total = one
        elif not (one == 0 if name == "Sum" else one == 1):
            total = (make.add if name == "Sum" else make.mul)(total, one)
    if total is None:
        return sp.S.Zero if name == "Sum" else sp.S.One
    return total


def falling_product(n: sp.Expr, k: int) -> sp.Expr:
    """Return n*(n - 1)*...*(n - k + 1)/k!, the binomial coefficient for a whole k, which needs no gamma function."""
    if n.is_Integer:
        return sp.binomial(n, k)
    product: sp.Expr = sp.S.One
    for i in range(k):
        factor = n if i == 0 else make.sub(n, sp.Integer(i))
        product = factor if i == 0 else make.mul(product, factor)
    return product if k < 2 else make.div(product, sp.factorial(k))


def written_out(composition: Row, args: Sequence[sp.Basic]) -> sp.Expr:
    """Return a composition's body with these arguments."""
    if composition.name == "binomial" and args[1].is_Integer and 0 <= args[1] <= 20:
        return falling_product(args[0], int(args[1]))
    return substitute(body_of(composition), dict(zip(composition.params, args)))


def nodes(expr: sp.Basic) -> ByNode[None]:
    """Return the nodes of an expression, shared ones once."""
    seen: ByNode[None] = ByNode()
    seen.update((node, None) for node in below([expr]))
    return seen


def size(expr: sp.Basic) -> int:
    """Return the number of nodes of an expression, shared ones counted once."""
    return len(nodes(expr))


def spread(expr: sp.Basic, most: float = math.inf) -> int:
    """Return the number of nodes of an expression, each counted wherever it stands: what its text would hold.

    Of one with more than `most` of them it may be any number above that.
    """
    counts: ByNode[int] = ByNode()
    todo = [expr]
    while todo and len(counts) <= most:
        node = todo[-1]
        missing = counts.without(node.args)
        if missing:
            todo += missing
            continue
        todo.pop()
        counts[node] = 1 + sum(counts.of(node.args))
    return len(counts) if todo else counts[expr]


def _tidy(node: sp.Basic, zeros: bool) -> sp.Basic:
    """Drop the factors 1, terms 0 and powers 0 and 1 that an index leaves behind, and work out whole numbers."""
    args = node.args
    if isinstance(node, sp.gamma) and args[0].is_Integer and 0 < args[0] <= 171:
        return sp.factorial(args[0] - 1)
    if isinstance(node, (sp.Add, sp.Mul)):
        if all(arg.is_Rational for arg in args):
            return type(node)(*args) if sum(map(_bits, args)) <= _BITS else node
        if isinstance(node, sp.Mul) and zeros and any(_equals(arg, 0) for arg in args):
            return sp.S.Zero
        neutral = 0 if isinstance(node, sp.Add) else 1
        kept = [arg for arg in args if not _equals(arg, neutral)]
        if not kept:
            return args[0]
        if len(kept) < len(args):
            return kept[0] if len(kept) == 1 else make.unevaluated(type(node), *kept)
    if isinstance(node, sp.Pow):
        base, exponent = args
        if exponent == 1 or base == 1:
            return base
        if exponent == 0:
            return sp.S.One
        whole = base.is_Integer and exponent.is_Integer and 0 < exponent <= _EXPONENT
        if whole and int(base).bit_length() * int(exponent) <= _BITS:
            return sp.Pow(base, exponent)
    return node


def _bits(number: Any) -> int:
    return int(number.p).bit_length() + int(number.q).bit_length()


def _equals(node: sp.Basic, value: int) -> bool:
    return bool(node.is_Integer and node == value) or (
        isinstance(node, sp.Float) and float(node) == value
    )


def without_series(expr: sp.Basic) -> sp.Basic:
    """Write out every Sum and Product of SymPy's in an expression, the outer before the inner.

    Raises:
        GradgenError: bounds are no whole numbers, or the result passes the limits.
    """
    done: ByNode[sp.Basic] = ByNode()
    todo = [expr]
    while todo:
        node = todo[-1]
        if node in done:
            todo.pop()
        elif isinstance(node, (sp.Sum, sp.Product)):
            done[node] = _written_series(node)
        else:
            missing = done.without(node.args)
            todo += missing
            if not missing:
                args = done.of(node.args)
                same = all(new is old for new, old in zip(args, node.args))
                done[node] = node if same else make.unevaluated(type(node), *args)
    return done[expr]


def _written_series(node: sp.Sum | sp.Product) -> sp.Basic:
    """The last of SymPy's limits is the outermost; what is inside may depend on its index."""
    name, (term, *inner, (index, low, high)) = type(node).__name__, node.args
    if inner:
        term = make.unevaluated(type(node), term, *inner)
    return without_series(series(name, term, index, low, high))
