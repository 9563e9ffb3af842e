"""The languages that a module can be written in, by name: one file of `write/languages` each."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from importlib import import_module
from pkgutil import iter_modules

from gradgen.write import languages
from gradgen.write.languages.python import BUILTINS, PYTHON, SCIPY
from gradgen.write.layout import black_python, layout_python
from gradgen.write.target import Target

__all__ = [
    "BUILTINS",
    "PYTHON",
    "SCIPY",
    "TARGETS",
    "black_python",
    "layout_python",
    "local_names",
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


#: Names that a function of another module cannot have in the generated one.
_KEPT = BUILTINS.union(PYTHON.reserved, SCIPY.reserved)


def local_names(
    callables: Sequence[str], taken: MutableMapping[str, str]
) -> tuple[str, ...]:
    """Return what the module calls functions of other modules: the last parts of their names, or all of these where one is taken.

    Args:
        callables: the dotted names.
        taken: what it calls others, with their dotted names; the new ones are added.
    """
    lasts = [dotted.rpartition(".")[2] for dotted in callables]
    whole = len({*zip(lasts, callables)}) > len({*lasts})
    whole |= any(taken.get(*pair) != pair[1] for pair in zip(lasts, callables))
    found = []
    for last, dotted in zip(lasts, callables):
        local = last
        if whole or local in _KEPT or local.startswith("_"):
            local = dotted.replace(".", "_")
        while taken.setdefault(local, dotted) != dotted:
            local += "_"
        found.append(local)
    return tuple(found)
