"""A program with its backward lines in; the same program out, its lines 0 where a flat function meets an infinite slope.

The slope of sqrt(u) at u = 0 is infinite, but where u = max(0, d) is held at 0 the function does not move at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, product

from gradgen.ir import (
    UPSTREAM,
    Const,
    Flow,
    Operand,
    Program,
    Ref,
    Step,
    Test,
    evaluate,
)
from gradgen.ops import ANY, OPS
from gradgen.signs import number_of, signs
from gradgen.spell import FORMULA, tests

#: The most ways of being flat that are followed of one value, and the most tests of one way.
_WAYS, _TESTS = 4, 8
#: The most factors of a product that are looked at.
_FACTORS = 8

#: Where a text of the table names an operand's value at which a partial has none: `{0} = 0`, `abs({0}) = 1`.
_POINT = re.compile(
    r"(?:^|(?<=or )|(?<=and ))(abs\()?\{([0-9])\}\)? (?:=|<=) (?:\{[0-9]\} = )*(-?[0-9.]+)(?![\w.])"
)

#: Operations that are 0 exactly where their first operand is, and smooth or not does not matter.
_SAME_ZERO = ("copy", "neg", "sqr", "powi", "abs", "sqrt", "cbrt", "powr")
#: Operations of one operand whose slope is never 0.
_STEEP = ("inv", "exp", "exp2", "expm1", "sinh", "asinh", "atan", "log", "log2", "log10", "log1p", "sqrt")  # fmt: skip
#: Operations that hand their gradient on as it is.
_PASSING = ("copy", "add", "sub", "neg", "where")
#: Operations whose slope is 0 where they hold on to another operand.
_HOLDING = ("max", "min", "relu")


@dataclass(frozen=True)
class _Flat:
    """A way in which a value does not move: where all these tests fail.

    Attributes:
        tests: what would let it move.
        value: what it is then; None if that is not known.
        order: the order to which it does not move: 2 for x**2 at 0, infinite where it is held.
    """

    tests: tuple[Test, ...]
    value: float | None
    order: float = math.inf


def flatten(program: Program) -> Program:
    """Give each backward line whose partial may be infinite the tests that tell where its gradient is 0 all the same."""
    flows = program.flows
    if not any(_points(program, flow) for flow in flows):
        return program
    moving = _moving(program)
    possible = signs(program)
    ways = _ways(program, moving, possible)
    zeros = _zeros(program)
    above = _above(program, possible, zeros)
    found = []
    #: The roots whose gradient is 0 where they are although it flows, so that it cannot tell whether it does.
    untold: set[int] = set()
    for flow in flows:
        step = _step(program, flow)
        points = _points(program, flow)
        if _meets_root(program, flow):
            untold.add(flow.into)
        if 0.0 in points and "0" not in possible[flow.into]:
            points = tuple(point for point in points if point)
        alive = list(_held(flow, step, points, ways[flow.into]))
        found.append(replace(flow, alive=tuple(dict.fromkeys(alive))))
        if points and not covered(program, found[-1]):
            alive += _met(program, flow, points, above[flow.source], zeros)
            found[-1] = replace(flow, alive=tuple(dict.fromkeys(alive)))
    found = [replace(flow, alive=_of_bases(program, flow.alive)) for flow in found]
    steps = tuple(
        replace(step, tested=False) if program.value(i) in untold else step
        for i, step in enumerate(program.steps)
    )
    return replace(program, steps=steps, flows=tuple(found))


def _moving(program: Program) -> set[int]:
    """Return the values that move with inputs, also those that no backward line has, such as a denominator that is passed by."""
    found = set(program.wrt)
    for position, step in enumerate(program.steps):
        row = OPS[step.op]
        moved = any(
            isinstance(arg, Ref) and arg.index in found and row.moves_by(place)
            for place, arg in enumerate(step.args)
        )
        if moved:
            found.add(program.value(position))
    return found


def singular(step: Step, partial: int) -> tuple[float, ...]:
    """Return the values of the operand at which a partial is infinite although the operation has a value."""
    found: dict[float, None] = {}
    for rule in OPS[step.op].raises:
        if rule.partial not in (partial, ANY):
            continue
        if rule.exponent_below is not None:
            exponent = step.args[-1]
            if (
                isinstance(exponent, Const)
                and number_of(exponent) >= rule.exponent_below
            ):
                continue
        if step.op in OPS.own or rule.missing:
            found[math.nan] = None  # at more than a point, or where only its body tells
        for both, place, number in _POINT.findall(rule.when):
            if int(place) == partial or rule.partial == ANY:
                found[float(number)] = None
                if both:
                    found[-float(number)] = None
    return tuple(found)


def _points(program: Program, flow: Flow) -> tuple[float, ...]:
    """Return the values of the operand at which a line's partial is infinite; the line of a quotient past its denominator has none."""
    return (
        () if flow.below is not None else singular(_step(program, flow), flow.partial)
    )


def covered(program: Program, flow: Flow) -> bool:
    """Whether a line's tests leave out all the points at which its partial is infinite."""
    step = _step(program, flow)
    alone = {group[0] for group in flow.alive if len(group) == 1}
    at_zero = Test(flow.source, _ZERO)
    points = _points(program, flow)
    return bool(points) and all(
        any(t.value == flow.into and _is(t.other, point) and not t.same for t in alone)
        or (point == 0 and step.op in _SAME_ZERO and at_zero in alone)
        for point in points
    )


def _of_bases(
    program: Program, alive: tuple[tuple[Test, ...], ...]
) -> tuple[tuple[Test, ...], ...]:
    """Return tests in which x != 0 stands for x**2 != 0, whose square may have no double."""
    found: dict[tuple[Test, ...], None] = {}
    for group in alive:
        tests = []
        for test in group:
            step = program.step(test.value) if test.value != UPSTREAM else None
            while test.other == _ZERO and step is not None:
                power = _exponent_of(step) if step.op == "powi" else 2
                base, *_ = step.args or (None,)
                if step.op not in ("sqr", "powi") or power < 0 or step.guard:
                    break
                if not isinstance(base, Ref):
                    break
                test = Test(base.index, _ZERO)
                step = program.step(base.index)
            tests.append(test)
        found[tuple(dict.fromkeys(tests))] = None
    return tuple(found)


def held(flow: Flow, names: Sequence[str]) -> str:
    """Return where a line is 0 because its operand does not move there, in words; empty where it is so nowhere."""
    found = []
    for group in flow.alive:
        texts = []
        for test in group:
            if test.value == UPSTREAM:
                return ""
            if test == Test(flow.source, _ZERO):
                test = Test(flow.into, _ZERO)
            text = tests(((replace(test, same=not test.same),),), names, FORMULA)
            if isinstance(test.other, bool):
                text = names[test.value] if not test.other else f"not {text}"
            texts.append(text.replace("==", "="))
        found.append(" and ".join(texts))
    return " or ".join(found)


def _const(number: float) -> Const:
    """Return a constant that prints as people write it."""
    return Const(Fraction(number) if number.is_integer() else number)


_ZERO = _const(0.0)


def _is(other: Operand | bool, number: float) -> bool:
    return isinstance(other, Const) and number_of(other) == number


def _step(program: Program, flow: Flow) -> Step:
    step = program.step(flow.source)
    assert step is not None
    return step


# Held from below: the operand does not move.


def _held(
    flow: Flow, step: Step, points: Sequence[float], ways: Sequence[_Flat]
) -> Iterator[tuple[Test, ...]]:
    """Yield the tests of the ways in which the operand is held at a point where the partial is infinite."""
    anywhere = any(map(math.isnan, points))
    own_zero = (Test(flow.into, _ZERO),)
    for way in ways:
        if way.value is not None and way.value not in points and not anywhere:
            continue
        if not points or not way.tests or not _flattens(way.order, _exponent(step)):
            continue
        # The root is 0 where its operand is, and stands in the line already.
        own = way.tests == own_zero
        yield (Test(flow.source, _ZERO),) if own and step.op == "sqrt" else way.tests
        if own and points == (0.0,):
            return  # which is all there is to ask


def _flattens(order: float, exponent: float) -> bool:
    """Whether u**c does not move where u does not to an order: (x**2)**(1/2) has a kink, but (x**3)**(1/3) is x."""
    total = order * exponent
    return total > 1 or (total == 1 and order % 2 == 0)


def _exponent(step: Step) -> float:
    """Return c where an operation is like u**c near where it is steep; next to 0 where it is like no power."""
    if step.op in ("sqrt", "asin", "acos", "acosh"):
        return 0.5
    if step.op == "powr" and isinstance(step.args[1], Const):
        return max(0.0, number_of(step.args[1]))
    return 1 / 3 if step.op == "cbrt" else 1e-300


def _ways(
    program: Program, moving: set[int], possible: Sequence[str]
) -> list[tuple[_Flat, ...]]:
    """Return the ways in which each value does not move."""
    still = (_Flat((), None),)
    found: list[tuple[_Flat, ...]] = [
        () if i in moving else still for i in range(len(program.inputs))
    ]
    #: The values that jump or are held somewhere.
    uneven: set[int] = set()
    for position, step in enumerate(program.steps):
        value = program.value(position)
        refs = {arg.index for arg in step.args if isinstance(arg, Ref)}
        jumps = OPS[step.op].flat or step.op == "heaviside"
        if refs & uneven or jumps or step.op in (*_HOLDING, "where"):
            uneven.add(value)
        if value not in moving:
            found.append(still)
            continue
        args = [
            found[arg.index] if isinstance(arg, Ref) else (_Flat((), _known(arg)),)
            for arg in step.args
        ]
        operations = {r: made for r in refs if (made := program.step(r)) is not None}
        ways = _step_ways(value, step, args, possible, uneven, operations)
        kept: dict[tuple[Test, ...], _Flat] = {}
        for way in islice(ways, 4 * _WAYS):
            if way.tests and len(way.tests) <= _TESTS and way.order >= 2:
                kept.setdefault(way.tests, way)
        found.append(tuple(kept.values())[:_WAYS])
    return found


def _known(arg: Const) -> float | None:
    """Return a constant's number; None for what is worked out when the module runs, as 4 % 2."""
    number = number_of(arg)
    return None if math.isnan(number) else number


def _step_ways(
    value: int,
    step: Step,
    args: Sequence[Sequence[_Flat]],
    possible: Sequence[str],
    uneven: set[int],
    operations: Mapping[int, Step],
) -> Iterator[_Flat]:
    own_zero = (Test(value, _ZERO),)
    if step.op in _HOLDING:
        yield from _holding_ways(value, step, args, possible)
    elif step.op == "where":
        condition = step.args[0]
        assert isinstance(condition, Ref)
        for wanted, ways in zip((True, False), args[1:]):
            taken = Test(condition.index, not wanted)
            yield from (replace(way, tests=(taken, *way.tests)) for way in ways)
    elif step.op == "heaviside" and isinstance(step.args[0], Ref):
        yield _Flat((Test(step.args[0].index, _ZERO, same=True),), None)
        yield from _mapped(step, args)
    elif step.op in ("mul", "div", "pow"):
        yield from _product_ways(value, step, args, uneven)
    elif step.op in ("sqr", "powi"):
        power = 2.0 if step.op == "sqr" else _exponent_of(step)
        held = [way for way in args[0] if _own(way, step.args[0])]
        if power >= 2:
            yield _Flat(own_zero, 0.0, max([power, *(w.order for w in held)]))
        yield from (w for w in _mapped(step, args) if not (held and w.value == 0))
    elif step.op in ("add", "sub") and _is_hinge(step, operations):
        # u + abs(u), 0 where u <= 0.
        yield _Flat(own_zero, 0.0)
    elif step.op == "add":
        at_zero = [
            [way for way in ways if _own(way, arg)]
            for ways, arg in zip(args, step.args)
        ]
        even = all(
            isinstance(arg, Ref) and "-" not in possible[arg.index] for arg in step.args
        )
        if even and all(at_zero):
            yield _Flat(
                own_zero, 0.0, min(way.order for ways in at_zero for way in ways)
            )
        else:
            yield from _mapped(step, args)
    else:
        yield from _mapped(step, args)


def _exponent_of(step: Step) -> float:
    """Return the exponent of a whole power."""
    return number_of(step.args[1])


def _is_hinge(step: Step, operations: Mapping[int, Step]) -> bool:
    """Whether a step is never less than 0 and does not move where it is 0: abs(u) + u, abs(u) - u, max(u, v) - u, u - min(u, v)."""
    made = [operations.get(a.index) if isinstance(a, Ref) else None for a in step.args]
    for own, other, place in ((made[0], step.args[1], 0), (made[1], step.args[0], 1)):
        if own is None or other not in own.args:
            continue
        if own.op == "abs" and (step.op == "add" or place == 0):
            return True
        if step.op == "sub" and own.op == ("max", "min")[place]:
            return True
    return False


def _own(way: _Flat, arg: Operand) -> bool:
    """Whether a way is that the operand is 0."""
    return isinstance(arg, Ref) and way.tests == (Test(arg.index, _ZERO),)


def _mapped(step: Step, args: Sequence[Sequence[_Flat]]) -> Iterator[_Flat]:
    """Yield the ways in which all operands are held at once."""
    power = _exponent(step) if step.op in ("sqrt", "powr", "cbrt") else 1.0
    singular_at = [singular(step, place) for place in range(len(args))]
    for ways in product(*args):
        order = min((way.order for way in ways), default=math.inf)
        touched = any(w.value is None or w.value in at for w, at in zip(ways, singular_at) if at)  # fmt: skip
        if order < math.inf and touched:
            order = order * power if power < 1 else 0
        tests = dict.fromkeys(test for way in ways for test in way.tests)
        yield _Flat(tuple(tests), _value(step, [way.value for way in ways]), order)


#: Operations whose values the standard library of every Python does not have.
_VALUES: dict[str, Callable[..., float]] = {
    "abs": abs,
    "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x),
}


def _value(step: Step, values: Sequence[float | None]) -> float | None:
    """Return what an operation makes of known values."""
    if None in values:
        return None
    if step.op in _VALUES:
        return _VALUES[step.op](*values)
    args = tuple(Const(value) for value in values if value is not None)
    if step.op == "powi":
        args = (args[0], Const(Fraction(args[1].value)))
    try:
        value = evaluate(Const(step.op, args))
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return None
    return None if math.isnan(value) else value


def _product_ways(
    value: int, step: Step, args: Sequence[Sequence[_Flat]], uneven: set[int]
) -> Iterator[_Flat]:
    """A product does not move where a factor is held at 0, whatever the other does."""
    own_zero = (Test(value, _ZERO),)
    if step.op == "mul" and step.args[0] == step.args[1]:
        held = [way.order for way in args[0] if _own(way, step.args[0])]
        yield _Flat(own_zero, 0.0, max([2.0, *held]))
        return
    places = (0, 1) if step.op == "mul" else (0,)
    all_own = all(any(_own(w, a) for w in ways) for ways, a in zip(args, step.args))
    zero = False
    for place in places:
        other = step.args[1 - place]
        for way in args[place]:
            if way.value == 0 and way.tests:
                alone = _own(way, step.args[place]) and step.op != "pow"
                scaled = isinstance(other, Const) or all_own
                tests = own_zero if alone and scaled else way.tests
                zero = True
                yield _Flat(tests, 0.0, way.order)
        arg = step.args[place]
        still = args[place] == (_Flat((), None),)
        if still and isinstance(arg, Ref) and arg.index in uneven:
            yield _Flat((Test(arg.index, _ZERO),), 0.0)
    yield from (w for w in _mapped(step, args) if not (zero and w.value == 0))


def _holding_ways(
    value: int, step: Step, args: Sequence[Sequence[_Flat]], possible: Sequence[str]
) -> Iterator[_Flat]:
    """max(u, c) does not move where it is c, nor where u does not and is more."""
    operands = [*step.args, Const(0.0)] if step.op == "relu" else [*step.args]
    ways = [*args, (_Flat((), 0.0),)] if step.op == "relu" else [*args]
    choose = min if step.op == "min" else max
    beyond = "+" if step.op == "min" else "-"
    for limit, arg, held in (*zip(operands, operands[::-1], ways[::-1]),):
        zero = isinstance(limit, Const) and number_of(limit) == 0
        if zero and isinstance(arg, Ref) and beyond not in possible[arg.index]:
            yield from held  # it never comes to that: max(abs(x), 0)
            return
    for place, other in ((0, 1), (1, 0)):
        for way in ways[place]:
            if not way.tests:  # a constant, or what has no gradient
                limit = operands[place]
                known = way.value
                if known is not None:
                    limit = _const(known)
                yield _Flat((Test(value, limit),), known)
        fixed = [way.value for way in ways[other] if not way.tests]
        arg = operands[place]
        for way in ways[place]:
            if not way.tests or way.value is None or not isinstance(arg, Ref):
                continue
            own = way.tests == (Test(arg.index, _const(way.value)),)
            if fixed and fixed[0] is not None:
                if choose(way.value, fixed[0]) != fixed[0]:
                    moved = (Test(value, _const(way.value)),) if own else way.tests
                    yield _Flat(moved, way.value, way.order)
            elif own and way.value == 0 and step.op == "max" and "-" not in possible[arg.index]:  # fmt: skip
                # No less than 0 and held there: the larger of the two is 0 only if this one is.
                yield _Flat((Test(value, _ZERO),), 0.0)


# Met from above: the gradient that comes down is 0.


@dataclass(frozen=True)
class _Above:
    """What is known of the gradient of a value.

    Attributes:
        held: whether it is 0 where an operation further up holds on to another operand.
        factors: the values that it is 0 with.
        bent: whether it depends on what has an infinite slope, though it is never 0 by that.
        lost: whether it may be 0 where the function moves all the same, as that of sqrt(x) in sqrt(x)**2.
    """

    held: bool = False
    factors: frozenset[int] = frozenset()
    bent: bool = False
    lost: bool = False

    def through(self, way: _Above) -> _Above:
        """Return what is known one operation further down."""
        return _Above(
            self.held or way.held,
            frozenset(islice(sorted(self.factors | way.factors), _FACTORS)),
            self.bent or way.bent,
            self.lost or way.lost,
        )

    def beside(self, other: _Above) -> _Above:
        """Return what is known of a sum."""
        bent = self.bent or other.bent
        lost = self.lost or other.lost or bent
        both = self.factors & other.factors
        return _Above(self.held and other.held, both, bent, lost)


def _met(
    program: Program, flow: Flow, points: Sequence[float], above: _Above, zeros: _Zeros
) -> Iterator[tuple[Test, ...]]:
    """Yield the test of the gradient that comes down, if that is 0 at the very point and the product is 0 as well.

    Where w = 0 and w has a slope, that of w*s is s dw, however steep s is, if only s has a value.
    """
    beside = [
        point
        for point in points
        if point and any(_vanishes(program, f, flow.into, point) for f in above.factors)
    ]
    if beside:
        for point in beside:
            yield (Test(flow.into, _const(point)),)
    elif 0.0 in points and above.factors & {flow.source, *zeros.same[flow.into]}:
        at_root = _step(program, flow).op == "sqrt"
        yield (Test(flow.source if at_root else flow.into, _ZERO),)
    elif above.lost:
        return
    elif above.held or (0.0 in points and above.factors & zeros.enough[flow.into]):
        yield (Test(UPSTREAM, _ZERO),)


def _vanishes(program: Program, factor: int, value: int, point: float) -> bool:
    """Whether a factor that is made of one value in a few operations, as 1 - x of x, is 0 where that is at a point."""
    known: dict[int, float | None] = {value: point}
    todo = [factor]
    for _ in range(_FACTORS):
        if not todo:
            break
        at = todo[-1]
        step = program.step(at)
        if step is None and at not in known:
            return False
        args = step.args if step is not None else ()
        missing = [a.index for a in args if isinstance(a, Ref) and a.index not in known]
        if at in known or not missing:
            todo.pop()
            if at not in known and step is not None:
                known[at] = _value(step, [known[a.index] if isinstance(a, Ref) else number_of(a) for a in args])  # fmt: skip
        else:
            todo += missing
    return known.get(factor) == 0


def _meets_root(program: Program, flow: Flow) -> bool:
    """Whether a partial is 0 where a root is, and the two together are not: 2*r of r**2."""
    step, root = _step(program, flow), program.step(flow.into)
    if root is None or not root.tested or 0.0 not in singular(root, 0):
        return False
    order = _exponent(root)
    if step.op in ("sqr", "powi"):
        return order * (2.0 if step.op == "sqr" else _exponent_of(step)) <= 1
    if step.op != "mul":
        return False
    factor = step.args[1 - flow.partial]
    other = program.step(factor.index) if isinstance(factor, Ref) else None
    steep = other is not None and 0.0 in singular(other, 0)
    return other is not None and steep and order + _exponent(other) <= 1


@dataclass(frozen=True)
class _Zeros:
    """By value: the values that are 0 exactly where it is, and those whose being 0 is enough."""

    same: list[frozenset[int]]
    enough: list[frozenset[int]]


def _zeros(program: Program) -> _Zeros:
    inputs = [frozenset({i}) for i in range(len(program.inputs))]
    found = _Zeros(inputs, [*inputs])
    for position, step in enumerate(program.steps):
        first, second = (*step.args, None)[:2]
        same = enough = frozenset({program.value(position)})
        if isinstance(first, Const) and step.op == "mul":
            first, second = second, first
        if isinstance(first, Ref):
            scaled = step.op in ("mul", "div") and isinstance(second, Const)
            if scaled or step.op in _SAME_ZERO:
                same |= found.same[first.index]
                enough |= found.enough[first.index]
            elif step.op in ("mul", "div"):
                enough |= found.enough[first.index]
                if step.op == "mul" and isinstance(second, Ref):
                    enough |= found.enough[second.index]
        found.same.append(frozenset(islice(sorted(same), _FACTORS)))
        found.enough.append(frozenset(islice(sorted(enough), _FACTORS)))
    return found


def _above(
    program: Program, possible: Sequence[str], zeros: _Zeros
) -> dict[int, _Above]:
    """Return what is known of the gradients of the values from which a gradient flows."""
    steep: set[int] = set()
    for position, step in enumerate(program.steps):
        refs = {arg.index for arg in step.args if isinstance(arg, Ref)}
        steep_at = (singular(step, place) for place in range(len(step.args)))
        if refs & steep or any(steep_at):
            steep.add(program.value(position))
    found = {ref.index: _Above() for _, ref in program.outputs}
    for flow in program.flows:
        way = found[flow.source].through(
            _slope(program, flow, possible, steep, zeros.enough)
        )
        before = found.get(flow.into)
        found[flow.into] = way if before is None else before.beside(way)
    return found


def _slope(
    program: Program,
    flow: Flow,
    possible: Sequence[str],
    steep: set[int],
    enough: Sequence[frozenset[int]],
) -> _Above:
    """Return what a partial adds to what is known of a gradient."""
    step = _step(program, flow)
    into = program.step(flow.into)
    root = into is not None and bool(singular(into, 0)) and into.op in _SAME_ZERO
    if step.op in _PASSING:
        return _Above()
    if step.op == "heaviside":
        return _Above(held=True)
    if step.op in _HOLDING:
        limit = _ZERO if step.op == "relu" else step.args[1 - flow.partial]
        if not root or not isinstance(limit, Const):
            return _Above(held=True)
        # Whether the limit holds where the root is 0.
        at_zero = number_of(limit)
        if step.op == "min":
            at_zero = -at_zero
        return _Above(held=at_zero > 0, lost=at_zero == 0)
    if step.op in ("mul", "div"):
        factor: Operand = step.args[1 - flow.partial]
        bent = False
        if flow.below is not None or (step.op == "div" and flow.partial == 1):
            factor = step.args[0]
            bent = flow.into in steep
        elif step.op == "div":
            bent = isinstance(factor, Ref) and factor.index in steep
            factor = Const(1.0)
        if isinstance(factor, Const):
            return _Above(bent=bent)
        never = "0" not in possible[factor.index]
        if factor.index in steep:
            return _Above(bent=True, lost=not never)
        return _Above(factors=frozenset() if never else enough[factor.index], bent=bent)
    if flow.into not in steep:
        return _Above()  # and no line below it has an infinite partial
    if step.op in _STEEP:
        return _Above(bent=True)
    if step.op in ("sqr", "powi"):
        power = 2.0 if step.op == "sqr" else _exponent_of(step)
        if "0" not in possible[flow.into]:
            return _Above(bent=True)
        if root and into is not None and power * _exponent(into) > 1:
            return _Above(factors=frozenset({flow.into}))  # sqrt(u)**3 is u**1.5
    return _Above(lost=True)
