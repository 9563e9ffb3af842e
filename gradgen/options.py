"""The options that a caller gives in; a request, checked once, out: names as texts, in the form that Python gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import sympy
from sympy.core.function import AppliedUndef

from gradgen.errors import GradgenError, printable
from gradgen.files.recipe import split_names
from gradgen.read.formula import check_identifier, spelled
from gradgen.settings import RECORDED, Request
from gradgen.sympy_program import symbol_name
from gradgen.targets import PYTHON, ROWS, TARGETS
from gradgen.write.sql.dialects import DIALECTS

#: Names of inputs: "x, y", one symbol, or several names or symbols.
Names: TypeAlias = "str | sympy.Symbol | Iterable[str | sympy.Symbol]"


#: What a module may have beside `forward` and `backward`.
EXTRAS = ("jacobian", "value_and_grad", "gauss_newton")
#: How the lines of a module may be.
STYLES = ("textbook", "compact")
#: What their caches may be.
CACHES = ("tuple", "namedtuple")
#: What becomes of a result over all that arrays hold.
REDUCTIONS = ("sum", "mean")
#: No meaning of a name has more characters.
_LONGEST = 400


def read_request(
    *,
    name: str,
    inputs: Names | None,
    wrt: Names | None,
    outputs: Names | None,
    params: Names | None,
    target: str,
    style: str,
    cache: str,
    reduce: str,
    rows: Names,
    table: str,
    by: Names,
    dialect: str,
    with_: Names,
    templates: str | Path | None,
    const: Mapping[str, float | str] | None,
    defaults: Mapping[str, float] | None,
    doc: Mapping[str, str] | None,
    **others: bool,
) -> Request:
    """Return what a caller asks for.

    Raises:
        GradgenError: an option is not acceptable; the message says what is.
    """
    if not isinstance(name, str):
        raise GradgenError(f"the result's name is text, not {type(name).__name__}")
    if target not in TARGETS:
        raise GradgenError(
            f"there is no target `{printable(str(target))[:60]}`; known are {', '.join(TARGETS)}"
        )
    return Request(
        name=result_name(name),
        inputs=read_names(inputs, "the input"),
        wrt=read_names(wrt, "the input"),
        outputs=read_names(outputs, "the output"),
        params=read_names(params, "the parameter"),
        target=target,
        style=_style(style),
        cache=_cache(cache, target),
        reduce=_reduction(reduce, target, with_, rows),
        rows=_columns(rows, target, with_, style, cache),
        table=_table(table, target),
        by=_groups(by, target, reduce),
        dialect=_dialect(dialect, target),
        with_=_fitted(_extras(with_), target, reduce),
        templates=_folder(templates),
        const=_constants(const or {}),
        defaults=_defaults(defaults or {}),
        doc=_meanings(doc or {}),
        **{key: _switch(key, value) for key, value in others.items()},
    )


def result_name(name: str) -> str:
    """Return the name of a result, checked."""
    plain = check_identifier(name, "the result's name")
    if plain != name:
        raise GradgenError(
            f"the result's name `{name}` is not in the form Python gives it; write `{plain}`"
        )
    return name


def read_names(names: Names | None, what: str) -> tuple[str, ...] | None:
    """Return a list of names, checked."""
    if names is None:
        return None
    if isinstance(names, str):
        names = split_names(names)
    elif isinstance(names, (sympy.Symbol, AppliedUndef)):
        names = (names,)
    found: dict[str, None] = {}
    if not isinstance(names, Iterable):
        raise GradgenError(f"{what} list is text or a list of names, not {names!r}")
    for given in names:
        text = symbol_name(given) or given
        if not isinstance(text, str):
            raise GradgenError(f"{what} {text!r} is neither a name nor a symbol")
        plain = check_identifier(spelled(text), what)
        if plain in found:
            raise GradgenError(f"{what} `{plain}` is given twice")
        found[plain] = None
    return tuple(found)


def _extras(names: Names) -> tuple[str, ...]:
    """Return the functions that a module has beside `forward` and `backward`, checked."""
    found = read_names(names, "the function") or ()
    for extra in found:
        if extra not in EXTRAS:
            raise GradgenError(
                f"a module cannot be made with `{printable(extra)[:60]}`; known is {', '.join(EXTRAS)}"
            )
    return found


def _fitted(extras: tuple[str, ...], target: str, reduce: str) -> tuple[str, ...]:
    """Return what a module has beside `forward` and `backward`, if the sums for least squares are asked for of a query or of frames that add up rows alone."""
    if "gauss_newton" in extras and not (TARGETS[target].selects and reduce == "sum"):
        raise GradgenError(
            "gauss_newton gives sums over rows, in a query or of a frame: choose --target sql or polars, and --reduce sum"
        )
    return extras


def _style(style: str) -> str:
    """Return the style of the lines, checked."""
    if style not in STYLES:
        raise GradgenError(
            f"there is no style `{printable(str(style))[:60]}`; known are {', '.join(STYLES)}"
        )
    return style


def _cache(cache: str, target: str) -> str:
    """Return what the cache is, checked."""
    if cache not in CACHES:
        raise GradgenError(
            f"there is no cache `{printable(str(cache))[:60]}`; known are {', '.join(CACHES)}"
        )
    if cache == "namedtuple" and not TARGETS[target].runs:
        raise GradgenError(
            f"a namedtuple is of Python alone; in {target}, leave --cache out"
        )
    return cache


def _reduction(reduce: str, target: str, with_: Names, rows: Names) -> str:
    """Return what becomes of a result over all that arrays hold, checked."""
    if reduce and reduce not in REDUCTIONS:
        raise GradgenError(
            f"there is no reduction `{printable(str(reduce))[:60]}`; known are {', '.join(REDUCTIONS)}"
        )
    takes = TARGETS[target].arrays or TARGETS[target].selects
    if reduce and not takes and not (rows and target in (PYTHON.name, ROWS.name)):
        takers = ", ".join(t.name for t in TARGETS.values() if t.arrays or t.selects)
        raise GradgenError(
            f"a {reduce} is of arrays, which {target} has none of; choose one of --target {takers}"
        )
    if reduce and "jacobian" in _extras(with_):
        raise GradgenError(
            f"a jacobian is of each element; of the {reduce} over all, backward and value_and_grad have the gradient"
        )
    return reduce


def _columns(
    rows: Names,
    target: str,
    with_: Names,
    style: str,
    cache: str,
) -> tuple[str, ...]:
    """Return the inputs that are columns of data, checked; that they are inputs, the program tells."""
    found = read_names(rows, "the column") or ()
    takers = [t.name for t in TARGETS.values() if t.arrays or t.selects]
    takers = [PYTHON.name, ROWS.name, *takers]
    if TARGETS[target].selects and "jacobian" in _extras(with_):
        what = "a query" if TARGETS[target].query else "a module of frames"
        raise GradgenError(f"{what} has value and gradient; it has no jacobian")
    if found and target not in takers:
        raise GradgenError(
            f"rows are of --target {', '.join(takers)}; in {target}, leave --rows out"
        )
    return found


def _table(table: str, target: str) -> str:
    """Return the name of the table that a query reads, checked; what may stand in it, and how, is the language's."""
    if table == RECORDED["table"].default:
        return table
    if not TARGETS[target].query:
        raise GradgenError(f"a table is of --target sql; in {target}, leave it out")
    fine = isinstance(table, str) and 0 < len(table) <= _LONGEST
    if not fine or not table.isprintable() or table != table.strip():
        raise GradgenError(
            f"a table is called by one line of text, as `orders` or `sales.orders`, not {printable(repr(table))[:60]}"
        )
    if not all(table.split(".")):
        raise GradgenError(
            f"the table `{table[:60]}` has a part without a name; it is called as `orders` or `sales.orders`"
        )
    return table


def _groups(by: Names, target: str, reduce: str) -> tuple[str, ...]:
    """Return the columns that group the rows of a query or a frame, checked: no two of a query differ by case alone."""
    found = read_names(by, "the column") or ()
    if found and not (TARGETS[target].selects and reduce):
        raise GradgenError(
            "groups are of sums or means over rows, in a query or of a frame: choose --target sql or polars, and --reduce sum or mean, or leave --by out"
        )
    if TARGETS[target].query and len({name.casefold() for name in found}) < len(found):
        raise GradgenError(f"--by names a column twice, as SQL does not tell case apart: {', '.join(found)}")  # fmt: skip
    return found


def _dialect(dialect: str, target: str) -> str:
    """Return the dialect of a query, checked."""
    if dialect not in DIALECTS:
        raise GradgenError(
            f"there is no dialect `{printable(str(dialect))[:60]}`; known are {', '.join(DIALECTS)}"
        )
    if dialect != RECORDED["dialect"].default and not TARGETS[target].query:
        raise GradgenError(f"a dialect is of --target sql; in {target}, leave it out")
    return dialect


def _switch(key: str, value: bool) -> bool:
    """Return whether an option is wanted: any other value would stand in a header for what it is not."""
    if not isinstance(value, bool):
        raise GradgenError(f"`{key}` is True or False, not {repr(value)[:60]}")
    return value


def _constants(
    const: Mapping[str, float | str],
) -> tuple[tuple[str, float | str], ...]:
    """Return the constants, their names checked; what they may be, a formula says."""
    if not isinstance(const, Mapping):
        raise GradgenError("constants are names with values, as in {'g': 9.81}")
    read_names(const, "the constant")
    return tuple(const.items())


def _defaults(defaults: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the inputs' defaults, checked."""
    if not isinstance(defaults, Mapping):
        raise GradgenError("defaults are names with values, as in {'k': 2.0}")
    for name, value in defaults.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise GradgenError(f"the default of `{name}` is no finite number")
    return tuple((name, float(value)) for name, value in defaults.items())


def _meanings(doc: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what names mean, each in one line, checked."""
    if not isinstance(doc, Mapping):
        raise GradgenError("meanings are names with texts, as in {'t': 'time [s]'}")
    names = read_names(doc, "the name") or ()
    for name, words in doc.items():
        if not isinstance(words, str) or not words.strip():
            raise GradgenError(f"the meaning of `{name}` is no text")
        if len(words) > _LONGEST:
            raise GradgenError(
                f"the meaning of `{name}` has more than {_LONGEST} characters"
            )
        if not " ".join(words.split()).isprintable():
            raise GradgenError(f"the meaning of `{name}` holds an invisible character")
    return tuple((n, " ".join(w.split())) for n, w in zip(names, doc.values()))


def _folder(templates: str | Path | None) -> Path | None:
    """Return the folder of the user's templates, checked."""
    if templates is None:
        return None
    try:
        folder = Path(templates)
        found = templates != "" and folder.is_dir()
    except (OSError, TypeError, ValueError):
        found = False
    if not found:
        raise GradgenError(f"there is no folder of templates at {str(templates)[:200]}")
    return folder
