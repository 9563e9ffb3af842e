"""Steps and what comes of them in, or what the values of a program have become in them; the program in these steps out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from gradgen.core.build import Steps
from gradgen.core.program import Guard, Program, Step


def finish(
    steps: Steps,
    outputs: Mapping[str, int],
    wrt: Iterable[int],
    given: Iterable[tuple[str, int, str]] = (),
    active: Mapping[int, tuple[Guard, ...]] | None = None,
    tested: Container[int] = (),
) -> Program:
    """Return a program of the steps that its outputs depend on, and of all inputs."""
    active = active or {}
    used = {v for v, step in enumerate(steps.list) if step.op == "input"}
    todo = [*outputs.values()]
    while todo:
        value = todo.pop()
        if value in used:
            continue
        used.add(value)
        step = steps.list[value]
        todo += step.args
        if step.guard or value in active:
            for branch in (step.guard, *active.get(value, ())):
                todo += (condition for condition, _ in branch)
    moved = {value: place for place, value in enumerate(sorted(used))}

    def branch_of(guard: Guard) -> Guard:
        return tuple([(moved[condition], wanted) for condition, wanted in guard])

    kept, lines = [], []
    for value, place in moved.items():
        step = steps.list[value]
        if steps.sizes[value] is None and step.op != "input":
            lines.append(place)
        if value != place or step.guard:
            args = tuple([moved[arg] for arg in step.args])
            step = Step(step.op, args, step.data, branch_of(step.guard))
        kept.append(step)
    # What became a constant has no gradient, of which branches would tell.
    of_lines = {v for v in moved if steps.sizes[v] is None}
    told = {v: tuple(map(branch_of, b)) for v, b in active.items() if v in of_lines}
    return Program(
        steps=tuple(kept),
        outputs=tuple((name, moved[value]) for name, value in outputs.items()),
        wrt=tuple(moved[value] for value in wrt),
        rows=steps.rows,
        lines=tuple(lines),
        given=tuple((t, moved[v], note) for t, v, note in given if v in moved),
        active={moved[v]: branches for v, branches in told.items()},
        tested=frozenset(moved[v] for v in of_lines if v in tested),
    )


def finish_from(before: Program, steps: Steps, moved: Mapping[int, int]) -> Program:
    """Return the program `before` in these steps, where its values have become `moved`: itself, if none has become another."""
    if _is_same(before, steps) and [*moved.values()] == [*range(len(steps))]:
        return before
    outputs: dict[str, int] = {}
    taken: set[int] = set()
    for name, value in before.outputs:
        outputs[name] = steps.result(moved[value], taken)
    given: dict[int, tuple[str, int, str]] = {}
    for text, value, note in before.given:
        at = moved.get(value)
        if at is not None and not steps.is_constant(at) and steps[at].op != "input":
            given.setdefault(at, (text, at, note))
    active = {
        moved[value]: tuple(tuple((moved[c], w) for c, w in guard) for guard in guards)
        for value, guards in before.active.items()
    }
    tested = {moved[value] for value in before.tested}
    wrt = (moved[value] for value in before.wrt)
    return finish(steps, outputs, wrt, given.values(), active, tested)


def _is_same(before: Program, steps: Steps) -> bool:
    """Whether a program is these steps, with these lines."""
    if (*steps.list,) != before.steps:
        return False
    inputs, sizes = before.signature, steps.sizes
    lines = [v for v, size in enumerate(sizes) if size is None and v not in inputs]
    return (*lines,) == before.lines
