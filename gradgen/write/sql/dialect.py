"""What a dialect of SQL is: all in which engines differ, as data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    OPERATORS,
    OR,
    SIGN,
    Word,
    infix,
    word,
)

#: The comparisons as an engine has them.
PLAIN: Mapping[str, Word] = {
    **{op: OPERATORS[op] for op in ("lt", "le", "gt", "ge")},
    "eq": infix("=", COMPARISON),
    "ne": infix("<>", COMPARISON),
}


def approximate(digits: str) -> str:
    """Return a double's digits with an exponent: other numbers are exact decimal ones, with another arithmetic."""
    return digits if "e" in digits else f"{digits.removesuffix('.0')}e0"


@dataclass(frozen=True, eq=False)
class Dialect:
    """A dialect.

    Attributes:
        name: what the user calls it.
        engine: the engine, as a user calls it.
        since: its oldest version; empty where there is none.
        double: its type of doubles.
        constants: the texts of named constants; a formula that needs one that it lacks is refused.
        words: its words for operations, and for what the bodies of helpers call beside those, where they are not the shared ones.
        bodies: what it has a helper for although others have a word, or another helper than others: head and body, as in their files.
        header: the lines of a file on what it does where a value has no double, and on how it is run.
        infinite: whether all that has no double is infinite or nan, as in C.
        digits: the text of a double by its shortest digits.
        number: the pattern of such texts.
        parameter: a parameter, by its name.
        quote: what stands around a name that is no plain one.
        escape: what stands before a quote in quotes, and before itself; empty where quotes are doubled.
        exact: the pattern of the names that stand for themselves.
        ascii: whether names of its columns in other letters are written out in ASCII.
        keywords: the words that are no names, beside those of most engines.
        longest: of longer names, in bytes, the engine takes the beginning, and says nothing.
        helper: a helper, by its name, its parameters and its body; empty where an engine has no functions of the user's.
        argument: a parameter of a helper, by its name.
        prefix: what stands before the name of a helper.
        lateral: whether a column may read one before it in the same list.
        star: all columns of a level, by its name.
        fence: what ends a level that the engine must not put in the place of its readers.
        guards: conditions that every row has to meet: they fail where settings of the engine give other numbers.
        known: the condition that a row meets which is taken, by what it gives for an input.
        total: a sum or a mean over all rows, by the function and its operand.
        ends: the last word of a choice.
    """

    name: str
    engine: str
    since: str
    double: str
    constants: Mapping[str, str]
    words: Mapping[str, Word]
    bodies: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    infinite: bool = False
    digits: Callable[[str], str] = approximate
    number: str = r"\d+(?:\.\d+)?e-?\d+(?!\w)"
    parameter: str = "${}"
    quote: str = '"'
    escape: str = ""
    exact: str = r"[A-Za-z_][A-Za-z0-9_]*"
    ascii: bool = True
    keywords: str = ""
    longest: float = math.inf
    helper: str = ""
    argument: str = "{}"
    prefix: str = ""
    lateral: bool = True
    star: str = "*"
    fence: str = ""
    guards: tuple[str, ...] = ()
    known: str = "{} IS NOT NULL"
    total: str = "{0}({1})"
    ends: tuple[str, ...] = ("ELSE",)

    @property
    def driven(self) -> bool:
        """Whether a driver puts parameters into the text, in which `%` stands for nothing else."""
        return self.parameter.startswith("%")

    def escaped(self, name: str) -> str:
        """Return a name as it stands in quotes."""
        if not self.escape:
            return name.replace(self.quote, self.quote * 2)
        name = name.replace(self.escape, self.escape * 2)
        return name.replace(self.quote, self.escape + self.quote)

    @property
    def lacking(self) -> str:
        """What is said of an operation that it cannot write."""
        if self.helper:
            return "has no form in SQL yet; compile with --target scipy"
        return "has no form in SQL without functions of one's own; a --dialect that has those may have one: duckdb, spark, snowflake, bigquery, postgres"


def compared(isnan: str, number: str) -> dict[str, Word]:
    """Return the words of comparisons where nan is larger than all else and equal to itself.

    Args:
        isnan: the test for nan, with `{}` for the operand.
        number: that for all else.
    """

    def ordered(sign: str, larger: int) -> Word:
        other = number.format(f"{{{larger}}}")
        return word(f"{{0}} {sign} {{1}} AND {other}", AND, SIGN, SIGN)

    binds = ATOM if isnan.endswith(")") else COMPARISON
    return {
        "lt": ordered("<", 1),
        "le": ordered("<=", 1),
        "gt": ordered(">", 0),
        "ge": ordered(">=", 0),
        "eq": ordered("=", 0),
        "ne": word(f"{{0}} <> {{1}} OR {isnan.format('{0}')}", OR, SIGN, SIGN),
        **{f"{op} a constant": PLAIN[op] for op in ("lt", "le", "eq", "ne")},
        "isnan": word(isnan.format("{0}"), binds, SIGN),
    }
