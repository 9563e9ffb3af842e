"""A SymPy expression in; a program of single-operation steps out, equal sub-expressions shared, constants folded."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanAtom

from gradgen.errors import GradgenError
from gradgen.formula import Formula, check_identifier
from gradgen.functions import unevaluated
from gradgen.ir import (
    Const,
    Operand,
    Program,
    Ref,
    Step,
    denominator,
    drop_unused,
    evaluate,
    verify,
)
from gradgen.names import DEFAULT_NAME
from gradgen.nodes import ByNode
from gradgen.ops import BY_NODE, COMPOSITIONS, NAMED, OPS, Op
from gradgen.pieces import leave_nothing
from gradgen.reader import written_out

#: A constant sub-expression of more operations than this becomes a stage of its own.
_INLINE_OPERATIONS = 3
#: Exact arithmetic beyond this many bits continues in double precision.
_EXACT_BITS = 4096
#: A rational number of SymPy's beyond this many bits becomes a double: its digits would fill pages.
_LITERAL_BITS = 1000
#: Beyond this an integer exponent is a double like any other.
_LARGEST_POWER = 2**31
#: gamma of this and of larger numbers is no double.
_LARGEST_GAMMA = 172

_ONE = Const(Fraction(1))
#: Orders of polygamma that have names of their own.
_LOW_ORDERS: dict[Operand, str] = {Const(Fraction(0)): "digamma", _ONE: "trigamma"}
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

    Raises:
        GradgenError: the formula holds what the table has no row for, a variable that `inputs` lacks, or a constant that is
            no finite number.
    """
    symbols = _symbols(formula)
    order = tuple(sorted(symbols, key=natural_key)) if inputs is None else tuple(inputs)
    places = {symbol: place for place, symbol in enumerate(order)}
    for symbol, node in symbols.items():
        if symbol not in places:
            raise _error(
                formula,
                node,
                f"`{symbol}` is used but not among the inputs {_listed(order)}",
            )
    for asked in wrt or ():
        if asked not in places:
            raise GradgenError(
                f"no input is called `{asked}`; the inputs are {_listed(order)}"
            )
    builder = Builder(order, folded)
    given: dict[int, tuple[str, str]] = {}
    done: ByNode[Operand] = ByNode()
    values: dict[str, Operand] = {}
    for assignment in formula.assignments:
        value = _build(formula, builder, assignment.expr, done)
        values[assignment.name or name] = value
        called = assignment.name or (assignment.comment and name)
        if isinstance(value, Ref) and value.index >= len(order) and called:
            given.setdefault(value.index, (called, assignment.comment))
            builder.named.add(value)
    last = formula.assignments[-1].name if formula.assignments else ""
    if last and name not in (DEFAULT_NAME, last):
        raise GradgenError(
            f"the program calls its result `{last}`; a name is given to a formula alone"
        )
    if not formula.assignments:
        values[name] = _build(formula, builder, formula.expr, done)
    for asked in outputs or ():
        if asked not in values:
            raise GradgenError(
                f"the program assigns no `{asked}`; its names are {', '.join([*values][-20:])}"
            )
    found: dict[str, Ref] = {}
    for result in outputs or [*values][-1:]:
        value = values[result]
        named = given.get(value.index, (result,)) if isinstance(value, Ref) else ()
        if (
            value in found.values()
            or result not in named[:1]
            or isinstance(value, Const)
            or value.index < len(order)
        ):
            # An input, a constant, or a value that has another name.
            value = builder.append(Step("copy", (value,)))
        value = builder.result(value, found.values())
        found[result] = value
    return verify(
        drop_unused(
            Program(
                inputs=order,
                steps=tuple(builder.steps),
                outputs=tuple(found.items()),
                wrt=tuple(places[asked] for asked in (order if wrt is None else wrt)),
                given=tuple(
                    (text, Ref(index), comment)
                    for index, (text, comment) in given.items()
                ),
            )
        )
    )


def _error(formula: Formula, node: sp.Basic, message: str) -> GradgenError:
    column = formula.columns.get(node)
    text = formula.places.get(node, formula.text)
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
    seen: ByNode[None] = ByNode()
    # Of a program also what no result needs: its inputs are inputs all the same.
    todo: list[sp.Basic] = [formula.expr]
    todo += [assignment.expr for assignment in reversed(formula.assignments)]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen[node] = None
        if isinstance(node, sp.Symbol):
            name = check_identifier(python_name(node.name), "the symbol")
            if found.setdefault(name, node) != node:
                raise GradgenError(
                    f"two different symbols are both called `{name}`; give them different names"
                )
        else:
            todo.extend(reversed(node.args))
    return found


class Builder:
    """Collects steps; an equal step is made once, and an operation on constants alone is folded.

    Unless `folded`, only what is exact is folded: arithmetic of rational numbers, signs and comparisons.
    """

    def __init__(self, inputs: Sequence[str], folded: bool = True) -> None:
        self.folded = folded
        self.inputs = {name: Ref(i) for i, name in enumerate(inputs)}
        self.steps: list[Step] = []
        self.known: dict[Step, Ref] = {}
        #: The values that the user named, which stay stages of their own.
        self.named: set[Operand] = set()

    def append(self, step: Step) -> Ref:
        """Return the value of `step`, adding it if it is new."""
        ref = self.known.get(step)
        if ref is None:
            ref = Ref(len(self.inputs) + len(self.steps))
            self.known[step] = ref
            self.steps.append(step)
        return ref

    def made(self, value: Operand) -> Step | None:
        """Return the step that makes a value, unless the user named it; None for an input or a constant."""
        place = value.index - len(self.inputs) if isinstance(value, Ref) else -1
        return self.steps[place] if place >= 0 and value not in self.named else None

    def result(self, value: Operand, others: Iterable[Ref]) -> Ref:
        """Return a value as a step that is none of the other results."""
        taken = {ref.index for ref in others}
        while (
            isinstance(value, Const)
            or value.index < len(self.inputs)
            or value.index in taken
        ):
            value = self.append(Step("copy", (value,)))
        return value

    def program(self, before: Program, moved: Sequence[Operand]) -> Program:
        """Return the program `before` with these steps, where its values have become `moved`."""
        outputs: list[tuple[str, Ref]] = []
        for name, ref in before.outputs:
            others = (other for _, other in outputs)
            outputs.append((name, self.result(moved[ref.index], others)))
        given: dict[int, tuple[str, Ref, str]] = {}
        for text, ref, note in before.given:
            value = moved[ref.index]
            if isinstance(value, Ref) and value.index >= len(self.inputs):
                given.setdefault(value.index, (text, value, note))
        return drop_unused(
            replace(
                before,
                steps=tuple(self.steps),
                outputs=tuple(outputs),
                given=tuple(given.values()),
            )
        )

    def emit(self, op: str, *args: Operand) -> Operand:
        """Return `op(*args)` as a value or, for constants, a constant."""
        decided = decide(op, args)
        if decided is not None:
            return decided
        constants = [arg for arg in args if isinstance(arg, Const)]
        if len(constants) == len(args):
            folded = fold(op, *constants)
            exact = folded is not None and (
                op == "neg" or isinstance(folded.value, (Fraction, bool))
            )
            if folded is not None and (self.folded or exact):
                return folded
        return self.append(Step(op, args))


def decide(op: str, args: Sequence[Operand]) -> Operand | None:
    """Return what a choice or a condition comes to where a constant settles it, else None."""
    if op == "where":
        condition, first, second = args
        if isinstance(condition, Const):
            return first if condition.value else second
        return first if first == second else None
    if op == "heaviside" and isinstance(args[0], Const) and args[0].value == 0:
        return args[1]
    if op in ("and", "or"):
        for one, other in (args, args[::-1]):
            if isinstance(one, Const):
                return other if bool(one.value) == (op == "and") else one
        return args[0] if args[0] == args[1] else None
    if op == "not" and isinstance(args[0], Const):
        return Const(not args[0].value)
    return None


# Constants.


def fold_constants(program: Program) -> Program:
    """Fold the operations on constants of a program that was staged without.

    Raises:
        ZeroDivisionError, OverflowError: as the arithmetic does.
    """
    builder = Builder(program.inputs)
    moved: list[Operand] = [Ref(i) for i in range(len(program.inputs))]

    def at(arg: Operand) -> Operand:
        return moved[arg.index] if isinstance(arg, Ref) else arg

    for step in program.steps:
        below = denominator(program, step)
        if below is not None and isinstance(at(below), Const):
            moved.append(quotient(builder, at(step.args[0]), at(below)))
        elif step.op in ("pow", "powr", "expb"):
            moved.append(_power(builder, *map(at, step.args)))
        elif step.precise:
            moved.append(builder.append(replace(step, args=tuple(map(at, step.args)))))
        else:
            moved.append(builder.emit(step.op, *map(at, step.args)))
    return builder.program(program, moved)


def fold(op: str, *args: Const) -> Const | None:
    """Return `op(*args)` as one constant; None where it is large enough to deserve a stage of its own.

    Rational arithmetic is exact, arithmetic with a double is double arithmetic; all else stays an expression, so that the
    reader sees `math.sqrt(2.0 * math.pi)` and not its digits.

    Raises:
        ZeroDivisionError, OverflowError: as the arithmetic does.
    """
    if op == "neg" and args[0].value == "neg":
        return args[0].args[0]
    if OPS[op].boolean:
        return _compare(op, *args)
    numbers = [a.value for a in args if not isinstance(a.value, str)]
    if op == "gamma" and isinstance(args[0].value, Fraction):
        value = args[0].value
        if value >= _LARGEST_GAMMA:
            raise OverflowError
        if value.denominator == 1 and value > 0:
            return Const(Fraction(math.factorial(int(value) - 1)))
    if OPS[op].rational and len(numbers) == len(args):
        return Const(_arithmetic(op, numbers))
    if sum(map(_operations, args)) >= _INLINE_OPERATIONS:
        return None
    return Const(op, tuple(args))


def _compare(op: str, *args: Const) -> Const | None:
    """Compare two constants in double precision, as the module would; None where a value is not known here."""
    try:
        values = [evaluate(arg) for arg in args]
    except (ArithmeticError, ValueError):
        return None
    if any(map(math.isnan, values)):
        return None
    return Const(bool(OPS[op].node(*map(sp.Float, values))))


def _operations(const: Const) -> int:
    return 1 + sum(map(_operations, const.args)) if const.args else 0


def _arithmetic(op: str, numbers: list[Fraction | float]) -> Fraction | float:
    bits = max(
        (
            max(x.numerator.bit_length(), x.denominator.bit_length())
            if isinstance(x, Fraction)
            else 0
        )
        for x in numbers
    )
    if op == "powi":
        bits *= abs(int(numbers[1]))
    if bits > _EXACT_BITS and op == "powi":
        # Exact powers would need too many digits: as in 9**9**9.
        result = float(numbers[0]) ** int(numbers[1])
    else:
        result = OPS[op].node(*numbers)
    as_float = float(result)
    vanished = (
        as_float == 0 and op in ("mul", "div", "sqr", "powi", "inv") and all(numbers)
    )
    if not math.isfinite(as_float) or vanished:
        raise OverflowError
    if (
        isinstance(result, Fraction)
        and max(result.numerator.bit_length(), result.denominator.bit_length())
        > _EXACT_BITS
    ):
        return as_float
    return result


def number(value: sp.Basic) -> Const | None:
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
        return Const(exact if bits <= _LITERAL_BITS else as_float)
    if isinstance(value, sp.Float):
        as_float = float(value)
        if math.isinf(as_float) or (value and not as_float):
            raise OverflowError
        return None if math.isnan(as_float) else Const(as_float)
    return Const(_NAMED[value]) if value in _NAMED else None


# Expressions.


def _build(
    formula: Formula, builder: Builder, root: sp.Basic, done: ByNode[Operand]
) -> Operand:
    """Walk a tree without recursion, operands first and left to right, each shared node once."""
    plans: ByNode[_Plan] = ByNode()
    todo = [root]
    while todo:
        node = todo[-1]
        if node in done:
            todo.pop()
            continue
        try:
            plan = plans.get(node)
            if plan is None:
                plan = plans[node] = _plan(node, builder)
                todo.extend(
                    child for child in reversed(plan.children) if child not in done
                )
                continue
            todo.pop()
            done[node] = plan.combine(*(done[child] for child in plan.children))
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

    def __init__(self, combine: Callable[..., Operand], *children: sp.Basic) -> None:
        self.combine = combine
        self.children = children


def _plan(node: sp.Basic, builder: Builder) -> _Plan:
    emit = builder.emit
    if isinstance(node, sp.Symbol):
        return _Plan(lambda: builder.inputs[python_name(node.name)])
    if isinstance(node, sp.Add):
        return _plan_sum(node, builder)
    if isinstance(node, sp.Mul):
        return _plan_product(node, builder)
    if isinstance(node, sp.Pow):
        return _Plan(lambda base, exponent: _power(builder, base, exponent), *node.args)
    if isinstance(node, sp.Piecewise):
        return _plan_choice(node, builder)
    if isinstance(node, BooleanAtom):
        return _Plan(lambda: Const(bool(node)))
    key = node.func.__name__ if isinstance(node, AppliedUndef) else ""
    if key in OPS.own:
        return _Plan(lambda *args: emit(key, *args), *node.args)
    row = BY_NODE.get(type(node))
    if row is not None and row.variadic:
        return _Plan(
            lambda *args: reduce(lambda a, b: emit(row.name, a, b), args), *node.args
        )
    if row is not None:
        return _Plan(lambda *args: _function(builder, row, *args), *node.args)
    if type(node).__name__ in COMPOSITIONS:
        written = written_out(COMPOSITIONS[type(node).__name__], node.args)
        return _Plan(lambda value: value, written)
    if node.is_Atom:
        constant = number(node)
        if constant is not None:
            return _Plan(lambda: constant)
        if node is sp.I:
            raise GradgenError(
                "`I` is the imaginary unit; complex numbers are not supported"
            )
        raise GradgenError(
            f"`{node}` is not supported; constants are finite real numbers, pi and E"
        )
    raise GradgenError(f"there is no operation `{type(node).__name__}`")


def _function(builder: Builder, row: Op, *args: Operand) -> Operand:
    """A function of the table, with the number of arguments and the whole constants that the table asks for."""
    if len(args) != row.arity:
        raise GradgenError(f"{row.name} of {len(args)} arguments is not supported")
    for place in row.whole:
        arg = args[place]
        value = arg.value if isinstance(arg, Const) else None
        if not isinstance(value, Fraction) or value.denominator != 1:
            raise GradgenError(f"the order of {row.name} must be a whole number")
    if row.name == "polygamma" and args[0] in _LOW_ORDERS:
        return builder.emit(_LOW_ORDERS[args[0]], args[1])
    return builder.emit(row.name, *args)


def _plan_choice(node: sp.Piecewise, builder: Builder) -> _Plan:
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

    def combine(*operands: Operand) -> Operand:
        *before, _, last = operands
        while before:
            *before, condition, value = before
            last = builder.emit("where", condition, value, last)
        return last

    return _Plan(combine, *(part for piece in pieces for part in piece))


def _negated(term: sp.Basic) -> sp.Basic | None:
    """Return t where the term is -t, or None."""
    if _is_negative(term):
        return -term
    if isinstance(term, sp.Mul) and len(term.args) > 1 and _is_negative(term.args[0]):
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


def _plan_sum(node: sp.Add, builder: Builder) -> _Plan:
    """a + b + (-1)*c is the author's (a + b) - c."""
    positives = [None, *map(_negated, node.args[1:])]

    def combine(first: Operand, *rest: Operand) -> Operand:
        total = first
        for term, positive in zip(rest, positives[1:]):
            total = builder.emit("add" if positive is None else "sub", total, term)
        return total

    return _Plan(
        combine, *(p if p is not None else a for a, p in zip(node.args, positives))
    )


def _plan_product(node: sp.Mul, builder: Builder) -> _Plan:
    """Products and, where a factor is b**(-1), the author's quotients."""
    emit = builder.emit
    args = node.args
    if args[0] == sp.S.NegativeOne:
        rest = args[1] if len(args) == 2 else unevaluated(sp.Mul, *args[1:])
        return _Plan(lambda value: emit("neg", value), rest)
    if len(args) == 2:
        left, right = args
        for other, factor in ((left, right), (right, left)):
            under = _denominator(factor)
            if under is not None and (other is left or not other.is_Number):
                return _Plan(lambda a, b: quotient(builder, a, b), other, under)
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
    return _Plan(lambda a, b: quotient(builder, a, b), _product(above), _product(below))


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


def quotient(builder: Builder, above: Operand, below: Operand) -> Operand:
    """n/d is n * (1/d), which recognition looks for; by a constant it is one exact division, and 1/u**n is u**(-n)."""
    step = builder.made(below)
    if above == _ONE and step is not None and step.op in ("sqr", "powi"):
        exponent = step.args[1] if step.op == "powi" else Const(Fraction(2))
        assert isinstance(exponent, Const)
        return _power(builder, step.args[0], Const(-Fraction(exponent.value)))
    if isinstance(below, Const):
        if below.value == 0:
            raise ZeroDivisionError
        return (
            builder.emit("inv", below)
            if above == _ONE
            else builder.emit("div", above, below)
        )
    inverse = builder.emit("inv", below)
    return inverse if above == _ONE else builder.emit("mul", above, inverse)


def _power(builder: Builder, base: Operand, exponent: Operand) -> Operand:
    """A power by the kind of its exponent: each kind has its own row, because each has its own accurate spelling."""
    emit = builder.emit
    if not isinstance(exponent, Const):
        return emit("expb" if isinstance(base, Const) else "pow", base, exponent)
    value = exponent.value
    if isinstance(value, str):
        # What an exponent such as sqrt(2) comes to is not looked at: its text is the one for any exponent.
        return emit("pow" if exponent.args else "powr", base, exponent)
    if value == 0:
        return _ONE
    if value == 1:
        return base
    if value == Fraction(1, 2):
        return emit("sqrt", base)
    if value < 0 and isinstance(base, Const) and base.value == 0:
        raise ZeroDivisionError
    if value in (-1, Fraction(-1, 2)) or (
        value < -_LARGEST_POWER and value == int(value)
    ):
        return emit("inv", _power(builder, base, Const(-value)))
    if value == 2:
        return emit("sqr", base)
    if value == int(value) and (
        -_LARGEST_POWER <= value <= _LARGEST_POWER
        or (isinstance(base, Const) and not isinstance(base.value, str))
    ):
        return emit("powi", base, Const(Fraction(int(value))))
    return emit("powr", base, exponent)
