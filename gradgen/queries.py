"""A compiled query in; what it reads of its table, what it is given and what it gives, for those that run it, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.over_rows import is_over_rows, target_of
from gradgen.pipeline import regenerate
from gradgen.targets import target_for
from gradgen.write.languages.sql import SQL
from gradgen.write.sql.parts import parts_of
from gradgen.write.templates import helpers

#: The dialects whose parameters are no names that DB-API takes.
_OTHERWISE = ("bigquery", "snowflake")


@dataclass(frozen=True, kw_only=True)
class Summed:
    """What gives one row: sums or means over the rows of a table or a frame.

    Attributes:
        columns: the columns that it reads.
        given: its parameters: by the name of the input what it is called there.
        wrt: the inputs that its slopes are by, in order.
        results: how many results the formula has.
        normal: whether it gives the sums of least squares.
        mean: whether what it gives is of a size that does not grow with the rows, as a mean is, or as the formula has it.
    """

    columns: tuple[str, ...]
    given: Mapping[str, str]
    wrt: tuple[str, ...]
    results: int
    normal: bool
    mean: bool


@dataclass(frozen=True, kw_only=True)
class Query(Summed):
    """A query that gives one row.

    Attributes:
        before: the statements that come first, once in a session: what the query calls.
        text: the query.
        table: the table, as it is called in the recipe.
        probe: a query for all columns of the table, and none of its rows.
        dialect: the dialect that it is in.
    """

    before: tuple[str, ...]
    text: str
    table: str
    probe: str
    dialect: str


def summed(compiled: Compiled, target: str) -> Summed:
    """Return what a compiled formula adds up, of this target.

    Raises:
        GradgenError: it is none of it, or gives more than one row, or no slope.
    """
    recipe, program = compiled.recipe, compiled.program
    one = recipe.reduce or is_over_rows(recipe, program)
    if recipe.target != target or not one or recipe.by:
        raise GradgenError(
            f"a fit is of what gives one row of sums: compile the formula with --target {target} and --reduce sum, without --by"
        )
    if not program.wrt:
        raise GradgenError(
            'there is nothing to fit, as all inputs are columns: name those that are, as in --rows "x, y"'
        )
    columns = target_for(recipe).columns(program)
    signature = program.signature
    return Summed(
        columns=tuple(text for text in program.inputs if text in columns),
        given={t: program.names[v] for v, t in signature.items() if t not in columns},
        wrt=tuple(signature[v] for v in program.wrt),
        results=len(program.outputs),
        normal="gauss_newton" in recipe.with_,
        mean=recipe.reduce != "sum",
    )


def query_of(compiled: Compiled, table: str | None = None) -> Query:
    """Return a compiled query, of another table if one is named.

    Raises:
        GradgenError: it is no query, or gives more than one row, or no slope.
    """
    found, recipe = summed(compiled, SQL.name), compiled.recipe
    if recipe.dialect in _OTHERWISE:
        raise GradgenError(
            f"a fit hands parameters over by DB-API, by their names, and {recipe.dialect} takes those of a query otherwise; run it by hand, or choose another --dialect"
        )
    if table is not None and table != recipe.table:
        compiled = regenerate(replace(recipe, table=table))
    target, source = target_of(compiled.recipe, compiled.program), compiled.source
    _, begins, query = source.partition("\nWITH\n")
    called = [one for one in helpers(target).values() if one.strip("\n") in source]
    return Query(
        before=(*sorted(called, key=lambda one: source.index(one.strip("\n"))),),
        text=begins.lstrip("\n") + query,
        table=compiled.recipe.table,
        probe=f"SELECT * FROM {parts_of(compiled.program, target)['table'][0]} WHERE 1 = 0",
        dialect=recipe.dialect,
        **vars(found),
    )
