"""Every option that makes another module of a formula, told once: command line, header, pyproject.toml and Python follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any


class Kind(Enum):
    """What an option holds."""

    TEXT = "text"
    NAMES = "names"
    VALUES = "names with values"
    SWITCH = "yes or no"
    WORDS = "names with what they mean"
    IMPORTS = "imports with what they mean"


def _option(kind: Kind, default: Any, says: str = "", example: str = "") -> Any:
    about = {"kind": kind, "says": says, "example": example}
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What changes the text of a module, beside its formula: all of it stands in the header, in this order.

    Attributes:
        name: the result's name.
        inputs: the signature, or None for the formula's own variables.
        defaults: the values of the last inputs where a call leaves them out.
        wrt: the inputs whose gradient is wanted, or None for all.
        outputs: the names of a program's results, or None for the last one alone.
        as_written: whether naive forms are left as they are.
        expand: whether calls of a program's own functions are their bodies' stages, and not one stage each.
        target: what the module is written in, and may import.
        style: "textbook", one operation a line, or "compact", where what is read once stands inside what reads it.
        cache: "tuple", or "namedtuple", whose parts go by their names in Python.
        reduce: "sum" or "mean" of a result over all that arrays hold; empty where each element has its own.
        rows: the inputs that are columns of data, so that functions are over rows, as are sums in the formula; else empty.
        table: the table that a query reads.
        by: the columns that group rows, where a query or a function of frames adds them up.
        dialect: the dialect of SQL that a query is in.
        precise: whether the adjoints of saturating functions are right relative to their own size.
        ieee: whether overflow and poles give inf and nan instead of raising.
        strict: whether a slope that does not exist raises, and is not nan.
        with_: the functions that the module has beside forward and backward.
        doc: what inputs and results mean, for the docstrings.
    """

    name: str = _option(
        Kind.TEXT,
        "f",
        "the result's name (default: f, or that of the Python function); its gradient is d + NAME",
        "NAME",
    )
    inputs: tuple[str, ...] | None = _option(
        Kind.NAMES,
        None,
        "the signature, in order; by default the formula's variables",
        '"x, y"',
    )
    defaults: tuple[tuple[str, float], ...] = _option(Kind.VALUES, ())
    wrt: tuple[str, ...] | None = _option(
        Kind.NAMES, None, "the inputs whose gradient is wanted (default: all)", '"x"'
    )
    outputs: tuple[str, ...] | None = _option(
        Kind.NAMES,
        None,
        "of a program, the names of the results (default: the last one)",
        '"u, v"',
    )
    as_written: bool = _option(
        Kind.SWITCH, False, "leave naive forms such as 1/(1+exp(-x)) as they are"
    )
    expand: bool = _option(
        Kind.SWITCH,
        False,
        "write the body of a program's own function in the place of its call, instead of one stage",
    )
    target: str = _option(
        Kind.TEXT, "python", "what the module is written in", "TARGET"
    )
    style: str = _option(
        Kind.TEXT,
        "textbook",
        "textbook: one operation a line; compact: up to four, what is read once stands inside what reads it",
        "STYLE",
    )
    cache: str = _option(
        Kind.TEXT,
        "tuple",
        "what forward hands to backward in Python: a tuple, or a namedtuple, whose parts go by their names",
        "CACHE",
    )
    reduce: str = _option(
        Kind.TEXT,
        "",
        "of arrays or rows, return the sum or the mean over all that they hold, with its gradient: sum or mean",
        "HOW",
    )
    rows: tuple[str, ...] = _option(
        Kind.NAMES,
        (),
        "these inputs are columns of data, and all else is one number for all rows: functions are over rows, as are sum(...) and mean(...)",
        '"x, y"',
    )
    table: str = _option(
        Kind.TEXT, "data", "of sql, the table that the query reads", "NAME"
    )
    by: tuple[str, ...] = _option(
        Kind.NAMES,
        (),
        "of sql and polars with --reduce, columns that group the rows: a result for each group",
        '"region"',
    )
    dialect: str = _option(
        Kind.TEXT,
        "duckdb",
        "of sql, the engine that the query is for (default: duckdb); others are spark, snowflake, bigquery, postgres, sqlite and generic",
        "DIALECT",
    )
    precise: bool = _option(
        Kind.SWITCH,
        False,
        "write the adjoints of sigmoid, tanh and the like right to their own size",
    )
    ieee: bool = _option(
        Kind.SWITCH,
        False,
        "overflow and poles give inf and nan, as in C and NumPy, instead of raising",
    )
    strict: bool = _option(
        Kind.SWITCH,
        False,
        "raise where a slope does not exist, as that of x**n by n at x < 0, which is else nan in its own place",
    )
    with_: tuple[str, ...] = _option(
        Kind.NAMES,
        (),
        "what the module has beside forward and backward: jacobian, all rows at once; value_and_grad, both in one go; in sql and polars gauss_newton, the sums of least squares, where the results are residuals",
        "FUNCTION",
    )

    doc: tuple[tuple[str, str], ...] = _option(
        Kind.WORDS,
        (),
        "what an input or a result means, for the docstrings; may be given several times",
        '"t: time [s]"',
    )

    @property
    def recorded(self) -> dict[str, Any]:
        """What is set, by the attributes' names."""
        return {one.name: getattr(self, one.name) for one in fields(Settings)}


@dataclass(frozen=True, kw_only=True)
class Request(Settings):
    """All that may be asked of one compilation: what goes into its settings or its formula, and how it is gone about.

    Attributes:
        params: inputs that get no gradient, and stand after the others.
        const: names that stand for a constant, which is folded in.
        templates: the folder of the user's templates.
        proof: whether the module is compared with what was read.
    """

    params: tuple[str, ...] | None = _option(
        Kind.NAMES,
        None,
        "inputs that get no gradient; they go after the others",
        '"a, b"',
    )
    const: tuple[tuple[str, float | str], ...] = _option(
        Kind.VALUES,
        (),
        "names that stand for a constant, which is folded in",
        '"g=9.81"',
    )
    templates: Path | None = None
    proof: bool = True


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a Python function is read; it becomes a program, which says all of it.

    Attributes:
        means: what imports mean that are not known.
        follow: the modules whose files are read, wherever they are installed.
        ignore_decorator: the decorators that change nothing.
        shape: how many numbers parameters hold that are sequences.
    """

    means: tuple[tuple[str, str], ...] = _option(
        Kind.IMPORTS,
        (),
        "of a Python function, what an import means; may be given several times",
        '"a.b.exp=exp"',
    )
    follow: tuple[str, ...] = _option(
        Kind.NAMES,
        (),
        "of a Python function, an installed module or package whose source is read as well, as text; may be given several times",
        '"a.b"',
    )
    ignore_decorator: tuple[str, ...] = _option(
        Kind.NAMES,
        (),
        "of a Python function, a decorator that changes no value; may be given several times",
        "NAME",
    )
    shape: tuple[str, ...] = _option(
        Kind.NAMES,
        (),
        "of a Python function, how many numbers a parameter holds that is a sequence, or how many rows of how many",
        '"x=3, m=2x3"',
    )


@dataclass(frozen=True)
class Option:
    """An option, as a header, a command line and a pyproject.toml call it.

    Attributes:
        attribute: what Python calls it.
        kind: what it holds.
        default: what it holds where nothing is said.
        says: what the help says of it; empty where it is not for users to give.
        example: what stands for its value in the help.
    """

    attribute: str
    kind: Kind
    default: Any
    says: str
    example: str

    @property
    def key(self) -> str:
        """What it is called outside Python."""
        return self.attribute.rstrip("_").replace("_", "-")


def _options(of: type[Settings | Reading]) -> tuple[Option, ...]:
    def option(one: Field[Any]) -> Option:
        about = one.metadata
        return Option(one.name, about["kind"], one.default, about["says"], about["example"])  # fmt: skip

    return tuple(option(one) for one in fields(of) if one.metadata)


#: The items of a header that are options, in their order.
RECORDED: Mapping[str, Option] = {one.key: one for one in _options(Settings)}
#: The options that users give.
GIVEN: Mapping[str, Option] = {one.key: one for one in _options(Request) if one.says}
#: Those of Python functions.
READING: Mapping[str, Option] = {one.key: one for one in _options(Reading)}
