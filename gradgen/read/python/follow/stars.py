"""A Python file that imports `*` and a name in; the one file that hands that name on out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Constant, Dotted
from gradgen.read.python.follow.exported import ALWAYS, SOMETIMES
from gradgen.read.python.scope import Names, UnclearError, of_numpy
from gradgen.read.python.tree import walk

if TYPE_CHECKING:
    from gradgen.read.python.follow.modules import Modules


def starred(files: Modules, names: Names, name: str) -> Dotted | None:
    """Return what an import of `*` binds a name to, of which there is one that may; None where there is none.

    Raises:
        UnclearError: one cannot be read, or several bind it.
    """
    found: list[Dotted] = []
    for where, line, file in _stars(files, names):
        if file is None and where is not None and where.path == "numpy":
            own = of_numpy(name, line)
            if own is not None:
                found = [*(found if own.others else []), own]
            continue
        if file is None or where is None:
            raise UnclearError(
                f"what `{name}` means is not certain: line {line} imports `*`; import by name what is used"
            )
        if _binds(file, name):
            found.clear()  # whatever is imported above
        if _may_hand_on(files, file, name):
            found.append(Dotted(f"{where.path}.{name}", where.path))
    if len(found) > 1:
        raise UnclearError(
            f"`{name}` may come from {found[0].module} or from {found[1].module}, of which `*` is imported; import it by name"
        )
    return found[0] if found else None


def _binds(names: Names, name: str) -> bool:
    """Whether `*` of a file holds a name in any case, as it binds it by plain statements."""
    handed = _listed(names)
    listed = "__all__" in names.bound.names
    public = name in handed if handed is not None else not listed and not name.startswith("_")  # fmt: skip
    found = names.bound.names.get(name, [])
    return public and any(b.meaning is not None and not b.how for b in found)


def _may_hand_on(files: Modules, names: Names, name: str) -> bool:
    """Return whether `*` of a file may hold a name, of its own or handed on; where it does not, what reads it has no value."""
    todo, seen = [names], {names.home: None}
    while todo:
        each = todo.pop()
        handed = _listed(each)
        private = name.startswith("_") and "__all__" not in each.bound.names
        if private if handed is None else name not in handed:
            continue
        if each.bound.names.keys() & {name, "__getattr__"}:
            return True
        if each.package and files.load(f"{each.home}.{name}") is not None:
            return True
        for where, _, inner in _stars(files, each):
            if inner is None and where is not None and where.path == "numpy":
                if name in ALWAYS | SOMETIMES:
                    return True
                continue
            if inner is None:
                return True
            if inner.home not in seen:
                seen[inner.home] = None
                todo.append(inner)
    return False


def _stars(
    files: Modules, names: Names
) -> Iterator[tuple[Dotted | None, int, Names | None]]:
    """Yield the modules of which a file imports `*`, each with the line, and with its own file where that may be read."""
    for _, line, module in names.bound.stars:
        where = files.absolute(Dotted(module, module), names)
        known = module and where is not None and files.reads(where.path, names)
        file = files.load(where.path) if known and where is not None else None
        yield where, line, file


def _listed(names: Names) -> frozenset[str] | None:
    """Return the names that an import of `*` takes; None where they are not written down in one list."""
    listed = names.bound.names.get("__all__", [])
    spoken = sum(isinstance(n, ast.Name) and n.id == "__all__" for n in walk(names.module))  # fmt: skip
    known = listed[0].meaning if len(listed) == spoken == 1 else None
    if not isinstance(known, Constant):
        return None
    value = known.value
    parts = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [None]
    texts = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]  # fmt: skip
    return frozenset(texts) if len(texts) == len(parts) else None
