"""BigQuery: common table expressions and temporary functions; what has no double raises."""

from __future__ import annotations

from gradgen.write.language import calls, word
from gradgen.write.sql.dialect import PLAIN, Dialect

DIALECT = Dialect(
    name="bigquery",
    engine="BigQuery",
    since="",
    double="FLOAT64",
    constants={
        "pi": "3.141592653589793",
        "nan": "CAST('nan' AS FLOAT64)",
        "inf": "CAST('inf' AS FLOAT64)",
    },
    words={
        **PLAIN,
        **calls("{name}({0})", "cbrt log10 asinh acosh atanh trunc"),
        "isnan": word("is_nan({0})"),
        "isinf": word("is_inf({0})"),
    },
    header=(
        "An error, as in Python, where a number is too large or divided by 0, or a function has no value.",
    ),
    digits=lambda digits: digits,
    number=r"\d+(?:\.\d+)?e-?\d+(?!\w)|\d+\.\d+(?!\w)",
    parameter="@{}",
    quote="`",
    escape="\\",
    keywords="assert_rows_modified contains cube current define enum escape exclude following graph_table groups hash if ignore lookup merge new no nulls of partition preceding proto recursive respect rollup set unbounded unnest",
    helper="CREATE OR REPLACE TEMP FUNCTION {0}({1}) RETURNS FLOAT64 AS (\n    {2}\n);",
    argument="{} FLOAT64",
    lateral=False,
)
