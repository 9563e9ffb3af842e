"""A program with ways in; the same program out, its gradient 0 where a flat function meets an infinite slope.

The slope of sqrt(u) at u = 0 is infinite, but where u = max(0, d) is held at 0 the function does not move at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import islice, product

from gradgen.core.build import Steps, steps_of
from gradgen.core.derive import Chain
from gradgen.core.doubles import evaluated
from gradgen.core.program import Program, Step, Way
from gradgen.passes.check import verify
from gradgen.passes.facts import SAME_ZERO, Facts

#: The most ways of being flat that are followed of one value, and the most tests of one way.
_WAYS, _TESTS = 4, 8
#: The most factors of a product that are looked at.
_FACTORS = 8

#: Operations of one operand whose slope is never 0.
_STEEP = (
    "inv",
    "exp",
    "exp2",
    "expm1",
    "sinh",
    "asinh",
    "atan",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
)
#: Operations that hand their gradient on as it is.
_PASSING = ("copy", "add", "sub", "neg", "where")
#: Operations whose slope is 0 where they hold on to another operand.
_HOLDING = ("max", "min", "relu")


@dataclass(frozen=True)
class _Test:
    """What a way asks of a value: that it differs from a number or another value, or with `same` that it does not; or of a condition.

    Attributes:
        value: the value or condition; None for the gradient that comes down the way.
        number: the number.
        other: the other value, if it is no number.
        wanted: what the condition must be.
        same: whether the value must not differ.
    """

    value: int | None
    number: float | None = None
    other: int | None = None
    wanted: bool | None = None
    same: bool = False


#: The gradient that comes down a way is not 0.
_UPSTREAM = _Test(None, 0.0)


@dataclass(frozen=True)
class _Flat:
    """A way in which a value does not move: where all these tests fail.

    Attributes:
        tests: what would let it move.
        value: what it is then; None if that is not known.
        order: the order to which it does not move: 2 for x**2 at 0, infinite where it is held.
    """

    tests: tuple[_Test, ...]
    value: float | None
    order: float = math.inf


def flatten(program: Program) -> Program:
    """Give each way whose partial may be infinite the tests that tell where its gradient is 0 all the same."""
    facts = Facts(program)
    infinite = {way: points for way in program.ways if (points := facts.points(way))}
    if not infinite:
        return program
    ways = _flats(facts, _moving(program), {way.into for way in infinite})
    zeros = _zeros(facts)
    above = _above(facts, zeros, {way.source for way in infinite})
    maker = _Maker(program)
    found = []
    #: The roots whose gradient is 0 where they are although it flows, so that it cannot tell whether it does.
    untold: set[int] = set()
    for way in program.ways:
        if _meets_root(facts, way):
            untold.add(way.into)
        points = infinite.get(way, ())
        if 0.0 in points and "0" not in facts.signs[way.into]:
            points = tuple(point for point in points if point)
        if not points:
            found.append(way)
            continue
        alive = list(_held(facts, way, points, ways[way.into]))
        if not _covered(facts, way, alive):
            alive += _met(facts, way, points, above[way.source], zeros)
        found.append(maker.told(way, _of_bases(facts, alive)))
    flattened = replace(
        program,
        steps=tuple(maker.steps.list),
        ways=tuple(found),
        tested=program.tested - untold,
    )
    return verify(flattened)


class _Maker:
    """Makes conditions of tests."""

    def __init__(self, program: Program) -> None:
        self.steps: Steps = steps_of(program)
        self.make = Chain(self.steps).make

    def told(self, way: Way, alive: Sequence[Sequence[_Test]]) -> Way:
        """Return a way with the conditions of its tests."""
        alone = {group[0] for group in alive if len(group) == 1}
        tests: dict[int, None] = {}
        for group in alive:
            parts = [self.condition(t, group, alone) for t in group if t != _UPSTREAM]
            if parts:
                tests[reduce(lambda a, b: self.make("or", a, b), parts)] = None
        steep = any(_UPSTREAM in group for group in alive)
        return way._replace(alive=tuple(tests), steep=steep)

    def condition(self, test: _Test, group: Sequence[_Test], alone: set[_Test]) -> int:
        value = test.value
        assert value is not None
        if test.wanted is not None:
            return value if test.wanted else self.make("not", value)
        number = test.number
        if number is None:
            assert test.other is not None
            return self.make("eq" if test.same else "ne", value, test.other)
        single = bool(number) and not test.same and len(group) == 1
        if single and _Test(value, -number) in alone:
            value, number = self.make("abs", value), abs(number)
        exact = Fraction(number) if number.is_integer() else number
        return self.make("eq" if test.same else "ne", value, self.steps.const(exact))


def _moving(program: Program) -> set[int]:
    """Return the values that move with inputs, also those that no way leads to, such as a denominator that is passed by."""
    found = set(program.wrt)
    for value in program.lines:
        step = program.steps[value]
        moves_by = program.rows[step.op].moves_by
        if any(arg in found and moves_by(i) for i, arg in enumerate(step.args)):
            found.add(value)
    return found


def _covered(facts: Facts, way: Way, alive: Sequence[tuple[_Test, ...]]) -> bool:
    """Whether a way's tests leave out all the points at which its partial is infinite."""
    alone = {group[0] for group in alive if len(group) == 1}
    points = facts.points(way)
    same = facts.program.steps[way.source].op in SAME_ZERO
    root = same and _Test(way.source, 0.0) in alone
    return bool(points) and all(
        _Test(way.into, point) in alone or (point == 0 and root) for point in points
    )


def _of_bases(
    facts: Facts, alive: Sequence[tuple[_Test, ...]]
) -> list[tuple[_Test, ...]]:
    """Return tests in which x != 0 stands for x**2 != 0, whose square may have no double."""
    steps = facts.program.steps
    found: dict[tuple[_Test, ...], None] = {}
    for group in alive:
        tests = []
        for test in group:
            while test.number == 0 and test.value is not None:
                step = steps[test.value]
                power = facts.number(step.args[1]) if step.op == "powi" else 2
                if step.op not in ("sqr", "powi") or power < 0 or step.guard:
                    break
                if step.args[0] in facts.program.constants:
                    break
                test = _Test(step.args[0], 0.0)
            tests.append(test)
        found[tuple(dict.fromkeys(tests))] = None
    return list(found)


# Held from below: the operand does not move.


def _held(
    facts: Facts, way: Way, points: Sequence[float], flats: Sequence[_Flat]
) -> Iterator[tuple[_Test, ...]]:
    """Yield the tests of the ways in which the operand is held at a point where the partial is infinite."""
    anywhere = any(map(math.isnan, points))
    own_zero = (_Test(way.into, 0.0),)
    step = facts.program.steps[way.source]
    for flat in flats:
        if flat.value is not None and flat.value not in points and not anywhere:
            continue
        if not points or not flat.tests:
            continue
        if not _flattens(flat.order, _exponent(facts, step)):
            continue
        # The root is 0 where its operand is, and stands in the line already.
        own = flat.tests == own_zero
        root = own and step.op == "sqrt"
        yield (_Test(way.source, 0.0),) if root else flat.tests
        if own and points == (0.0,):
            return  # which is all there is to ask


def _flattens(order: float, exponent: float) -> bool:
    """Whether u**c does not move where u does not to an order: (x**2)**(1/2) has a kink, but (x**3)**(1/3) is x."""
    total = order * exponent
    return total > 1 or (total == 1 and order % 2 == 0)


def _exponent(facts: Facts, step: Step) -> float:
    """Return c where an operation is like u**c near where it is steep; next to 0 where it is like no power."""
    if step.op in ("sqrt", "asin", "acos", "acosh"):
        return 0.5
    if step.op == "powr":
        return max(0.0, facts.number(step.args[1]))
    return 1 / 3 if step.op == "cbrt" else 1e-300


def _flats(
    facts: Facts, moving: set[int], wanted: set[int]
) -> Mapping[int, Sequence[_Flat]]:
    """Return the ways in which values do not move: these and what they are made of."""
    program = facts.program
    wanted = {*wanted}
    for value in reversed(program.lines):
        if value in wanted:
            wanted.update(program.steps[value].args)
    still = (_Flat((), None),)
    found: dict[int, Sequence[_Flat]] = {
        value: () if value in moving else still for value in program.signature
    }
    #: The values that jump or are held somewhere.
    uneven: set[int] = set()
    for value in program.lines:
        step = program.steps[value]
        jumps = program.rows[step.op].flat or step.op == "heaviside"
        if uneven & {*step.args} or jumps or step.op in (*_HOLDING, "where"):
            uneven.add(value)
        if value not in wanted:
            continue
        if value not in moving:
            found[value] = still
            continue
        args = [
            found[arg] if arg in found else (_Flat((), _known(facts, arg)),)
            for arg in step.args
        ]
        kept: dict[tuple[_Test, ...], _Flat] = {}
        for way in islice(_step_ways(facts, value, args, uneven), 4 * _WAYS):
            if way.tests and len(way.tests) <= _TESTS and way.order >= 2:
                kept.setdefault(way.tests, way)
        found[value] = tuple(kept.values())[:_WAYS]
    return found


def _known(facts: Facts, arg: int) -> float | None:
    """Return a constant's number; None for what is worked out when the module runs, as 4 % 2."""
    number = facts.number(arg)
    return None if math.isnan(number) else number


def _step_ways(
    facts: Facts, value: int, args: Sequence[Sequence[_Flat]], uneven: set[int]
) -> Iterator[_Flat]:
    step = facts.program.steps[value]
    own_zero = (_Test(value, 0.0),)
    if step.op in _HOLDING:
        yield from _holding_ways(facts, value, args)
    elif step.op == "where":
        for wanted, ways in zip((True, False), args[1:]):
            taken = _Test(step.args[0], wanted=not wanted)
            yield from (replace(way, tests=(taken, *way.tests)) for way in ways)
    elif step.op == "heaviside" and step.args[0] not in facts.program.constants:
        yield _Flat((_Test(step.args[0], 0.0, same=True),), None)
        yield from _mapped(facts, step, args)
    elif step.op in ("mul", "div", "pow"):
        yield from _product_ways(facts, value, args, uneven)
    elif step.op in ("sqr", "powi"):
        power = _power(facts, step)
        held = [way for way in args[0] if _own(way, step.args[0])]
        if power >= 2:
            yield _Flat(own_zero, 0.0, max([power, *(w.order for w in held)]))
        yield from (
            w for w in _mapped(facts, step, args) if not (held and w.value == 0)
        )
    elif step.op in ("add", "sub") and _is_hinge(facts, step):
        # u + abs(u), 0 where u <= 0.
        yield _Flat(own_zero, 0.0)
    elif step.op == "add":
        at_zero = [
            [w for w in ways if _own(w, arg)] for ways, arg in zip(args, step.args)
        ]
        constant = not facts.program.constants.isdisjoint(step.args)
        even = not (constant or any("-" in facts.signs[arg] for arg in step.args))
        if even and all(at_zero):
            order = min(way.order for ways in at_zero for way in ways)
            yield _Flat(own_zero, 0.0, order)
        else:
            yield from _mapped(facts, step, args)
    else:
        yield from _mapped(facts, step, args)


def _power(facts: Facts, step: Step) -> float:
    """Return the exponent of a square or a whole power."""
    return 2.0 if step.op == "sqr" else facts.number(step.args[1])


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


def _own(way: _Flat, arg: int) -> bool:
    """Whether a way is that the operand is 0."""
    return way.tests == (_Test(arg, 0.0),)


def _mapped(
    facts: Facts, step: Step, args: Sequence[Sequence[_Flat]]
) -> Iterator[_Flat]:
    """Yield the ways in which all operands are held at once."""
    power = _exponent(facts, step) if step.op in ("sqrt", "powr", "cbrt") else 1.0
    singular_at = [facts.singular(step, place) for place in range(len(args))]
    for ways in product(*args):
        order = min((way.order for way in ways), default=math.inf)
        touched = any(
            w.value is None or w.value in at for w, at in zip(ways, singular_at) if at
        )
        if order < math.inf and touched:
            order = order * power if power < 1 else 0
        tests = dict.fromkeys(test for way in ways for test in way.tests)
        yield _Flat(tuple(tests), _value(facts, step, [w.value for w in ways]), order)


#: Operations whose values the standard library of every Python does not have.
_VALUES: dict[str, Callable[..., float]] = {
    "abs": abs,
    "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x),
}


def _value(facts: Facts, step: Step, values: Sequence[float | None]) -> float | None:
    """Return what an operation makes of known values."""
    if None in values:
        return None
    if step.op in _VALUES:
        return _VALUES[step.op](*values)
    try:
        value = evaluated(step.op, *[v for v in values if v is not None])
    except (ArithmeticError, ValueError, TypeError):
        return None
    return None if math.isnan(value) else value


def _product_ways(
    facts: Facts, value: int, args: Sequence[Sequence[_Flat]], uneven: set[int]
) -> Iterator[_Flat]:
    """A product does not move where a factor is held at 0, whatever the other does."""
    step, constants = facts.program.steps[value], facts.program.constants
    own_zero = (_Test(value, 0.0),)
    if step.op == "mul" and step.args[0] == step.args[1]:
        held = [way.order for way in args[0] if _own(way, step.args[0])]
        yield _Flat(own_zero, 0.0, max([2.0, *held]))
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
                yield _Flat(tests, 0.0, way.order)
        still = tuple(args[place]) == (_Flat((), None),)
        if still and arg not in constants and arg in uneven:
            yield _Flat((_Test(arg, 0.0),), 0.0)
    yield from (w for w in _mapped(facts, step, args) if not (zero and w.value == 0))


def _holding_ways(
    facts: Facts, value: int, args: Sequence[Sequence[_Flat]]
) -> Iterator[_Flat]:
    """max(u, c) does not move where it is c, nor where u does not and is more."""
    step, constants = facts.program.steps[value], facts.program.constants
    # None is the 0 of relu.
    operands: list[int | None] = [*step.args]
    ways = [*args]
    if step.op == "relu":
        operands, ways = [*operands, None], [*ways, (_Flat((), 0.0),)]
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
                    _Test(value, number=known)
                    if known is not None
                    else _Test(value, other=operands[place])
                )
                yield _Flat((limited,), known)
        fixed = [way.value for way in ways[other] if not way.tests]
        arg = operands[place]
        for way in ways[place]:
            if not way.tests or way.value is None or arg is None or arg in constants:
                continue
            own = way.tests == (_Test(arg, way.value),)
            if fixed and fixed[0] is not None:
                if choose(way.value, fixed[0]) != fixed[0]:
                    moved = (_Test(value, way.value),) if own else way.tests
                    yield _Flat(moved, way.value, way.order)
            elif (
                own
                and way.value == 0
                and step.op == "max"
                and "-" not in facts.signs[arg]
            ):
                # No less than 0 and held there: the larger of the two is 0 only if this one is.
                yield _Flat((_Test(value, 0.0),), 0.0)


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
    facts: Facts, way: Way, points: Sequence[float], above: _Above, zeros: _Zeros
) -> Iterator[tuple[_Test, ...]]:
    """Yield the test of the gradient that comes down, if that is 0 at the very point and the product is 0 as well.

    Where w = 0 and w has a slope, that of w*s is s dw, however steep s is, if only s has a value.
    """
    beside = [
        point
        for point in points
        if point and any(_vanishes(facts, f, way.into, point) for f in above.factors)
    ]
    if beside:
        for point in beside:
            yield (_Test(way.into, point),)
    elif 0.0 in points and above.factors & {way.source, *zeros.same[way.into]}:
        at_root = facts.program.steps[way.source].op == "sqrt"
        yield (_Test(way.source if at_root else way.into, 0.0),)
    elif above.lost:
        return
    elif above.held or (0.0 in points and above.factors & zeros.enough[way.into]):
        yield (_UPSTREAM,)


def _vanishes(facts: Facts, factor: int, value: int, point: float) -> bool:
    """Whether a factor that is made of one value in a few operations, as 1 - x of x, is 0 where that is at a point."""
    known: dict[int, float | None] = {value: point}
    todo = [factor]
    for _ in range(_FACTORS):
        if not todo:
            break
        at = todo[-1]
        step = facts.program.steps[at]
        if step.op == "input" and at not in known:
            return False
        missing = [a for a in facts.program.variables(at) if a not in known]
        if at in known or not missing:
            todo.pop()
            if at not in known:
                known[at] = _value(
                    facts, step, [known.get(a, facts.number(a)) for a in step.args]
                )
        else:
            todo += missing
    return known.get(factor) == 0


def _meets_root(facts: Facts, way: Way) -> bool:
    """Whether a partial is 0 where a root is, and the two together are not: 2*r of r**2."""
    steps = facts.program.steps
    step, root = steps[way.source], steps[way.into]
    if way.into not in facts.program.tested or 0.0 not in facts.singular(root, 0):
        return False
    order = _exponent(facts, root)
    if step.op in ("sqr", "powi"):
        return order * _power(facts, step) <= 1
    if step.op != "mul":
        return False
    other = steps[step.args[1 - way.place]]
    steep = other.op not in ("input", "const") and 0.0 in facts.singular(other, 0)
    return steep and order + _exponent(facts, other) <= 1


@dataclass(frozen=True)
class _Zeros:
    """By value: the values that are 0 exactly where it is, and those whose being 0 is enough."""

    same: dict[int, frozenset[int]]
    enough: dict[int, frozenset[int]]


def _zeros(facts: Facts) -> _Zeros:
    program = facts.program
    inputs = {value: frozenset({value}) for value in program.signature}
    found = _Zeros(inputs, {**inputs})
    for value in program.lines:
        step = program.steps[value]
        first, second = (*step.args, None)[:2]
        same = enough = frozenset({value})
        if first in program.constants and step.op == "mul":
            first, second = second, first
        if first in found.same and first is not None:
            scaled = step.op in ("mul", "div") and second in program.constants
            if scaled or step.op in SAME_ZERO:
                same |= found.same[first]
                enough |= found.enough[first]
            elif step.op in ("mul", "div"):
                enough |= found.enough[first]
                if step.op == "mul" and second in found.enough and second is not None:
                    enough |= found.enough[second]
        found.same[value] = frozenset(islice(sorted(same), _FACTORS))
        found.enough[value] = frozenset(islice(sorted(enough), _FACTORS))
    return found


def _above(facts: Facts, zeros: _Zeros, wanted: set[int]) -> dict[int, _Above]:
    """Return what is known of the gradients of values, and of all from which these flow."""
    program = facts.program
    wanted = {*wanted}
    for way in reversed(program.ways):
        if way.into in wanted:
            wanted.add(way.source)
    steep: set[int] = set()
    for value in program.lines:
        step = program.steps[value]
        steep_at = (facts.singular(step, place) for place in range(len(step.args)))
        if steep & {*step.args} or any(steep_at):
            steep.add(value)
    found = {value: _Above() for _, value in program.outputs}
    for way in program.ways:
        if way.into not in wanted:
            continue
        slope = found[way.source].through(_slope(facts, way, steep, zeros.enough))
        before = found.get(way.into)
        found[way.into] = slope if before is None else before.beside(slope)
    return found


def _slope(
    facts: Facts, way: Way, steep: set[int], enough: Mapping[int, frozenset[int]]
) -> _Above:
    """Return what a partial adds to what is known of a gradient."""
    steps = facts.program.steps
    step, into = steps[way.source], steps[way.into]
    inner = into.op != "input"
    root = inner and into.op in SAME_ZERO and bool(facts.singular(into, 0))
    if step.op in _PASSING:
        return _Above()
    if step.op == "heaviside":
        return _Above(held=True)
    if step.op in _HOLDING:
        limit = None if step.op == "relu" else step.args[1 - way.place]
        if not root or (limit is not None and limit not in facts.program.constants):
            return _Above(held=True)
        # Whether the limit holds where the root is 0.
        at_zero = 0.0 if limit is None else facts.number(limit)
        if step.op == "min":
            at_zero = -at_zero
        return _Above(held=at_zero > 0, lost=at_zero == 0)
    if step.op in ("mul", "div"):
        return _slope_of_product(facts, way, steep, enough)
    if way.into not in steep:
        return _Above()  # and no line below it has an infinite partial
    if step.op in _STEEP:
        return _Above(bent=True)
    if step.op in ("sqr", "powi"):
        if "0" not in facts.signs[way.into]:
            return _Above(bent=True)
        if root and _power(facts, step) * _exponent(facts, into) > 1:
            return _Above(factors=frozenset({way.into}))  # sqrt(u)**3 is u**1.5
    return _Above(lost=True)


def _slope_of_product(
    facts: Facts, way: Way, steep: set[int], enough: Mapping[int, frozenset[int]]
) -> _Above:
    """Return the same of u*v and u/v."""
    step = facts.program.steps[way.source]
    factor, bent = (
        step.args[1 - way.place] if way.below is None else step.args[0]
    ), False
    if way.below is not None or (step.op == "div" and way.place == 1):
        factor, bent = step.args[0], way.into in steep
    elif step.op == "div":
        return _Above(bent=factor in steep)
    if factor in facts.program.constants:
        return _Above(bent=bent)
    never = "0" not in facts.signs[factor]
    if factor in steep:
        return _Above(bent=True, lost=not never)
    return _Above(factors=frozenset() if never else enough[factor], bent=bent)
