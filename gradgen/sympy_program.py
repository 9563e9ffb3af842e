"""Several SymPy expressions in; the program that assigns each its name, as text if it is not large, and the names of the results, out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanFunction

from gradgen.errors import GradgenError
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import RESERVED, Assignment, Formula, check_identifier
from gradgen.read.programs import parse
from gradgen.read.reader import MAX_LENGTH
from gradgen.read.statements import canonical
from gradgen.read.sympy.again import is_read_as_written
from gradgen.read.sympy.expand import nodes, spread, substitute, without_series
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.nodes import ByNode, below
from gradgen.read.sympy.stage import python_name, stage
from gradgen.read.sympy.table import CALLS
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import written_out

#: Expressions as they were read, with their names: later ones may be in terms of earlier ones.
Named: TypeAlias = "Sequence[tuple[str, sp.Expr]]"
#: Expressions with more parts, each counted wherever it stands, are not written out as text: about ten thousand characters.
MAX_PARTS = 5_000


def _xor(*conditions: sp.Basic) -> sp.Basic:
    """Return that an odd number of conditions holds."""
    first, *others = conditions
    for other in others:
        both = unevaluated(sp.And, first, other)
        either = unevaluated(sp.Or, first, other)
        first = unevaluated(sp.And, either, unevaluated(sp.Not, both))
    return first


def _implies(first: sp.Basic, then: sp.Basic) -> sp.Basic:
    return unevaluated(sp.Or, unevaluated(sp.Not, first), then)


def _if(test: sp.Basic, then: sp.Basic, other: sp.Basic) -> sp.Basic:
    taken = unevaluated(sp.And, test, then)
    return unevaluated(sp.Or, taken, unevaluated(sp.And, unevaluated(sp.Not, test), other))  # fmt: skip


def _equivalent(*conditions: sp.Basic) -> sp.Basic:
    every = unevaluated(sp.And, *conditions)
    return unevaluated(sp.Or, every, unevaluated(sp.Not, unevaluated(sp.Or, *conditions)))  # fmt: skip


#: How SymPy joins conditions otherwise than by and, or and not.
_JOINED: Mapping[type[sp.Basic], Callable[..., sp.Basic]] = {
    sp.Xor: _xor,
    sp.Implies: _implies,
    sp.ITE: _if,
    sp.Equivalent: _equivalent,
}


def as_program(
    source: Any, name: str, outputs: Any = None
) -> tuple[str | Formula, tuple[str, ...], Named]:
    """Return the program of a list, tuple, dict or Matrix of expressions, or of the pair that `sympy.cse` returns.

    It comes with the names of its results, and with all expressions as they were read, which is the truth about it. A large one is no
    text: nobody reads that, and to write it and to read it again takes as long as all else.

    Args:
        source: the expressions.
        name: what results without a name of their own are called: f1, f2 and so on.
        outputs: the results' names instead.

    Raises:
        GradgenError: there is something else among them, or it cannot be written as text.
    """
    replacements, source = _parts(source)
    if isinstance(source, Mapping):
        names = [_text(key) for key in source]
        expressions = list(source.values())
    elif isinstance(source, (list, tuple, sp.MatrixBase, sp.Tuple)):
        expressions = [*source]
        names = [
            name if len(expressions) == 1 else f"{name}{i}"
            for i in range(1, len(expressions) + 1)
        ]
    else:
        raise GradgenError(
            f"a formula is text or a SymPy expression, or several of these, not {type(source).__name__}"
        )
    if not expressions:
        raise GradgenError("there is no expression among the formulas")
    if outputs is not None:
        given = (
            outputs.replace(",", " ").split()
            if isinstance(outputs, str)
            else [*outputs]
        )
        if len(given) != len(names):
            raise GradgenError(
                f"{len(names)} outputs need as many names, not {len(given)}"
            )
        names = [_text(one) for one in given]
    pairs = [(_text(symbol), expr) for symbol, expr in replacements]
    pairs += zip(names, expressions)
    plain = [(key, plain_expression(_expression(expr))) for key, expr in pairs]
    parts = accumulate(spread(expr, MAX_PARTS) for _, expr in plain)
    if any(count > MAX_PARTS for count in parts):
        formula = _of_expressions(plain)
        if formula is not None:
            return formula, tuple(names), plain
    items = [(key, _written(expr), "") for key, expr in plain]
    if len(items) == 1:
        # One statement alone is no program.
        items.append(("", items[0][0], ""))
    return canonical(items), tuple(names), plain


def _of_expressions(pairs: Named) -> Formula | None:
    """Return a program of names and expressions; None where their text would say more: what is called otherwise there, or is constant.

    Raises:
        GradgenError: a name is given twice, or read before it is given.
    """
    values: dict[str, sp.Basic] = {}
    later = {name for name, _ in pairs}
    found: list[Assignment] = []
    for name, expr in pairs:
        read = {node.name for node in nodes(expr) if isinstance(node, sp.Symbol)}
        if not read or any(python_name(one) != one for one in read):
            return None
        early = sorted(read & later)
        if early:
            raise GradgenError(f"`{early[0]}` is used before it is assigned")
        if name in values:
            raise GradgenError(
                f"`{name}` is assigned twice; give the second value a name of its own"
            )
        later.discard(name)
        values[name] = substitute(expr, values)
        found.append(Assignment(name, values[name], ""))
    return Formula("", found[-1].expr, assignments=(*found,))


def as_text(
    formula: Formula, inputs: tuple[str, ...] | None, wrt: Sequence[str] | None
) -> tuple[Formula, tuple[str, ...] | None]:
    """Return an expression as its text is read, so that the recipe makes the same module, and the inputs that the recipe lists.

    An expression that cannot be written out, or is so large that nobody reads it, comes back as it is.
    """
    if formula.assignments or spread(formula.expr, MAX_PARTS) > MAX_PARTS:
        return formula, inputs
    program = stage(formula, inputs, wrt)
    called = {
        FORMULA.constants.get(str(step.data))
        for step in program.steps
        if step.op == "const"
    }
    if called & {*program.inputs}:
        return formula, inputs  # the constant pi beside a symbol of that name
    try:
        text = written_out(program, FORMULA, MAX_LENGTH)
        if is_read_as_written(program, text):
            read = Formula(text, formula.expr, staged=program)
        else:
            read = parse(text, program.inputs)
    except GradgenError:
        return formula, inputs
    # Names that mean something else in a formula, as E does, stay variables only if the recipe lists them.
    plain = all(name not in RESERVED for name in program.inputs)
    return read, inputs if plain else program.inputs


def plain_expression(expr: sp.Expr) -> sp.Expr:
    """Return an expression of SymPy's with its series written out, and with a symbol for every function of the time.

    What `sympy.Function("q")(t)` or `dynamicsymbols("q")` stand for is not known: they are inputs of that name.

    Raises:
        GradgenError: such a function takes anything but symbols, or one of them is an input too, or it is called as one that is
            known; a symbol is a condition; or a series has no plain bounds.
    """
    kinds = {type(node) for node in below([expr])}
    if not any(issubclass(kind, _LOOKED_AT) for kind in kinds):
        return expr
    done: ByNode[sp.Basic] = ByNode()
    coordinates = _Coordinates()
    free: set[str] = set()
    series = False
    todo: list[sp.Basic] = [expr]
    while todo:
        node = todo[-1]
        if node in done:
            todo.pop()
        elif isinstance(node, AppliedUndef):
            done[node] = coordinates.symbol(node)
        else:
            if isinstance(node, _CHECKED):
                _check_plain(node)
            args = node.args
            missing = done.without(args)
            if missing:
                todo += missing
                continue
            if isinstance(node, sp.Symbol):
                free.add(node.name)
            series |= isinstance(node, (sp.Sum, sp.Product))
            todo.pop()
            done[node] = _remade(node, done.of(args))
    coordinates.check_apart(free)
    return without_series(done[expr]) if series else done[expr]


def _remade(node: sp.Basic, args: Sequence[sp.Basic]) -> sp.Basic:
    """Return a node over other arguments, with conditions joined by and, or and not alone."""
    join = _JOINED.get(type(node))
    if join is not None:
        return join(*args)
    same = all(map(operator.is_, args, node.args))
    return node if same else unevaluated(type(node), *args)


#: What `_check_plain` may refuse.
_CHECKED = (sp.Derivative, ExprCondPair, BooleanFunction)
#: What an expression without any of these stays as it is.
_LOOKED_AT = (*_CHECKED, *_JOINED, AppliedUndef, sp.Sum, sp.Product)


def _check_plain(node: sp.Basic) -> None:
    """Refuse a derivative, and a symbol that stands for a condition."""
    if isinstance(node, sp.Derivative):
        raise GradgenError(
            "a derivative is not supported; put a symbol in its place, as in expr.subs(q.diff(t), v)"
        )
    if isinstance(node, (ExprCondPair, BooleanFunction)):
        for one in node.args[1:] if isinstance(node, ExprCondPair) else node.args:
            if isinstance(one, (sp.Symbol, AppliedUndef)):
                raise GradgenError(
                    f"`{one}` is no condition; write one such as `{one} > 0`"
                )


class _Coordinates:
    """Functions of symbols of which no more is known: each is an input, called as it is, and what it takes is none."""

    def __init__(self) -> None:
        self._called: dict[str, sp.Basic] = {}
        self._taken: dict[str, sp.Basic] = {}

    def symbol(self, node: AppliedUndef) -> sp.Symbol:
        """Return the input that a function stands for.

        Raises:
            GradgenError: it takes anything but symbols, or other symbols than elsewhere, or is called as one that is known.
        """
        if not all(isinstance(arg, sp.Symbol) for arg in node.args):
            raise GradgenError(
                f"`{node.func}` of an expression is not known; put a formula or a symbol in its place"
            )
        if _is_known(node):
            raise GradgenError(
                f"`{node.func}` is a function here, and an undefined one in this expression; "
                f"give the formula as text, or `{node.func}` another name if it is an input"
            )
        self._taken |= {arg.name: node for arg in node.args}
        if self._called.setdefault(symbol_name(node), node) != node:
            raise GradgenError(
                f"`{node.func}` of two symbols is not known; put formulas or symbols in their place"
            )
        return sp.Symbol(symbol_name(node))

    def check_apart(self, free: Collection[str]) -> None:
        """Refuse symbols that are called as a function is, or that one takes.

        Raises:
            GradgenError: there is one among them.
        """
        for name in self._called:
            if name in map(python_name, free):
                raise GradgenError(
                    f"two different symbols are both called `{name}`; give them different names"
                )
        for name, node in self._taken.items():
            if name in free:
                raise GradgenError(
                    f"`{node.func}` depends on `{name}`, which is an input as well; put a formula or a symbol in its place"
                )


def _is_known(node: AppliedUndef) -> bool:
    """Whether an undefined function is called as one of the table's; a Greek letter is a coordinate where it depends on the time."""
    name = node.func.__name__
    time = [arg.name for arg in node.args] == ["t"]
    known = name in CALLS or name in COMPOSITIONS
    return known and not (time and name in ("beta", "gamma", "psi", "zeta"))


def symbol_name(node: Any) -> str:
    """Return what a symbol, or a function of the time, is called as an input; empty for anything else."""
    if isinstance(node, AppliedUndef):
        return python_name(node.func.__name__)
    return python_name(node.name) if isinstance(node, sp.Symbol) else ""


def _parts(source: Any) -> tuple[Sequence[Any], Any]:
    """Return what `sympy.cse` replaced, if the source is its result, and the expressions."""
    if not _is_cse(source):
        return (), source
    replacements, found = source
    matrix = len(found) == 1 and isinstance(found[0], sp.MatrixBase)
    return replacements, found[0] if matrix else found


def _is_cse(source: Any) -> bool:
    return (
        isinstance(source, tuple)
        and len(source) == 2
        and isinstance(source[0], list)
        and all(isinstance(pair, tuple) and len(pair) == 2 for pair in source[0])
        and isinstance(source[1], (list, tuple, sp.MatrixBase))
    )


def _text(name: Any) -> str:
    text = symbol_name(name) or name
    if not isinstance(text, str):
        raise GradgenError(f"{name!r} is no name of a result")
    return check_identifier(text, "the result's name")


def _expression(expr: Any) -> sp.Expr:
    """Return an expression, or a number of Python's as one."""
    if type(expr) in (int, float):
        return sp.Integer(expr) if type(expr) is int else sp.Float(expr)
    if not isinstance(expr, sp.Expr):
        raise GradgenError(f"{type(expr).__name__} is no SymPy expression or number")
    return expr


def _written(expr: sp.Expr) -> str:
    """Return an expression as a formula's text."""
    return written_out(stage(Formula("", expr)), FORMULA, MAX_LENGTH)
