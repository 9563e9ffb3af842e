"""Lines in; the same with names that are given once, as columns are, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradgen.core.build import Steps
from gradgen.core.program import Line, Program, Step
from gradgen.passes.constants import constants_in
from gradgen.passes.sweeps.jacobian import Jacobian
from gradgen.write.sql.names import KEYWORDS, keys
from gradgen.write.target import Target

#: A sum of more terms has a name for every so many of them.
_TERMS = 8


def summed(
    lines: Sequence[Line],
    steps: Steps,
    program: Program,
    target: Target,
    taken: Sequence[str] = (),
) -> Sequence[Line]:
    """Return lines, of columns none of which adds to a name, as each is given once: a sum is one line, and a long one has names for its parts."""
    if not target.selects:
        return lines
    left: dict[str, int] = {}
    for line in lines:
        left[line.name] = left.get(line.name, 0) + 1
    used = {*program.names.values(), *program.adjoints.values()}
    used = {*used, *constants_in(program), *taken, *keys(program, target.by).values()}
    used = {name.casefold() for name in used}
    sums: dict[str, tuple[int, int]] = {}
    found: list[Line] = []
    for line in lines:
        value, terms = sums.get(line.name, (line.value, 0))
        if terms:
            op = "sub" if line.sign == "-=" else "add"
            value = steps.append(Step(op, (value, line.value)))
        terms += 1
        sums[line.name] = value, terms
        left[line.name] -= 1
        if not left[line.name]:
            found.append(line._replace(value=value, sign="="))
        elif terms % _TERMS == 0:
            part = f"{line.name}_{terms // _TERMS}"
            while part.casefold() in used:
                part += "_"
            used.add(part.casefold())
            found.append(line._replace(value=value, name=part, total=value, sign="="))
    return found


def summed_rows(
    found: Jacobian, steps: Steps, program: Program, target: Target
) -> Jacobian:
    """Return the lines of a Jacobian so, with names that differ by more than case."""
    if not target.selects:
        return found
    taken = {*program.names.values(), *program.adjoints.values()}
    taken = {*taken, *constants_in(program), *keys(program, target.by).values()}
    taken = {name.casefold() for name in taken} | KEYWORDS
    named = (line.name for block in found.blocks for line in block.lines)
    names: dict[str, str] = {}
    for name in dict.fromkeys(named):
        free = name
        while free.casefold() in taken:
            free += "_"
        taken.add(free.casefold())
        names[name] = free
    blocks = []
    for block in found.blocks:
        lines = [line._replace(name=names[line.name]) for line in block.lines]
        lines = [*summed(lines, steps, program, target, [*names.values()])]
        blocks.append(replace(block, lines=(*lines,)))
    rows = tuple(tuple(names.get(name, name) for name in row) for row in found.rows)
    return replace(found, blocks=(*blocks,), rows=rows, names=(*names.values(),))
