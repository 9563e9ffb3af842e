"""A program in; the same program out, its exponentials infinite where all that reads them has a finite limit then."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from gradgen.core.program import Program, Step
from gradgen.passes.forms.factors import number_of

#: How far infinity is followed.
_READERS = 64
#: Operations that have a finite limit and no slope at infinity: for which sign of it.
_LIMITS = {
    "inv": "+-",
    "exp": "-",
    "expm1": "-",
    "log1mexp": "-",
    "sigmoid": "+-",
    "tanh": "+-",
    "erf": "+-",
    "erfc": "+-",
    "atan": "+-",
    "softplus": "-",
    "logsigmoid": "+",
}
_OPPOSITE = {"+": "-", "-": "+"}


def to_limits(program: Program) -> Program:
    """Let exp be infinite where all that reads it then has a finite limit, as 1/(2 + exp(x)) has."""
    if all(step.op != "exp" for step in program.steps):
        return program
    readers: dict[int, list[int]] = {}
    for value, step in enumerate(program.steps):
        for arg in step.args:
            readers.setdefault(arg, []).append(value)
    results = {value for _, value in program.outputs}
    steps = list(program.steps)
    far = _ways_on(program, readers, results)
    for value, step in enumerate(program.steps):
        if step.op != "exp" or far[value] == _READERS or _is_shifted(program, step):
            continue
        if _dies_out(program, value, readers, results):
            steps[value] = step._replace(op="expinf")
    return replace(program, steps=tuple(steps))


def _is_shifted(program: Program, step: Step) -> bool:
    """Whether the exponent is less than another by about the largest of all, so that it is never large."""
    exponent = program.steps[step.args[0]]
    if exponent.op not in ("sub", "neg"):
        return False
    return program.steps[exponent.args[-1]].op == "top"


def _ways_on(
    program: Program, readers: Mapping[int, Sequence[int]], results: Container[int]
) -> list[int]:
    """Return for how many steps `+` infinity goes on from each value: `_READERS` where a way from it ends in no limit, or later.

    What reads a value is looked at once, however many exponentials come to it.
    """
    steps = program.steps
    far = {sign: [_READERS] * len(steps) for sign in _OPPOSITE}
    above, below = far.values()
    for value in range(len(steps) - 1, -1, -1):
        ways = readers.get(value, ())
        lost = [r for r in ways if above[r] == below[r] == _READERS and steps[r].op not in _LIMITS]  # fmt: skip
        if lost or value in results:
            continue
        for sign, found in far.items():
            most = 0
            for reader in ways:
                step = steps[reader]
                if sign in _LIMITS.get(step.op, ""):
                    continue
                passed = _passed_on(program, step, value, sign)
                most = max(most, 1 + far[passed][reader] if passed else _READERS)
            found[value] = min(most, _READERS)
    return above


def _dies_out(
    program: Program,
    start: int,
    readers: Mapping[int, Sequence[int]],
    results: Container[int],
) -> bool:
    """Whether infinity as a value ends, on all ways from it, in an operation that has a limit there."""
    signs = {start: "+"}
    todo = [start]
    while todo:
        value = todo.pop()
        if value in results or len(signs) > _READERS:
            return False
        for reader in readers.get(value, ()):
            step = program.steps[reader]
            if signs[value] in _LIMITS.get(step.op, ""):
                continue
            sign = _passed_on(program, step, value, signs[value])
            if sign is None or signs.setdefault(reader, sign) != sign:
                return False
            if step.op in ("add", "sub") and sum(a in signs for a in step.args) > 1:
                return False
            todo.append(reader)
    return True


def _passed_on(program: Program, step: Step, value: int, sign: str) -> str | None:
    """Return the sign of a step that is infinite as one of its values is, None where it may be something else."""
    if step.op == "neg":
        return _OPPOSITE[sign]
    if step.op not in ("add", "sub", "mul", "div") or step.args[0] == step.args[1]:
        return None
    first = step.args[0] == value
    if step.op in ("add", "sub"):
        return sign if first or step.op == "add" else _OPPOSITE[sign]
    number = number_of(program.steps.__getitem__, step.args[1 if first else 0])
    if not number or (step.op == "div" and not first):
        return None
    return sign if number > 0 else _OPPOSITE[sign]
