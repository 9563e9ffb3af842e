"""The program that every stage reads and returns: what it may hold, how it is checked, and how it prints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from gradgen.ops import NAMED, OPS


@dataclass(frozen=True, slots=True)
class Ref:
    """A value by index: the inputs come first, then one value for each step."""

    index: int

    def __hash__(self) -> int:
        """The index: values are looked up more often than anything else."""
        return self.index


@dataclass(frozen=True, slots=True)
class Const:
    """A constant: an exact number, a double, a truth value, a named constant (`pi`, `e`), or an operation on constants (then with `args`)."""

    value: Fraction | float | bool | str
    args: tuple[Const, ...] = ()


#: What a step reads.
Operand = Ref | Const


#: The branch that a step belongs to: the conditions by index, each with the truth value that it must have.
Guard: TypeAlias = "tuple[tuple[int, bool], ...]"


@dataclass(frozen=True, slots=True)
class Step:
    """One forward line.

    Attributes:
        op: the operation.
        args: what it reads.
        guard: outside it the value is 0, or False, and not evaluated.
        active: the branches through which a gradient can reach it, if it is evaluated in more than these, as for a condition.
        tested: whether that is told by the gradient itself, which is 0 outside these branches: they are many, or depend on others.
        precise: whether its slope is right to its own size, as that of the naive form is in whose place it stands.
    """

    op: str
    args: tuple[Operand, ...]
    guard: Guard = ()
    active: tuple[Guard, ...] = ()
    tested: bool = False
    precise: bool = False


#: In a test of a backward line, the gradient that comes down to it.
UPSTREAM = -1


@dataclass(frozen=True, slots=True)
class Test:
    """What a backward line asks of a value: that it differs from a number or another value, or that a condition is so.

    With `same`, that it does not differ.
    """

    __test__ = False

    value: int
    other: Operand | bool
    same: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """One backward line: `d[into] = (or +=) partial * d[source]`.

    `partial` says which of the source operation's partials, by argument position. With `below`, a step of the source's
    denominator, the gradient goes straight to the argument of that step: d(n/u**2)/du = -2*(n/u**2)/u. With `alive`, the
    line is 0 unless at least one test of each group holds.
    """

    source: int
    into: int
    partial: int
    accumulate: bool
    below: int | None = None
    alive: tuple[tuple[Test, ...], ...] = ()


def asked(
    step: Step, flow: Flow, upstream: bool
) -> tuple[tuple[Guard, ...], tuple[tuple[Test, ...], ...]]:
    """Return in which branches a backward line is evaluated, and the tests that must hold.

    Args:
        step: the step that the line answers.
        flow: the line.
        upstream: whether the gradient that comes down to it has a name, or is 1.
    """
    if step.tested and upstream:
        moving = (Test(UPSTREAM, Const(Fraction(0))),)
        return ((),), tuple(dict.fromkeys((*flow.alive, moving)))
    return step.active or (step.guard,), flow.alive


@dataclass(frozen=True, slots=True)
class Program:
    """A formula on its way from steps to text.

    Attributes:
        inputs: the inputs' names as the user wrote them, in signature order.
        steps: the forward lines, in order.
        outputs: the values returned, with their requested names.
        wrt: the inputs whose gradient is returned, in that order.
        given: the values that the user named, each with its comment.
        flows: the backward lines, in order; empty before `differentiate`.
        names: one name per value; empty before `name`.
        adjoints: one gradient name per value; empty before `name`.
    """

    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, Ref], ...]
    wrt: tuple[int, ...]
    given: tuple[tuple[str, Ref, str], ...] = ()
    flows: tuple[Flow, ...] = ()
    names: tuple[str, ...] = ()
    adjoints: tuple[str, ...] = ()

    def value(self, step: int) -> int:
        """Return the value index of the step at `step`."""
        return len(self.inputs) + step

    def step(self, value: int) -> Step | None:
        """Return the step that makes `value`, or None for an input."""
        position = value - len(self.inputs)
        return self.steps[position] if position >= 0 else None

    def __str__(self) -> str:
        """A readable dump: one line per input, step, output and flow."""
        names = self.names or tuple(
            f"%{i}" for i in range(len(self.inputs) + len(self.steps))
        )
        adjoints = self.adjoints or tuple(f"d{n}" for n in names)
        lines = [f"input {names[i]}  # {text}" for i, text in enumerate(self.inputs)]
        for position, step in enumerate(self.steps):
            args = ", ".join(
                names[a.index] if isinstance(a, Ref) else show_const(a)
                for a in step.args
            )
            guard = " and ".join(
                names[i] if wanted else f"not {names[i]}" for i, wanted in step.guard
            )
            guard = f" if {guard}" if guard else ""
            lines.append(
                f"{names[self.value(position)]} = {OPS[step.op].name}({args}){guard}"
            )
        lines += [f"output {text} = {names[ref.index]}" for text, ref in self.outputs]
        for flow in self.flows:
            sign = "+=" if flow.accumulate else "="
            step = self.steps[flow.source - len(self.inputs)]
            lines.append(
                f"{adjoints[flow.into]} {sign} d{OPS[step.op].name}[{flow.partial}] * {adjoints[flow.source]}"
            )
        return "\n".join(lines)


def show_const(const: Const) -> str:
    """Return a constant as a short, unambiguous text for dumps."""
    if const.args:
        return f"{const.value}({', '.join(map(show_const, const.args))})"
    return str(const.value)


def operations(item: Step | Const) -> Iterator[str]:
    """Yield the operations of a step and of the constants in it."""
    if isinstance(item, Step):
        yield item.op
    elif item.args:
        yield str(item.value)
    for arg in item.args:
        if isinstance(arg, Const):
            yield from operations(arg)


def named(item: Step | Const) -> Iterator[str]:
    """Yield the named constants that a step reads."""
    if isinstance(item, Const) and not item.args and isinstance(item.value, str):
        yield item.value
    for arg in item.args:
        if isinstance(arg, Const):
            yield from named(arg)


#: Functions of constants that are worked out by the standard library of every Python that gradgen runs on.
_MATH = [
    "sqrt",
    "hypot",
    "exp",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "erfc",
    "gamma",
    "lgamma",
]


def evaluate(const: Const) -> float:
    """Return a constant's value in double precision, nan where that is not known without running the module.

    Raises:
        ArithmeticError, ValueError: as the module will when it runs.
    """
    value = const.value
    if not isinstance(value, str):
        return float(value)
    if not const.args:
        return {"pi": math.pi, "e": math.e, **NAMED}[value]
    args = [evaluate(arg) for arg in const.args]
    if any(map(math.isnan, args)):
        return math.nan
    if value in ("powr", "expb", "pow"):
        return math.pow(*args)
    if OPS[value].rational:
        return float(OPS[value].node(*args))
    return float(getattr(math, value)(*args)) if value in _MATH else math.nan


def denominator(program: Program, step: Step) -> Operand | None:
    """Return d where the step is n/d or n * (1/d), else None."""
    if step.op == "div" and isinstance(step.args[1], Ref):
        return step.args[1]
    if step.op == "mul" and isinstance(step.args[1], Ref):
        inverse = program.step(step.args[1].index)
        if inverse is not None and inverse.op == "inv":
            return inverse.args[0]
    return None


def is_over(program: Program, flow: Flow) -> bool:
    """Whether a flow is that of n/d to d: -(n/d)/d."""
    step = program.step(flow.source)
    return (
        step is not None
        and step.op == "div"
        and flow.partial == 1
        and flow.below is None
    )


class ProgramError(AssertionError):
    """A program that breaks its own rules: a bug in gradgen, never the user's fault."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ProgramError(message)


def verify(program: Program) -> Program:
    """Return `program` if it keeps every rule of the representation, in linear time.

    Raises:
        ProgramError: a step reads a later value or has the wrong arity; a flow runs out of order, or accumulates where nothing
            was received or the other way round; a name is missing, illegal or given twice.
    """
    first = len(program.inputs)
    count = first + len(program.steps)
    truths = set()
    for position, step in enumerate(program.steps):
        if step.op not in OPS:
            raise ProgramError(f"step {position}: no operation {step.op}")
        row = OPS[step.op]
        if len(step.args) != row.arity:
            raise ProgramError(
                f"step {position}: {step.op} takes {row.arity} arguments"
            )
        for place, arg in enumerate(step.args):
            if isinstance(arg, Ref):
                if not 0 <= arg.index < first + position:
                    raise ProgramError(
                        f"step {position} reads the later value {arg.index}"
                    )
                if (arg.index in truths) != (place in row.truths):
                    raise ProgramError(
                        f"step {position}: a condition and a number are mixed up"
                    )
        for index, _ in step.guard:
            if index not in truths:
                raise ProgramError(
                    f"step {position}: the guard {index} is no earlier condition"
                )
        if row.boolean:
            truths.add(first + position)
    for step in program.steps:
        for index, _ in (literal for branch in step.active for literal in branch):
            if index not in truths:
                raise ProgramError(f"the gradient of {step} asks for no condition")
    _require(
        all(first <= ref.index < count for _, ref in program.outputs),
        "an output is no step",
    )
    _require(
        all(0 <= i < first for i in program.wrt), "a gradient is asked of no input"
    )

    received = {ref.index for _, ref in program.outputs}
    last = count
    for flow in program.flows:
        source = program.step(flow.source)
        _require(
            source is not None and flow.source <= last,
            "flows must run in reverse step order, from steps",
        )
        last = flow.source
        _require(
            flow.source in received, f"value {flow.source} flows before it has received"
        )
        assert source is not None
        reader = source if flow.below is None else program.step(flow.below)
        _require(
            reader is not None and reader.args[flow.partial] == Ref(flow.into),
            "a flow goes to what its step does not read",
        )
        _require(
            flow.accumulate == (flow.into in received),
            f"wrong accumulation into value {flow.into}",
        )
        received.add(flow.into)

    if program.names:
        names = (*program.names, *program.adjoints)
        _require(
            len(program.names) == len(program.adjoints) == count,
            "every value needs a name and a gradient name",
        )
        _require(len(set(names)) == len(names), "two values share a name")
        _require(all(n.isidentifier() for n in names), "a name is not an identifier")
    return program


def drop_unused(program: Program) -> Program:
    """Drop the steps that no output depends on."""
    first = len(program.inputs)
    used = {ref.index for _, ref in program.outputs}
    for position in range(len(program.steps) - 1, -1, -1):
        if first + position in used:
            step = program.steps[position]
            used.update(arg.index for arg in step.args if isinstance(arg, Ref))
            for branch in (step.guard, *step.active):
                used.update(index for index, _ in branch)
    # A branch of the gradient may be told by a condition that stands further on, and by all that makes it.
    for position in range(len(program.steps) - 1, -1, -1):
        if first + position in used:
            step = program.steps[position]
            used.update(arg.index for arg in step.args if isinstance(arg, Ref))
            used.update(index for index, _ in step.guard)
    places = {i: i for i in range(first)}
    for index in range(first, first + len(program.steps)):
        if index in used:
            places[index] = len(places)

    def moved(branch: Guard) -> Guard:
        return tuple((places[index], wanted) for index, wanted in branch)

    steps = tuple(
        replace(
            step,
            args=tuple(
                Ref(places[arg.index]) if isinstance(arg, Ref) else arg
                for arg in step.args
            ),
            guard=moved(step.guard),
            active=tuple(moved(branch) for branch in step.active),
        )
        for position, step in enumerate(program.steps)
        if first + position in used
    )
    return replace(
        program,
        steps=steps,
        outputs=tuple((name, Ref(places[ref.index])) for name, ref in program.outputs),
        given=tuple(
            (name, Ref(places[ref.index]), comment)
            for name, ref, comment in program.given
            if ref.index in places
        ),
    )
