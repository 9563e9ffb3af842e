"""A program with flows and names in; the same in steps, and the ways that its gradient goes, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from gradgen.core.build import Steps
from gradgen.core import program as core
from gradgen.core.derive import Chain
from gradgen.core.notation import term
from gradgen.core.program import Guard, Step, Way
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.ir import UPSTREAM, Const, Flow, Operand, Program, Ref, Test, asked, operations
from gradgen.ops import OPS, Op


def lower(program: Program) -> tuple[core.Program, list[int]]:
    """Return a program in steps, and the value that each of its values has become."""
    rows = dict(ROWS)
    for op in dict.fromkeys(op for step in program.steps for op in operations(step)):
        if op in OPS.own:
            for row in _own(OPS.own[op], op):
                rows.setdefault(row.name if row.foreign else op, row)
    steps = Steps(rows)
    places = [steps.input(name) for name in program.inputs]
    make = Chain(steps).make
    for step in program.steps:
        args = tuple(_operand(steps, places, arg) for arg in step.args)
        guard = tuple((places[index], wanted) for index, wanted in step.guard)
        value = steps.append(Step(step.op, args, "precise" if step.precise else None, guard))
        steps.sizes[value] = None  # it has a line
        places.append(value)
    ways = tuple(_way(program, flow, steps, places, make) for flow in program.flows)
    found = core.Program(
        steps=tuple(steps.list),
        outputs=tuple((name, places[ref.index]) for name, ref in program.outputs),
        wrt=tuple(places[i] for i in program.wrt),
        rows=rows,
        lines=tuple(places[len(program.inputs) :]),
        given=tuple((name, places[ref.index], note) for name, ref, note in program.given),
        active={places[i]: tuple(tuple((places[c], w) for c, w in b) for b in step.active) for i, step in enumerate(program.steps, len(program.inputs)) if step.active},
        ways=ways,
        names=dict(zip(places, program.names)),
        adjoints=dict(zip(places, program.adjoints)),
    )
    return found, places


def _operand(steps: Steps, places: Sequence[int], arg: Operand) -> int:
    if isinstance(arg, Ref):
        return places[arg.index]
    if arg.args:
        return steps.append(Step(str(arg.value), tuple(_operand(steps, places, a) for a in arg.args)))  # fmt: skip
    return steps.const(arg.value)


def _way(program: Program, flow: Flow, steps: Steps, places: Sequence[int], make: Callable[..., int]) -> Way:  # fmt: skip
    step = program.step(flow.source)
    assert step is not None
    branches, alive = asked(step, flow, True)
    moving = any(test.value == UPSTREAM for group in alive for test in group)
    below = None if flow.below is None else places[flow.below]
    branch = None
    guarded = _needs_guard(program, flow, steps, places)
    if guarded and () not in branches:
        taken = [_conjunction(steps, places, branch, make) for branch in branches]
        branch = _any(make, [_all(make, one) for one in taken])
    tests = tuple(_alive(steps, places, alive, make))
    steep = any(test.value == UPSTREAM for group in flow.alive for test in group)
    return Way(places[flow.source], flow.partial, places[flow.into], below, branch, tests, guarded and moving and not steep, guarded and steep)  # fmt: skip


def _conjunction(steps: Steps, places: Sequence[int], branch: Guard, make: Callable[..., int]) -> list[int]:  # fmt: skip
    return [places[i] if wanted else make("not", places[i]) for i, wanted in branch]


def _all(make: Callable[..., int], parts: Iterable[int]) -> int:
    return reduce(lambda a, b: make("and", a, b), parts)


def _any(make: Callable[..., int], parts: Iterable[int]) -> int:
    return reduce(lambda a, b: make("or", a, b), parts)


def _alive(steps: Steps, places: Sequence[int], alive: Sequence[Sequence[Test]], make: Callable[..., int]) -> list[int]:  # fmt: skip
    alone = {group[0] for group in alive if len(group) == 1}
    found: dict[int, None] = {}
    for group in alive:
        tests = []
        for test in group:
            if test.value == UPSTREAM:
                continue
            value = places[test.value]
            if isinstance(test.other, bool):
                tests.append(value if test.other else make("not", value))
                continue
            other = _operand(steps, places, test.other)
            number = steps.number(other)
            if number and not isinstance(number, (str, bool)) and len(group) == 1 and not test.same:
                if Test(test.value, Const(-number)) in alone:
                    value, other = make("abs", value), steps.const(abs(number))
            tests.append(make("eq" if test.same else "ne", value, other))
        if tests:
            found[_any(make, tests)] = None
    return list(found)


def _needs_guard(program: Program, flow: Flow, steps: Steps, places: Sequence[int]) -> bool:  # fmt: skip
    """Whether what flows is more than the gradient passed on, which is 0 outside the branches already."""
    if flow.below is not None:
        return True
    step = program.step(flow.source)
    assert step is not None
    row = steps.rows[step.op]
    still = {
        param
        for place, (param, arg) in enumerate(zip(row.params, step.args))
        if place in row.truths or isinstance(arg, Const)
    }
    todo = [term(row.adjoint(flow.partial) or "d")]
    for at in todo:
        if at.op == "name" and at.data != "d" and at.data not in still:
            return True
        if at.op not in ("name", "const", "mul", "div", "neg", "where"):
            return True
        todo += at.args
    return False


def _note(text: str, params: Sequence[str]) -> str:
    text = re.sub(r"\bmath\.", "", text)
    text = re.sub(r"(?<![\w.])_(\w+\()", r"\1", text)
    text = re.sub(r"float\(special\.(\w+)\(", r"\1((", text)
    for place, param in enumerate(params):
        text = text.replace(f"{{{place}}}", param).replace(f"{{{place}:d}}", param)
    return text.replace("{out}", "out").replace("{d}", "d")


def _own(row: Op, key: str) -> list[Row]:
    params = tuple(f"a{i}" for i in range(row.arity))
    body = _note(row.python or row.scipy, params)

    def adjoints(texts: Sequence[str | None]) -> tuple[str, ...]:
        found = []
        for text in texts:
            assert text is not None
            if text in ("1.0", "-1.0"):
                found.append("d" if text == "1.0" else "-d")
            else:
                found.append(f"({_note(text, params)})*d")
        return tuple(found)

    partials = adjoints(row.python_partials)
    strict = [s or p for s, p in zip(row.strict_partials, row.python_partials)]
    foreign = {}
    for text in (body, *partials):
        todo = [term(text)]
        for at in todo:
            if at.op not in ("name", "const", "**") and at.op not in ROWS:
                local = [i for i in row.imports if i[2] == at.op]
                foreign[at.op] = Row(at.op, tuple(f"a{i}" for i in range(len(at.args))), imports=tuple(local), foreign=True)
            todo += at.args
    own = Row(
        row.name,
        params,
        partials,
        body,
        precise=adjoints(row.precise_partials),
        strict=adjoints(strict),
        fragment=row.fragment,
        role=row.role,
        rule=row.rule,
        raises=row.raises,
        kink=row.kink,
        imports=row.imports,
        own=True,
    )
    return [own, *foreign.values()]
