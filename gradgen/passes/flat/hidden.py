"""A program with ways in; its own functions that hide where it does not move from what is infinitely steep there, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradgen.core.program import Program
from gradgen.core.rows import Row, Term
from gradgen.passes.facts import Facts
from gradgen.passes.flat.near import HOLDING
from gradgen.passes.flat.reach import above, below

#: Operations that do not move somewhere.
_HOLDING = (*HOLDING, "where", "heaviside")


def hiding(program: Program) -> list[str]:
    """Return the names of the functions that are better written out: a limit or a choice stands in them, or beside them."""
    if not any(program.rows[program.steps[v].op].own for v in program.lines):
        return []
    facts = Facts(program)
    infinite = []
    for way in program.ways:
        points = facts.points(way)
        if any(point or "0" in facts.signs[way.into] for point in points):
            infinite.append(way)
    sources = {way.source for way in infinite}
    found: dict[str, None] = {}
    for region in (
        below(program, {way.into for way in infinite}),
        sorted(above(program, sources) - sources),
    ):
        ops = _inside([program.steps[value].op for value in region], program.rows)
        rows = [program.rows[op] for op in ops]
        if any(row.name in _HOLDING or row.flat for row in rows):
            found |= {row.name: None for row in rows if row.own}
    return [*found]


def _inside(ops: Iterable[str], rows: Mapping[str, Row]) -> list[str]:
    """Return these operations, and those of which functions of a program's own are made."""
    found = dict.fromkeys(op for op in ops if op in rows)
    todo = [*found]
    while todo:
        row = rows[todo.pop()]
        terms = [row.body] if row.own else []
        while terms:
            term = terms.pop()
            if isinstance(term, Term):
                terms += term.args
                if term.op in rows and term.op not in found:
                    found[term.op] = None
                    todo.append(term.op)
    return [*found]
