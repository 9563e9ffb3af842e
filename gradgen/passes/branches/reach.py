"""Values made in branches in; the branches in which a gradient comes to each of them out, as guards."""

from __future__ import annotations

from gradgen.core.program import Guard
from gradgen.passes.branches.make import Maker
from gradgen.passes.branches.needs import Flows
from gradgen.passes.branches.tree import Branch

#: A gradient's branch of more conditions than this is not written out.
_TOLD = 3


class Reach:
    """The branches of gradients, where they are not all that evaluate the step.

    Attributes:
        active: the branches, by what the steps have become.
        tested: the steps of which they are more than those of the gradient, which the conditions do not tell shortly: there the
            gradient itself tells.
    """

    def __init__(self, maker: Maker, flows: Flows) -> None:
        self.maker = maker
        self.flows = flows
        #: What a branch is without any new name, where that is short.
        self.told: dict[Branch, Guard | None] = {maker.tree.root: ()}
        #: The steps to which a gradient comes in all of a branch that makes them, and in some part of one.
        self.everywhere: set[int] = set()
        self.more: set[int] = set()
        found: dict[int, tuple[Guard, ...] | None] = {}
        partly: set[int] = set()
        for (index, branch), value in maker.made.items():
            if not maker.is_line(value):
                continue
            if index in flows.partly:
                partly.add(value)
            guards = self._guards(index, branch, value)
            if guards is not None:
                before = found.get(value, ())
                told = [g for g in guards if g]
                if before is None or len(told) < (len(guards) or 1) or _long(told):
                    found[value] = None
                else:
                    found[value] = (*before, *told)
        found = {v: guards for v, guards in found.items() if v not in self.everywhere}
        self.active = {v: guards for v, guards in found.items() if guards}
        tested = {v for v, guards in found.items() if guards is None or v in self.more}
        self.tested = tested | partly

    def _guards(
        self, index: int, branch: Branch, value: int
    ) -> list[Guard | None] | None:
        """Return the gradient's branches of a value that was made in one; None if they are all of it."""
        key = index, branch
        while key in self.maker.same:
            key = self.maker.same[key]
        branch = key[1]
        guards: list[Guard | None] = []
        for other, whole in self.flows.active[index].items():
            if whole and branch.implies(other):
                self.everywhere.add(value)
                return None
            if not self.maker.tree.excludes(branch, other):
                guards.append(self._tell(other) if other.implies(branch) else None)
                if not whole:
                    self.more.add(value)
        return guards

    def _tell(self, branch: Branch) -> Guard | None:
        """Return a gradient's branch as a guard of conditions that are made; None if that is long, or one is not made there."""
        path = []
        for around in branch.outwards():
            if around in self.told:
                break
            path.append(around)
        for at in reversed(path):
            self.told[at] = self._told(at)
        return self.told[branch]

    def _told(self, branch: Branch) -> Guard | None:
        maker = self.maker
        if branch in maker.guards.guards:
            return maker.guards.guards[branch]
        if branch.members:
            return None
        before = self.told[branch.outside]
        where = maker.needs.find(branch.condition, branch.outside)
        condition = maker.made.get((branch.condition, where)) if where else None
        if condition is None:
            return None
        last = (condition, branch.wanted)
        if branch.wanted and maker.guards.made_in(condition, before):
            return (last,)
        return (*before, last) if before is not None and len(before) < _TOLD else None


def _long(guards: list[Guard]) -> bool:
    """Whether several guards together are long."""
    return len(guards) > 1 and sum(map(len, guards)) > _TOLD + 1
