"""A program in; the same program out, if it keeps every rule of the representation."""

from __future__ import annotations

from collections.abc import Container, Iterator

from gradgen.core.program import Program, ProgramError


def verify(program: Program, known: Program | None = None) -> Program:
    """Return a program if it keeps every rule of the representation, in linear time.

    Args:
        program: the program.
        known: one that keeps them, from which it was made: the steps, lines and ways that they share are right.

    Raises:
        ProgramError: a step reads a later value, takes other arguments than its row, or mixes up conditions and numbers; a way
            runs out of order or not along an argument; a name is missing, illegal or given twice.
    """
    for fault in _faults(program, known):
        raise ProgramError(fault)
    return program


def _faults(program: Program, known: Program | None) -> Iterator[str]:
    made, given = _made(program), None if known is None else _made(known)
    if made != given:
        yield from _faults_made(program, known)
    names = [*program.names.values(), *program.adjoints.values()]
    if names and not program.names.keys() == program.adjoints.keys() == {*program.signature, *program.lines}:  # fmt: skip
        yield "every input and line needs a name and a gradient name, and nothing else does"
    if len({*names}) != len(names):
        yield "two values share a name"
    if not all(map(str.isidentifier, names)):
        yield "a name is not an identifier"


def _made(program: Program) -> tuple[object, ...]:
    """Return all of a program but for its names."""
    return program.steps, _of_lines(program), program.ways


def _faults_made(program: Program, known: Program | None) -> Iterator[str]:
    """Yield what is wrong with a program but for its names."""
    steps, first = program.steps, len(program.signature)
    truths: set[int] = set()
    start = 0
    if known is not None and steps[: len(known.steps)] == known.steps:
        start = len(known.steps)
        boolean = {op for op, row in program.rows.items() if row.boolean}
        truths = {
            value
            for value, (op, _, data, _) in enumerate(known.steps)
            if op in boolean or type(data) is bool
        }
    plain = {
        name: row.arity
        for name, row in program.rows.items()
        if not (row.truths or row.boolean)
    }
    for value, step in enumerate(steps[start:], start):
        op, args, _, guard = step
        usual = args and plain.get(op) == len(args) and not guard
        if usual and 0 <= min(args) <= max(args) < value and truths.isdisjoint(args):
            continue  # one of numbers, as nearly all are
        row = program.rows.get(step.op)
        if (row is None and step.op not in ("input", "const")) or (step.op == "input") != (value < first):  # fmt: skip
            yield f"step {value}: no operation {step.op}, or an input that is not in front"
        if len(step.args) != (row.arity if row else 0):
            yield f"step {value}: {step.op} takes another number of arguments"
        if row is None and step.data is None:
            yield f"step {value}: {step.op} is of nothing"
        for place, arg in enumerate(step.args):
            if not 0 <= arg < value:
                yield f"step {value} reads the later value {arg}"
            if (arg in truths) != (row is not None and place in row.truths):
                yield f"step {value}: a condition and a number are mixed up"
        for condition, _ in step.guard:
            if condition not in truths:
                yield f"step {value}: the guard {condition} is no earlier condition"
        if row.boolean if row else isinstance(step.data, bool):
            truths.add(value)
    same = known if start == len(steps) else None
    if same is None or _of_lines(program) != _of_lines(same):
        yield from _line_faults(program, truths)
    if same is None or program.ways != same.ways:
        yield from _way_faults(program, truths)


def _of_lines(program: Program) -> tuple[object, ...]:
    """Return all that `_line_faults` looks at beside the steps."""
    named = program.outputs, program.given, program.wrt
    return program.lines, *named, program.active, program.tested


def _line_faults(program: Program, truths: Container[int]) -> Iterator[str]:
    lines, last = {*program.lines}, len(program.signature) - 1
    for value in program.lines:
        if not last < value < len(program.steps) or program.steps[value].op == "const":
            yield f"line {value} is out of order, or of no operation"
        last = value
    if not lines.issuperset([*(v for _, v in program.outputs), *(v for _, v, _ in program.given), *program.active, *program.tested]):  # fmt: skip
        yield "an output or what the user named, or what branches of gradients are told of, is no line"
    if any(wrt not in program.signature for wrt in program.wrt):
        yield "a gradient is asked of no input"
    told = (c for guards in program.active.values() for guard in guards for c, _ in guard)  # fmt: skip
    if any(condition not in truths for condition in told):
        yield "a branch of a gradient is no condition"


def _way_faults(program: Program, truths: Container[int]) -> Iterator[str]:
    received, last = {value for _, value in program.outputs}, len(program.steps)
    for source, place, into, below, _, branch, alive, *_ in program.ways:
        if not 0 <= source <= last:
            yield "ways must run in reverse order"
        last = source
        if source not in received:
            yield f"a gradient flows from value {source} before it has received any"
        reader = program.steps[below[-1] if below else source]
        if into not in reader.args[place : place + 1]:
            yield "a way goes to what its step does not read"
        if below and program.steps[source].op not in ("mul", "div", "inv", "log", "powi", "powr", "pow"):  # fmt: skip
            yield "a way goes past what is no factor"
        if branch is not None or alive:
            tests = alive if branch is None else (branch, *alive)
            if any(condition not in truths for condition in tests):
                yield "a way is told by no condition"
        received.add(into)
