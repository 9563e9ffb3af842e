"""The branches of a program in; which of them need each value, and which its gradient, out: from the results back."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from typing import TypeAlias

from gradgen.core.build import steps_of
from gradgen.core.program import Program, Step
from gradgen.errors import GradgenError
from gradgen.passes.branches.tree import Branch, Branches, Tree, common, numbered

#: How many steps, to each step of the program and besides, its branches may come to.
MAX_STEPS = 8, 1000
#: In up to so many branches a value has a step each; beyond, the branches are joined.
_SEPARATE = 4

#: A value in one branch.
Key: TypeAlias = "tuple[int, Branch]"
#: Branches, with the results whose gradients come into them, a bit each: in all of the branch, and at all.
_Ways: TypeAlias = "dict[Branch, tuple[int, int]]"


class Needs:
    """The branches that need each value, none of them inside another.

    Attributes:
        needed: the branches, by value.
        failing: the constant expressions that raise when the module runs, or may.
    """

    def __init__(self, tree: Tree, split: bool) -> None:
        self.tree = tree
        #: Whether unions are taken apart where others are around a part of them.
        self.split = split
        program = tree.program
        self.failing = _failing(program)
        self.may_raise = _may_raise(program, self.failing)
        self.needed: dict[int, dict[Branch, None]] = {}
        #: The branches in which the values further on read a value.
        self.uses: dict[int, Branches] = {v: {tree.root: True} for _, v in program.outputs}  # fmt: skip
        self.count = 0
        each, besides = MAX_STEPS
        self.most = each * len(program.lines) + besides

    def settle(self, index: int) -> None:
        """Settle which branches need a value, and note in which of them its operands are needed."""
        tree = self.tree
        used = self.uses.pop(index, {})
        branches = [*tree.cover(used)]
        if len(branches) > _SEPARATE:
            branches = self._join(index, branches)
        if self.split and len(branches) > 1 and any(b.members for b in branches):
            joined = self._join(index, [*tree.cover(_members_apart(used))])
            branches = joined if len(joined) == 1 else branches
        self.needed[index] = dict.fromkeys(branches)
        self.count += len(branches)
        if self.count > self.most:
            raise GradgenError(
                f"the conditions of this formula need what they decide about in more ways than can be written out (more than {self.most} "
                "stages); compute what they need outside of the branches"
            )
        step = tree.steps[index]
        for branch in branches:
            for place, arg in enumerate(step.args):
                if arg in tree.constants:
                    continue
                # A condition that cannot raise may as well be evaluated.
                whole = self.tree.program.rows[step.op].level
                eager = not whole and step.op != "where" and arg not in self.may_raise
                inner = branch if eager else tree.enter(step, place, branch)
                if inner is not None:
                    self.uses.setdefault(arg, {})[inner] = True

    def _join(self, index: int, branches: list[Branch]) -> list[Branch]:
        """Return fewer branches for a value that many need.

        What cannot raise is made wherever any of them may be taken. All else is made in their union, but for the branches whose
        conditions stand behind the value in the order of the tree: they may need it themselves.
        """
        if index not in self.may_raise:
            return [common(branches)]
        before = bisect_left(self.tree.ranks, self.tree.order[index])
        shared = branches[0].heeded
        for branch in branches:
            shared &= branch.heeded
        known = [b for b in branches if not (b.heeded & ~shared) >> before]
        rest = [b for b in branches if (b.heeded & ~shared) >> before]
        return ([self.tree.union(known)] if len(known) > 1 else known) + rest

    def key(self, index: int, branch: Branch) -> Key:
        """Return where a value that `branch` needs is made: there, or in a branch that it implies."""
        found = self.find(index, branch)
        assert found is not None
        return index, found

    def find(self, index: int, branch: Branch) -> Branch | None:
        """Return the branch, of those that need a value, in which another finds it; None if it does not."""
        needed = self.needed[index]
        if branch in needed:
            return branch
        around = [b for b in needed if branch.implies(b)]
        if len(around) == 1:
            return around[0]
        if around:
            outer = (b for b in branch.outwards() if b in around)
            return next(outer, around[0])
        unions = [b for b in needed if b.members]
        if branch.members:
            for union in unions:
                if all(any(m.implies(o) for o in union.members) for m in branch.members):  # fmt: skip
                    return union
        for outer_branch in branch.outwards() if unions else ():
            for union in unions:
                if outer_branch in union.members:
                    return union
        for union in unions:
            if any(branch.implies(member) for member in union.members):
                return union
        return None


class Flows:
    """The branches in which a gradient comes to each value, which no condition needs.

    Attributes:
        active: the branches, by value.
        partly: the values to which the gradients of some results come in fewer branches than those of others.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.rows = tree.program.rows
        self.active: dict[int, Branches] = {}
        self.partly: set[int] = set()
        outputs = [value for _, value in tree.program.outputs]
        self.several = len(outputs) > 1
        self.flows: dict[int, Branches] = {v: {tree.root: True} for v in outputs}
        self.ways: dict[int, _Ways] = {
            value: {tree.root: (1 << place, 1 << place)}
            for place, value in enumerate(outputs)
        }

    def settle(self, index: int) -> None:
        """Settle in which branches a gradient comes to a value, and note in which it goes on to its operands."""
        active = self.tree.cover(self.flows.pop(index, {}))
        if len(active) > _SEPARATE:
            active = {common(active): False}
        self.active[index] = active
        step = self.tree.steps[index]
        moved = [*self._moved(step)]
        for place, arg in moved:
            into = self.flows.setdefault(arg, {})
            for branch, whole in active.items():
                inner = self.tree.enter(step, place, branch)
                if inner is not None:
                    # Out of its branch the gradient of all rows is 0.
                    whole &= not self.rows[step.op].level or inner is branch
                    into[inner] = whole or into.get(inner, False)
        if self.several:
            self._find_ways(index, step, moved)

    def _moved(self, step: Step) -> Iterator[tuple[int, int]]:
        """Yield the operands that a step's gradient goes on to, each with its place."""
        for place, arg in enumerate(step.args):
            if arg not in self.tree.constants and self.rows[step.op].moves_by(place):
                yield place, arg

    def _find_ways(
        self, index: int, step: Step, moved: Iterable[tuple[int, int]]
    ) -> None:
        """Note of which results a gradient goes on to the step's operands, in which branches."""
        own = self.ways.pop(index, {})
        reach = 0
        for _, some in own.values():
            reach |= some
        wholes = dict.fromkeys(self.active[index], reach)
        if len({*own.values()}) > 1 or any(
            every != some for every, some in own.values()
        ):
            for bit in _bits(reach):
                covered = self.tree.cover({b: True for b, (w, _) in own.items() if w & bit})  # fmt: skip
                for branch in wholes:
                    if not any(branch.implies(b) for b in covered):
                        wholes[branch] &= ~bit
                        self.partly.add(index)
        for place, arg in moved:
            into = self.ways.setdefault(arg, {})
            for branch, every in wholes.items():
                inner = self.tree.enter(step, place, branch)
                if inner is not None:
                    whole, some = into.get(inner, (0, 0))
                    out = self.rows[step.op].level and inner is not branch
                    into[inner] = (whole if out else whole | every, some | reach)


def find_branches(tree: Tree, split: bool) -> tuple[Needs, Flows]:
    """Return which branches need each value, and in which a gradient comes to it.

    Raises:
        GradgenError: the steps in all their branches would be more than `MAX_STEPS`.
    """
    needs, flows = Needs(tree, split), Flows(tree)
    for index in reversed(tree.program.lines):
        needs.settle(index)
        flows.settle(index)
    return needs, flows


def _failing(program: Program) -> set[int]:
    """Return the constant expressions that raise when the module runs, or may."""
    steps = steps_of(program)
    return {v for v in program.constants if math.isnan(steps.evaluate(v))}


def _may_raise(program: Program, failing: Container[int]) -> set[int]:
    """Return the values that may raise, or need what may."""
    found: set[int] = set()
    for value in program.lines:
        step = program.steps[value]
        raises = program.rows[step.op].raises
        if raises or any(arg in failing or arg in found for arg in step.args):
            found.add(value)
    return found


def _bits(number: int) -> Iterator[int]:
    """Yield the bits of a number, each by itself."""
    while number:
        bit = number & -number
        yield bit
        number ^= bit


def _members_apart(branches: Branches) -> Branches:
    """Return the same branches, with the members of a union in its place where others are around one of them."""
    found: Branches = {}
    for branch, whole in branches.items():
        others = [b for b in branches if b is not branch]
        rest = [m for m in branch.members if not any(m.implies(b) for b in others)]
        parts = numbered(rest) if len(rest) < len(branch.members) else [branch]
        for part in parts:
            found[part] = whole or found.get(part, False)
    return found
