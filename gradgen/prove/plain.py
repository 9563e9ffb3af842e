"""Operations of mpmath's and a point in; the values of all of them there out, and which branches were taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import mpmath

#: The binary logarithm of what is far beyond a double.
_FAR = 3000
_NUMBER = mpmath.mpf
_ZERO = _NUMBER(0)
_EPSILON = mpmath.mpf(2) ** -52
#: A part by which numbers may differ by rounding alone.
_ROUNDING = mpmath.mpf(2) ** -40
#: What an operation raises where it has no value, and where an operand has none.
_FAILS = (ArithmeticError, ValueError, TypeError, NotImplementedError, mpmath.libmp.NoConvergence)  # fmt: skip

Meaning = Callable[..., Any]
#: An operation: where its value stands, what it means, and where its operands stand.
_Step = tuple[int, Meaning, tuple[int, ...]]
#: The way of each choice, the steps to take then, and the ways that the results depend on.
_Followed = tuple[Sequence[int], Sequence[_Step], frozenset[tuple[int, int]]]


class Plain:
    """What was read, ready to be evaluated at many points.

    A value is None where there is no finite real one, as log(-1); this spreads, but not out of a branch not taken.

    Attributes:
        inputs: the names of its variables, in the order of the points.
        results: where the values of the results stand.
        choices: by the place of each choice, the places of its conditions, and of what each of its branches needs. A maximum
            and the like are choices, too, between numbers, and all of them are needed.
        ways: how many branches there are, all together.
        cost: what one evaluation costs, in additions.
    """

    def __init__(self, inputs: Sequence[str] = ()) -> None:
        self.inputs: list[str] = []
        self.results: list[int] = []
        self.choices: dict[int, tuple[Sequence[int], Sequence[Sequence[int]]]] = {}
        self.ways = 0
        self.cost = 0
        self._size = 0
        self._starts: list[int] = []
        self._literals: list[tuple[int, Callable[[], Any]]] = []
        self._steps: list[_Step] = []
        #: The places whose values no input changes; those of them that are exact, and that are numbers as written.
        self._constant: set[int] = set()
        self._exact: set[int] = set()
        self._written: set[int] = set()
        self._known: dict[int, list[Any]] = {}
        self._live: list[_Step] = []
        #: Those of them by which branches are chosen, with what they need; and the others.
        self._tests: list[_Step] = []
        self._others: list[_Step] = []
        #: What was followed last: most points next to each other take the same branches.
        self._followed: _Followed = [], [], frozenset()
        for name in inputs:
            self.input(name)

    def input(self, name: str) -> int:
        """Add a variable; return its place."""
        self.inputs.append(name)
        self._starts.append(self._size)
        self._size += 1
        return self._starts[-1]

    def literal(self, value: Callable[[], Any], exact: bool) -> int:
        """Add a number, which is made anew for each precision; return its place."""
        place = self._size
        self._size += 1
        self._literals.append((place, value))
        self._written.add(place)
        self._constant.add(place)
        if exact:
            self._exact.add(place)
        return place

    def step(self, meaning: Meaning, operands: Sequence[int], cost: int = 1) -> int:
        """Add an operation; return its place."""
        place = self._size
        self._size += 1
        self._steps.append((place, meaning, tuple(operands)))
        self.cost += cost
        if self._constant.issuperset(operands):
            self._constant.add(place)
            if self._exact.issuperset(operands):
                self._exact.add(place)
        return place

    def angle(self, operands: Sequence[int], cost: int) -> int:
        """Add atan2(y, x); return its place."""
        # A number as it is written has no sign: minus 0 is an operation.
        sure = operands[0] in self._written
        return self.step(mpmath.atan2 if sure else _angle, operands, cost)

    def at(self, point: Sequence[Any]) -> list[Any]:
        """Return all values at a point, with mpmath's working precision."""
        values = self._start(point)
        _run(values, self._live)
        return values

    def tested(self, point: Sequence[Any]) -> list[Any]:
        """Return the values at a point by which branches are chosen, and those that they need."""
        values = self._start(point)
        _run(values, self._tests)
        return values

    def finish(self, values: list[Any]) -> list[Any]:
        """Add to such values those of the branches that were taken; return them."""
        _run(values, self._follow(values)[1] if self.choices else self._others)
        return values

    def _start(self, point: Sequence[Any]) -> list[Any]:
        """Return a point with the values that no input changes; all others are None."""
        precision = mpmath.mp.prec
        if precision not in self._known:
            blank = self._known[precision] = self._blank()
            _run(blank, [s for s in self._steps if s[0] in self._constant])
            self._live = [s for s in self._steps if s[0] not in self._constant]
            self._split()
        values = [*self._known[precision]]
        for place, number in zip(self._starts, point):
            values[place] = number
        return values

    def _split(self) -> None:
        """Tell the steps by which branches are chosen from the others."""
        wanted = {test for tests, _ in self.choices.values() for test in tests}
        for place, _, operands in reversed(self._live):
            if place in wanted:
                wanted.update(operands)
        self._tests = [step for step in self._live if step[0] in wanted]
        self._others = [step for step in self._live if step[0] not in wanted]

    def _blank(self) -> list[Any]:
        values: list[Any] = [None] * self._size
        for place, literal in self._literals:
            values[place] = literal()
        return values

    def rough(
        self, point: Sequence[Any], centre: Sequence[Any], noise: Callable[[], float]
    ) -> list[Any]:
        """Return all values as arithmetic of doubles might round them: the same at every call with the same noise.

        Each operation is off by up to a unit in the last place, at the centre and with a slope of its own around it.

        Args:
            point: where.
            centre: all values at the point around which this is asked.
            noise: numbers from -1 to 1.
        """
        values = self._blank()
        for place, number in zip(self._starts, point):
            values[place] = number
        for place, meaning, operands in self._steps:
            try:
                value = _real(meaning(*[values[i] for i in operands]))
            except _FAILS:
                value = None
            off, slope = noise(), noise()
            exact = place in self._exact and _fits(value)
            if type(value) is mpmath.mpf and not exact:
                drift = _ZERO
                for i in operands:
                    if type(values[i]) is mpmath.mpf and type(centre[i]) is mpmath.mpf:
                        drift += values[i] - centre[i]
                value *= 1 + _EPSILON * (off + slope * drift)
            values[place] = value
        return values

    def choose(
        self, place: int, tests: Sequence[int], needs: Sequence[Sequence[int]]
    ) -> int:
        """Note that the operation at a place is a choice, and return the place.

        Args:
            place: where its value stands.
            tests: the conditions, or the numbers of which one is chosen, or one number whose sign decides.
            needs: what each branch needs; the last also where no condition holds.
        """
        self.choices[place] = tests, needs
        self.ways += len(needs)
        return place

    def choose_quotient(self, place: int, operands: Sequence[int]) -> None:
        """Note that the operation at a place is a remainder, which is another function where the whole quotient is 0."""
        test = self.step(lambda x, y: bool(0 <= x / y < 1), operands)
        self.choose(place, [test], [operands, operands])

    def taken(self, values: Sequence[Any]) -> frozenset[tuple[int, int]]:
        """Return the branches that were taken on the way to the results: which choice, and which of its branches."""
        return self._follow(values)[2] if self.choices else frozenset()

    def _follow(self, values: Sequence[Any]) -> _Followed:
        ways = [
            _way([values[test] for test in tests]) % len(needs)
            for tests, needs in self.choices.values()
        ]
        if ways == self._followed[0]:
            return self._followed
        way = dict(zip(self.choices, ways))
        live = set(self.results)
        for place, _, operands in reversed(self._steps):
            if place in live:
                chosen = place in way
                live.update(self.choices[place][1][way[place]] if chosen else operands)
        taken = frozenset(pair for pair in way.items() if pair[0] in live)
        todo = [step for step in self._others if step[0] in live]
        self._followed = ways, todo, taken
        return self._followed

    def landmarks(self) -> list[float]:
        """Return the numbers that were written, each once."""
        values = self._start(())
        found = (values[place] for place, _ in self._literals)
        return [*dict.fromkeys(float(v) for v in found if not isinstance(v, bool))]

    def values(self, found: Sequence[Any]) -> list[Any]:
        """Return the results' values of all values."""
        return [found[place] for place in self.results]


def _way(found: list[Any]) -> int:
    """Return which condition is true first, or which number is largest; of one number, whether it is positive."""
    if all(type(each) is mpmath.mpf for each in found):
        return found.index(max(found)) if len(found) > 1 else int(found[0] > 0)
    return found.index(True) if True in found else -1


def _run(values: list[Any], steps: Iterable[_Step]) -> None:
    for place, meaning, operands in steps:
        try:
            # One operand or two without the list that more are put into: these are most steps by far.
            if len(operands) == 2:
                value = meaning(values[operands[0]], values[operands[1]])
            elif len(operands) == 1:
                value = meaning(values[operands[0]])
            else:
                value = meaning(*[values[i] for i in operands])
        except _FAILS:
            continue
        if type(value) is _NUMBER:
            _, man, exponent, bits = value._mpf_
            if man and -_FAR < exponent + bits <= _FAR:
                values[place] = value
                continue
        values[place] = _real(value)


def _fits(value: Any) -> bool:
    """Whether a value has no more digits than a double."""
    return type(value) is not mpmath.mpf or value._mpf_[3] <= 53


def _real(value: Any) -> Any:
    """Return a finite real number or a truth value; None for all else."""
    if type(value) is mpmath.mpf:
        _, man, exponent, bits = value._mpf_
        if not man:
            return None if exponent else value
        # What is far beyond a double either way would take forever to go on with.
        size = exponent + bits
        if size > _FAR:
            return None
        return value if size > -_FAR else _ZERO
    if isinstance(value, mpmath.mpc):
        return value.real if value.imag == 0 else None
    if isinstance(value, (bool, tuple)) or value is None:
        return value
    return _real(mpmath.mpf(value))


def opposite(condition: bool | None) -> bool | None:
    return None if condition is None else not condition


def equal(x: Any, y: Any) -> bool | None:
    """Return whether two numbers are equal; None where rounding may tell: of y and 1/(1/y), as doubles, they may be or not."""
    off = abs(x - y)
    if off == 0:
        return True
    return None if off <= _ROUNDING * max(abs(x), abs(y)) else False


def unequal(x: Any, y: Any) -> bool | None:
    """Return the opposite of `equal`."""
    return opposite(equal(x, y))


def _angle(y: Any, x: Any) -> Any:
    """Return atan2(y, x); None where the sign of a zero decides, which mpmath has not."""
    return mpmath.atan2(y, x) if y != 0 or x > 0 else None
