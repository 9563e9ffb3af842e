"""DuckDB: arithmetic as in C, lateral aliases, and macros."""

from __future__ import annotations

from gradgen.write.language import PRODUCT, SIGN, calls, word
from gradgen.write.sql.dialect import Dialect, compared

#: What is said of an engine whose divisions by 0 are no numbers.
_INFINITE = "ieee_floating_point_ops is off"

DIALECT = Dialect(
    name="duckdb",
    engine="DuckDB",
    since="1.2",
    double="DOUBLE",
    constants={
        "pi": "pi()",
        "nan": "CAST('nan' AS DOUBLE)",
        "inf": "CAST('inf' AS DOUBLE)",
    },
    words={
        **compared("isnan({})", "NOT isnan({})"),
        **calls(
            "{name}({0})",
            "cbrt log2 log10 asinh acosh atanh trunc gamma lgamma isinf signbit",
        ),
        "rem": word("{0} % {1}", PRODUCT, PRODUCT, SIGN),
        "round": word("round_even({0}, 0)"),
    },
    header=("Before 2.0 it raises where a function has no value or a pole.",),
    infinite=True,
    exact=r"[A-Za-z_][A-Za-z0-9_]*",
    ascii=False,
    helper="CREATE OR REPLACE TEMP MACRO {0}({1}) AS\n    {2};",
    # An engine that has NULL in the place of infinity would leave rows out, or take another branch, and say nothing.
    guards=(f"CASE WHEN 1e0 / 0e0 > 1e0 THEN TRUE ELSE error('{_INFINITE}') END",),
)
