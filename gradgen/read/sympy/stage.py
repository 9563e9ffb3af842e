"""A SymPy expression in; a program of single-operation steps out, equal sub-expressions shared, constants folded."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Container, Mapping, Sequence
from fractions import Fraction
from functools import partial, reduce

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanAtom

from gradgen.core.build import Steps, power, quotient
from gradgen.core.program import DEFAULT_NAME, Program, Step
from gradgen.core.rows import NAMED, Number, Row
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.passes.check import verify
from gradgen.passes.constants import Constant, as_number, named, remembered
from gradgen.passes.moved import finish
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import Formula, check_identifier
from gradgen.read.sympy.again import again
from gradgen.read.sympy.expand import written_out
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.nodes import ByNode
from gradgen.read.sympy.pieces import leave_nothing
from gradgen.read.sympy.rounding import decided_by_rounding
from gradgen.read.sympy.table import BY_NODE

#: A rational number of SymPy's beyond this many bits becomes a double: its digits would fill pages.
_LITERAL_BITS = 1000
#: Orders of polygamma that have names of their own.
_LOW_ORDERS = {0: "digamma", 1: "trigamma"}
_NAMED = {sp.pi: "pi", sp.E: "e"} | {getattr(sp, name): name for name in NAMED}


def _listed(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > 30 else ""
    return (", ".join(names[:30]) or "(none)") + more


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts x2 before x10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts)


def stage(
    formula: Formula,
    inputs: Sequence[str] | None = None,
    wrt: Sequence[str] | None = None,
    name: str = "f",
    outputs: Sequence[str] | None = None,
    folded: bool = True,
    rows: Mapping[str, Row] = ROWS,
    constants: Mapping[sp.Basic, Constant] | None = None,
) -> Program:
    """Split a formula into single-operation steps, in the order written.

    Args:
        formula: what was read.
        inputs: the signature; by default the formula's variables in natural order.
        wrt: the inputs whose gradient is wanted; all by default.
        name: the result's name, if the formula gives it none.
        outputs: the names of a program's results; by default the last one alone.
        folded: whether operations on constants that round become constants at once. They stay steps until a naive form has
            been looked for in them: x*(exp(h) - 1) means the same whether h is an input or 1e-17.
        rows: the table, with the program's own functions.
        constants: the program's constants with their names, by their nodes.

    Raises:
        GradgenError: the formula holds what the table has no row for, a variable that `inputs` lacks, or a constant that is
            no finite number.
    """
    if formula.staged is not None:
        order = formula.staged.inputs
    else:
        order = _signature(formula, inputs)
        _check_rounding(formula)
    steps = Steps(rows, folded)
    places = {symbol: steps.input(symbol) for symbol in order}
    for asked in wrt or ():
        if asked not in places:
            raise GradgenError(
                f"no input is called `{asked}`; the inputs are {_listed(order)}"
            )
    values, given = _assigned(formula, steps, name, constants or ByNode())
    for asked in outputs or ():
        if asked not in values:
            raise GradgenError(
                f"the program assigns no `{asked}`; its names are {', '.join([*values][-20:])}"
            )
    found: dict[str, int] = {}
    taken: set[int] = set()
    for result in outputs or [*values][-1:]:
        value = values[result]
        called = given[value][0] if value in given else result
        if value in taken or result != called:
            # A value that has another name.
            value = steps.append(Step("copy", (value,)))
        found[result] = steps.result(value, taken)
    asked_for = (places[asked] for asked in (order if wrt is None else wrt))
    return verify(finish(steps, found, asked_for, given.values()))


def _check_rounding(formula: Formula) -> None:
    parts = [formula.expr, *(assignment.expr for assignment in formula.assignments)]
    doubtful = decided_by_rounding(parts)
    if doubtful is not None:
        message = "what this comes to depends on how its constants are rounded; write the number that is meant"
        raise _error(formula, doubtful, message)


class _Remembering(Steps):
    """Steps whose numbers remember what they are made of."""

    def const(self, number: Number | int) -> int:
        if isinstance(number, int) and not isinstance(number, bool):
            number = Fraction(number)
        if isinstance(number, (Fraction, float)):
            number = remembered(number)
        return super().const(number)


def constants_of(
    formula: Formula,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    rows: Mapping[str, Row] = ROWS,
    kept: Container[str] = (),
) -> ByNode[Constant]:
    """Return the constants of a program under the names that modules give them, by their nodes.

    A name is the author's in capitals, unless something else has that: then it stays as it is. Results are no constants, nor is
    what comes to 0 or 1.

    Args:
        formula: the program.
        inputs: its inputs, if they are listed.
        outputs: its results, if they are listed.
        rows: the table, with the program's own functions.
        kept: names that no constant may have.
    """
    found: ByNode[Constant] = ByNode()
    if all(assignment.made is None for assignment in formula.assignments):
        return found
    results = {*(outputs or [formula.assignments[-1].name])}
    taken = {assignment.name for assignment in formula.assignments}
    taken |= {*(_symbols(formula) if inputs is None else inputs)}
    taken |= {function.name for function in formula.functions}
    taken |= {local for function in formula.functions for local in function.locals}
    used: set[str] = set()
    steps = _Remembering(rows)
    done: ByNode[int] = ByNode()
    for assignment in formula.assignments:
        name, expr, made = assignment.name, assignment.expr, assignment.made
        if made is None:
            continue
        try:
            value = _build(formula, steps, made, done)
        except GradgenError:
            break  # which is said again where the program is staged
        done[expr] = value
        number = as_number(steps, value)
        if number is None or number in (0, 1, -1) or name in results:
            continue
        # Capitals of other alphabets may look as Latin ones do.
        upper = name.upper() if name.isascii() else name
        called = name if upper in taken else upper
        while called in kept or called in used or (called != name and called in taken):
            called += "_"
        used.add(called)
        found[expr] = named(number, called, assignment.comment, len(found))
        done[expr] = steps.const(found[expr])
    return found


def _signature(formula: Formula, inputs: Sequence[str] | None) -> tuple[str, ...]:
    """Return the inputs, in order, of which the formula's variables must be some."""
    symbols = _symbols(formula)
    if inputs is None:
        return tuple(sorted(symbols, key=natural_key))
    listed = frozenset(inputs)
    for symbol, node in symbols.items():
        if symbol not in listed:
            message = (
                f"`{symbol}` is used but not among the inputs {_listed(tuple(inputs))}"
            )
            raise _error(formula, node, message)
    return tuple(inputs)


def _assigned(
    formula: Formula, steps: Steps, name: str, constants: Mapping[sp.Basic, Constant]
) -> tuple[Mapping[str, int], Mapping[int, tuple[str, int, str]]]:
    """Make the steps of all that a formula assigns; return the values by name, and those that the user named with their comments."""
    given: dict[int, tuple[str, int, str]] = {}
    done: ByNode[int] = ByNode()
    values: dict[str, int] = {}
    inputs = len(steps)
    for node, constant in constants.items():
        if steps.folded or constant.origin.made is None:
            done[node] = steps.const(constant)
    for assignment in formula.assignments:
        value = _build(formula, steps, assignment.expr, done, constants)
        values[assignment.name or name] = value
        called = assignment.name or (assignment.comment and name)
        if called and not steps.is_constant(value) and value >= inputs:
            given.setdefault(value, (called, value, assignment.comment))
            steps.named.add(value)
    last = formula.assignments[-1].name if formula.assignments else ""
    if last and name not in (DEFAULT_NAME, last):
        raise GradgenError(
            f"the program calls its result `{last}`; a name is given to a formula alone"
        )
    if formula.staged is not None:
        values[name] = again(steps, formula.staged)
    elif not formula.assignments:
        values[name] = _build(formula, steps, formula.expr, done, constants)
    return values, given


def _error(formula: Formula, node: sp.Basic, message: str) -> GradgenError:
    column = formula.columns.get(node)
    written = (text for nodes, text in reversed(formula.written) if node in nodes)
    text = next(written, formula.text)
    return GradgenError(message, text if column is not None else None, column)


def python_name(name: str) -> str:
    """Return a SymPy symbol's name as a Python identifier: `theta'` is `theta_`, `lambda` is `lambda_`."""
    plain = unicodedata.normalize("NFKC", name)
    plain = "".join(c if f"a{c}".isidentifier() else "_" for c in plain)
    while plain and not plain[0].isidentifier():
        plain = plain[1:]
    plain = f"_{plain.lstrip('_')}" if plain.startswith("__") else plain
    return f"{plain}_" if keyword.iskeyword(plain) else plain or "_"


def _symbols(formula: Formula) -> dict[str, sp.Basic]:
    """Return the variables by their Python names."""
    found: dict[str, sp.Basic] = {}
    seen = ByNode[None]()
    # Of a program also what no result needs: its inputs are inputs all the same.
    todo: list[sp.Basic] = [formula.expr]
    todo += [assignment.expr for assignment in reversed(formula.assignments)]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen[node] = None
        args = node.args
        if args:
            todo.extend(args[::-1])
        elif isinstance(node, sp.Symbol):
            name = check_identifier(python_name(node.name), "the symbol")
            if found.setdefault(name, node) != node:
                raise GradgenError(
                    f"two different symbols are both called `{name}`; give them different names"
                )
    return found


def number(value: sp.Basic) -> Fraction | float | str | None:
    """Return a SymPy number as a constant, or None for what is no finite real number.

    Raises:
        OverflowError: it is too large for a double.
    """
    if isinstance(value, sp.Rational):
        exact = Fraction(int(value.p), int(value.q))
        as_float = float(exact)
        if exact and not as_float:
            raise OverflowError
        bits = max(exact.numerator.bit_length(), exact.denominator.bit_length())
        return exact if bits <= _LITERAL_BITS else as_float
    if isinstance(value, sp.Float):
        as_float = float(value)
        if math.isinf(as_float) or (value and not as_float):
            raise OverflowError
        return None if math.isnan(as_float) else as_float
    return _NAMED.get(value)


# Expressions.


def _build(
    formula: Formula,
    steps: Steps,
    root: sp.Basic,
    done: ByNode[int],
    constants: Container[sp.Basic] = (),
) -> int:
    """Walk a tree without recursion, operands first and left to right, each shared node once."""
    plans = ByNode[_Plan]()
    todo = [root]
    while todo:
        node = todo[-1]
        if node in done:
            todo.pop()
            continue
        try:
            plan = plans.find(node)
            if plan is None:
                plan = plans[node] = _plan(node, steps, constants)
                missing = done.without(plan.children)
                if missing:
                    todo += missing[::-1]
                    continue
            todo.pop()
            done[node] = plan.combine(*done.of(plan.children))
        except ZeroDivisionError:
            raise _error(
                formula,
                node,
                "this divides by zero; a constant must be a finite number",
            ) from None
        except OverflowError:
            raise _error(
                formula,
                node,
                "this constant is outside the range of a float (4.9e-324 to 1.8e308)",
            ) from None
        except GradgenError as error:
            raise _error(formula, node, error.message) from None
    return done[root]


class _Plan:
    """How to build a node: the children to build first, and what to make of their values."""

    __slots__ = ("children", "combine")

    def __init__(self, combine: Callable[..., int], *children: sp.Basic) -> None:
        self.combine = combine
        self.children = children


def _plan(node: sp.Basic, steps: Steps, constants: Container[sp.Basic]) -> _Plan:
    emit = steps.emit
    if isinstance(node, sp.Symbol):
        return _Plan(lambda: steps.input(python_name(node.name)))
    if isinstance(node, sp.Add):
        return _plan_sum(node, steps, constants)
    if isinstance(node, sp.Mul):
        return _plan_product(node, steps)
    if isinstance(node, sp.Pow):
        return _Plan(partial(power, steps), *node.args)
    if isinstance(node, sp.Piecewise):
        return _plan_choice(node, steps)
    if isinstance(node, BooleanAtom):
        return _Plan(lambda: steps.const(bool(node)))
    key = node.func.__name__ if isinstance(node, AppliedUndef) else ""
    if key in steps.rows:
        return _Plan(lambda *args: emit(key, *args), *node.args)
    known = BY_NODE.get(type(node))
    row = None if known is None else steps.rows[known.name]
    if row is not None and row.variadic:
        return _Plan(
            lambda *args: reduce(lambda a, b: emit(row.name, a, b), args), *node.args
        )
    if row is not None:
        return _Plan(lambda *args: _function(steps, row, *args), *node.args)
    if type(node).__name__ in COMPOSITIONS:
        written = written_out(COMPOSITIONS[type(node).__name__], node.args)
        return _Plan(lambda value: value, written)
    if node.is_Atom:
        constant = number(node)
        if constant is not None:
            return _Plan(lambda: steps.const(constant))
        if node is sp.I:
            raise GradgenError(
                "`I` is the imaginary unit; complex numbers are not supported"
            )
        raise GradgenError(
            f"`{node}` is not supported; constants are finite real numbers, pi and E"
        )
    raise GradgenError(f"there is no operation `{type(node).__name__}`")


def _function(steps: Steps, row: Row, *args: int) -> int:
    """A function of the table, with the number of arguments and the whole constants that the table asks for."""
    if len(args) != row.arity:
        raise GradgenError(f"{row.name} of {len(args)} arguments is not supported")
    for place in row.whole:
        value = steps.number(args[place])
        if not isinstance(value, Fraction) or value.denominator != 1:
            raise GradgenError(f"the order of {row.name} must be a whole number")
    order = steps.number(args[0]) if row.name == "polygamma" else None
    if order in _LOW_ORDERS:
        return steps.emit(_LOW_ORDERS[int(order or 0)], args[1])
    return steps.emit(row.name, *args)


def _plan_choice(node: sp.Piecewise, steps: Steps) -> _Plan:
    """Pieces are tried in order: a if c else (b if d else ...)."""
    pieces: list[tuple[sp.Basic, sp.Basic]] = []
    whole = leave_nothing([condition for _, condition in (p.args for p in node.args)])
    for value, condition in (piece.args for piece in node.args):
        last = condition == sp.true or (whole and len(pieces) == len(node.args) - 1)
        pieces.append((sp.true if last else condition, value))
        if last:
            break
    else:
        raise GradgenError(
            "the pieces leave cases open; end with one that holds always, as (x, True)"
        )

    def combine(*operands: int) -> int:
        *before, _, last = operands
        while before:
            *before, condition, value = before
            last = steps.emit("where", condition, value, last)
        return last

    return _Plan(combine, *(part for piece in pieces for part in piece))


def _negated(term: sp.Basic, constants: Container[sp.Basic]) -> sp.Basic | None:
    """Return t where the term is -t, or None; a constant with a name stays as it is, whatever its sign."""
    if term in constants:
        return None
    if _is_negative(term):
        return -term
    product = isinstance(term, sp.Mul) and len(term.args) > 1
    if product and term.args[0] not in constants and _is_negative(term.args[0]):
        first, rest = -term.args[0], term.args[1:]
        if first == 1:
            return rest[0] if len(rest) == 1 else unevaluated(sp.Mul, *rest)
        return unevaluated(sp.Mul, first, *rest)
    return None


def _is_negative(node: sp.Basic) -> bool:
    """Whether a node is a negative number, without asking SymPy to deduce all that follows from it."""
    if isinstance(node, sp.Rational):
        return bool(node.p < 0)
    return isinstance(node, sp.Float) and float(node) < 0


def _plan_sum(node: sp.Add, steps: Steps, constants: Container[sp.Basic]) -> _Plan:
    """a + b + (-1)*c is the author's (a + b) - c."""
    emit = steps.emit
    if len(node.args) == 2:
        first, second = node.args
        negated = _negated(second, constants)
        if negated is not None:
            return _Plan(lambda a, b: emit("sub", a, b), first, negated)
        return _Plan(lambda a, b: emit("add", a, b), first, second)
    positives = [None, *(_negated(arg, constants) for arg in node.args[1:])]

    def combine(first: int, *rest: int) -> int:
        total = first
        for term, positive in zip(rest, positives[1:]):
            total = emit("add" if positive is None else "sub", total, term)
        return total

    return _Plan(
        combine, *(p if p is not None else a for a, p in zip(node.args, positives))
    )


def _plan_product(node: sp.Mul, steps: Steps) -> _Plan:
    """Products and, where a factor is b**(-1), the author's quotients."""
    emit = steps.emit
    args = node.args
    if args[0].is_Number and args[0] == sp.S.NegativeOne:
        rest = args[1] if len(args) == 2 else unevaluated(sp.Mul, *args[1:])
        return _Plan(lambda value: emit("neg", value), rest)
    if len(args) == 2:
        left, right = args
        for other, factor in ((left, right), (right, left)):
            under = _denominator(factor)
            if under is not None and (other is left or not other.is_Number):
                return _Plan(partial(quotient, steps), other, under)
        return _Plan(lambda a, b: emit("mul", a, b), left, right)
    # An evaluated product: SymPy's x*y**(-1)*z**(-2) is x/(y*z**2) to a reader.
    above: list[sp.Basic] = []
    below: list[sp.Basic] = []
    for factor in args:
        base, exponent = (
            factor.args if isinstance(factor, sp.Pow) else (factor, sp.S.One)
        )
        if exponent.is_Rational and _is_negative(exponent):
            below.append(
                base if exponent == -1 else unevaluated(sp.Pow, base, -exponent)
            )
        else:
            above.append(factor)
    if not below:
        return _Plan(
            lambda *values: reduce(lambda a, b: emit("mul", a, b), values), *args
        )
    return _Plan(partial(quotient, steps), _product(above), _product(below))


def _product(factors: list[sp.Basic]) -> sp.Basic:
    if not factors:
        return sp.S.One
    return factors[0] if len(factors) == 1 else unevaluated(sp.Mul, *factors)


def _denominator(node: sp.Basic) -> sp.Basic | None:
    """Return b**n where the node is b**(-n) for a whole n, else None."""
    if not isinstance(node, sp.Pow):
        return None
    base, exponent = node.args
    if not (isinstance(exponent, sp.Integer) and _is_negative(exponent)):
        return None
    return base if exponent == -1 else unevaluated(sp.Pow, base, -exponent)
