"""Values made in branches in; the branches in which a gradient comes to each of them out, as guards."""

from __future__ import annotations

from gradgen.core.program import Guard
from gradgen.passes.branches.make import Maker
from gradgen.passes.branches.needs import Flows
from gradgen.passes.branches.tree import Branch

#: A gradient's branch of more conditions than this is not written out.
_TOLD = 3


def reached(
    maker: Maker, flows: Flows
) -> tuple[dict[int, tuple[Guard, ...]], set[int]]:
    """Return the branches of gradients, by what the steps have become, where they are not all that evaluate the step.

    And the steps of which they are more than those of the gradient, which the conditions do not tell shortly: there the
    gradient itself tells.
    """
    teller = _Teller(maker)
    #: By step: the guards, None where not all can be told.
    found: dict[int, tuple[Guard, ...] | None] = {}
    everywhere: set[int] = set()
    more: set[int] = set()
    partly: set[int] = set()
    for (index, branch), value in maker.made.items():
        if not maker.is_line(value):
            continue
        if index in flows.partly:
            partly.add(value)
        branch = maker.made_in(index, branch)
        active = flows.active[index]
        if any(whole and branch.implies(other) for other, whole in active.items()):
            everywhere.add(value)
            continue
        coming = [b for b in active if not maker.tree.excludes(branch, b)]
        if not all(active[other] for other in coming):
            more.add(value)
        told = [teller.tell(other) for other in coming if other.implies(branch)]
        guards = [guard for guard in told if guard]
        before = found.get(value, ())
        if before is None or len(guards) < max(len(coming), 1) or _long(guards):
            found[value] = None
        else:
            found[value] = (*before, *guards)
    found = {
        value: guards for value, guards in found.items() if value not in everywhere
    }
    tested = {v for v, guards in found.items() if guards is None or v in more}
    return {v: guards for v, guards in found.items() if guards}, tested | partly


class _Teller:
    """Tells of gradients' branches by conditions that are made, without any new name."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.told: dict[Branch, Guard | None] = {maker.tree.root: ()}

    def tell(self, branch: Branch) -> Guard | None:
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
        if branch.wanted and maker.guards.under(condition, before):
            return (last,)
        return (*before, last) if before is not None and len(before) < _TOLD else None


def _long(guards: list[Guard]) -> bool:
    """Whether several guards together are long."""
    return len(guards) > 1 and sum(map(len, guards)) > _TOLD + 1
