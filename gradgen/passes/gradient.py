"""A program in; the same program with the ways that its gradient goes, in reverse, out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, reduce
from typing import NamedTuple

from gradgen.core.build import Steps, steps_of
from gradgen.core.derive import SUMS
from gradgen.core.notation import Make, term
from gradgen.core.program import Guard, Program, Step, Way
from gradgen.core.tidy import Tidy
from gradgen.errors import GradgenError
from gradgen.passes.check import verify
from gradgen.passes.facts import Facts, rowwise
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
    uses.update(arg for value in program.lines for arg in program.steps[value].args)
    for value in program.lines:
        step = program.steps[value]
        if active.isdisjoint(step.args) or _is_one(step):
            continue
        moves_by = program.rows[step.op].moves_by
        for place, arg in enumerate(step.args):
            if arg in active and moves_by(place):
                active.add(value)
                break

    found = []
    past = _Past(program, uses, active)
    for source in reversed(program.lines):
        if source not in received or source not in active:
            continue
        row = program.rows[program.steps[source].op]
        for way in past.ways(source):
            place, into = way.place, way.into
            if into not in active or not (way.below or row.moves_by(place)):
                continue
            if not way.below and row.adjoints[place] is None:
                raise _no_partial(row.name, place)
            found.append(way)
            received.add(into)
    return verify(replace(program, ways=tuple(found)), known)


def _is_one(step: Step) -> bool:
    """Whether a step is x/x, whose slope is 0."""
    return step.op == "div" and step.args[0] == step.args[1]


#: What grows as a root, a factor or a divisor does.
_ROOTS, _PRODUCTS = ("sqrt", "cbrt"), ("mul", "div")
#: Where the operand stands past which a gradient may go.
_UNDER = {"div": 1, "inv": 0, "log": 0}
#: The powers, of whose logarithms the slope is a number over the base.
_POWERS = ("sqr", "powi", "powr", "pow", "inv", *_ROOTS)
#: The slopes of their logarithms share a quotient.
_NORMS = ("hypot", "hypot3")
#: So many operations of a term a gradient goes past.
_DEEPEST = 2
#: The size beyond which squares have no double.
_SQUARED = 154


class _Past:
    """The ways from quotients past their denominators.

    There the slope is a multiple of the quotient over a factor, or of what a term is in a sum: that has a double wherever the slope has
    one, and the square of the denominator, on the way, need not have one. So it is of the logarithm of a product, a quotient or
    a power, whose slope by a factor is 1 over it.
    """

    def __init__(self, program: Program, uses: Counter[int], active: set[int]) -> None:
        self.program = program
        self.uses = uses
        self.active = active
        self.facts = Facts(program)
        kept = {v for _, v, _ in program.given} | {v for _, v in program.outputs}
        products = [step for step in program.steps if step.op == "mul"]
        #: The reciprocals that stand for an outermost quotient at full length.
        self.shown = {step.args[1] for step in products} - kept

    @cached_property
    def steep(self) -> _Steep:
        return _steep(self.facts, self.active)

    def ways(self, source: int) -> Iterator[Way]:
        """Yield the ways from a step, each to what it reads or to what a denominator is made of."""
        step = self.program.steps[source]
        under = _UNDER.get(step.op)
        for place, arg in enumerate(step.args):
            way = Way(source, place, arg)
            if place == under and self._is_passed(source, arg):
                yield from self._past(way)
            elif place == 0 and self._is_reciprocal(step) and self._opens(arg):
                yield from self._past(way._replace(below=(source,), taken=True))
            else:
                yield way

    def _past(self, way: Way) -> Iterator[Way]:
        """Yield the ways past what a way leads into."""
        source, steps = way.source, self.program.steps
        todo = [way]
        while todo:
            way = todo.pop()
            op, args, *_ = steps[way.into]
            below = (*way.below, way.into)
            sums = [steps[value].op in SUMS for value in way.below]
            factor = op in _PRODUCTS and not any(sums)
            whole = factor or (op in SUMS and sums[-1:] == [True])
            # Below a fraction bar the sign is another.
            turns = op == "sub" or (op == "div" and factor and bool(sums))
            for place, arg in enumerate(args):
                taken = way.taken != (turns and place == 1)
                inner = Way(source, place, arg, below, taken)
                if self._goes_on(inner, sums):
                    todo.append(inner._replace(below=way.below) if whole else inner)
                else:
                    yield inner

    def _goes_on(self, way: Way, sums: list[bool]) -> bool:
        """Whether a gradient goes past the value that a way leads into, too."""
        steps, arg = self.program.steps, way.into
        op, alone = steps[way.below[-1]].op, self.uses[arg] == 1
        single = len(self.program.variables(arg)) == 1
        log, power = steps[way.source].op == "log", op in _POWERS and way.place == 0
        if op in SUMS:
            # Of a sum that others read, too, the terms would be gone to once for each.
            again = steps[arg].op not in SUMS and (single or arg in self.steep.growing)
            return self._is_steep(arg) and (alone or again)
        if any(sums):  # of a term, a factor of a factor
            near = len(sums) - sums.index(True) - sum(sums) < _DEEPEST
            alone = alone or single
            inner = (power or op in _PRODUCTS) and steps[arg].op not in SUMS
            return near and alone and inner and self._is_steep(arg)
        if power or sums:
            return alone and not log and op != "div" and self._opens(arg)
        above = op == "mul" or (op == "div" and log and way.place == 0)
        return above and alone and self._is_passed(way.source, arg)

    def _is_passed(self, source: int, value: int) -> bool:
        """Whether the gradient of a quotient or a logarithm goes past this value; of several factors only if nothing else reads it."""
        program, step = self.program, self.program.steps[value]
        if value in program.constants or step.op == "input":
            return False
        log, alone = program.steps[source].op == "log", self.uses[value] == 1
        if step.op in (*SUMS, *_ROOTS):
            inner = value if step.op in SUMS else step.args[0]
            shown = program.steps[source].op == "inv" and source in self.shown
            return not (log or shown) and alone and self._opens(inner)
        if log and (not alone or step.op in _NORMS):
            return False
        several = len(program.variables(value)) > 1
        return bool(program.rows[step.op].over) and not (several and not alone)

    def _opens(self, value: int) -> bool:
        """Whether a gradient goes past this sum or product under a power, too."""
        inner = self.program.steps[value].op in (*SUMS, *_PRODUCTS)
        return inner and self.uses[value] == 1 and self._is_steep(value)

    def _is_steep(self, value: int) -> bool:
        is_sum = self.program.steps[value].op in SUMS
        return value in (self.steep.sums if is_sum else self.steep.terms)

    def _is_reciprocal(self, step: Step) -> bool:
        """Whether a step is a power that may be below 0, and whose base is not 0."""
        above = step.op == "pow" and self.facts.signs[step.args[0]] == "+"
        return above or (
            step.op in ("powi", "powr") and self.facts.number(step.args[1]) < 0
        )


class _Steep(NamedTuple):
    """Values whose slopes have no size of theirs.

    Attributes:
        terms: powers, exponentials, products and the like.
        growing: those for which a gradient goes past a sum, whatever its other terms are: neither products of plain values nor powers
            of sums, but sums and products with such a term.
        sums: the sums past which it goes: for one that grows, or as all terms are powers and products of inputs and sums.
    """

    terms: set[int]
    growing: set[int]
    sums: set[int]


def _steep(facts: Facts, active: Container[int]) -> _Steep:
    """Return the values of a program whose slopes have no size of theirs, of those whose gradient is asked."""
    program, found = facts.program, _Steep(set(), set(), set())
    #: What has an infinite slope somewhere: where its gradient is 0 all the same is another pass's question.
    infinite: set[int] = set()
    #: Inputs, sums and their products; and the terms of sums that are passed if all are such.
    simple, plain = {*program.signature}, set[int]()
    for value in program.lines:
        step = program.steps[value]
        moving = [arg for arg in program.variables(value) if arg in active]
        places = [place for place, arg in enumerate(step.args) if arg in moving]
        points = (point for place in places for point in facts.singular(step, place))
        if infinite.intersection(moving) or any(map(math.isfinite, points)):
            infinite.add(value)
        large = facts.sizes[value][1] > _SQUARED
        grows = large and not found.growing.isdisjoint(moving)
        if step.op in SUMS:
            simple.add(value)
            if grows or (large and plain.issuperset(moving)):
                found.sums.add(value)
                plain.add(value)
        elif value in infinite or not (program.rows[step.op].over and moving):
            continue
        elif step.op in _PRODUCTS:
            if grows or len(moving) > 1:
                found.terms.add(value)
            if simple.issuperset(moving) and step.op == "mul":
                simple.add(value)
            if simple.issuperset(moving) and len(moving) > 1:
                plain.add(value)
        else:
            of_sum = program.steps[step.args[0]].op in SUMS
            grows = large and not (step.op in _POWERS and of_sum)
            found.terms.add(value)
            plain.add(value)
        if grows:
            found.growing.add(value)
    return found


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
        named = step.args[1] in kept or (
            _is_shown(program, below, parts)
            and below not in _steep(Facts(program), range(len(program.steps))).sums
        )
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


def branch(program: Program, columns: Container[str] = ()) -> Program:
    """Give each way the branches in which it is evaluated: passing a gradient on needs none, as that is 0 outside already.

    Of what all rows of some columns share, no branch of one row tells; the gradient does.
    """
    guarded = any(step.guard for step in program.steps)
    if not (guarded or program.active or program.tested):
        return program
    steps = steps_of(program)
    make = Tidy(steps).make
    each = rowwise(program, columns)
    found = []
    for way in program.ways:
        if not _evaluates(program, way, steps):
            found.append(way)
            continue
        step = program.steps[way.source]
        branches = program.active.get(way.source, (step.guard,))
        told = (c in each for guard in branches for c, _ in guard)
        if way.source in program.tested or (way.source not in each and any(told)):
            found.append(way._replace(moving=True))
            continue
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
    if way.below:
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
