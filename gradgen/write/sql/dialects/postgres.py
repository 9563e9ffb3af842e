"""PostgreSQL: common table expressions and functions of the session; what has no double raises."""

from __future__ import annotations

from gradgen.write.language import calls, word
from gradgen.write.sql.dialect import Dialect, compared


def _digits(digits: str) -> str:
    """Return a double's digits as one: by themselves they are an exact decimal number, whose functions are others."""
    return f"{digits.removesuffix('.0')}::float8"


DIALECT = Dialect(
    name="postgres",
    engine="PostgreSQL",
    since="14",
    double="float8",
    constants={"pi": "pi()", "nan": "'NaN'::float8", "inf": "'Infinity'::float8"},
    words={
        **compared("{} = 'NaN'::float8", "{} <> 'NaN'::float8"),
        **calls("{name}({0})", "cbrt log10 asinh acosh atanh trunc round own_exp:exp"),
        "isinf": word("abs({0}) = 'Infinity'::float8"),
    },
    bodies={
        "exp": """# exp(x), where the engine raises as it is small too.
exp(x) = 0 if x < -745 else own_exp(x + 64) * own_exp(-64) if x < -708 else own_exp(x)""",
    },
    header=(
        "An error, as in Python, where a number is too large or divided by 0, or a function has no value; here also where a product is too small.",
        "OFFSET 0 keeps a level from being written out once for each name that reads it.",
        "Parameters are those of psycopg: cursor.execute(statement, values by name), the functions first, each by itself.",
    ),
    digits=_digits,
    number=r"\d+(?:\.\d+)?(?:e-?\d+)?::float8\b",
    parameter="%({})s",
    longest=63,
    exact=r"[a-z_][a-z0-9_]*",
    helper="CREATE OR REPLACE FUNCTION {0}({1}) RETURNS float8\n    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN\n    {2};",
    argument="{} float8",
    prefix="pg_temp.",
    lateral=False,
    fence="OFFSET 0",
)
