"""SQL as its standard has it, without functions of the user's: what has no double is NULL, and so is what is made of it."""

from __future__ import annotations

from gradgen.write.language import COMPARISON, calls, word
from gradgen.write.sql.dialect import PLAIN, Dialect

_NONE = "CAST(NULL AS DOUBLE PRECISION)"
_LARGEST = "CAST({}1.7976931348623157e308 AS DOUBLE PRECISION)"

DIALECT = Dialect(
    name="generic",
    engine="engines with the functions of the standard",
    since="",
    double="DOUBLE PRECISION",
    constants={"pi": "3.141592653589793e0", "nan": _NONE, "inf": _NONE},
    words={
        **PLAIN,
        **calls("{name}({0})", "own_log:ln"),
        # A condition that is NULL takes neither branch.
        "where": word("CASE WHEN {0} THEN {1} WHEN NOT ({0}) THEN {2} END"),
        "isnan": word("{0} <> {0}", COMPARISON),
        "isinf": word("abs({0}) > 1.7976931348623157e308", COMPARISON),
    },
    bodies={
        "top": """# The larger of two, rounded down.
top(x, y) = floor(x if x >= y else y)""",
        "hypot3": """# sqrt(x**2 + y**2 + z**2), where squares overflow or vanish too.
hypot3(x, y, z) = 1e200 * sqrt((1e-200 * x)**2 + (1e-200 * y)**2 + (1e-200 * z)**2)
    if abs(x) > 1e150 or abs(y) > 1e150 or abs(z) > 1e150 else 1e-200 * sqrt((1e200 * x)**2
    + (1e200 * y)**2 + (1e200 * z)**2) if abs(x) < 1e-150 and abs(y) < 1e-150 and abs(z) < 1e-150
    else sqrt(x * x + y * y + z * z)""",
        "cbrt": """# The cube root.
cbrt(x) = 0 if x == 0 else copysign(abs(x)**(1 / 3), x)""",
        "log10": """# The logarithm to base 10.
log10(x) = log(x) / 2.302585092994046""",
        "expm1": """# exp(x) - 1, right to its own last digits near 0 too.
expm1(x) = 2 * sinh(0.5 * x) * exp(0.5 * x) if abs(x) < 1 else exp(x) - 1""",
        "log1p": """# log(1 + x), right to its own last digits near 0 too.
log1p(x) = x if 1 + x == 1 else log(1 + x) * (x / (1 + x - 1))""",
        "asinh": """# The inverse of sinh.
asinh(x) = copysign(log1p(abs(x) + x * x / (1 + sqrt(1 + x * x))), x)""",
        "acosh": """# The inverse of cosh.
acosh(x) = log1p(x - 1 + sqrt((x - 1) * (x + 1)))""",
        "atanh": """# The inverse of tanh.
atanh(x) = 0.5 * log1p(2 * x / (1 - x))""",
    },
    header=(
        "Rows in which an input is infinite, nan or, where an engine lets columns hold that, a text that says no number are left out, too.",
        "Where a value is infinite, or there is none, the engine raises or the result is NULL; a sum of which one row is NULL is NULL.",
    ),
    parameter=":{}",
    keywords="current cursor cycle dec delete drop dynamic element escape every execute filter free function get global grouping hold hour if indicator insert interval language large local match member merge method minute module month multiset new no of old open out over partition parameter period precision prepare procedure range recursive release result return revoke rollback rollup savepoint scroll search second sensitive set specific sql start static submultiset symmetric system trigger truncate unknown unnest update value year",
    lateral=False,
    star="{}.*",
    # Never NULL, as what is left out is counted; where columns may hold any value, a text is above all numbers, and would be cast to 0.
    known=f"{{0}} IS NOT NULL AND {{0}} BETWEEN {_LARGEST.format('-')} AND {_LARGEST.format('')}",
    total="CASE WHEN count({1}) = count(*) THEN {0}({1}) END",
    ends=("ELSE", "THEN"),
)
