"""Names in; what stands for them in SQL, where case tells none apart and nothing in a name can end it, out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.passes.constants import constants_in
from gradgen.write.sql.dialect import Dialect

#: The words that are no names of columns, or of functions, in one engine or another.
KEYWORDS = frozenset("""
    all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit boolean both by case
    cast char character check coalesce collate collation column columns concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc
    describe distinct do else end except exists extract false fetch float for foreign freeze from full generated glob grant group
    grouping grouping_id groups having ilike in initially inner inout int integer intersect interval into is isnull join lambda
    lateral leading left like limit localtime localtimestamp map national natural nchar none not notnull null nullif numeric offset
    on only or order out outer overlaps overlay over pivot pivot_longer pivot_wider placing position positional precision primary
    qualify range real references returning right row rows select semi session_user setof show similar smallint some struct
    substring summarize symmetric system_user table tablesample then time timestamp to trailing treat trim true try_cast tuple
    union unique unpack unpivot user using values varchar variadic verbose when where window with within xmlattributes xmlconcat
    xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split())  # noqa: SIM905 - a list of words reads better as words
#: What the result of a query says beside value and gradient, and what engines say of each row.
RESULTS = frozenset({"rows", "left_out", "rowid", "taken"})


@cache
def keywords(dialect: Dialect) -> frozenset[str]:
    """Return the words that are no names in a dialect."""
    return KEYWORDS | {*dialect.keywords.split()}


def quoted(name: str, dialect: Dialect) -> str:
    """Return a name of the user's as it stands in SQL: as it is, or in quotes, in which quotes are doubled."""
    if re.fullmatch(dialect.exact, name) and name.lower() not in keywords(dialect):
        return name
    mark = dialect.quote
    return mark + dialect.escaped(name) + mark


def table_of(name: str, dialect: Dialect) -> str:
    """Return the name of a table, whose parts dots tell apart, as it stands in SQL."""
    return ".".join(quoted(part, dialect) for part in name.split("."))


def constant_of(name: str, dialect: Dialect) -> str:
    """Return the name of a constant as it stands in SQL, where `g` is another one than `G`."""
    return own(_constant(plain(name, dialect)), dialect)


def keys(program: Program, by: Sequence[str]) -> Mapping[str, str]:
    """Return what columns that group rows are called in a query, and nothing else is."""
    named = (*program.names.values(), *program.adjoints.values())
    named += tuple(_constant(name) for name in constants_in(program))
    taken = {name.casefold() for name in named} | RESULTS
    found = {}
    for name in by:
        free = name
        while free.casefold() in taken:
            free += "_"
        taken.add(free.casefold())
        found[name] = free
    return found


def own(name: str, dialect: Dialect) -> str:
    """Return a name of the query's own, which case need not tell from others, as it stands in SQL."""
    kept = name.lower() in keywords(dialect) | RESULTS
    return dialect.quote + name + dialect.quote if kept else name


def plain(name: str, dialect: Dialect) -> str:
    """Return a name in the letters that a dialect has for names without quotes."""
    if name.isascii() or not dialect.ascii:
        return name
    letters = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return "".join(c if c.isascii() else f"u{ord(c):x}_" for c in letters)


def _constant(name: str) -> str:
    return name if name.isupper() else f"{name}_"


def apart(program: Program, dialect: Dialect) -> Program:
    """Return a program whose names case need not tell apart, and none of which is a keyword.

    Raises:
        GradgenError: two constants have the same name but for case.
    """
    taken = set(keywords(dialect) | RESULTS)
    for constant in constants_in(program):
        name = _constant(plain(constant, dialect)).casefold()
        if name in taken - keywords(dialect):
            raise GradgenError(
                f"the constant `{constant}` has a name that SQL does not tell from another one; call it otherwise"
            )
        taken.add(name)

    def free(names: Mapping[int, str]) -> dict[int, str]:
        found = {}
        for value, name in names.items():
            name = plain(name, dialect)
            while name.casefold() in taken:
                name += "_"
            taken.add(name.casefold())
            found[value] = name
        return found

    return replace(program, names=free(program.names), adjoints=free(program.adjoints))
