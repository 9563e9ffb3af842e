"""A program in; the tree of its branches out, which grows as they are asked for: what is settled in each, and what covers what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from gradgen.core.program import Program, Step

#: More branches than these are not compared each with each.
_FEW = 16

#: Operations that do not need all their operands, with what their first operand is where they need each.
CHOICES = {"where": (None, True, False), "and": (None, True), "or": (None, False)}


class Branch:
    """A branch: the one around it, and the condition that leads into it with the truth value that it has there.

    A union of branches is a branch too, in the innermost that is around them all.

    Attributes:
        settled: the conditions that are settled in it, two bits each: whether it is True, whether it is False.
        heeded: the conditions that tell whether it is taken, a bit each.
        members: the branches of a union.
    """

    def __init__(
        self,
        number: int,
        around: Branch | None,
        condition: int,
        wanted: bool,
        settled: int,
        heeded: int,
        members: tuple[Branch, ...] = (),
    ) -> None:
        self.number = number
        self.around = around
        self.condition = condition
        self.wanted = wanted
        self.settled = settled
        self.heeded = heeded
        self.members = frozenset(members)
        self.depth: int = around.depth + 1 if around else 0
        self.inside: dict[tuple[int, bool], Branch] = {}

    @property
    def outside(self) -> Branch:
        """The branch around one that is not the whole program."""
        assert self.around is not None
        return self.around

    def outwards(self) -> Iterator[Branch]:
        """Yield this branch and those around it."""
        at: Branch | None = self
        while at is not None:
            yield at
            at = at.around

    def implies(self, other: Branch) -> bool:
        """Whether what is settled here says that the other branch is taken."""
        return other.settled & self.settled == other.settled


#: Branches, with whether the whole branch is meant or some part of it.
Branches: TypeAlias = "dict[Branch, bool]"


class Tree:
    """The branches of a program.

    Attributes:
        root: the whole program, which no condition leads into.
        ranks: the conditions of choices in order, each by what needs it first.
        order: the same of all values: every condition stands as early as it can.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.steps = program.steps
        self.constants = program.constants
        self.root = Branch(0, None, -1, True, 0, 0)
        self.count = 1
        self.unions: dict[tuple[int, ...], Branch] = {}
        self.order = self._conditions_first()
        ranks = sorted(
            self.order[step.args[0]]
            for step in program.steps
            if step.op in CHOICES and step.args[0] not in self.constants
        )
        self.ranks = list(dict.fromkeys(ranks))
        self.bits = {index: bit for bit, (_, index) in enumerate(self.ranks)}
        #: The bits of what a condition settles.
        self.settled: dict[tuple[int, bool], int] = {}
        #: The bits that say True.
        self.trues = ((1 << 2 * len(self.ranks)) - 1) // 3

    def _conditions_first(self) -> list[tuple[int, int]]:
        """Return an order in which every condition stands as early as it can: values by the first condition that needs them."""
        last = len(self.steps)
        needed_by = [last] * last
        for value in reversed(self.program.lines):
            step = self.steps[value]
            if step.op in CHOICES and step.args[0] not in self.constants:
                condition = step.args[0]
                needed_by[condition] = min(needed_by[condition], condition)
            for arg in self.program.variables(value):
                needed_by[arg] = min(needed_by[arg], needed_by[value])
        return [(condition, value) for value, condition in enumerate(needed_by)]

    def side(self, branch: Branch, condition: int, wanted: bool) -> Branch:
        """Return the branch inside another where a condition has a truth value."""
        key = condition, wanted
        if key not in branch.inside:
            branch.inside[key] = Branch(
                self.count,
                branch,
                condition,
                wanted,
                branch.settled | self.settles(condition, wanted),
                branch.heeded | 1 << self.bits[condition],
            )
            self.count += 1
        return branch.inside[key]

    def union(self, members: list[Branch]) -> Branch:
        """Return the branch that is taken where any of these is."""
        key = tuple(sorted(branch.number for branch in members))
        if key not in self.unions:
            settled, heeded = members[0].settled, 0
            for branch in members:
                settled &= branch.settled
                heeded |= branch.heeded
            # It is settled in itself: a bit that no condition has.
            settled |= 1 << 2 * (len(self.ranks) + len(self.unions))
            around = common(members)
            self.unions[key] = Branch(
                self.count, around, -1, True, settled, heeded, tuple(members)
            )
            self.count += 1
        return self.unions[key]

    def enter(self, step: Step, place: int, branch: Branch) -> Branch | None:
        """Return the branch in which `step` needs its operand at `place`; None if that is never taken.

        What makes one number of all rows needs what it reads of each, whatever the branch of its reader is there.
        """
        if self.program.rows[step.op].level:
            return self.root
        wanted = CHOICES[step.op][place] if step.op in CHOICES else None
        if wanted is None:
            return branch
        condition = step.args[0]
        settled = self.truth(condition, branch)
        if settled is not None:
            return branch if settled == wanted else None
        return self.side(branch, condition, wanted)

    def settles(self, condition: int, wanted: bool) -> int:
        """Return the bits of all conditions that one settles: where `a and b` is True, both are."""
        key = condition, wanted
        todo = [] if key in self.settled else [key]
        while todo:
            condition, wanted = todo[-1]
            step = self.steps[condition]
            parts = []
            if step.op == "not" or step.op == ("and" if wanted else "or"):
                truth = wanted != (step.op == "not")
                args = self.program.variables(condition)
                parts = [(index, truth) for index in args]
            missing = [part for part in parts if part not in self.settled]
            if missing:
                todo += missing
                continue
            bit = self.bits.get(condition)
            settled = 0 if bit is None else (1 if wanted else 2) << 2 * bit
            for part in parts:
                settled |= self.settled[part]
            self.settled[todo.pop()] = settled
        return self.settled[key]

    def truth(self, condition: int, branch: Branch) -> bool | None:
        """Return what a condition is in a branch, if the branch tells."""
        turned = False
        while condition not in self.constants:
            bit = self.bits.get(condition)
            settled = branch.settled >> 2 * bit & 3 if bit is not None else 0
            if settled:
                return (settled == 1) != turned
            step = self.steps[condition]
            if step.op == "not":
                turned = not turned
                condition = step.args[0]
            elif step.op in ("and", "or") and step.args[0] not in self.constants:
                settled = branch.settled >> 2 * self.bits[step.args[0]] & 3
                if not settled:
                    return None
                # The first of two settles them, or leaves them to the second.
                condition = step.args[int((settled == 1) == (step.op == "and"))]
            else:
                return None
        return None

    def excludes(self, one: Branch, other: Branch) -> bool:
        """Whether a condition is settled to be True in the one and False in the other."""
        turned = (one.settled & self.trues) << 1 | one.settled >> 1 & self.trues
        return bool(turned & other.settled)

    def cover(self, branches: Branches) -> Branches:
        """Return the same branches, without those inside another, and with both sides of a condition as what is around it."""
        found = dict(branches)
        few = len(found) <= _FEW
        for branch in sorted(found, key=lambda b: (-b.depth, b.number)):
            while branch in found and branch.around is not None and not branch.members:
                around = branch.around
                other = around.inside.get((branch.condition, not branch.wanted))
                if other is not None and other in found:
                    whole = found.pop(other)
                elif few:
                    # The other side may be in further branches.
                    other = self.side(around, branch.condition, not branch.wanted)
                    holders = [b for b in found if other.implies(b)]
                    if not holders:
                        break
                    whole = any(found[b] for b in holders)
                else:
                    break
                whole = found.pop(branch) and whole
                branch = around
                found[branch] = whole or found.get(branch, False)
        outermost: list[Branch] = []
        for branch in sorted(found, key=lambda b: (b.settled.bit_count(), b.number)):
            # Of more branches than these the union is taken in any case.
            if not any(branch.implies(b) for b in outermost[:_FEW]):
                outermost.append(branch)
        return {b: found[b] for b in numbered(outermost)}


def numbered(branches: Iterable[Branch]) -> list[Branch]:
    """Return branches in the order in which they were asked for."""
    return sorted(branches, key=lambda b: b.number)


def common(branches: Iterable[Branch]) -> Branch:
    """Return the innermost branch around these."""
    at, *rest = sorted(branches, key=lambda b: b.depth)
    seen = {at}
    for branch in rest:
        while branch not in seen:
            if branch.depth > at.depth:
                seen.add(branch)
                branch = branch.outside
            else:
                at = at.outside
                seen.add(at)
    return at
