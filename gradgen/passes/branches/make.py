"""The branches that need each value in; its steps out, one in each of them: forward again."""

from __future__ import annotations

from gradgen.core.build import Steps
from gradgen.core.program import ProgramError
from gradgen.passes.branches.guards import Guards
from gradgen.passes.branches.needs import Key, Needs
from gradgen.passes.branches.tree import Branch, Tree


class Maker:
    """Makes each value once in each branch that needs it.

    Attributes:
        builder: the steps.
        made: what a value has become, by the branch that it was made in.
        same: what is another value in its branch, and so made in that one's.
        guards: the branches as guards.
    """

    def __init__(self, tree: Tree, needs: Needs) -> None:
        self.tree = tree
        self.needs = needs
        self.steps = tree.steps
        self.inputs = tree.program.signature
        self.builder = Steps(tree.program.rows)
        for name in tree.program.inputs:
            self.builder.input(name)
        #: What a constant has become.
        self.kept: dict[int, int] = {}
        self.made: dict[Key, int] = {}
        self.same: dict[Key, Key] = {}
        self.guards = Guards(tree, needs, self.builder, self.made)

    def run(self) -> None:
        """Make all values."""
        for value in self.tree.program.lines:
            for branch in self.needs.needed[value]:
                self._make((value, branch))

    def _make(self, key: Key) -> None:
        """Make a value in a branch, after the conditions and operands that it needs. Not recursive: formulas are deep."""
        todo = [key]
        begun = set()
        while todo:
            key = todo[-1]
            missing = [part for part in self._parts(*key) if part not in self.made]
            if missing:
                if key in begun:
                    raise ProgramError("a branch is told by what it tells itself")
                begun.add(key)
                todo += reversed(missing)
                continue
            todo.pop()
            if key not in self.made:
                self.made[key] = self._emit(*key)

    def _parts(self, index: int, branch: Branch) -> list[Key]:
        """Return what must be made before a value: the conditions of its branch, then its operands."""
        found = []
        for around in self.guards.missing(branch):
            if not around.members:
                found.append(self.needs.key(around.condition, around.outside))
        step = self.steps[index]
        for place, arg in enumerate(step.args):
            inner = self.tree.enter(step, place, branch)
            made = arg in self.tree.constants or arg in self.inputs
            if not made and inner is not None:
                found.append(self.needs.key(arg, inner))
        return found

    def operand(self, arg: int, branch: Branch) -> int:
        """Return what a value has become in a branch that needs it."""
        if arg in self.inputs:
            return arg
        if arg not in self.tree.constants:
            return self.made[self.needs.key(arg, branch)]
        if arg not in self.kept:
            step = self.steps[arg]
            args = tuple(self.operand(inner, branch) for inner in step.args)
            self.kept[arg] = self.builder.append(step._replace(args=args))
        return self.kept[arg]

    def _emit(self, index: int, branch: Branch) -> int:
        step = self.steps[index]
        inner = [
            self.tree.enter(step, place, branch) for place in range(len(step.args))
        ]
        if None in inner:
            # The branch itself has settled the choice.
            *_, arg = [arg for arg, b in zip(step.args, inner) if b is not None]
            if arg not in self.tree.constants and arg not in self.inputs:
                self.same[index, branch] = self.needs.key(arg, branch)
            return self.operand(arg, branch)
        args = [self.operand(a, b or branch) for a, b in zip(step.args, inner)]
        # Choosing between what was made already needs no guard.
        safe = not any(arg in self.needs.failing for arg in step.args)
        conditions = () if step.op == "where" and safe else self.guards.of(branch)
        return self.builder.append(step._replace(args=tuple(args), guard=conditions))

    def made_in(self, index: int, branch: Branch) -> Branch:
        """Return the branch in which a value was made: another's, where it is another value in its own."""
        key = index, branch
        while key in self.same:
            key = self.same[key]
        return key[1]

    def is_line(self, value: int) -> bool:
        """Whether a value that has been made is a stage."""
        step = self.builder[value]
        return step.op != "input" and not self.builder.is_constant(value)
