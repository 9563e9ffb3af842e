"""Snowflake: lateral aliases and temporary functions; what has no double raises."""

from __future__ import annotations

from gradgen.write.language import calls, word
from gradgen.write.sql.dialect import Dialect, compared


def _digits(digits: str) -> str:
    """Return a double's digits as one: by themselves they are an exact decimal number of at most 38 digits."""
    plain = digits.removesuffix(".0")
    return f"'{plain}'::FLOAT" if "e" in plain else f"{plain}::FLOAT"


DIALECT = Dialect(
    name="snowflake",
    engine="Snowflake",
    since="",
    double="FLOAT",
    constants={"pi": "pi()", "nan": "'NaN'::FLOAT", "inf": "'inf'::FLOAT"},
    words={
        **compared("{} = 'NaN'::FLOAT", "{} <> 'NaN'::FLOAT"),
        **calls("{name}({0})", "cbrt asinh acosh atanh trunc"),
        "log2": word("log(2, {0})"),
        "log10": word("log(10, {0})"),
        "isinf": word("abs({0}) = 'inf'::FLOAT"),
    },
    header=(
        "An error, as in Python, where a number is divided by 0, or a function has no value.",
        "Parameters are variables of the session: SET name = 2.5; before it.",
    ),
    digits=_digits,
    number=r"(?:\d+(?:\.\d+)?|'\d+(?:\.\d+)?e-?\d+')::FLOAT\b",
    keywords="account connect connection current database delete drop following gscluster increment insert issue minus of organization regexp revoke rlike sample schema set start trigger update view whenever",
    helper="CREATE OR REPLACE TEMPORARY FUNCTION {0}({1}) RETURNS FLOAT AS\n$$\n    {2}\n$$;",
    argument="{} FLOAT",
)
