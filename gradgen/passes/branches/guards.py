"""Branches in; guards of conditions that have been made out: names for the long ones, and for unions."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from gradgen.core.build import Steps
from gradgen.core.program import Guard, Step
from gradgen.passes.branches.needs import Key, Needs
from gradgen.passes.branches.tree import Branch, Tree, numbered

#: A guard of more conditions than this gets a name.
_NAMED_BEYOND = 2


class Guards:
    """The guards of branches, which are made as they are asked for.

    Attributes:
        guards: the guard of each branch that has one.
    """

    def __init__(
        self, tree: Tree, needs: Needs, builder: Steps, made: Mapping[Key, int]
    ) -> None:
        self.tree = tree
        self.needs = needs
        self.builder = builder
        #: What a value has become, by the branch that it was made in.
        self.made = made
        self.guards: dict[Branch, Guard] = {tree.root: ()}

    def missing(self, branch: Branch) -> list[Branch]:
        """Return the branches that have no guard yet and must have one before a branch can, and itself."""
        found: dict[Branch, None] = {}
        todo = [branch]
        while todo:
            at = todo[-1]
            if at not in self.guards and at not in found:
                before = numbered(at.members) or [at.outside]
                missing = [b for b in before if b not in self.guards and b not in found]
                if missing:
                    todo += reversed(missing)
                    continue
                found[at] = None
            todo.pop()
        return [*found]

    def of(self, branch: Branch) -> Guard:
        """Return a branch as a guard, whose conditions are made.

        A condition that was not evaluated is False: one that is True implies all the conditions that it was evaluated under.
        """
        for at in self.missing(branch):
            self.guards[at] = self._of_union(at) if at.members else self._of_side(at)
        return self.guards[branch]

    def _of_side(self, branch: Branch) -> Guard:
        before = self.guards[branch.outside]
        key = self.needs.key(branch.condition, branch.outside)
        condition = self.made[key]
        last = (condition, branch.wanted)
        if branch.wanted and self.under(condition, before):
            return (last,)
        if len(before) < _NAMED_BEYOND + branch.wanted:
            return (*before, last)
        return ((self._named((*before, last)), True),)

    def _of_union(self, union: Branch) -> Guard:
        members = numbered(union.members)
        missed = self._missed(members)
        if missed is not None:
            around, other = missed
            before = self.guards[around]
            if len(before) < _NAMED_BEYOND:
                return (*before, (self._named(self.of(other)), False))
        either: int | None = None
        for branch in members:
            one = self._named(self.guards[branch])
            either = (
                self.builder.append(Step("or", (either, one)))
                if either is not None
                else one
            )
        assert either is not None
        return ((either, True),)

    def under(self, condition: int, guard: Guard | None) -> bool:
        """Whether a condition is evaluated under this guard: one that was settled there is an outer one."""
        return self.builder[condition].guard == guard

    def _named(self, guard: Guard) -> int:
        """Return a guard as one condition."""
        *before, (index, wanted) = guard
        if not wanted:
            return self.builder.append(Step("not", (index,), None, tuple(before)))
        found = index
        if before:
            named = self._named(tuple(before))
            found = self.builder.append(Step("and", (named, found)))
        return found

    def _missed(self, members: list[Branch]) -> tuple[Branch, Branch] | None:
        """Return a branch and the only one inside it that is none of the members nor in them, if there is such a pair."""
        #: Of branches that are taken but for one in them, that one; None where all is taken.
        left: dict[Branch, Branch | None] = dict.fromkeys(members)
        deepest = [(-b.depth, b.number, b) for b in members]
        heapify(deepest)
        while len(left) > 1:
            _, _, branch = heappop(deepest)
            if branch not in left:
                continue
            around = branch.outside
            if branch.members or around in left:
                return None
            other = self.tree.side(around, branch.condition, not branch.wanted)
            both = [left.pop(branch), left.pop(other) if other in left else other]
            missing = [b for b in both if b is not None]
            if len(missing) > 1:
                return None
            left[around] = missing[0] if missing else None
            heappush(deepest, (-around.depth, around.number, around))
        return next(((b, o) for b, o in left.items() if o is not None), None)
