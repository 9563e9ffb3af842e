"""Lines in; the same with names that are given once, as columns are, out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradgen.core.build import Steps
from gradgen.core.program import Line, Program, Step
from gradgen.passes.constants import constants_in
from gradgen.passes.sweeps.jacobian import Jacobian
from gradgen.write.sql.names import KEYWORDS, keys
from gradgen.write.target import Target

#: Logarithms of what is added up, by how: exponentials of what the largest exceeds, so that none overflows.
_LOGARITHMS = {"logsumexp": "sum", "logmeanexp": "mean"}
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
    lines = apart(lines, steps, program, target)
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


def apart(
    lines: Sequence[Line], steps: Steps, program: Program, target: Target
) -> Sequence[Line]:
    """Return lines as a query or a function of frames has them whose formula adds rows up."""
    return [*_apart(lines, steps, program)] if target.whole else lines


def _apart(lines: Sequence[Line], steps: Steps, program: Program) -> Iterator[Line]:
    """Yield lines in which each that adds rows up does nothing else, in terms of sums, means and the largest."""
    taken = {*program.names.values(), *program.adjoints.values()}
    taken |= {*constants_in(program)}
    taken = {name.casefold() for name in taken}
    often = Counter(line.name for line in lines)

    def named(line: Line, what: str, op: str, *args: int) -> Line:
        name = f"{line.name}_{what}"
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        value = steps.append(Step(op, args)) if op else line.value
        return line._replace(name=name, value=value, total=value, sign="=")

    for line in lines:
        op, args, _, _ = steps.list[line.value]
        if op in _LOGARITHMS:
            top = named(line, "top", "largest", *args)
            yield top
            below = steps.append(Step("sub", (*args, top.value)))
            raised = steps.append(Step("exp", (below,)))
            total = named(line, "sum", _LOGARITHMS[op], raised)
            yield total
            log = steps.append(Step("log", (total.value,)))
            found = steps.append(Step("add", (top.value, log)))
            size = steps.append(Step("abs", (top.value,)))
            infinite = steps.append(Step("gt", (size, steps.const(sys.float_info.max))))
            chosen = steps.append(Step("where", (infinite, top.value, found)))
            yield line._replace(value=chosen)
            continue
        if args and steps.rows[op].level == "whole" and often[line.name] > 1:
            yield named(line, "part", "")
        yield line


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
