"""The path of a module in; the name that it is imported by out, and a refusal of files that cannot be imported or hide others."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from gradgen.errors import GradgenError, printable

#: A module of such a name would be taken for the one that generated modules, their tests or gradgen itself import.
_NEEDED = (
    *("math", "typing", "functools", "numpy", "scipy", "jax", "torch"),
    *("pytest", "gradgen", "sympy", "mpmath", "jinja2", "black"),
)


def in_package(path: Path) -> bool:
    """Return whether a module lies in a package: in a folder with an `__init__.py`."""
    return (path.parent / "__init__.py").is_file()


def import_name(path: Path) -> str:
    """Return the name that a module is imported by, from the outermost package around it, as `package.inner.model`."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = Path(path.parent.absolute())
    while (folder / "__init__.py").is_file() and folder.name:
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts or [path.stem])


def import_name_below(path: Path, folder: Path) -> str:
    """Return the name that a module of a project is imported by from anywhere in it.

    It counts from the outermost package around the module; where that is none, from `src` or from the project's folder.
    """
    if in_package(path):
        return import_name(path)
    parts = list(path.absolute().relative_to(folder.absolute()).parts)
    if parts[0] == "src" and parts[1:]:
        del parts[0]
    return ".".join([*parts[:-1], path.stem])


def check_module(path: Path) -> None:
    """Refuse a file that could not be imported, or would be imported in the place of another module.

    Raises:
        GradgenError: its name is no module's, or is that of a module that others need.
    """
    if not path.name.endswith(".py"):
        return
    stem = path.name.removesuffix(".py")
    shown = printable(stem)[:60]
    if not stem.isidentifier() or keyword.iskeyword(stem):
        raise GradgenError(
            f"a module called `{shown}` cannot be imported; write `{_near(stem)}.py`"
        )
    if stem in _NEEDED:
        raise GradgenError(
            f"a module called `{shown}` hides the one that generated modules, their tests or gradgen import; "
            f"write `{stem}_.py`"
        )
    if stem in sys.stdlib_module_names and not in_package(path):
        raise GradgenError(
            f"a module called `{shown}` hides Python's own; write `{stem}_.py`, or put it into a package"
        )


def check_imports(path: Path, imported: Iterable[str]) -> None:
    """Refuse a file that its own text would import.

    Raises:
        GradgenError: it is, or hides, one of the modules that the text imports.
    """
    name = import_name(path)
    for module in imported:
        if name == module or path.stem == module.partition(".")[0]:
            raise GradgenError(
                f"the text of `{printable(path.name)}` imports {module}, which a file of that name would be; "
                f"write `{path.stem}_model.py`"
            )


def _near(stem: str) -> str:
    """Return the nearest name that can be imported."""
    near = re.sub(r"\W+", "_", stem).strip("_") or "model"
    if near[0].isdigit():
        near = f"m{near}"
    return f"{near}_" if keyword.iskeyword(near) else near


def modules_of(test: Path, name: str) -> Iterator[Path]:
    """Yield where the module of a test may lie: beside the test, or in its project, below a folder above the test."""
    parts = name.split(".")
    beside = test.with_name(f"{parts[-1]}.py")
    if name in (beside.stem, import_name(beside)):
        yield beside
    above = []
    for folder in test.absolute().parents:
        above += [folder, folder / "src"]
        if (folder / "pyproject.toml").is_file():
            yield from (root.joinpath(*parts[:-1], beside.name) for root in above)
            return
