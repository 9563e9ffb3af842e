"""A program in; the same program with its backward lines out, by the chain rule in reverse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.formula import CONSTANTS, Formula
from gradgen.ir import (
    Const,
    Flow,
    Operand,
    Program,
    Ref,
    Step,
    denominator,
    drop_unused,
    verify,
)
from gradgen.names import quotient_parts
from gradgen.ops import OPS
from gradgen.stage import Builder, stage


def differentiate(program: Program, shown: bool = True) -> Program:
    """Add the flows: only what an asked input flows into, and what flows into the output, gets a line.

    Args:
        program: a program without flows.
        shown: whether the outermost quotient shows the chain rule at full length.
    """
    program = _divide(program, shown)
    first = len(program.inputs)
    active = set(program.wrt)
    for position, step in enumerate(program.steps):
        moves_by = OPS[step.op].moves_by
        reached = any(
            isinstance(arg, Ref) and arg.index in active and moves_by(place)
            for place, arg in enumerate(step.args)
        )
        if reached and not _is_one(step):
            active.add(first + position)

    received = {ref.index for _, ref in program.outputs}
    uses = Counter(received)
    for step in program.steps:
        uses.update(arg.index for arg in step.args if isinstance(arg, Ref))
    flows = []
    for position in range(len(program.steps) - 1, -1, -1):
        source = first + position
        if source not in received or source not in active:
            continue
        for below, place, arg in _ways(program, position, uses):
            if isinstance(arg, Ref) and arg.index in active:
                op = program.steps[position].op
                if below is None and not OPS[op].moves_by(place):
                    continue
                if below is None and OPS[op].partials[place] is None:
                    raise _no_partial(op, place)
                added = arg.index in received
                flows.append(Flow(source, arg.index, place, added, below))
                received.add(arg.index)
    return verify(replace(program, flows=tuple(flows)))


def _is_one(step: Step) -> bool:
    """Whether a step is x/x, whose slope is 0."""
    return step.op == "div" and step.args[0] == step.args[1]


def _ways(
    program: Program, position: int, uses: Counter[int]
) -> Iterator[tuple[int | None, int, Operand]]:
    """Yield what a step reads, each with its place; of a quotient's denominator that is a product or a power its factors.

    There the slope is a multiple of the quotient over the factor: that has a double wherever the slope has one, and the square
    of the denominator, on the way, need not have one.
    """
    step = program.steps[position]
    places = {"div": 1, "inv": 0}
    for place, arg in enumerate(step.args):
        if place != places.get(step.op) or not isinstance(arg, Ref):
            yield None, place, arg
            continue
        inner = program.step(arg.index)
        if inner is None or not _is_factored(inner, arg, uses):
            yield None, place, arg
            continue
        todo: list[tuple[Ref, Step]] = [(arg, inner)]
        while todo:
            value, inner = todo.pop()
            for place, factor in enumerate(inner.args):
                deeper = program.step(factor.index) if isinstance(factor, Ref) else None
                if (
                    isinstance(factor, Ref)
                    and deeper is not None
                    and inner.op == "mul"
                    and uses[factor.index] == 1
                    and _is_factored(deeper, factor, uses)
                ):
                    todo.append((factor, deeper))
                else:
                    yield value.index, place, factor


def _is_factored(step: Step, value: Ref, uses: Counter[int]) -> bool:
    """Whether the gradient of a quotient goes past this value, its denominator; of several factors only if nothing else reads it."""
    several = sum(isinstance(arg, Ref) for arg in step.args) > 1
    return bool(OPS[step.op].over_partials) and not (several and uses[value.index] > 1)


def _divide(program: Program, shown: bool) -> Program:
    """Make n * (1/d) one exact division, but for the outermost quotient of two sums, which shows the chain rule at full length."""
    parts = quotient_parts(program) if shown else {}
    kept = {ref.index for _, ref, _ in program.given}
    kept |= {ref.index for _, ref in program.outputs}
    steps = list(program.steps)
    useful = _useful(program)
    for position, step in enumerate(program.steps):
        below = denominator(program, step)
        if below is None or step.op == "div":
            continue
        assert isinstance(step.args[1], Ref)
        value = program.value(position)
        if value in useful and (
            step.args[1].index in kept or _is_shown(program, below, parts)
        ):
            continue
        steps[position] = replace(step, op="div", args=(step.args[0], below))
    if tuple(steps) == program.steps:
        return program
    return drop_unused(replace(program, steps=tuple(steps)))


def _is_shown(program: Program, below: Operand, parts: Mapping[int, str]) -> bool:
    """Whether a denominator is that of the outermost quotient, and a sum of two stages as its numerator is a stage."""
    if not isinstance(below, Ref) or parts.get(below.index) != "den":
        return False
    step = program.step(below.index)
    assert step is not None
    computed = all(isinstance(a, Ref) and program.step(a.index) for a in step.args)
    return step.op in ("add", "sub") and computed and "num" in parts.values()


def _useful(program: Program) -> set[int]:
    """Return the values that a gradient may reach: not those in conditions and under step functions alone."""
    used = {ref.index for _, ref in program.outputs}
    for position in range(len(program.steps) - 1, -1, -1):
        step, row = program.steps[position], OPS[program.steps[position].op]
        if program.value(position) in used:
            used.update(
                arg.index
                for place, arg in enumerate(step.args)
                if isinstance(arg, Ref) and row.moves_by(place)
            )
    return used


def _no_partial(op: str, place: int) -> GradgenError:
    which = ("first", "second", "third")[place]
    return GradgenError(
        f"the derivative of {op} by its {which} argument has no closed form; make that argument a constant, "
        "or leave its inputs out of the gradient (--wrt)"
    )


#: The inputs of a partial's own program: the operation's value, then its arguments.
OUT = "out"
ARGS = ("a", "b", "c")


def partial(op: str, position: int, operands: Sequence[Operand]) -> Program:
    """Return the partial derivative of `op` by its argument at `position`, itself staged as a program.

    Its inputs are the operation's own value (`OUT`) and, named by place, its arguments (`ARGS`). Constant arguments are
    filled in and folded.
    """
    constants = tuple(arg if isinstance(arg, Const) else None for arg in operands)
    formative = _formative(op)
    general = _partial(
        op,
        position,
        tuple(c if i in formative else None for i, c in enumerate(constants)),
    )

    builder = Builder(general.inputs)
    values: list[Operand] = [
        Ref(0),
        *(const or Ref(i + 1) for i, const in enumerate(constants)),
    ]
    for step in general.steps:
        args = [values[a.index] if isinstance(a, Ref) else a for a in step.args]
        if step.op == "mul" and Const(Fraction(1)) in args:
            values.append(args[1] if args[0] == Const(Fraction(1)) else args[0])
        else:
            values.append(builder.emit(step.op, *args))
    root = values[general.outputs[0][1].index]
    if isinstance(root, Const) or root.index < len(general.inputs):
        root = builder.append(Step("copy", (root,)))
    return drop_unused(
        replace(general, steps=tuple(builder.steps), outputs=(("partial", root),))
    )


def _formative(op: str) -> set[int]:
    """Return the places of the arguments on whose values the form of a partial depends."""
    row = OPS[op]
    return {row.arity - 1} if row.exponent else set(row.whole)


def partial_reads(op: str, position: int) -> frozenset[int]:
    """Return the places of the arguments that a partial derivative depends on, in value or in form."""
    row = OPS[op]
    if _formative(op):
        return frozenset(range(row.arity))
    steps = _partial(op, position, (None,) * row.arity).steps
    read = (arg.index - 1 for s in steps for arg in s.args if isinstance(arg, Ref))
    return frozenset(place for place in read if 0 <= place < row.arity)


@cache
def _partial(op: str, position: int, given: tuple[Const | None, ...]) -> Program:
    """Stage a row's partial over symbols, but for the constants on whose value its form depends."""
    symbols = [sp.Symbol(name) for name in (OUT, *ARGS[: OPS[op].arity])]
    args = [
        symbol if const is None else to_sympy(const)
        for symbol, const in zip(symbols, (None, *given))
    ]
    with sp.evaluate(False):
        rule = OPS[op].partials[position]
        assert rule is not None
        expr = rule(*args)
    return stage(Formula("", expr), inputs=[s.name for s in symbols], name="partial")


def to_sympy(const: Const) -> sp.Expr:
    """Return a constant as an exact SymPy number or unevaluated expression."""
    value = const.value
    if isinstance(value, float):
        return sp.Float(value)
    if not isinstance(value, str):
        return sp.Rational(value.numerator, value.denominator)
    if not const.args:
        return CONSTANTS["E" if value == "e" else value]
    with sp.evaluate(False):
        return OPS[value].node(*map(to_sympy, const.args))
