"""Spark SQL and Databricks: lateral aliases, temporary functions, and NULL where a logarithm has no value, which helpers take care of."""

from __future__ import annotations

from gradgen.write.language import PRODUCT, SIGN, calls, word
from gradgen.write.sql.dialect import Dialect, compared

#: What is said of an engine whose divisions by 0 are NULL.
_SILENT = "spark.sql.ansi.enabled is off"

DIALECT = Dialect(
    name="spark",
    engine="Spark",
    since="4.0",
    double="DOUBLE",
    constants={
        "pi": "pi()",
        "nan": "CAST('nan' AS DOUBLE)",
        "inf": "CAST('inf' AS DOUBLE)",
    },
    words={
        **compared("isnan({})", "NOT isnan({})"),
        **calls("{name}({0})", "atanh cbrt expm1 round:rint"),
        **calls("{name}({0}, {1})", "hypot"),
        "double": word("CAST({0} AS DOUBLE)"),
        "isinf": word("abs({0}) = CAST('inf' AS DOUBLE)"),
        "rem": word("{0} % {1}", PRODUCT, PRODUCT, SIGN),
        # The engine's own, whose results are whole numbers, or NULL where there is no value.
        **calls(
            "{name}({0})",
            "own_floor:floor own_ceil:ceil own_log:ln own_log10:log10 own_log1p:log1p",
        ),
    },
    bodies={
        "floor": """# The largest whole number up to x.
floor(x) = double(own_floor(x)) if abs(x) < 4503599627370496 else x""",
        "ceil": """# The smallest whole number from x.
ceil(x) = double(own_ceil(x)) if abs(x) < 4503599627370496 else x""",
        "log": """# log(x), -inf at 0, nan below.
log(x) = own_log(x) if x > 0 or isnan(x) else -inf if x == 0 else nan""",
        "log10": """# The logarithm to base 10, -inf at 0, nan below.
log10(x) = own_log10(x) if x > 0 or isnan(x) else -inf if x == 0 else nan""",
        "log1p": """# log(1 + x), -inf at -1, nan below.
log1p(x) = own_log1p(x) if x > -1 or isnan(x) else -inf if x == -1 else nan""",
        "asinh": """# The inverse of sinh, right to its own last digits near 0 too.
asinh(x) = copysign(log(abs(x)) + 0.6931471805599453 if abs(x) > 1e8
    else log1p(abs(x) + x * x / (1 + sqrt(1 + x * x))), x)""",
        "acosh": """# The inverse of cosh, right to its own last digits near 1 too; nan below.
acosh(x) = log(x) + 0.6931471805599453 if x > 1e8
    else log1p(x - 1 + sqrt((x - 1) * (x + 1)))""",
    },
    header=(
        "Needs spark.sql.ansi.enabled, so that a division by 0 is an error, as in Python, and no NULL.",
        "Run its statements one by one, the last one with its parameters, as spark.sql(text, args={...}).",
    ),
    parameter=":{}",
    quote="`",
    keywords="cube current current_date drop escape execute filter if minus new offset rollup set unbounded unknown",
    helper="CREATE OR REPLACE TEMPORARY FUNCTION {0}({1}) RETURNS DOUBLE\n    RETURN {2};",
    argument="{} DOUBLE",
    # Beside a text, a whole number is one of doubles where that is off.
    guards=(
        f"CASE WHEN typeof(1 + '1') <> 'double' THEN TRUE ELSE raise_error('{_SILENT}') END",
    ),
)
