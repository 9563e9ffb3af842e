"""A program and a target in; the parts of its query that hold names of the user's, as texts, out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.write.sql.dialect import Dialect
from gradgen.write.sql.names import keys, own, quoted, table_of
from gradgen.write.sql.normal import check_normal, normal_of, normal_sums, slopes_of
from gradgen.write.target import Target

#: The aggregates of results over all rows.
AGGREGATES = {"sum": "sum", "mean": "avg"}
#: Those of formulas that add rows up in their parts.
_TOTALS = (*AGGREGATES.values(), "max")


def check_query(program: Program, target: Target) -> None:
    """Refuse a program that is no query.

    Raises:
        GradgenError: it has two columns with the same name, or is to be fitted and has no parameter.
    """
    if not target.query:
        return
    check_normal(program, target)
    found: dict[str, str] = {}
    for column in target.columns(program):
        other = found.setdefault(column.casefold(), column)
        if other != column:
            raise GradgenError(
                f"no table has both a column `{other}` and a column `{column}`, which SQL does not tell apart; rename one, or make it a parameter: leave it out of --rows"
            )


def dialect_of(target: Target) -> Dialect:
    """Return the dialect of a target of queries."""
    assert target.query is not None
    return target.query


def parts_of(program: Program, target: Target) -> Mapping[str, tuple[str, ...]]:
    """Return what a query takes from the table and as parameters, the table, which rows it takes, and the names of what it gives."""
    return {
        "inputs": (*_inputs(program, target),),
        "table": (table_of(target.table, dialect_of(target)),),
        "where": (*_conditions(program, target), *dialect_of(target).guards),
        "taken": (taken(program, target),),
        "results": tuple(shown(n, target) for n in results_of(program, target)),
        "totals": (
            _TOTALS
            if target.whole
            else tuple(AGGREGATES[how] for how in (target.reduce,) if how)
        ),
        "given": (*_shared(program, target),) if target.whole else (),
        "whole": ("whole",) if target.whole else (),
        "keys": tuple(name for _, name in _keys(program, target)),
        "apart": (*_apart(program, target),),
        "grouped": (*_grouped(program, target),),
    }


def _given(program: Program, target: Target) -> Iterator[tuple[str, str]]:
    """Yield the inputs, with the columns or parameters that they are."""
    columns, dialect = target.columns(program), dialect_of(target)
    for value, text in program.signature.items():
        name = program.names[value]
        parameter = dialect.parameter.format(name)
        yield name, quoted(text, dialect) if text in columns else parameter


def _keys(program: Program, target: Target) -> Iterator[tuple[str, str]]:
    """Yield the columns that group rows, with what they are called in the query."""
    dialect = dialect_of(target)
    for column, name in keys(program, target.by).items():
        yield quoted(column, dialect), quoted(name, dialect)


def _shared(program: Program, target: Target) -> Iterator[str]:
    """Yield the parameters, for a level of their own."""
    double, columns = dialect_of(target).double, target.columns(program)
    texts = program.signature.values()
    for text, (name, given) in zip(texts, _given(program, target)):
        if text not in columns:
            yield f"CAST({given} AS {double}) AS {name}"


def _inputs(program: Program, target: Target) -> Iterator[str]:
    double = dialect_of(target).double
    found = [
        (given, name, f"CAST({given} AS {double}) AS {name}")
        for name, given in _given(program, target)
    ]
    if target.whole:
        apart = {*_shared(program, target)}
        found = [one for one in found if one[2] not in apart]
    for column, name in _keys(program, target):
        text = column if column == name else f"{column} AS {name}"
        found.append((column, name, text))
    named = {name.casefold() for column, name, _ in found if column != name}

    def place(item: tuple[str, str, str]) -> int:
        """Put what is called as another one is named before that: engines read names of the same list where a table has no such column."""
        column, name, _ = item
        return -len(column) if column != name and column.casefold() in named else 0

    yield from (text for _, _, text in sorted(found, key=place))
    if not program.inputs:  # where a query selects something all the same
        yield "TRUE AS taken"


def _conditions(program: Program, target: Target) -> Iterator[str]:
    dialect = dialect_of(target)
    for _, given in _given(program, target):
        yield dialect.known.format(given)


def results_of(program: Program, target: Target) -> Iterator[str]:
    """Yield the names of what a query gives: of rows what their columns hold as well."""
    columns = target.columns(program)
    yield from (name for _, name in _keys(program, target))
    if not target.in_one:
        signature = program.signature.items()
        yield from (program.names[v] for v, text in signature if text in columns)
    if target.normal:
        squares, right, left = normal_of(program, target.by)
        yield from (squares, *right, *left)
        return
    yield from (program.names[value] for _, value in program.outputs)
    yield from chain.from_iterable(slopes_of(program, target.by))


def shown(name: str, target: Target) -> str:
    """Return a result's name as it stands in the end, where an engine must not write it in other letters."""
    dialect = dialect_of(target)
    plain = name[:1] == dialect.quote or re.fullmatch(dialect.exact, name)
    return name if plain else quoted(name, dialect)


def final(
    program: Program, target: Target, slopes: Sequence[Sequence[str]]
) -> Iterator[str]:
    """Yield what a query gives in the end: sums or means over rows, or the rows, and how many it leaves out.

    Args:
        program: the program.
        target: the language, with its options.
        slopes: the texts of the slopes of each result, by the inputs whose slopes are asked for; empty where one is 0.
    """
    dialect = dialect_of(target)
    table = table_of(target.table, dialect)
    groups = [name for _, name in _keys(program, target)]
    yield from groups
    names = [*results_of(program, target)][len(groups) :]
    zero = target.language.digits(0.0)
    said = [text or zero for row in slopes for text in row]
    texts = [*names[: len(names) - len(said)], *said]
    if target.normal:
        texts = [*normal_sums(program, slopes, target)]
    if target.whole:
        for text, name in zip(texts, names):
            title = shown(name, target)
            yield title if text == title else f"{text} AS {title}"
        rows = own("rows", dialect)
        yield rows
        yield f"(SELECT count(*) FROM {table}) - {rows} AS left_out"
        return
    if target.reduce:
        how = AGGREGATES[target.reduce]
        for text, name in zip(texts, names):
            yield f"{dialect.total.format(how, text)} AS {shown(name, target)}"
        yield f"count(*) AS {own('rows', dialect)}"
        every = f"(SELECT count(*) FROM {table}) - count(*)"
        yield f"{0 if groups else every} AS left_out"
        return
    for text, name in zip(texts, names):
        title = shown(name, target)
        yield title if text == title else f"{text} AS {title}"
    yield f"(SELECT count(*) FROM {table} WHERE NOT ({taken(program, target)})) AS left_out"


def _apart(program: Program, target: Target) -> Iterator[str]:
    """Yield what is counted of the rows of a group that are left out: its columns, and in the order of `final` no sums and the counts."""
    columns = [column for column, _ in _keys(program, target)]
    sums = len([*results_of(program, target)]) - len(columns)
    yield from (*columns, *["NULL"] * sums, "0", "count(*)")


def _grouped(program: Program, target: Target) -> Iterator[str]:
    """Yield what a query with groups gives of each: of its sums and of its counts the ones that there are, as the greatest of one number is that."""
    keys = [name for _, name in _keys(program, target)]
    yield from keys
    sums = [shown(name, target) for name in results_of(program, target)][len(keys) :]
    for name in (*sums, own("rows", dialect_of(target)), "left_out"):
        yield f"max({name}) AS {name}"


def taken(program: Program, target: Target) -> str:
    """Return the condition under which a row is taken, as far as that is the row's."""
    return " AND ".join(_conditions(program, target)) or "TRUE"
