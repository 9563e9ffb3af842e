"""A program with steps in branches in; the same without branches out: outside of its branch a step works on safe operands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from gradgen.core.build import Steps
from gradgen.core.notation import Bound, NoWordError, term
from gradgen.core.program import Program, Step
from gradgen.core.rows import Row, Term
from gradgen.core.run import Run
from gradgen.passes.check import verify
from gradgen.passes.gradient import all_of
from gradgen.passes.moved import finish_from

#: What an operand is outside of the branch that reads it: the first of these where value and slopes exist.
_SAFE = (1, 0.5, 2, 3, 0.25)
#: An operand in the branch where a condition holds, and in that where it does not.
_ROWS = {
    "then": Row(
        "then",
        ("c", "x", "s"),
        ("", "d if c else 0", ""),
        "x if c else s",
        fragment="then{0}",
        truths=(0,),
    ),
    "else": Row(
        "else",
        ("c", "x", "s"),
        ("", "0 if c else d", ""),
        "s if c else x",
        fragment="else{0}",
        truths=(0,),
    ),
}


def masked(program: Program) -> Program:
    """Return a program whose steps are evaluated everywhere, as those of arrays are.

    What a branch reads from around it has there a value for which the whole branch has one, with all slopes, wherever the branch
    is not taken: so nothing infinite or undefined comes out of it, in either pass, which a product with 0 would not take away.
    """
    if not any(step.guard for step in program.steps):
        return program
    return verify(_Masker(program).run())


class _Masker:
    """Makes the steps anew, in order.

    Attributes:
        steps: the new steps.
        moved: what values have become.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rows = {**program.rows, **_ROWS}
        self.steps = Steps(self.rows)
        self.moved: dict[int, int] = {}
        #: What a new step comes to where its branch is not taken, by new value.
        self.outside: dict[int, float] = {}
        self.runner = Run(self.steps)

    def run(self) -> Program:
        """Return the program in the new steps."""
        for value, step in enumerate(self.program.steps):
            args = tuple(self.moved[arg] for arg in step.args)
            made = step._replace(args=args, guard=())
            self.moved[value] = (
                self._in_branch(value, made) if step.guard else self.steps.append(made)
            )
        return finish_from(self.program, self.steps, self.moved)

    def _in_branch(self, value: int, step: Step) -> int:
        """Return a step of a branch on operands that are safe outside of it."""
        guard = self.program.steps[value].guard
        taken = [(self.moved[condition], wanted) for condition, wanted in guard]
        condition, wanted = taken[0]
        if len(taken) > 1:
            condition, wanted = all_of(self.steps.emit, tuple(taken)), True
        if self.rows[step.op].boolean:
            # A condition that is not evaluated is False.
            if not wanted:
                condition = self.steps.emit("not", condition)
            return self.steps.emit("and", condition, self.steps.append(step))
        if self._is_linear(step) or self.rows[step.op].level:
            # Which leads nothing but sums on, or is of rows outside the branch as well.
            return self.steps.append(step)
        args, known = self._operands(value, step, (condition, wanted))
        made = self.steps.append(step._replace(args=args))
        if known is not None:
            self.outside.setdefault(made, known)
        return made

    def _is_linear(self, step: Step) -> bool:
        """Whether no slope of a step depends on what it reads, so that 0 comes out of it where 0 goes in."""
        row = self.rows[step.op]
        still = {
            param
            for place, (param, arg) in enumerate(zip(row.params, step.args))
            if place in row.truths or self.steps.is_constant(arg)
        } | {"d"}
        todo = [term(adjoint) for adjoint in row.adjoints if adjoint]
        for at in todo:
            if at.op == "name" and at.data not in still:
                return False
            todo += at.args
        return None not in row.adjoints

    def _operands(
        self, value: int, step: Step, branch: tuple[int, bool]
    ) -> tuple[tuple[int, ...], float | None]:
        """Return the operands of a step of a branch, and what it comes to where that is not taken, if that is known."""
        row, before = self.rows[step.op], self.program.steps[value]
        given: list[Sequence[float | None]] = []
        for place, (old, new) in enumerate(zip(before.args, step.args)):
            inner = self.program.steps[old].guard == before.guard
            if self.steps.is_constant(new) or place in row.truths:
                given.append([None])
            elif inner and new in self.outside:
                given.append([None, *_SAFE])
            else:
                given.append(_SAFE)
        for chosen in _cheapest_first(given):
            safe, known = self._outside(step, chosen)
            if safe:
                break
        else:
            # No operands are safe for all that is known: these do least.
            chosen, known = tuple([one[-1] and 1 for one in given]), None
        parts = zip(step.args, chosen)
        args = [a if s is None else self._safe(a, branch, s) for a, s in parts]
        return tuple(args), known

    def _safe(self, value: int, branch: tuple[int, bool], safe: float) -> int:
        """Return a value that is another one where its branch is not taken."""
        condition, wanted = branch
        number = self.steps.const(int(safe) if safe == int(safe) else safe)
        op = "then" if wanted else "else"
        made = self.steps.append(Step(op, (condition, value, number)))
        self.outside[made] = safe
        return made

    def _outside(
        self, step: Step, chosen: Sequence[float | None]
    ) -> tuple[bool, float | None]:
        """Return whether a step has a value and all slopes on such operands, and the value if it is known."""
        row = self.rows[step.op]
        numbers: list[float] = []
        for place, (arg, safe) in enumerate(zip(step.args, chosen)):
            if safe is None and place in row.truths:
                safe = True
            elif safe is None:
                safe = self.outside.get(arg)
            numbers.append(self.steps.evaluate(arg) if safe is None else safe)
        # Values of no step stand for the operands, the result and its gradient.
        places = {name: -1 - at for at, name in enumerate((*row.params, "out", "d"))}
        names = {at: name for name, at in places.items()}
        scope = dict(zip(row.params, numbers), d=1.0)
        params = tuple([Term("name", data=param) for param in row.params])
        try:
            whole = Bound(Term(step.op, params), places)
            found = scope["out"] = float(self.runner.value(whole, names, scope))
            slopes = [
                self.runner.value(Bound(term(adjoint), places), names, scope)
                for adjoint in row.adjoints
                if adjoint
            ]
        except (ArithmeticError, ValueError):
            return False, None
        except NoWordError:  # a function that modules carry
            ranges = zip(numbers, row.sample)
            return all(low <= x <= high for x, (low, high) in ranges), None
        return all(map(math.isfinite, [found, *slopes])), found


def _cheapest_first(
    given: Sequence[Sequence[float | None]],
) -> list[tuple[float | None, ...]]:
    """Return the choices of one out of each list: those first that leave most operands as they are."""
    return sorted(product(*given), key=lambda one: -one.count(None))
