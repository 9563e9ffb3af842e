"""The values of a program in; the ways in which each does not move, and those that hold it where it is steep, out: from below."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from gradgen.core.program import Program, Step, Way
from gradgen.passes.facts import ADDED, Facts
from gradgen.passes.flat.conditions import Test
from gradgen.passes.flat.near import HOLDING, exponent, power_of, value_of
from gradgen.passes.flat.reach import below

#: The most ways of being flat that are followed of one value, and the most tests of one way.
_WAYS, _TESTS = 4, 8


@dataclass(frozen=True)
class Flat:
    """A way in which a value does not move: where all these tests fail.

    Attributes:
        tests: what would let it move.
        value: what it is then; None if that is not known.
        order: the order to which it does not move: 2 for x**2 at 0, infinite where it is held.
    """

    tests: tuple[Test, ...]
    value: float | None
    order: float = math.inf


def flat_ways(facts: Facts, asked: set[int]) -> Mapping[int, Sequence[Flat]]:
    """Return the ways in which values do not move: these and what they are made of."""
    program = facts.program
    lines = below(program, asked)
    moving = _moving(program, lines)
    still = (Flat((), None),)
    found: dict[int, Sequence[Flat]] = {
        value: () if value in moving else still for value in program.signature
    }
    #: The values that jump or are held somewhere.
    uneven: set[int] = set()
    for value in lines:
        step = program.steps[value]
        jumps = program.rows[step.op].flat or step.op == "heaviside"
        if uneven & {*step.args} or jumps or step.op in (*HOLDING, "where"):
            uneven.add(value)
        if value not in moving:
            found[value] = still
            continue
        args = [
            found[arg] if arg in found else (Flat((), _known(facts, arg)),)
            for arg in step.args
        ]
        kept: dict[tuple[Test, ...], Flat] = {}
        for way in islice(_step_ways(facts, value, args, uneven), 4 * _WAYS):
            if way.tests and len(way.tests) <= _TESTS and way.order >= 2:
                kept.setdefault(way.tests, way)
        found[value] = tuple(kept.values())[:_WAYS]
    return found


def _moving(program: Program, lines: Iterable[int]) -> set[int]:
    """Return the values that move with inputs, also those that no way leads to, such as a denominator that is passed by."""
    found = set(program.wrt)
    for value in lines:
        step = program.steps[value]
        moves_by = program.rows[step.op].moves_by
        if any(arg in found and moves_by(i) for i, arg in enumerate(step.args)):
            found.add(value)
    return found


def held_ways(
    facts: Facts, way: Way, points: Sequence[float], flats: Sequence[Flat]
) -> Iterator[tuple[Test, ...]]:
    """Yield the tests of the ways in which the operand is held at a point where the partial is infinite."""
    anywhere = any(map(math.isnan, points))
    own_zero = (Test(way.into, 0.0),)
    step = facts.program.steps[way.source]
    for flat in flats:
        if flat.value is not None and flat.value not in points and not anywhere:
            continue
        if not points or not flat.tests:
            continue
        if not _flattens(flat.order, exponent(facts, step)):
            continue
        # The root is 0 where its operand is, and stands in the line already.
        own = flat.tests == own_zero
        root = own and step.op == "sqrt"
        yield (Test(way.source, 0.0),) if root else flat.tests
        if own and points == (0.0,):
            return  # which is all there is to ask


def _flattens(order: float, exponent: float) -> bool:
    """Whether u**c does not move where u does not to an order: (x**2)**(1/2) has a kink, but (x**3)**(1/3) is x."""
    total = order * exponent
    return total > 1 or (total == 1 and order % 2 == 0)


def _known(facts: Facts, arg: int) -> float | None:
    """Return a constant's number; None for what is worked out when the module runs, as 4 % 2."""
    number = facts.number(arg)
    return None if math.isnan(number) else number


def _step_ways(
    facts: Facts, value: int, args: Sequence[Sequence[Flat]], uneven: set[int]
) -> Iterator[Flat]:
    step = facts.program.steps[value]
    own_zero = (Test(value, 0.0),)
    if step.op in HOLDING:
        yield from _holding_ways(facts, value, args)
    elif step.op == "where":
        for wanted, ways in zip((True, False), args[1:]):
            taken = Test(step.args[0], wanted=not wanted)
            yield from (replace(way, tests=(taken, *way.tests)) for way in ways)
    elif step.op == "heaviside" and step.args[0] not in facts.program.constants:
        yield Flat((Test(step.args[0], 0.0, same=True),), None)
        yield from _mapped(facts, step, args)
    elif step.op in ("mul", "div", "pow"):
        yield from _product_ways(facts, value, args, uneven)
    elif step.op in ("sqr", "powi"):
        power = power_of(facts, step)
        held = [way for way in args[0] if _own(way, step.args[0])]
        if power >= 2:
            yield Flat(own_zero, 0.0, max([power, *(w.order for w in held)]))
        yield from (
            w for w in _mapped(facts, step, args) if not (held and w.value == 0)
        )
    elif facts.program.rows[step.op].level:
        # No less than 0 in each row and held there: their sum is 0 only if all are.
        if step.op in ADDED and "-" not in facts.signs[step.args[0]]:
            held = [way for way in args[0] if _own(way, step.args[0])]
            yield from (Flat(own_zero, 0.0, way.order) for way in held)
    elif step.op in ("add", "sub") and _is_hinge(facts, step):
        # u + abs(u), 0 where u <= 0.
        yield Flat(own_zero, 0.0)
    elif step.op == "add":
        at_zero = [
            [w for w in ways if _own(w, arg)] for ways, arg in zip(args, step.args)
        ]
        constant = not facts.program.constants.isdisjoint(step.args)
        even = not (constant or any("-" in facts.signs[arg] for arg in step.args))
        if even and all(at_zero):
            order = min(way.order for ways in at_zero for way in ways)
            yield Flat(own_zero, 0.0, order)
        else:
            yield from _mapped(facts, step, args)
    else:
        yield from _mapped(facts, step, args)


def _is_hinge(facts: Facts, step: Step) -> bool:
    """Whether a step is never less than 0 and does not move where it is 0: abs(u) + u, abs(u) - u, max(u, v) - u, u - min(u, v)."""
    for place, (value, other) in enumerate((step.args, step.args[::-1])):
        own = facts.program.steps[value]
        if value in facts.program.constants or other not in own.args:
            continue
        if own.op == "abs" and (step.op == "add" or place == 0):
            return True
        if step.op == "sub" and own.op == ("max", "min")[place]:
            return True
    return False


def _own(way: Flat, arg: int) -> bool:
    """Whether a way is that the operand is 0."""
    return way.tests == (Test(arg, 0.0),)


def _mapped(facts: Facts, step: Step, args: Sequence[Sequence[Flat]]) -> Iterator[Flat]:
    """Yield the ways in which all operands are held at once."""
    power = exponent(facts, step) if step.op in ("sqrt", "powr", "cbrt") else 1.0
    singular_at = [facts.singular(step, place) for place in range(len(args))]
    for ways in product(*args):
        order = min((way.order for way in ways), default=math.inf)
        touched = any(
            w.value is None or w.value in at for w, at in zip(ways, singular_at) if at
        )
        if order < math.inf and touched:
            order = order * power if power < 1 else 0
        tests = dict.fromkeys(test for way in ways for test in way.tests)
        yield Flat(tuple(tests), value_of(step, [w.value for w in ways]), order)


def _product_ways(
    facts: Facts, value: int, args: Sequence[Sequence[Flat]], uneven: set[int]
) -> Iterator[Flat]:
    """A product does not move where a factor is held at 0, whatever the other does."""
    step, constants = facts.program.steps[value], facts.program.constants
    own_zero = (Test(value, 0.0),)
    if step.op == "mul" and step.args[0] == step.args[1]:
        held = [way.order for way in args[0] if _own(way, step.args[0])]
        yield Flat(own_zero, 0.0, max([2.0, *held]))
        return
    places = (0, 1) if step.op == "mul" else (0,)
    all_own = all(any(_own(w, a) for w in ways) for ways, a in zip(args, step.args))
    zero = False
    for place in places:
        arg, other = step.args[place], step.args[1 - place]
        for way in args[place]:
            if way.value == 0 and way.tests:
                alone = _own(way, arg) and step.op != "pow"
                scaled = other in constants or all_own
                tests = own_zero if alone and scaled else way.tests
                zero = True
                yield Flat(tests, 0.0, way.order)
        still = tuple(args[place]) == (Flat((), None),)
        if still and arg not in constants and arg in uneven:
            yield Flat((Test(arg, 0.0),), 0.0)
    yield from (w for w in _mapped(facts, step, args) if not (zero and w.value == 0))


def _holding_ways(
    facts: Facts, value: int, args: Sequence[Sequence[Flat]]
) -> Iterator[Flat]:
    """max(u, c) does not move where it is c, nor where u does not and is more."""
    step, constants = facts.program.steps[value], facts.program.constants
    # None is the 0 of relu.
    operands: list[int | None] = [*step.args]
    ways = [*args]
    if step.op == "relu":
        operands, ways = [*operands, None], [*ways, (Flat((), 0.0),)]
    choose = min if step.op == "min" else max
    beyond = "+" if step.op == "min" else "-"
    for limit, arg, held in zip(operands, operands[::-1], ways[::-1]):
        zero = limit is None or facts.number(limit) == 0
        variable = arg is not None and arg not in constants
        if zero and variable and beyond not in facts.signs[arg or 0]:
            yield from held  # it never comes to that: max(abs(x), 0)
            return
    for place, other in ((0, 1), (1, 0)):
        for way in ways[place]:
            if not way.tests:  # a constant, or what has no gradient
                known = way.value
                limited = (
                    Test(value, number=known)
                    if known is not None
                    else Test(value, other=operands[place])
                )
                yield Flat((limited,), known)
        fixed = [way.value for way in ways[other] if not way.tests]
        arg = operands[place]
        for way in ways[place]:
            if not way.tests or way.value is None or arg is None or arg in constants:
                continue
            own = way.tests == (Test(arg, way.value),)
            limit = operands[other]
            positive = way.value == 0 and limit and "-" not in facts.signs[limit]
            if fixed and fixed[0] is not None:
                if choose(way.value, fixed[0]) != fixed[0]:
                    moved = (Test(value, way.value),) if own else way.tests
                    yield Flat(moved, way.value, way.order)
            elif (
                own
                and way.value == 0
                and step.op == "max"
                and "-" not in facts.signs[arg]
            ):
                # No less than 0 and held there: the larger of the two is 0 only if this one is.
                yield Flat((Test(value, 0.0),), 0.0)
            elif step.op == "min" and positive:
                # The smaller of what is held at 0 and of what is no less.
                yield Flat(way.tests, 0.0, way.order)
            else:
                # Whatever moves beside it holds where the two differ from what is held.
                yield Flat((*way.tests, Test(value, way.value)), way.value, way.order)
