"""A program in; the same program with its backward lines out, by the chain rule in reverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.formula import CONSTANTS, Formula
from gradgen.ir import (
    OVER,
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
    program = _divide_outright(program)
    first = len(program.inputs)
    active = set(program.wrt)
    for position, step in enumerate(program.steps):
        reached = any(isinstance(a, Ref) and a.index in active for a in step.args)
        if reached and not OPS[step.op].flat:
            active.add(first + position)

    received = {ref.index for _, ref in program.outputs}
    quotients = _quotients(program, shown)
    flows = []
    for position in range(len(program.steps) - 1, -1, -1):
        source = first + position
        if source not in received or source not in active:
            continue
        for place, arg in enumerate(program.steps[position].args):
            if place and source in quotients:
                place, arg = OVER, quotients[source]
            if isinstance(arg, Ref) and arg.index in active:
                partials = OPS[program.steps[position].op].partials
                if place != OVER and partials[place] is None:
                    raise _no_partial(program.steps[position].op, place)
                flows.append(
                    Flow(source, arg.index, place, accumulate=arg.index in received)
                )
                received.add(arg.index)
    return verify(replace(program, flows=tuple(flows)))


def _quotients(program: Program, shown: bool) -> dict[int, Operand]:
    """Return the denominators of the quotients n * (1/d) whose gradient goes straight to d, by the quotient's value.

    d(n/d)/dd = -(n/d)/d needs no gradient of 1/d, if nothing else reads that. The outermost quotient keeps it: there the
    backward pass shows the chain rule at full length.
    """
    parts = quotient_parts(program) if shown else {}
    found = {}
    others = {ref.index for _, ref in program.outputs}
    for position, step in enumerate(program.steps):
        below = denominator(program, step)
        if isinstance(below, Ref) and parts.get(below.index) != "den":
            found[program.value(position)] = below
            others |= {arg.index for arg in step.args[:1] if isinstance(arg, Ref)}
        else:
            others |= {arg.index for arg in step.args if isinstance(arg, Ref)}
    return {
        value: below
        for value, below in found.items()
        if program.steps[value - len(program.inputs)].args[1].index not in others  # type: ignore[union-attr]
    }


def _divide_outright(program: Program) -> Program:
    """Make n * (1/d) one exact division where no gradient can use 1/d: in a condition and under a step function."""
    used = {ref.index for _, ref in program.outputs}
    steps = list(program.steps)
    for position in range(len(steps) - 1, -1, -1):
        step, row = steps[position], OPS[steps[position].op]
        if program.value(position) in used:
            if not row.flat:
                used.update(
                    arg.index
                    for place, arg in enumerate(step.args)
                    if isinstance(arg, Ref) and place not in row.truths
                )
        else:
            below = denominator(program, step)
            if below is not None:
                steps[position] = replace(step, op="div", args=(step.args[0], below))
    if tuple(steps) == program.steps:
        return program
    return drop_unused(replace(program, steps=tuple(steps)))


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
    row = OPS[op]
    formative = {row.arity - 1} if row.exponent else set(row.whole)
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
