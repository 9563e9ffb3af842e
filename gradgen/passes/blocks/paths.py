"""Values of lines in; the branches outside which they are 0 or not read, and what they are inside, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from heapq import heappop, heappush
from itertools import pairwise
from typing import TypeAlias

from gradgen.core.build import Steps
from gradgen.core.notation import Make

#: A branch: conditions, each with the truth value that it has there, the outer ones first.
Path: TypeAlias = "tuple[tuple[int, bool], ...]"


class Paths:
    """Finds branches.

    Attributes:
        steps: the steps that lines are made of.
        zero: of values with names, the branch outside which each is 0; None where it is 0 everywhere.
    """

    def __init__(self, steps: Steps, make: Make) -> None:
        self.steps = steps
        self.make = make
        self.zero: dict[int, Path | None] = {}
        self._taken: dict[tuple[int, bool], Path | None] = {}
        self._denied: dict[tuple[int, bool], frozenset[tuple[int, bool]]] = {}

    def taken(self, condition: int, wanted: bool, names: Container[int]) -> Path | None:
        """Return the branch in which a condition holds, or does not; None where it cannot be.

        What is not evaluated is False: a condition that holds was evaluated, so its own branch is taken.
        """
        key = condition, wanted
        if key not in self._taken:
            self._taken[key] = self._found(condition, wanted, names)
        return self._taken[key]

    def _found(
        self, condition: int, wanted: bool, names: Container[int]
    ) -> Path | None:
        found: dict[int, bool] = {}
        todo = [(condition, wanted, False)]
        while todo:
            at, holds, told = todo.pop()
            if told:
                if found.setdefault(at, holds) != holds:
                    return None
                continue
            if found.get(at) is holds:  # with all that is around it
                continue
            known = self._taken.get((at, holds))
            if known is not None:
                if any(found.get(c, w) is not w for c, w in known):
                    return None
                found |= known
                continue
            op, args, _, guard = self.steps[at]
            before = [*guard] if holds else []
            # Where it alone has a name, that is what both branches are told by.
            whole = op == "not" and at in names and self._joins(args[0], names)
            if op == "not" and not whole and (holds or not guard):
                before.append((args[0], not holds))
            elif at not in names and (op, holds) in (("and", True), ("or", False)):
                before += [(arg, holds) for arg in args]
            else:
                todo.append((at, holds, True))
                if holds and op == "ne" and self.steps.number(args[1]) == 0:
                    moves = self.zero.get(args[0], ())
                    if moves is None:
                        return None
                    before += moves
            todo += [(other, truth, False) for other, truth in reversed(before)]
        return tuple(found.items())

    def _joins(self, condition: int, names: Container[int]) -> bool:
        """Whether a condition without a name is of several, so that only one of its branches is told by these."""
        several = self.steps[condition].op in ("and", "or")
        return several and condition not in names

    def of(self, value: int, names: Container[int]) -> Path | None:
        """Return the branch outside which a value is 0, or False; None where it is so everywhere."""
        if value in names:
            return self.zero.get(value, ())
        op, args, data, _ = self.steps[value]
        if op == "const":
            return None if data in (0, False) and not isinstance(data, str) else ()
        if op == "where":
            one, other = (
                both(
                    self.of(args[place], names), self.taken(args[0], place == 1, names)
                )
                for place in (1, 2)
            )
            return either(one, other)
        if op in ("neg", "copy"):
            return self.of(args[0], names)
        if op == "mul" and self.steps.is_constant(args[0]):
            return self.of(args[1], names)
        if op == "div" and self.steps.is_constant(args[1]):
            return self.of(args[0], names)
        if op in ("add", "sub"):
            return either(*(self.of(arg, names) for arg in args))
        return ()

    def holds(self, condition: int, path: Path, names: Container[int]) -> bool | None:
        """Return what a condition is in a branch, None where that does not tell."""
        op, args, _, _ = self.steps[condition]
        if condition not in names and op in ("and", "or"):
            settles = op == "or"
            parts = [self.holds(arg, path, names) for arg in args]
            if settles in parts:
                return settles
            if None not in parts:
                return not settles
        known = {*path}
        for wanted in (True, False):
            found = self.taken(condition, wanted, names)
            if found is None or not known.isdisjoint(self._against(condition, wanted)):
                return not wanted
        for wanted in (True, False):
            if known.issuperset(self.taken(condition, wanted, names) or ()):
                return wanted
        return None

    def _against(self, condition: int, wanted: bool) -> frozenset[tuple[int, bool]]:
        """Return what does not hold in the branch in which a condition holds, or does not."""
        key = condition, wanted
        if key not in self._denied:
            taken = self._taken[key] or ()
            self._denied[key] = frozenset([(c, not w) for c, w in taken])
        return self._denied[key]

    def inside(self, value: int, path: Path, names: Container[int]) -> int:
        """Return what a value is in a branch, without the choices that this settles."""
        while value not in names and self.steps[value].op == "where":
            condition, one, other = self.steps[value].args
            holds = self.holds(condition, path, names)
            if holds is None:
                rest = self.rest(condition, path, names)
                return (
                    value if rest == condition else self.make("where", rest, one, other)
                )
            value = one if holds else other
        return value

    def settled(self, value: int, path: Path, names: Container[int]) -> int:
        """Return what a value is in a branch, without choices that this settles in its operands either. It is as deep as a line, which is short."""
        value = self.inside(value, path, names)
        op, args, _, _ = self.steps[value]
        if value in names or not args or not path:
            return value
        inner = tuple([self.settled(arg, path, names) for arg in args])
        try:
            return value if inner == args else self.steps.emit(op, *inner)
        except ArithmeticError:  # as 1/0, which raises when the module runs
            return value

    def rest(self, condition: int, path: Path, names: Container[int]) -> int:
        """Return what is left of a condition in a branch that does not settle all of it."""
        step = self.steps[condition]
        if condition in names or step.op != "and":
            return condition
        known = [self.holds(arg, path, names) for arg in step.args]
        left = [a if k is None else None for a, k in zip(step.args, known)]
        parts = [self.rest(arg, path, names) for arg in left if arg is not None]
        return parts[0] if len(parts) == 1 else self.make("and", *parts)

    def condition(self, path: Path) -> int:
        """Return a branch as one condition, without what the rest of it implies."""
        implied: set[tuple[int, bool]] = set()
        for condition, wanted in path:
            told = self.steps[condition].args[
                :1
            ]  # its gradient may go by another's name
            inner = self._taken.get((condition, wanted)) or ()
            if told and told[0] in self.zero:
                continue
            implied |= {part for part in inner if part[0] != condition}
        found: int | None = None
        for at, wanted in path:
            if (at, wanted) in implied:
                continue
            one = at if wanted else self.make("not", at)
            found = one if found is None else self.make("and", found, one)
        assert found is not None
        return found


def both(one: Path | None, other: Path | None) -> Path | None:
    """Return the branch that is in two branches; None where there is none."""
    if one is None or other is None:
        return None
    if not one or not other:
        return one or other
    found = {**dict(one), **dict(other)}
    return tuple(found.items()) if len(found) == len({*one, *other}) else None


def either(one: Path | None, other: Path | None) -> Path | None:
    """Return the least branch around two."""
    if one is None or other is None:
        return other if one is None else one
    if not one or not other or one == other:
        return other and one
    common = {*other}
    return tuple([part for part in one if part in common])


def ranked(paths: Iterable[Path]) -> dict[int, int]:
    """Return the order of all conditions in branches: each behind those around it, as far as that goes, and else as they are made."""
    after: dict[int, set[int]] = {}
    for path in {*paths}:
        for (outer, _), (inner, _) in pairwise(path):
            after.setdefault(outer, set()).add(inner)
            after.setdefault(inner, set())
        for condition, _ in path[:1]:
            after.setdefault(condition, set())
    waits = Counter(inner for found in after.values() for inner in found)
    ready = sorted(condition for condition in after if not waits[condition])
    left = sorted(after)
    order: dict[int, int] = {}
    for first in left:
        ready = ready or [first]  # conditions that are around each other
        while ready:
            condition = heappop(ready)
            if condition in order:
                continue
            order[condition] = len(order)
            for inner in after[condition]:
                waits[inner] -= 1
                if not waits[inner]:
                    heappush(ready, inner)
    return order
