"""A program over rows of data in; what its functions in C are handed, out."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from gradgen.core.program import Program
from gradgen.passes.constants import constants_in
from gradgen.passes.facts import rowwise
from gradgen.write.target import Target


class Handed(NamedTuple):
    """What functions over rows are handed: the names of columns by those of their inputs, and of what holds results, slopes, and rows of slopes."""

    columns: Mapping[str, str]
    results: Sequence[str]
    slopes: Sequence[str]
    rows: Sequence[str]


def handed(program: Program, target: Target) -> Handed:
    """Return free names for what functions over rows are handed."""
    names, adjoints = program.names, program.adjoints
    taken = {*names.values(), *adjoints.values(), *constants_in(program)}
    taken |= target.reserved | target.avoided

    def free(name: str) -> str:
        while name in taken:
            name += "_"
        taken.add(name)
        return name

    inputs = [names[v] for v, text in program.signature.items() if text in target.rows]
    return Handed(
        {name: free(f"{name}_in") for name in inputs},
        [free(f"{names[value]}_out") for _, value in program.outputs],
        [free(f"{adjoints[value]}_out") for value in program.wrt],
        [free(f"{names[value]}_rows") for _, value in program.outputs],
    )


def signatures_over_rows(
    program: Program, target: Target, extras: Container[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the functions over rows, each with its parameters: value and slopes at once are of one result, a Jacobian only if it is among the extras."""
    found = handed(program, target)
    given = ["size_t rows"]
    for value in program.signature:
        name = program.names[value]
        column = found.columns.get(name)
        given.append(f"const double {column}[]" if column else f"double {name}")
    results, slopes, rows = (
        [f"double {name}[restrict]" for name in part]
        for part in (found.results, found.slopes, found.rows)
    )
    signatures = {"forward": (*given, *results)}
    each = rowwise(program, target.rows if target.sums else ())
    if len(results) == 1 and program.outputs[0][1] not in each:
        signatures["value_and_grad"] = (*given, *results, *slopes)
    if "jacobian" in extras:
        signatures["jacobian"] = (*given, *rows)
    return signatures
