"""A program in; the same program out, where no choice hangs on a condition that a choice stands in: the inner choice goes around.

`log(u) if (u if c else y) > 0 else y` is `(log(u) if u > 0 else y) if c else (log(u) if y > 0 else y)`: now the condition needs u only
where c is True, and whoever evaluates branches knows that before u is made.
"""

from __future__ import annotations

from gradgen.core.build import Steps
from gradgen.core.program import Program, Step
from gradgen.passes.moved import finish_from

#: How many steps of a condition are looked at for a choice.
_STEPS = 12


def choices_apart(program: Program, deep: int = 1) -> Program:
    """Return the program with the choices in its conditions taken out of them, so many of one condition, one in another."""
    return _Apart(program, deep).run()


class _Apart:
    def __init__(self, program: Program, deep: int) -> None:
        self.program = program
        self.deep = deep
        self.builder = Steps(program.rows)

    def run(self) -> Program:
        steps = self.program.steps
        lines = {*self.program.lines}
        moved: dict[int, int] = {}
        for value, step in enumerate(steps):
            if value not in lines:
                args = tuple(moved[arg] for arg in step.args)
                moved[value] = self.builder.append(step._replace(args=args))
        for value in self.early():
            args = tuple(moved[arg] for arg in steps[value].args)
            if steps[value].op == "where":
                moved[value] = self.choice(*args)
            else:
                moved[value] = self.builder.append(steps[value]._replace(args=args))
        return finish_from(self.program, self.builder, moved)

    def early(self) -> list[int]:
        """Return the values in an order in which a condition stands before all choices that it needs nothing of."""
        levels: dict[int, int] = {}
        for value in self.program.lines:
            step = self.program.steps[value]
            before = max((levels.get(arg, 0) for arg in step.args), default=0)
            levels[value] = before + (step.op == "where")
        return sorted(levels, key=lambda value: (levels[value], value))

    def choice(self, test: int, one: int, other: int, depth: int = 0) -> int:
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

    def cone(self, test: int, needed: bool = False) -> list[tuple[int, Step]]:
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
            if step is not None:
                found[value] = step
                first = 0 if step.op == "where" else len(step.args)
                if needed and step.op in ("and", "or"):
                    first = 1
                todo += step.args[:first]
        return sorted(found.items(), reverse=True)

    def copied(self, test: int, inner: Step, place: int) -> int | None:
        """Return a condition as it is where a choice in it has taken this place; None where it is long."""
        made: dict[int, int] = {}
        for index, step in reversed(self.cone(test)):
            args = [made.get(arg, arg) for arg in step.args]
            if step.op == "where" and step.args[0] == inner.args[0]:
                made[index] = step.args[place]
            elif args != list(step.args):
                made[index] = self.builder.emit(step.op, *args)
        return made.get(test)
