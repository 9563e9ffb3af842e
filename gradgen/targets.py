"""The languages that a module can be written in, by name: one file of `write/languages` each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from gradgen.reserved import BUILTINS
from gradgen.settings import Settings
from gradgen.write import languages
from gradgen.write.languages import python_rows
from gradgen.write.languages.c_rows import ROWS
from gradgen.write.languages.c_sums import ROWS_SUMS
from gradgen.write.languages.python import PYTHON, SCIPY
from gradgen.write.languages.sql import in_dialect
from gradgen.write.python.layout import black_python, layout_python
from gradgen.write.target import Target

__all__ = [
    "BUILTINS",
    "KEPT",
    "PYTHON",
    "ROWS",
    "SCIPY",
    "SUFFIXES",
    "TARGETS",
    "black_python",
    "layout_python",
    "target_for",
]


def _found() -> dict[str, Target]:
    """Return the targets of all files of `write/languages`; Python's come first."""
    targets = {target.name: target for target in (PYTHON, SCIPY)}
    for module in sorted(m.name for m in iter_modules(languages.__path__)):
        file = import_module(f"{languages.__name__}.{module}")
        for target in getattr(file, "TARGETS", ()):
            targets[target.name] = target
    return targets


TARGETS: Mapping[str, Target] = _found()
#: The endings of files in other languages than Python, each with its target.
SUFFIXES: Mapping[str, str] = {
    target.suffix: target.name for target in TARGETS.values() if not target.is_python
}


#: Names that no constant has in any language, so that it has the same in all.
KEPT: frozenset[str] = frozenset().union(
    *(
        target.reserved | target.avoided
        for target in (*TARGETS.values(), ROWS, python_rows.ROWS, ROWS_SUMS)
    )
)


def target_for(settings: Settings, over: Target | None = None) -> Target:
    """Return the language of a module, as its options have it; or this one."""
    target = over or TARGETS[settings.target]
    if target.query:
        target = in_dialect(settings.dialect)
    if settings.rows and not (target.arrays or target.selects or over):
        target = ROWS if target.name == ROWS.name else python_rows.ROWS
    return replace(
        target,
        precise=settings.precise,
        # Where nothing raises, there is nothing to keep from raising.
        ieee=settings.ieee and target.raises,
        strict=settings.strict and target.raises,
        compact=settings.style == "compact",
        named=settings.cache == "namedtuple" and target.is_python,
        reduce=settings.reduce,
        rows=settings.rows,
        table=settings.table,
        by=settings.by,
        normal="gauss_newton" in settings.with_,
    )
