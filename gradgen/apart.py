"""A program in; the same program out, where no choice hangs on a condition that a choice stands in: the inner choice goes around.

`log(u) if (u if c else y) > 0 else y` is `(log(u) if u > 0 else y) if c else (log(u) if y > 0 else y)`: now the condition needs u only
where c is True, and whoever evaluates branches knows that before u is made.
"""

from __future__ import annotations

from gradgen.ir import Operand, Program, Ref, Step
from gradgen.stage import Builder

#: How many steps of a condition are looked at for a choice.
_STEPS = 12


def choices_apart(program: Program, deep: int = 1) -> Program:
    """Return the program with the choices in its conditions taken out of them, so many of one condition, one in another."""
    return _Apart(program, deep).run()


class _Apart:
    def __init__(self, program: Program, deep: int) -> None:
        self.program = program
        self.deep = deep
        self.builder = Builder(program.inputs)

    def run(self) -> Program:
        first = len(self.program.inputs)
        moved: dict[int, Operand] = {i: Ref(i) for i in range(first)}
        for index in self.early():
            step = self.program.steps[index - first]
            args = [moved[a.index] if isinstance(a, Ref) else a for a in step.args]
            if step.op == "where":
                test, one, other = args
                moved[index] = self.choice(test, one, other)
            else:
                moved[index] = self.builder.append(Step(step.op, tuple(args)))
        return self.builder.program(self.program, [moved[i] for i in range(len(moved))])

    def early(self) -> list[int]:
        """Return the values in an order in which a condition stands before all choices that it needs nothing of."""
        levels = [0] * len(self.program.inputs)
        for step in self.program.steps:
            before = [levels[a.index] for a in step.args if isinstance(a, Ref)]
            levels.append(max(before, default=0) + (step.op == "where"))
        return sorted(range(len(self.program.inputs), len(levels)), key=lambda i: (levels[i], i))  # fmt: skip

    def choice(
        self, test: Operand, one: Operand, other: Operand, depth: int = 0
    ) -> Operand:
        cone = self.cone(test, needed=True) if depth < self.deep else []
        inner = next((step for _, step in cone if step.op == "where"), None)
        if inner is None:
            return self.builder.emit("where", test, one, other)
        found = []
        for place in (2, 1):
            copied = self.copied(test, inner, place)
            if copied is None:
                return self.builder.emit("where", test, one, other)
            found.append(self.choice(copied, one, other, depth + 1))
        return self.builder.emit("where", inner.args[0], *reversed(found))

    def cone(self, test: Operand, needed: bool = False) -> list[tuple[int, Step]]:
        """Return the nearest steps that a condition is made of, from itself back; no steps beyond a choice.

        Args:
            test: the condition.
            needed: leave out what is not always needed: the second of two conditions.
        """
        found: dict[int, Step] = {}
        todo = [test]
        while todo and len(found) < _STEPS:
            value = todo.pop(0)
            step = self.builder.made(value)
            if isinstance(value, Ref) and step is not None:
                found[value.index] = step
                first = 0 if step.op == "where" else len(step.args)
                if needed and step.op in ("and", "or"):
                    first = 1
                todo += step.args[:first]
        return sorted(found.items(), reverse=True)

    def copied(self, test: Operand, inner: Step, place: int) -> Operand | None:
        """Return a condition as it is where a choice in it has taken this place; None where it is long."""
        made: dict[int, Operand] = {}
        for index, step in reversed(self.cone(test)):
            args = [made.get(a.index, a) if isinstance(a, Ref) else a for a in step.args]  # fmt: skip
            if step.op == "where" and step.args[0] == inner.args[0]:
                made[index] = step.args[place]
            elif args != list(step.args):
                made[index] = self.builder.emit(step.op, *args)
        assert isinstance(test, Ref)
        return made.get(test.index)
