"""A named program in; its functions out: which values have a line of their own, in which order, and under which names."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from gradgen.core.build import Steps
from gradgen.core.derive import Chain
from gradgen.core.program import Line, Program
from gradgen.passes.gradient import all_of


def forward(program: Program, chain: Chain) -> list[Line]:
    """Return the forward lines: one operation each, evaluated only where its branch is taken."""
    steps, found = chain.steps, []
    for value in program.lines:
        step = steps[value]
        said = value
        if step.guard:
            said = steps.append(step._replace(guard=()))
            outside = steps.const(False if steps.rows[step.op].boolean else 0)
            said = chain.tidy.make(
                "where", all_of(chain.tidy.make, step.guard), said, outside
            )
        found.append(Line(said, program.names[value], value))
    return found


def backward(
    program: Program, chain: Chain, upstream: int | None = None
) -> tuple[dict[int, str], list[Line]]:
    """Return the upstream gradients with their names, and the backward lines: those of each forward line answer it.

    Args:
        program: the program.
        chain: the chain rule over its steps.
        upstream: what the upstream gradient is, if it is no parameter.
    """
    seeds = {
        value: chain.steps.input(f"d:{name}") if upstream is None else upstream
        for name, value in program.outputs
    }
    given = {seed: program.adjoints[value] for value, seed in seeds.items()}
    names = program.adjoints
    lines = [  # in half the time of Line(...), of which there are very many
        tuple.__new__(Line, (value, names[way.into], total, way.source, sign))
        for way, value, total, sign in chain.reverse(program.ways, seeds)
    ]
    return given, lines


class Names(dict[int, str]):
    """The names of values at some line of a function; a name stands for what it was given last."""

    def __init__(self, names: Mapping[int, str]) -> None:
        super().__init__(names)
        self.stands = {name: value for value, name in self.items()}

    def give(self, line: Line) -> None:
        """Note that a line has been passed."""
        _, name, total, _, _ = line
        before = self.stands.get(name)
        if before is not None and self.get(before) == name:
            del self[before]
        self.setdefault(total, name)
        self.stands[name] = total

    def behind(self, lines: Iterable[Line]) -> Names:
        """Return the names as they are behind these lines."""
        for line in lines:
            self.give(line)
        return self

    def along(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield lines, each with the names as they are before it."""
        for line in lines:
            yield line
            self.give(line)


def leaves(steps: Steps, value: int, names: Container[int]) -> Iterator[int]:
    """Yield the values with names that a line reads."""
    todo = [value] if steps[value].op == "copy" else [*steps[value].args]
    if not todo and value in names:
        yield value
    yield from named_below(steps, todo, names, set())


def named_below(
    steps: Steps, values: Iterable[int], names: Container[int], seen: set[int]
) -> Iterator[int]:
    """Yield the first values with names on each way down from values, these included; what has been seen is passed over, and noted."""
    todo = [*values]
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        if at in names:
            yield at
        else:
            todo += steps[at].args


def read_by(steps: Steps, value: int, names: Container[int]) -> Iterator[int]:
    """Yield the values with names that a line reads which says a value by its name, if that has one."""
    if value in names:
        yield value
    else:
        yield from leaves(steps, value, names)
