"""A program in; the same program out, with each step that only some branches need evaluated only where one is taken."""

from __future__ import annotations

import contextlib
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TypeAlias

from gradgen.core.build import Steps, finish, steps_of
from gradgen.core.program import Guard, Program, ProgramError, Step
from gradgen.errors import GradgenError
from gradgen.passes.apart import choices_apart
from gradgen.passes.check import verify

#: How many steps, to each step of the program and besides, its branches may come to.
MAX_STEPS = 8, 1000
#: Where they come to so many times the steps, conditions are told apart by the choices in them.
_MANY = 4
#: So many choices are taken out of one condition, one in another; what is shortest is kept.
_DEEP = (1, 2)
#: In up to so many branches a value has a step each; beyond, the branches are joined.
_SEPARATE = 4
#: More branches than these are not compared each with each.
_FEW = 16
#: A guard of more conditions than this gets a name.
_NAMED_BEYOND = 2
#: A gradient's branch of more conditions than this is not written out.
_TOLD = 3

#: Operations that do not need all their operands, with what their first operand is where they need each.
_CHOICES = {"where": (None, True, False), "and": (None, True), "or": (None, False)}


class _Branch:
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
        around: _Branch | None,
        condition: int,
        wanted: bool,
        settled: int,
        heeded: int,
        members: tuple[_Branch, ...] = (),
    ) -> None:
        self.number = number
        self.around = around
        self.condition = condition
        self.wanted = wanted
        self.settled = settled
        self.heeded = heeded
        self.members = frozenset(members)
        self.depth: int = around.depth + 1 if around else 0
        self.inside: dict[tuple[int, bool], _Branch] = {}

    @property
    def outside(self) -> _Branch:
        """The branch around one that is not the whole program."""
        assert self.around is not None
        return self.around

    def outwards(self) -> Iterator[_Branch]:
        """Yield this branch and those around it."""
        at: _Branch | None = self
        while at is not None:
            yield at
            at = at.around

    def implies(self, other: _Branch) -> bool:
        """Whether what is settled here says that the other branch is taken."""
        return other.settled & self.settled == other.settled


#: A value in one branch.
_Key: TypeAlias = "tuple[int, _Branch]"
#: Branches, with whether the whole branch is meant or some part of it.
_Branches: TypeAlias = "dict[_Branch, bool]"


#: Branches, with the results whose gradients come into them, a bit each: in all of the branch, and at all.
_Ways: TypeAlias = "dict[_Branch, tuple[int, int]]"


def guard(program: Program) -> Program:
    """Guard the steps of branches.

    A value that two branches need is made in both, but where every way leads through one of them: then it is made once. A value
    that many branches need is made once, where any of them is taken.

    Raises:
        GradgenError: the steps in all their branches would be more than `MAX_STEPS`; conditions then need what they decide about.
    """
    if not any(step.op in _CHOICES for step in program.steps):
        return program
    found = failed = None
    try:
        found = _Guard(program).run()
    except GradgenError as error:
        failed = error
    if found is None or len(found.lines) > _MANY * len(program.lines):
        for deep in _DEEP:
            with contextlib.suppress(GradgenError):
                other = _Guard(choices_apart(program, deep), split=True).run()
                if found is None or len(other.lines) < len(found.lines):
                    found = other
    if found is None:
        assert failed is not None
        raise failed
    return found


class _Guard:
    def __init__(self, program: Program, split: bool = False) -> None:
        self.program = program
        #: Whether unions are taken apart where others are around a part of them.
        self.split = split
        self.steps = program.steps
        self.rows = program.rows
        self.constants = program.constants
        self.known = steps_of(program)
        self.inputs = program.signature
        #: The whole program, which no condition leads into.
        self.root = _Branch(0, None, -1, True, 0, 0)
        self.branches = 1
        self.unions: dict[tuple[int, ...], _Branch] = {}
        #: The branches that need a value, none of them inside another.
        self.needed: dict[int, dict[_Branch, None]] = {}
        #: The same for its gradient, which no condition needs.
        self.active: dict[int, _Branches] = {}
        #: The values to which the gradients of some results come in fewer branches than those of others.
        self.partly: set[int] = set()
        self.builder = Steps(program.rows)
        for name in program.inputs:
            self.builder.input(name)
        #: What a constant has become, and what a value has, by the branch that it was made in.
        self.kept: dict[int, int] = {}
        self.made: dict[_Key, int] = {}
        #: What is another value in its branch, and so made in that one's.
        self.same: dict[_Key, _Key] = {}
        self.guards: dict[_Branch, Guard] = {self.root: ()}
        #: The same without any new name, where that is short.
        self.told: dict[_Branch, Guard | None] = {self.root: ()}
        self.order = self.conditions_first()
        ranks = sorted(
            self.order[step.args[0]]
            for step in program.steps
            if step.op in _CHOICES and step.args[0] not in self.constants
        )
        self.ranks = list(dict.fromkeys(ranks))
        #: The bits of what a condition settles.
        self.settled: dict[tuple[int, bool], int] = {}
        #: The bits that say True.
        self.trues = ((1 << 2 * len(self.ranks)) - 1) // 3
        self.bits = {index: bit for bit, (_, index) in enumerate(self.ranks)}

    def conditions_first(self) -> list[tuple[int, int]]:
        """Return an order in which every condition stands as early as it can: values by the first condition that needs them."""
        last = len(self.steps)
        needed_by = [last] * last
        for value in reversed(self.program.lines):
            step = self.steps[value]
            if step.op in _CHOICES and step.args[0] not in self.constants:
                condition = step.args[0]
                needed_by[condition] = min(needed_by[condition], condition)
            for arg in self.program.variables(value):
                needed_by[arg] = min(needed_by[arg], needed_by[value])
        return [(condition, value) for value, condition in enumerate(needed_by)]

    def run(self) -> Program:
        self.find_branches()
        for value in self.program.lines:
            for branch in self.needed[value]:
                self.make((value, branch))
        outputs: dict[str, int] = {}
        taken: set[int] = set()
        for name, value in self.program.outputs:
            made = self.operand(value, self.root)
            outputs[name] = self.builder.result(made, taken)
        given: dict[int, tuple[str, int, str]] = {}
        for text, value, note in self.program.given:
            for branch in islice(self.needed[value], 1):
                at = self.made.get((value, branch))
                if at is not None and self.is_line(at):
                    given.setdefault(at, (text, at, note))
        guarded = finish(
            self.builder,
            outputs,
            self.program.wrt,
            given.values(),
            *self.find_active(),
        )
        return verify(guarded)

    def is_line(self, value: int) -> bool:
        """Whether a value that has been made is a stage."""
        step = self.builder[value]
        return step.op != "input" and not self.builder.is_constant(value)

    # From the results back: which branches need a value.

    def find_branches(self) -> None:
        program = self.program
        may_raise: set[int] = set()
        for value in program.lines:
            step = self.steps[value]
            constants = any(self.fails(arg) for arg in step.args)
            if self.rows[step.op].raises or constants or may_raise & {*step.args}:
                may_raise.add(value)

        each, besides = MAX_STEPS
        count, most = 0, each * len(program.lines) + besides
        uses: dict[int, _Branches] = {}
        flows: dict[int, _Branches] = {}
        ways: dict[int, _Ways] = {}
        for place, (_, index) in enumerate(program.outputs):
            uses[index] = {self.root: True}
            flows[index] = {self.root: True}
            ways[index] = {self.root: (1 << place, 1 << place)}
        for index in reversed(program.lines):
            used = uses.pop(index, {})
            branches = [*self.cover(used)]
            if len(branches) > _SEPARATE:
                branches = self.join(index, branches, index in may_raise)
            if self.split and len(branches) > 1 and any(b.members for b in branches):
                pieces = [*self.cover(_members_apart(used))]
                joined = self.join(index, pieces, index in may_raise)
                branches = joined if len(joined) == 1 else branches
            self.needed[index] = dict.fromkeys(branches)
            count += len(branches)
            if count > most:
                raise GradgenError(
                    f"the conditions of this formula need what they decide about in more ways than can be written out (more than {most} "
                    "stages); compute what they need outside of the branches"
                )
            step = self.steps[index]
            for branch in branches:
                for place, arg in enumerate(step.args):
                    if arg in self.constants:
                        continue
                    # A condition that cannot raise may as well be evaluated.
                    eager = step.op != "where" and arg not in may_raise
                    inner = branch if eager else self.enter(step, place, branch)
                    if inner is not None:
                        uses.setdefault(arg, {})[inner] = True
            active = self.cover(flows.pop(index, {}))
            if len(active) > _SEPARATE:
                active = {_common(active): False}
            self.active[index] = active
            self.find_flows(step, active, flows)
            if len(program.outputs) > 1:
                self.find_ways(index, step, ways)

    def cover(self, branches: _Branches) -> _Branches:
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
        outermost: list[_Branch] = []
        for branch in sorted(found, key=lambda b: (b.settled.bit_count(), b.number)):
            # Of more branches than these the union is taken in any case.
            if not any(branch.implies(b) for b in outermost[:_FEW]):
                outermost.append(branch)
        return {b: found[b] for b in _numbered(outermost)}

    def find_flows(
        self, step: Step, branches: _Branches, flows: dict[int, _Branches]
    ) -> None:
        """Note the branches in which a gradient goes on to the step's operands."""
        for place, arg in enumerate(step.args):
            if arg not in self.constants and self.rows[step.op].moves_by(place):
                into = flows.setdefault(arg, {})
                for branch, whole in branches.items():
                    inner = self.enter(step, place, branch)
                    if inner is not None:
                        into[inner] = whole or into.get(inner, False)

    def find_ways(self, index: int, step: Step, ways: dict[int, _Ways]) -> None:
        """Note of which results a gradient goes on to the step's operands, in which branches."""
        own = ways.pop(index, {})
        reach = 0
        for _, some in own.values():
            reach |= some
        wholes = dict.fromkeys(self.active[index], reach)
        if len({*own.values()}) > 1 or any(
            every != some for every, some in own.values()
        ):
            for bit in _bits(reach):
                covered = self.cover({b: True for b, (w, _) in own.items() if w & bit})
                for branch in wholes:
                    if not any(branch.implies(b) for b in covered):
                        wholes[branch] &= ~bit
                        self.partly.add(index)
        for place, arg in enumerate(step.args):
            if arg not in self.constants and self.rows[step.op].moves_by(place):
                into = ways.setdefault(arg, {})
                for branch, every in wholes.items():
                    inner = self.enter(step, place, branch)
                    if inner is not None:
                        whole, some = into.get(inner, (0, 0))
                        into[inner] = (whole | every, some | reach)

    def join(
        self, index: int, branches: list[_Branch], may_raise: bool
    ) -> list[_Branch]:
        """Return fewer branches for a value that many need.

        What cannot raise is made wherever any of them may be taken. All else is made in their union, but for the branches whose
        conditions stand behind the value in the order of `conditions_first`: they may need it themselves.
        """
        if not may_raise:
            return [_common(branches)]
        before = bisect_left(self.ranks, self.order[index])
        common = branches[0].heeded
        for branch in branches:
            common &= branch.heeded
        known = [b for b in branches if not (b.heeded & ~common) >> before]
        rest = [b for b in branches if (b.heeded & ~common) >> before]
        return ([self.union(known)] if len(known) > 1 else known) + rest

    def union(self, members: list[_Branch]) -> _Branch:
        key = tuple(sorted(branch.number for branch in members))
        if key not in self.unions:
            settled, heeded = members[0].settled, 0
            for branch in members:
                settled &= branch.settled
                heeded |= branch.heeded
            # It is settled in itself: a bit that no condition has.
            settled |= 1 << 2 * (len(self.ranks) + len(self.unions))
            around = _common(members)
            self.unions[key] = _Branch(
                self.branches, around, -1, True, settled, heeded, tuple(members)
            )
            self.branches += 1
        return self.unions[key]

    def enter(self, step: Step, place: int, branch: _Branch) -> _Branch | None:
        """Return the branch in which `step` needs its operand at `place`; None if that is never taken."""
        wanted = _CHOICES[step.op][place] if step.op in _CHOICES else None
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

    def truth(self, condition: int, branch: _Branch) -> bool | None:
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

    def side(self, branch: _Branch, condition: int, wanted: bool) -> _Branch:
        """Return the branch inside another where a condition has a truth value."""
        key = condition, wanted
        if key not in branch.inside:
            branch.inside[key] = _Branch(
                self.branches,
                branch,
                condition,
                wanted,
                branch.settled | self.settles(condition, wanted),
                branch.heeded | 1 << self.bits[condition],
            )
            self.branches += 1
        return branch.inside[key]

    # Forward again: each value once in each branch that needs it.

    def make(self, key: _Key) -> None:
        """Make a value in a branch, after the conditions and operands that it needs. Not recursive: formulas are deep."""
        todo = [key]
        begun = set()
        while todo:
            key = todo[-1]
            missing = [part for part in self.parts(*key) if part not in self.made]
            if missing:
                if key in begun:
                    raise ProgramError("a branch is told by what it tells itself")
                begun.add(key)
                todo += reversed(missing)
                continue
            todo.pop()
            if key not in self.made:
                self.made[key] = self.emit(*key)

    def parts(self, index: int, branch: _Branch) -> list[_Key]:
        """Return what must be made before a value: the conditions of its branch, then its operands."""
        found = []
        for around in self.unguarded(branch):
            if not around.members:
                found.append(self.key(around.condition, around.outside))
        step = self.steps[index]
        for place, arg in enumerate(step.args):
            inner = self.enter(step, place, branch)
            made = arg in self.constants or arg in self.inputs
            if not made and inner is not None:
                found.append(self.key(arg, inner))
        return found

    def unguarded(self, branch: _Branch) -> list[_Branch]:
        """Return the branches that have no guard yet and must have one before a branch can, and itself."""
        found: dict[_Branch, None] = {}
        todo = [branch]
        while todo:
            at = todo[-1]
            if at not in self.guards and at not in found:
                before = _numbered(at.members) or [at.outside]
                missing = [b for b in before if b not in self.guards and b not in found]
                if missing:
                    todo += reversed(missing)
                    continue
                found[at] = None
            todo.pop()
        return [*found]

    def key(self, index: int, branch: _Branch) -> _Key:
        """Return where a value that `branch` needs is made: there, or in a branch that it implies."""
        found = self.find(index, branch)
        assert found is not None
        return index, found

    def find(self, index: int, branch: _Branch) -> _Branch | None:
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

    def operand(self, arg: int, branch: _Branch) -> int:
        if arg in self.inputs:
            return arg
        if arg not in self.constants:
            return self.made[self.key(arg, branch)]
        if arg not in self.kept:
            step = self.steps[arg]
            args = tuple(self.operand(inner, branch) for inner in step.args)
            self.kept[arg] = self.builder.append(step._replace(args=args))
        return self.kept[arg]

    def emit(self, index: int, branch: _Branch) -> int:
        step = self.steps[index]
        inner = [self.enter(step, place, branch) for place in range(len(step.args))]
        if None in inner:
            # The branch itself has settled the choice.
            live = [i for i, b in enumerate(inner) if b is not None and i > 0]
            arg = step.args[live[-1] if live else 0]
            if arg not in self.constants and arg not in self.inputs:
                self.same[index, branch] = self.key(arg, branch)
            return self.operand(arg, branch)
        args = [self.operand(a, b or branch) for a, b in zip(step.args, inner)]
        # Choosing between what was made already needs no guard.
        safe = not any(map(self.fails, step.args))
        conditions = () if step.op == "where" and safe else self.conditions(branch)
        return self.builder.append(step._replace(args=tuple(args), guard=conditions))

    def fails(self, value: int) -> bool:
        """Whether a value is a constant expression that raises when the module runs, or may."""
        return value in self.constants and math.isnan(self.known.evaluate(value))

    def conditions(self, branch: _Branch) -> Guard:
        """Return a branch as a guard, whose conditions are made.

        A condition that was not evaluated is False: one that is True implies all the conditions that it was evaluated under.
        """
        for at in self.unguarded(branch):
            self.guards[at] = (
                self.guard_of_union(at) if at.members else self.guard_of(at)
            )
        return self.guards[branch]

    def guard_of(self, branch: _Branch) -> Guard:
        before = self.guards[branch.outside]
        key = self.key(branch.condition, branch.outside)
        condition = self.made[key]
        last = (condition, branch.wanted)
        if branch.wanted and self.made_in(condition, before):
            return (last,)
        if len(before) < _NAMED_BEYOND + branch.wanted:
            return (*before, last)
        return ((self.named((*before, last)), True),)

    def guard_of_union(self, union: _Branch) -> Guard:
        members = _numbered(union.members)
        missed = self.missed(members)
        if missed is not None:
            around, other = missed
            before = self.guards[around]
            if len(before) < _NAMED_BEYOND:
                return (*before, (self.named(self.conditions(other)), False))
        either: int | None = None
        for branch in members:
            one = self.named(self.guards[branch])
            either = (
                self.builder.append(Step("or", (either, one)))
                if either is not None
                else one
            )
        assert either is not None
        return ((either, True),)

    def made_in(self, condition: int, guard: Guard | None) -> bool:
        """Whether a condition is evaluated under this guard: one that was settled there is an outer one."""
        return self.builder[condition].guard == guard

    def named(self, guard: Guard) -> int:
        """Return a guard as one condition."""
        *before, (index, wanted) = guard
        if not wanted:
            return self.builder.append(Step("not", (index,), None, tuple(before)))
        found = index
        if before:
            named = self.named(tuple(before))
            found = self.builder.append(Step("and", (named, found)))
        return found

    def missed(self, members: list[_Branch]) -> tuple[_Branch, _Branch] | None:
        """Return a branch and the only one inside it that is none of the members nor in them, if there is such a pair."""
        #: Of branches that are taken but for one in them, that one; None where all is taken.
        left: dict[_Branch, _Branch | None] = dict.fromkeys(members)
        deepest = [(-b.depth, b.number, b) for b in members]
        heapify(deepest)
        while len(left) > 1:
            _, _, branch = heappop(deepest)
            if branch not in left:
                continue
            around = branch.outside
            if branch.members or around in left:
                return None
            other = self.side(around, branch.condition, not branch.wanted)
            both = [left.pop(branch), left.pop(other) if other in left else other]
            missing = [b for b in both if b is not None]
            if len(missing) > 1:
                return None
            left[around] = missing[0] if missing else None
            heappush(deepest, (-around.depth, around.number, around))
        return next(((b, o) for b, o in left.items() if o is not None), None)

    # Which backward lines belong to branches of their own.

    def find_active(self) -> tuple[dict[int, tuple[Guard, ...]], set[int]]:
        """Return the branches of gradients, by what the steps have become, where they are not all that evaluate the step.

        And the steps of which they are more than those of the gradient, which the conditions do not tell shortly: there the
        gradient itself tells.
        """
        found: dict[int, tuple[Guard, ...] | None] = {}
        everywhere: set[int] = set()
        more: set[int] = set()
        partly: set[int] = set()
        for (index, branch), value in self.made.items():
            if not self.is_line(value):
                continue
            if index in self.partly:
                partly.add(value)
            key = index, branch
            while key in self.same:
                key = self.same[key]
            branch = key[1]
            guards: list[Guard | None] = []
            for other, whole in self.active[index].items():
                if whole and branch.implies(other):
                    everywhere.add(value)
                    break
                if not self.exclude(branch, other):
                    guards.append(self.tell(other) if other.implies(branch) else None)
                    if not whole:
                        more.add(value)
            else:
                before = found.get(value, ())
                told = [g for g in guards if g]
                if before is None or len(told) < (len(guards) or 1) or _long(told):
                    found[value] = None
                else:
                    found[value] = (*before, *told)
        found = {i: guards for i, guards in found.items() if i not in everywhere}
        tested = {i for i, guards in found.items() if guards is None or i in more}
        tested |= partly
        return {i: guards for i, guards in found.items() if guards}, tested

    def exclude(self, one: _Branch, other: _Branch) -> bool:
        """Whether a condition is settled to be True in the one and False in the other."""
        turned = (one.settled & self.trues) << 1 | one.settled >> 1 & self.trues
        return bool(turned & other.settled)

    def tell(self, branch: _Branch) -> Guard | None:
        """Return a gradient's branch as a guard of conditions that are made; None if that is long, or one is not made there."""
        path = []
        for around in branch.outwards():
            if around in self.told:
                break
            path.append(around)
        for at in reversed(path):
            self.told[at] = self.told_of(at)
        return self.told[branch]

    def told_of(self, branch: _Branch) -> Guard | None:
        if branch in self.guards:
            return self.guards[branch]
        if branch.members:
            return None
        before = self.told[branch.outside]
        where = self.find(branch.condition, branch.outside)
        condition = self.made.get((branch.condition, where)) if where else None
        if condition is None:
            return None
        last = (condition, branch.wanted)
        if branch.wanted and self.made_in(condition, before):
            return (last,)
        return (*before, last) if before is not None and len(before) < _TOLD else None


def _bits(number: int) -> Iterator[int]:
    """Yield the bits of a number, each by itself."""
    while number:
        bit = number & -number
        yield bit
        number ^= bit


def _members_apart(branches: _Branches) -> _Branches:
    """Return the same branches, with the members of a union in its place where others are around one of them."""
    found: _Branches = {}
    for branch, whole in branches.items():
        others = [b for b in branches if b is not branch]
        rest = [m for m in branch.members if not any(m.implies(b) for b in others)]
        parts = _numbered(rest) if len(rest) < len(branch.members) else [branch]
        for part in parts:
            found[part] = whole or found.get(part, False)
    return found


def _long(guards: list[Guard]) -> bool:
    """Whether several guards together are long."""
    return len(guards) > 1 and sum(map(len, guards)) > _TOLD + 1


def _numbered(branches: Iterable[_Branch]) -> list[_Branch]:
    return sorted(branches, key=lambda b: b.number)


def _common(branches: Iterable[_Branch]) -> _Branch:
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
