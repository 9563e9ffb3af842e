"""A program in; the same program with the ways that its gradient goes, in reverse, out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce

from gradgen.core.build import Steps, steps_of
from gradgen.core.notation import Make, term
from gradgen.core.program import Guard, Program, Step, Way
from gradgen.core.tidy import Tidy
from gradgen.errors import GradgenError
from gradgen.passes.check import verify
from gradgen.passes.moved import finish_from
from gradgen.passes.names import quotient_parts


def differentiate(program: Program, shown: bool = True) -> Program:
    """Add the ways: only what an asked input flows into, and what flows into the output, has one.

    Args:
        program: a program without ways.
        shown: whether the outermost quotient shows the chain rule at full length.

    Raises:
        GradgenError: an operation has no derivative that can be written down.
    """
    known = program
    program = _divide(program, shown)
    active = set(program.wrt)
    received = {value for _, value in program.outputs}
    uses = Counter(received)
    for value in program.lines:
        step = program.steps[value]
        moves_by = program.rows[step.op].moves_by
        for place, arg in enumerate(step.args):
            uses[arg] += 1
            if arg in active and moves_by(place) and not _is_one(step):
                active.add(value)

    found = []
    for source in reversed(program.lines):
        if source not in received or source not in active:
            continue
        row = program.rows[program.steps[source].op]
        for below, place, into in _ways(program, source, uses):
            if into not in active or not (below is not None or row.moves_by(place)):
                continue
            if below is None and row.adjoints[place] is None:
                raise _no_partial(row.name, place)
            found.append(Way(source, place, into, below))
            received.add(into)
    return verify(replace(program, ways=tuple(found)), known)


def _is_one(step: Step) -> bool:
    """Whether a step is x/x, whose slope is 0."""
    return step.op == "div" and step.args[0] == step.args[1]


def _ways(
    program: Program, source: int, uses: Counter[int]
) -> Iterator[tuple[int | None, int, int]]:
    """Yield what a step reads, each with its place; of a quotient's denominator that is a product or a power its factors.

    There the slope is a multiple of the quotient over the factor: that has a double wherever the slope has one, and the square
    of the denominator, on the way, need not have one. So it is of the logarithm of a product, a quotient or a power, whose slope
    by a factor is 1 over it.
    """
    step = program.steps[source]
    under = {"div": 1, "inv": 0, "log": 0}.get(step.op)
    for place, arg in enumerate(step.args):
        if place != under or not _is_passed(program, source, arg, uses):
            yield None, place, arg
            continue
        todo = [arg]
        while todo:
            below = todo.pop()
            inner = program.steps[below]
            for at, factor in enumerate(inner.args):
                # Below a fraction bar the sign is another.
                above = inner.op == "mul" or (inner.op, step.op, at) == _ABOVE
                alone = above and uses[factor] == 1
                if alone and _is_passed(program, source, factor, uses):
                    todo.append(factor)
                else:
                    yield below, at, factor


#: The slopes of their logarithms share a quotient.
_NORMS = ("hypot", "hypot3")
#: What a logarithm is of, and its numerator.
_ABOVE = ("div", "log", 0)


def _is_passed(program: Program, source: int, value: int, uses: Counter[int]) -> bool:
    """Whether the gradient of a quotient or a logarithm goes past this value; of several factors only if nothing else reads it."""
    step = program.steps[value]
    if value in program.constants or step.op == "input":
        return False
    if program.steps[source].op == "log" and (uses[value] > 1 or step.op in _NORMS):
        return False
    several = len(program.variables(value)) > 1
    return bool(program.rows[step.op].over) and not (several and uses[value] > 1)


def _divide(program: Program, shown: bool) -> Program:
    """Make n * (1/d) one exact division, but for the outermost quotient of two sums, which shows the chain rule at full length."""
    quotients = {}
    for value in program.lines:
        below = program.denominator(value)
        if below is not None and program.steps[value].op != "div":
            quotients[value] = below
    if not quotients:
        return program
    parts = quotient_parts(program) if shown else {}
    kept = {value for _, value, _ in program.given}
    kept |= {value for _, value in program.outputs}
    useful = _useful(program)
    divided = {}
    for value, below in quotients.items():
        step = program.steps[value]
        named = step.args[1] in kept or _is_shown(program, below, parts)
        if not (value in useful and named):
            divided[value] = step._replace(op="div", args=(step.args[0], below))
    if not divided:
        return program
    steps = Steps(program.rows)
    moved: dict[int, int] = {}
    for value, step in enumerate(program.steps):
        step = divided.get(value, step)
        args = tuple(moved[arg] for arg in step.args)
        guard = tuple((moved[condition], wanted) for condition, wanted in step.guard)
        moved[value] = steps.append(step._replace(args=args, guard=guard))
    return finish_from(program, steps, moved)


def _is_shown(program: Program, below: int, parts: Mapping[int, str]) -> bool:
    """Whether a denominator is that of the outermost quotient, and a sum of two stages as its numerator is a stage."""
    if parts.get(below) != "den":
        return False
    step, lines = program.steps[below], {*program.lines}
    sums = step.op in ("add", "sub") and lines.issuperset(step.args)
    return sums and "num" in parts.values()


def _useful(program: Program) -> set[int]:
    """Return the values that a gradient may reach: not those in conditions and under step functions alone."""
    used = {value for _, value in program.outputs}
    for value in reversed(program.lines):
        if value in used:
            step = program.steps[value]
            moves_by = program.rows[step.op].moves_by
            used.update(arg for i, arg in enumerate(step.args) if moves_by(i))
    return used


def _no_partial(op: str, place: int) -> GradgenError:
    which = ("first", "second", "third")[place]
    return GradgenError(
        f"the derivative of {op} by its {which} argument has no closed form; make that argument a constant, "
        "or leave its inputs out of the gradient (--wrt)"
    )


def branch(program: Program) -> Program:
    """Give each way the branches in which it is evaluated: passing a gradient on needs none, as that is 0 outside already."""
    guarded = any(step.guard for step in program.steps)
    if not (guarded or program.active or program.tested):
        return program
    steps = steps_of(program)
    make = Tidy(steps).make
    found = []
    for way in program.ways:
        if not _evaluates(program, way, steps):
            found.append(way)
            continue
        if way.source in program.tested:
            found.append(way._replace(moving=True))
            continue
        step = program.steps[way.source]
        branches = program.active.get(way.source, (step.guard,))
        if () not in branches:
            taken = [all_of(make, b) for b in branches]
            way = way._replace(branch=reduce(lambda a, b: make("or", a, b), taken))
        found.append(way)
    branched = replace(program, steps=tuple(steps.list), ways=tuple(found))
    return verify(branched, program)


def all_of(make: Make, guard: Guard) -> int:
    """Return the condition that a guard is."""
    parts = [v if wanted else make("not", v) for v, wanted in guard]
    return reduce(lambda a, b: make("and", a, b), parts)


def _evaluates(program: Program, way: Way, steps: Steps) -> bool:
    """Whether what flows is more than the gradient passed on, or scaled by what always has a value."""
    if way.below is not None:
        return True
    step = program.steps[way.source]
    row = program.rows[step.op]
    still = {
        param
        for place, (param, arg) in enumerate(zip(row.params, step.args))
        if place in row.truths or _is_safe(steps, arg)
    }
    todo = [term(row.adjoints[way.place] or "d")]
    for at in todo:
        if at.op == "name" and at.data != "d" and at.data not in still:
            return True
        if at.op not in ("name", "const", "mul", "div", "neg", "where"):
            return True
        todo += at.args
    return False


def _is_safe(steps: Steps, value: int) -> bool:
    """Whether a value is a constant that can be worked out and divided by in any branch: log(0) and sin(0) are not."""
    if steps[value].op == "const":
        return True
    if not steps.is_constant(value):
        return False
    number = steps.evaluate(value)
    return number != 0 and math.isfinite(number)
