"""A compiled query in; what it reads of its table, what it is given and what it gives, for those that run it, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.pipeline import regenerate
from gradgen.targets import TARGETS, target_for
from gradgen.write.sql.parts import parts_of
from gradgen.write.templates import helpers

#: The dialects whose parameters are no names that DB-API takes.
_OTHERWISE = ("bigquery", "snowflake")


@dataclass(frozen=True)
class Query:
    """A query that gives one row: sums or means over the rows of its table.

    Attributes:
        before: the statements that come first, once in a session: what the query calls.
        text: the query.
        table: the table, as it is called in the recipe.
        probe: a query for all columns of the table, and none of its rows.
        columns: the columns that it reads.
        given: its parameters: by the name of the input what it is called in the query.
        wrt: the inputs that its slopes are by, in order.
        results: how many results the formula has.
        normal: whether it gives the sums of least squares.
        mean: whether it gives means.
        dialect: the dialect that it is in.
    """

    before: tuple[str, ...]
    text: str
    table: str
    probe: str
    columns: tuple[str, ...]
    given: Mapping[str, str]
    wrt: tuple[str, ...]
    results: int
    normal: bool
    mean: bool
    dialect: str


def query_of(compiled: Compiled, table: str | None = None) -> Query:
    """Return a compiled query, of another table if one is named.

    Raises:
        GradgenError: it is no query, or gives more than one row, or no slope.
    """
    recipe, program = compiled.recipe, compiled.program
    if not (TARGETS[recipe.target].query and recipe.reduce) or recipe.by:
        raise GradgenError(
            "a fit is of a query that gives one row: compile the formula with --target sql and --reduce sum, without --by"
        )
    if not program.wrt:
        raise GradgenError(
            'there is nothing to fit, as all inputs are columns: name those that are, as in --rows "x, y"'
        )
    if recipe.dialect in _OTHERWISE:
        raise GradgenError(
            f"a fit hands parameters over by DB-API, by their names, and {recipe.dialect} takes those of a query otherwise; run it by hand, or choose another --dialect"
        )
    if table is not None and table != recipe.table:
        compiled = regenerate(replace(recipe, table=table))
    target = target_for(compiled.recipe)
    columns = target.columns(program)
    signature, source = program.signature, compiled.source
    _, begins, query = source.partition("\nWITH\n")
    called = [one for one in helpers(target).values() if one.strip("\n") in source]
    return Query(
        before=(*sorted(called, key=lambda one: source.index(one.strip("\n"))),),
        text=begins.lstrip("\n") + query,
        table=compiled.recipe.table,
        probe=f"SELECT * FROM {parts_of(program, target)['table'][0]} WHERE 1 = 0",
        columns=tuple(text for text in program.inputs if text in columns),
        given={t: program.names[v] for v, t in signature.items() if t not in columns},
        wrt=tuple(signature[v] for v in program.wrt),
        results=len(program.outputs),
        normal=target.normal,
        mean=recipe.reduce == "mean",
        dialect=recipe.dialect,
    )
