"""A program in; the same program out, with each step that only some branches need evaluated only where one is taken."""

from __future__ import annotations

import contextlib
from itertools import islice

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.passes.branches.apart import choices_apart
from gradgen.passes.branches.make import Maker
from gradgen.passes.branches.needs import find_branches
from gradgen.passes.branches.reach import reached
from gradgen.passes.branches.tree import CHOICES, Tree
from gradgen.passes.check import verify
from gradgen.passes.moved import finish

#: Where branches come to so many times the steps, conditions are told apart by the choices in them.
_MANY = 4
#: So many choices are taken out of one condition, one in another; what is shortest is kept.
_DEEP = (1, 2)


def guard(program: Program) -> Program:
    """Guard the steps of branches.

    A value that two branches need is made in both, but where every way leads through one of them: then it is made once. A value
    that many branches need is made once, where any of them is taken.

    Raises:
        GradgenError: the steps in all their branches would be more than `MAX_STEPS`; conditions then need what they decide about.
    """
    if not any(step.op in CHOICES for step in program.steps):
        return program
    found = failed = None
    try:
        found = guarded(program)
    except GradgenError as error:
        failed = error
    if found is None or len(found.lines) > _MANY * len(program.lines):
        for deep in _DEEP:
            with contextlib.suppress(GradgenError):
                other = guarded(choices_apart(program, deep), split=True)
                if found is None or len(other.lines) < len(found.lines):
                    found = other
    if found is None:
        assert failed is not None
        raise failed
    return found


def guarded(program: Program, split: bool = False) -> Program:
    """Return a program with its steps in branches; with `split`, unions are taken apart where others are around a part of them.

    Raises:
        GradgenError: there would be too many.
    """
    tree = Tree(program)
    needs, flows = find_branches(tree, split)
    maker = Maker(tree, needs)
    maker.run()
    outputs: dict[str, int] = {}
    taken: set[int] = set()
    for name, value in program.outputs:
        made = maker.operand(value, tree.root)
        outputs[name] = maker.builder.result(made, taken)
    given: dict[int, tuple[str, int, str]] = {}
    for text, value, note in program.given:
        for branch in islice(needs.needed[value], 1):
            at = maker.made.get((value, branch))
            if at is not None and maker.is_line(at):
                given.setdefault(at, (text, at, note))
    active, tested = reached(maker, flows)
    wrt = program.wrt
    return verify(finish(maker.builder, outputs, wrt, given.values(), active, tested))
