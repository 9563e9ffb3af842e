"""A program in; the same program out, its signs in front of products as on paper: -r*T is -(r*T), and x + -y*z is x - y*z."""

from __future__ import annotations

from collections import Counter

from gradgen.core.build import Steps
from gradgen.core.program import Program, Step
from gradgen.passes.check import verify
from gradgen.passes.moved import finish_from

#: Gradients go past products that these read, straight to the factors.
_PASSED = ("inv", "log", "sqr", "powi", "powr")


def outward(program: Program) -> Program:
    """Move each sign that one product or quotient alone reads in front of it, unless the user named either or a gradient goes past it.

    No digit changes. The gradient then goes on to `r*T`, without a sign by each factor.
    """
    if all(step.op != "neg" for step in program.steps):
        return program
    uses = Counter(arg for step in program.steps for arg in step.args)
    under = {a for step in program.steps if step.op in _PASSED for a in step.args}
    under |= {step.args[1] for step in program.steps if step.op == "div"}
    kept = {value for _, value, _ in program.given}
    kept |= {value for _, value in program.outputs}
    kept |= under
    steps = Steps(program.rows)
    moved: dict[int, int] = {}
    #: What may lose its sign, and what it is without.
    bare: dict[int, int] = {}
    for value, step in enumerate(program.steps):
        args = tuple([moved[arg] for arg in step.args])
        moved[value] = _made(steps, step._replace(args=args), bare, value in kept)
        if value in kept or uses[value] > 1:
            bare.pop(moved[value], None)
    return verify(finish_from(program, steps, moved), program)


def _made(steps: Steps, step: Step, bare: dict[int, int], kept: bool) -> int:
    """Return a step whose operands' signs stand in front of it, where they may."""
    op, args = step.op, step.args
    signs = [bare.get(arg) for arg in args]
    if op == "neg" and not steps.is_constant(args[0]):
        if signs[0] is not None:
            return signs[0]
        return _negated(steps, args[0], bare)
    if op in ("mul", "div") and any(sign is not None for sign in signs) and not kept:
        inner = [a if sign is None else sign for a, sign in zip(args, signs)]
        made = steps.append(Step(op, tuple(inner)))
        return _negated(steps, made, bare) if None in signs else made
    one, other = signs if len(signs) == 2 else (None, None)
    if op == "add" and other is not None:
        return steps.append(Step("sub", (args[0], other)))
    if op == "add" and one is not None:
        return steps.append(Step("sub", (args[1], one)))
    if op == "sub" and other is not None:
        return steps.append(Step("add", (args[0], other)))
    return steps.append(step)


def _negated(steps: Steps, value: int, bare: dict[int, int]) -> int:
    made = steps.append(Step("neg", (value,)))
    bare[made] = value
    return made
