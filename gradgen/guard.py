"""A program in; the same program out, with each step that only some branches need evaluated only where one is taken."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.ir import (
    Const,
    Guard,
    Operand,
    Program,
    Ref,
    Step,
    drop_unused,
    evaluate,
    verify,
)
from gradgen.ops import OPS
from gradgen.stage import Builder

#: In how many separate branches one value may be needed; each has its own step.
MAX_BRANCHES = 100
#: A guard of more conditions than this gets a name.
_NAMED_BEYOND = 2

#: Operations that do not need all their operands, with what their first operand is where they need each.
_CHOICES = {"where": (None, True, False), "and": (None, True), "or": (None, False)}


class _Branch:
    """A branch: the one around it, and the condition that leads into it with the truth value that it has there."""

    def __init__(
        self, number: int, around: _Branch | None, condition: int, wanted: bool
    ) -> None:
        self.number = number
        self.around = around
        self.condition = condition
        self.wanted = wanted
        self.depth: int = around.depth + 1 if around else 0
        self.inside: dict[tuple[int, bool], _Branch] = {}

    def outwards(self) -> Iterator[_Branch]:
        """Yield this branch and those around it."""
        at: _Branch | None = self
        while at is not None:
            yield at
            at = at.around


#: A value in one branch.
_Key: TypeAlias = "tuple[int, _Branch]"


def guard(program: Program) -> Program:
    """Guard the steps of branches.

    A value that two branches need is made in both, but where every way leads through one of them: then it is made once.

    Raises:
        GradgenError: a value is needed in more separate branches than `MAX_BRANCHES`.
    """
    if not any(step.op in _CHOICES for step in program.steps):
        return program
    return _Guard(program).run()


class _Guard:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.first = len(program.inputs)
        #: The whole program, which no condition leads into.
        self.root = _Branch(0, None, -1, True)
        self.branches = 1
        #: The branches that need a value, none of them inside another.
        self.needed: dict[int, list[_Branch]] = {}
        #: The same for its gradient, which no condition needs.
        self.active: dict[int, list[_Branch]] = {}
        self.builder = Builder(program.inputs)
        #: What a value has become, by the branch that it was made in.
        self.made: dict[_Key, Operand] = {}
        self.guards: dict[_Branch, Guard] = {self.root: ()}

    def run(self) -> Program:
        self.find_branches()
        for index in range(self.first, self.first + len(self.program.steps)):
            for branch in self.needed[index]:
                self.make((index, branch))
        outputs: list[tuple[str, Ref]] = []
        for name, ref in self.program.outputs:
            value = self.operand(ref, self.root)
            others = (other for _, other in outputs)
            outputs.append((name, self.builder.result(value, others)))
        given: dict[int, tuple[str, Ref, str]] = {}
        for text, ref, note in self.program.given:
            for branch in self.needed[ref.index][:1]:
                made = self.made.get((ref.index, branch))
                if isinstance(made, Ref) and made.index >= self.first:
                    given.setdefault(made.index, (text, made, note))
        active = self.find_active()
        steps = tuple(
            replace(step, active=active.get(self.first + position, ()))
            for position, step in enumerate(self.builder.steps)
        )
        return verify(
            drop_unused(
                replace(
                    self.program,
                    steps=steps,
                    outputs=tuple(outputs),
                    given=tuple(given.values()),
                )
            )
        )

    # From the results back: which branches need a value.

    def find_branches(self) -> None:
        program, first = self.program, self.first
        may_raise: set[int] = set()
        for position, step in enumerate(program.steps):
            parts = {arg.index for arg in step.args if isinstance(arg, Ref)}
            constants = any(isinstance(arg, Const) and fails(arg) for arg in step.args)
            if OPS[step.op].raises or constants or parts & may_raise:
                may_raise.add(first + position)

        uses: dict[int, dict[_Branch, None]] = {}
        flows: dict[int, dict[_Branch, None]] = {}
        for _, ref in program.outputs:
            uses[ref.index] = {self.root: None}
            flows[ref.index] = {self.root: None}
        for position in range(len(program.steps) - 1, -1, -1):
            index = first + position
            branches = self.needed[index] = _cover(uses.pop(index, {}))
            if len(branches) > MAX_BRANCHES:
                raise GradgenError(
                    f"a part of this formula is shared by more than {MAX_BRANCHES} branches; write it once, outside of them"
                )
            step = program.steps[position]
            for branch in branches:
                for place, arg in enumerate(step.args):
                    if not isinstance(arg, Ref):
                        continue
                    # A condition that cannot raise may as well be evaluated.
                    eager = step.op != "where" and arg.index not in may_raise
                    inner = branch if eager else self.enter(step, place, branch)
                    if inner is not None:
                        uses.setdefault(arg.index, {})[inner] = None
            self.active[index] = _cover(flows.pop(index, {}))
            if not OPS[step.op].flat:
                self.find_flows(step, self.active[index], flows)

    def find_flows(
        self,
        step: Step,
        branches: list[_Branch],
        flows: dict[int, dict[_Branch, None]],
    ) -> None:
        """Note the branches in which a gradient goes on to the step's operands."""
        for place, arg in enumerate(step.args):
            if isinstance(arg, Ref) and place not in OPS[step.op].truths:
                for branch in branches:
                    inner = self.enter(step, place, branch)
                    if inner is not None:
                        flows.setdefault(arg.index, {})[inner] = None

    def find_active(self) -> dict[int, tuple[Guard, ...]]:
        """Return the branches of gradients, by what the steps have become, where they are not all that evaluate the step."""
        found: dict[int, tuple[Guard, ...]] = {}
        everywhere: set[int] = set()
        for (index, branch), value in self.made.items():
            if not isinstance(value, Ref) or value.index < self.first:
                continue
            inside = [g for g in self.active[index] if branch in g.outwards()]
            if inside == [branch]:
                everywhere.add(value.index)
            elif inside:
                guards = tuple(self.conditions(g) for g in inside)
                found[value.index] = (*found.get(value.index, ()), *guards)
        return {i: guards for i, guards in found.items() if i not in everywhere}

    def enter(self, step: Step, place: int, branch: _Branch) -> _Branch | None:
        """Return the branch in which `step` needs its operand at `place`; None if that is never taken."""
        wanted = _CHOICES[step.op][place] if step.op in _CHOICES else None
        if wanted is None:
            return branch
        condition = step.args[0]
        assert isinstance(condition, Ref)
        for around in branch.outwards():
            if around.condition == condition.index:
                return branch if around.wanted == wanted else None
        key = condition.index, wanted
        if key not in branch.inside:
            branch.inside[key] = _Branch(self.branches, branch, *key)
            self.branches += 1
        return branch.inside[key]

    # Forward again: each value once in each branch that needs it.

    def make(self, key: _Key) -> None:
        """Make a value in a branch, after the conditions and operands that it needs. Not recursive: formulas are deep."""
        todo = [key]
        while todo:
            key = todo[-1]
            missing = [part for part in self.parts(*key) if part not in self.made]
            if missing:
                todo += reversed(missing)
                continue
            todo.pop()
            if key not in self.made:
                self.made[key] = self.emit(*key)

    def parts(self, index: int, branch: _Branch) -> list[_Key]:
        """Return what must be made before a value: the conditions of its branch, then its operands."""
        found = []
        for around in branch.outwards():
            if around in self.guards:
                break
            assert around.around is not None
            found.append(self.key(around.condition, around.around))
        found.reverse()
        step = self.program.step(index)
        assert step is not None
        for place, arg in enumerate(step.args):
            inner = self.enter(step, place, branch)
            if isinstance(arg, Ref) and arg.index >= self.first and inner is not None:
                found.append(self.key(arg.index, inner))
        return found

    def key(self, index: int, branch: _Branch) -> _Key:
        """Return where a value that `branch` needs is made: there, or in a branch around it."""
        needed = self.needed[index]
        return index, next(around for around in branch.outwards() if around in needed)

    def operand(self, arg: Operand, branch: _Branch) -> Operand:
        if isinstance(arg, Ref) and arg.index >= self.first:
            return self.made[self.key(arg.index, branch)]
        return arg

    def emit(self, index: int, branch: _Branch) -> Operand:
        step = self.program.step(index)
        assert step is not None
        inner = [self.enter(step, place, branch) for place in range(len(step.args))]
        if None in inner:
            # The branch itself has settled the choice.
            live = [i for i, b in enumerate(inner) if b is not None and i > 0]
            return self.operand(step.args[live[-1] if live else 0], branch)
        args = [self.operand(a, b or branch) for a, b in zip(step.args, inner)]
        # Choosing between what was made already needs no guard.
        safe = not any(isinstance(arg, Const) and fails(arg) for arg in args)
        conditions = () if step.op == "where" and safe else self.conditions(branch)
        return self.builder.append(Step(step.op, tuple(args), conditions))

    def conditions(self, branch: _Branch) -> Guard:
        """Return a branch as a guard, whose conditions are made.

        A condition that was not evaluated is False: one that is True implies all the conditions that it was evaluated under.
        """
        if branch not in self.guards:
            todo = []
            for around in branch.outwards():
                if around in self.guards:
                    break
                todo.append(around)
            for at in reversed(todo):
                self.guards[at] = self.guard_of(at)
        return self.guards[branch]

    def guard_of(self, branch: _Branch) -> Guard:
        assert branch.around is not None
        before = self.guards[branch.around]
        key = self.key(branch.condition, branch.around)
        condition = self.made[key]
        assert isinstance(condition, Ref)
        last = (condition.index, branch.wanted)
        if branch.wanted and key[1] is branch.around:
            return (last,)
        if branch.wanted or len(before) < _NAMED_BEYOND:
            return (*before, last)
        named = Step("not", (condition,), before)
        return ((self.builder.append(named).index, True),)


def fails(const: Const) -> bool:
    """Whether a constant expression raises when the module runs, or may."""
    try:
        return bool(const.args) and math.isnan(evaluate(const))
    except (ArithmeticError, ValueError):
        return True


def _cover(branches: dict[_Branch, None]) -> list[_Branch]:
    """Return the same branches, without those inside another, and with both sides of a condition as what is around it."""
    found = dict(branches)
    for branch in sorted(found, key=lambda b: (-b.depth, b.number)):
        while branch in found and branch.around is not None:
            other = branch.around.inside.get((branch.condition, not branch.wanted))
            if other is None or other not in found:
                break
            del found[branch], found[other]
            branch = branch.around
            found[branch] = None
    outermost = [
        branch
        for branch in found
        if not any(b in found for b in branch.outwards() if b is not branch)
    ]
    return sorted(outermost, key=lambda b: b.number)
