"""What was read in, expressions as trees; their plain evaluation by mpmath out, operation by operation: none of gradgen's stages and rules."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import mpmath
import sympy as sp
from sympy.codegen import cfunctions as cf
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom

from gradgen.prove.meanings import MEANINGS, meaning_of, meaning_of_kind
from gradgen.prove.plain import Meaning, Plain, equal, opposite, unequal
from gradgen.read.definitions import Definition
from gradgen.read.sympy import functions as fn
from gradgen.read.sympy.nodes import ByNode, operands_first
from gradgen.read.sympy.stage import python_name

#: What an evaluation costs, in additions: of a function of mpmath's, and of one that is dear to it.
_CALL, _DEAR = 10, 400
#: And what each order of polygamma adds.
_ORDER = 40


def plain_formula(
    named: Sequence[tuple[str, sp.Basic]],
    results: Sequence[str],
    functions: Iterable[Definition] = (),
) -> Plain | None:
    """Return what was read as trees; None where it calls what nothing is known of.

    Args:
        named: names and what they stand for, in order; later ones may be in terms of earlier ones, and all else is an input.
        results: the names of the results.
        functions: those that the program declares.
    """
    plain = Plain()
    later = {name for name, _ in named}
    places: dict[str, int] = {}

    def place(name: str) -> int:
        if name not in places:
            if name in later:
                raise KeyError(name)
            places[name] = plain.input(name)
        return places[name]

    own = {definition.key: definition for definition in functions if definition.key}
    done: ByNode[int] = ByNode()
    try:
        for name, expr in named:
            places[name] = _add_tree(plain, expr, place, own, done)
    except (KeyError, NameError, TypeError, AttributeError):
        return None
    plain.results = [places[name] for name in results]
    return plain


def _add_tree(
    plain: Plain,
    expr: sp.Basic,
    variable: Callable[[str], int],
    own: Mapping[str, Definition],
    done: ByNode[int],
) -> int:
    """Add an expression's operations, each shared one once; return the place of its value.

    Args:
        plain: what they are added to.
        expr: the expression.
        variable: the place of a symbol, by its name.
        own: the functions that the program declares, by the names of their nodes.
        done: the places of what was added before, with these variables.

    Raises:
        KeyError: it holds a symbol or a function that is not known.
    """
    for node in operands_first([expr], done):
        if node.is_Symbol:
            done[node] = variable(python_name(node.name))
        elif node.is_Atom:
            whole = node.is_Float and node._mpf_[2] >= 0
            exact = isinstance(node, BooleanAtom) or node.is_Rational or whole
            done[node] = plain.literal(meaning_of(node), bool(exact))
        else:
            done[node] = _add_node(plain, node, done, own)
    return done[expr]


def _add_node(
    plain: Plain,
    node: sp.Basic,
    done: ByNode[int],
    own: Mapping[str, Definition],
) -> int:
    kind, operands = node.func, done.of(node.args)
    if kind in _FEW and len(operands) == 2:
        return plain.step(_FEW[kind], operands)
    if isinstance(node, AppliedUndef):
        # A function of one line calls no other: theirs are written out in it.
        definition = own[kind.__name__]
        if definition.body is None:
            raise KeyError(definition.name)
        inner = dict(zip(definition.params, operands))
        return _add_tree(plain, definition.body, inner.__getitem__, {}, ByNode())
    if kind is ExprCondPair:
        return operands[0]
    if kind is sp.Piecewise:
        tests = [done[pair.args[1]] for pair in node.args]
        place = plain.step(_chosen, [*operands, *tests], 2 * len(tests) - 1)
        needs = [[value, *tests[: i + 1]] for i, value in enumerate(operands)]
        return plain.choose(place, tests, needs)
    if isinstance(node, fn.Meant) and not (kind in _DIRECT or kind in MEANINGS):
        return _add_meant(plain, kind, operands)
    meaning, cost = _operation(kind, len(operands))
    if kind is sp.atan2:
        return plain.angle(operands, cost)
    if kind is sp.polygamma and node.args[0].is_Integer:
        cost += _ORDER * int(node.args[0])
    place = plain.step(meaning, operands, cost)
    if kind is sp.Mod:
        plain.choose_quotient(place, operands)
    elif kind in _BY_SIZE:
        plain.choose(place, operands, [operands] * max(2, len(operands)))
    return place


def _add_meant(plain: Plain, kind: Any, operands: Sequence[int]) -> int:
    """Add a function by the meaning that its class states: as one operation, or as several where there are branches inside."""
    names, tree, inside = _meant(kind, len(operands))
    if inside.choices:
        places = dict(zip(names, operands))
        return _add_tree(plain, tree, places.__getitem__, {}, ByNode())
    return plain.step(
        lambda *args: inside.values(inside.at(args))[0], operands, inside.cost
    )


@cache
def _meant(kind: Any, count: int) -> tuple[Sequence[str], sp.Expr, Plain]:
    """Return the meaning of a function: its variables' names, its tree, and that ready for evaluation."""
    names = [f"x{place}" for place in range(count)]
    tree = kind.meant(*(sp.Symbol(name, real=True) for name in names))
    inside = Plain(names)
    places = {name: place for place, name in enumerate(names)}
    inside.results = [_add_tree(inside, tree, places.__getitem__, {}, ByNode())]
    return names, tree, inside


def _chosen(*operands: Any) -> Any:
    """Return the first of several values whose condition holds; these stand behind them all."""
    for value, condition in zip(operands, operands[len(operands) // 2 :]):
        if condition is None or condition:
            return None if condition is None else value
    return None


def _power(base: Any, exponent: Any) -> Any:
    return base**exponent


_FEW: Mapping[Callable[..., Any], Meaning] = {
    sp.Add: operator.add,
    sp.Mul: operator.mul,
    sp.Pow: _power,
}
_DIRECT: Mapping[Callable[..., Any], Meaning] = {
    sp.Not: opposite,
    sp.Equality: equal,
    sp.Unequality: unequal,
    sp.Abs: abs,
    **{
        node: getattr(mpmath, node.__name__)
        for node in (
            *(sp.sin, sp.cos, sp.tan, sp.sec, sp.csc, sp.cot, sp.asin, sp.acos),
            *(sp.atan, sp.atan2, sp.sinh, sp.cosh, sp.tanh, sp.asinh, sp.acosh),
            *(sp.atanh, sp.log, sp.erf, sp.erfc, sp.sign, sp.floor, sp.gamma),
        )
    },
    sp.ceiling: mpmath.ceil,
    cf.log1p: mpmath.log1p,
    cf.expm1: mpmath.expm1,
    cf.log2: lambda x: mpmath.log(x) / mpmath.log(2),
    cf.log10: mpmath.log10,
    cf.exp2: lambda x: mpmath.power(2, x),
    cf.hypot: mpmath.hypot,
    fn.hypot3: lambda x, y, z: mpmath.sqrt(x * x + y * y + z * z),
    fn.sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    fn.softplus: lambda x: mpmath.log1p(mpmath.exp(x)),
    fn.logsigmoid: lambda x: -mpmath.log1p(mpmath.exp(-x)),
    fn.logaddexp: lambda *x: mpmath.log(mpmath.fsum(map(mpmath.exp, x))),
    fn.versin: lambda x: 1 - mpmath.cos(x),
    fn.norm_cdf: lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
}
_CHEAP = (
    *(sp.Add, sp.Mul, sp.Pow, sp.Abs, sp.Max, sp.Min, sp.Not, sp.And, sp.Or),
    *(sp.floor, sp.ceiling, sp.sign, sp.Heaviside, sp.Mod),
    *(fn.trunc, fn.rounded),
    *(sp.Equality, sp.Unequality, sp.StrictLessThan, sp.LessThan),
    *(sp.StrictGreaterThan, sp.GreaterThan),
)


#: What chooses by the sizes of its operands, or by the sign of the only one.
_BY_SIZE = (sp.Max, sp.Min, sp.Abs, sp.sign)


#: What takes mpmath milliseconds.
_DEAREST: Mapping[Callable[..., Any], int] = {sp.bessely: 2_500, sp.besselk: 20_000}


@cache
def _operation(kind: Callable[..., Any], count: int) -> tuple[Meaning, int]:
    """Return what a kind of node means, given so many operands, and what that costs."""
    meaning = _DIRECT.get(kind) or meaning_of_kind(kind, count)
    if kind in _CHEAP:
        return meaning, max(1, count - 1)
    common = kind in _DIRECT or kind in (sp.exp, cf.Cbrt)
    return meaning, _CALL if common else _DEAREST.get(kind, _DEAR)
