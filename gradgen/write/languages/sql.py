"""SQL: its words for operations, its numbers, and its form, one query of levels over the rows of a table, in each of its dialects."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from gradgen.core.rows import NAMED
from gradgen.write.arrays.loops import APPENDS
from gradgen.write.check.sql import check
from gradgen.write.check.sql_sums import SumsQuery
from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    NOT,
    OPERATORS,
    OR,
    PRODUCT,
    SIGN,
    Language,
    Word,
    calls,
    infix,
    word,
)
from gradgen.write.sql.dialect import PLAIN, Dialect
from gradgen.write.sql.dialects import DIALECTS, DUCKDB
from gradgen.write.sql.helpers import NAMED as CALLED
from gradgen.write.sql.helpers import Helpers, shared
from gradgen.write.sql.layout import layout
from gradgen.write.sql.names import apart, constant_of, own
from gradgen.write.target import Target

#: The words that dialects share, beside those with numbers in them.
_WORDS: Mapping[str, Word] = {
    **OPERATORS,
    **PLAIN,
    **dict.fromkeys(("powi", "powi of an expression"), word("power({0}, {1:d})")),
    **dict.fromkeys(("powr", "expb", "pow"), word("power({0}, {1})")),
    "and": infix("AND", AND),
    "or": infix("OR", OR),
    "not": word("NOT {0}", NOT, ATOM),
    "where": replace(word("CASE WHEN {0} THEN {1} ELSE {2} END"), again=" WHEN "),
    "log": word("ln({0})"),
    **calls("{name}({0}, {1})", "atan2"),
    **calls(
        "{name}({0})",
        "abs sqrt exp sin cos tan asin acos atan sinh cosh tanh floor ceil isinf",
    ),
    "signbit": word("atan2({0}, -1) < 0", COMPARISON),
}
#: Beside them, of formulas that add rows up in their parts; a level of its own has how many rows there are.
_SUMS: Mapping[str, Word] = {
    "sum": word("sum({0})"),
    "mean": word("avg({0})"),
    "largest": word("max({0})"),
    # Lines are of a size by these, and written in terms of the above.
    "logsumexp": word("log_sum_exp({0})"),
    "logmeanexp": word("log_mean_exp({0})"),
    "each": word("{0}", ATOM, ATOM),
}
_CONSTANTS = {"e": math.e, **NAMED}


@dataclass(frozen=True, eq=False)
class _Sql(Language):
    """SQL in a dialect."""

    dialect: Dialect = DUCKDB

    def digits(self, value: float) -> str:
        """Return a double as the dialect has it."""
        return self.dialect.digits(super().digits(value))


def _called(language: Language) -> frozenset[str]:
    """Return what a stage may call beside helpers."""
    pieces = (p for w in language.words.values() if not w.helper for p in w.pieces)
    texts = [p for p in (*language.constants.values(), *pieces) if isinstance(p, str)]
    return frozenset(n for t in texts for n in re.findall(r"\b([a-z]\w*)\(", t))


def _defined(name: str, sign: str, text: str, again: bool) -> str:
    """Return a column with its name; what is added up has none."""
    return text if name.endswith(APPENDS) else f"{text} AS {name}"


def _driven(text: str) -> str:
    """Return a query with each % doubled, also in comments, that a driver would else take for a parameter."""
    return re.sub(r"%(?!\(\w+\)s)", "%%", text)


def _plain(text: str) -> str:
    return text.rstrip("\n") + "\n"


@cache
def in_dialect(name: str) -> Target:
    """Return the target of queries in a dialect."""
    dialect = DIALECTS[name]
    one = dialect.digits("1.0")
    language = _Sql(
        "sql",
        {
            **_WORDS,
            "inv": word(f"{one} / {{0}}", PRODUCT, SIGN),
            "exp2": word(f"power({dialect.digits('2.0')}, {{0}})"),
            **dialect.words,
        },
        {
            "True": "TRUE",
            "False": "FALSE",
            **{name: dialect.digits(repr(value)) for name, value in _CONSTANTS.items()},
            **dialect.constants,
        },
        lacking=dialect.lacking,
        named=lambda constant: constant_of(constant, dialect),
        dialect=dialect,
    )
    helpers = Helpers(dialect, language, shared())
    words = {**language.words, **helpers.words()}
    words |= {"expinf": words["exp"], "norm": words["sqrt"]}
    language = replace(language, words=words)
    called = _called(language)
    share = word(f"{{0}} / {own('rows', dialect)}", PRODUCT, PRODUCT)
    language = replace(language, words={**language.words, **_SUMS, "share": share})
    return Target(
        name="sql",
        folder="sql",
        language=language,
        imports=(),
        needs=dialect.engine,
        says="a query over the rows of a table, for DuckDB or in another --dialect",
        reserved=frozenset(),
        avoided=frozenset(),
        layout=lambda text: _driven(layout(text)) if dialect.driven else layout(text),
        layout_any=_plain,
        check=lambda text, skeleton: check(text, skeleton, called, dialect, SumsQuery),
        suffix=".sql",
        comment="--",
        helper=CALLED,
        callees_first=True,
        define=_defined,
        constant="{1} AS {0}",
        parameter=lambda name, default: name,
        quoted=lambda words: words,
        raises=False,
        flat=True,
        query=dialect,
        apart=lambda program: apart(program, dialect),
        written=helpers.texts,
    )


SQL = in_dialect("duckdb")
TARGETS = (SQL,)
