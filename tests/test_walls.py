"""The arrows of the house run down only: core imports no other folder, and those that read and those that write never meet."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradgen

PACKAGE = Path(gradgen.__file__).parent
#: What each folder may import of the package. Rooms at the top see all of it; only the entry point imports `command`.
BELOW = {
    "core": {"core"},
    "passes": {"core", "errors", "passes"},
    "read": {"core", "errors", "passes", "read", "reserved", "syntax"},
    "write": {"core", "errors", "files", "passes", "reserved", "syntax", "write"},
    "draw": {"core", "draw", "errors", "verify", "write"},
    "page": {"core", "draw", "errors", "page", "passes", "targets", "trace", "write"},
    "files": {"errors", "files", "settings"},
    "prove": {"errors", "prove", "read"},
    "audit": {"audit", "errors", "prove", "read", "syntax"},
    "adapters": {
        "adapters",
        "compiled",
        "errors",
        "numbers",
        "options",
        "over_rows",
        "pipeline",
        "queries",
    },
}
#: Where each of its rooms has a line.
MAP = PACKAGE.parent / "CONTRIBUTING.md"
ROOMS = sorted(PACKAGE.rglob("*.py"))
#: The most lines of a room, of a class and of a function.
ROOM, CLASS, FUNCTION = 550, 200, 60


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that a room imports, but for what only its types need."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module
            if module == "gradgen":
                yield from (f"gradgen.{alias.name}" for alias in node.names)
        else:
            yield from imported(node)


@pytest.mark.parametrize("room", ROOMS, ids=lambda r: str(r.relative_to(PACKAGE)))
def test_arrows_run_down(room: Path) -> None:
    folder, *inside = room.relative_to(PACKAGE).parts
    names = list(imported(ast.parse(room.read_text("utf-8"))))
    used = {n.split(".")[1] for n in names if n.startswith("gradgen.")}
    if inside and folder in BELOW:
        assert used <= BELOW[folder]
    if folder not in ("command", "__main__.py"):
        assert "command" not in used
    if folder == "adapters":
        # Each hands over to the library that it is called after.
        libraries = {n.split(".")[0] for n in names} - {
            "gradgen",
            *sys.stdlib_module_names,
        }
        assert libraries <= {room.stem, "numpy"}
    else:
        assert "adapters" not in used
    if folder == "core":
        assert not {n.split(".")[0] for n in names} & {"sympy", "jinja2", "mpmath"}


def test_the_core_is_one_sitting() -> None:
    lines = [len(r.read_text("utf-8").splitlines()) for r in (PACKAGE / "core").glob("*.py")]  # fmt: skip
    assert sum(lines) <= 1500


def test_no_folder_has_too_many_rooms() -> None:
    folders = {room.parent for room in ROOMS} - {PACKAGE}
    for folder in folders:
        rooms = [room for room in folder.glob("*.py") if room.stem != "__init__"]
        assert len(rooms) <= 13, folder.name


def test_the_map_names_every_room_and_no_other() -> None:
    found: list[str] = []
    for section in MAP.read_text("utf-8").split("\n### `gradgen/")[1:]:
        folder, _, rest = section.partition("`\n")
        table = rest.partition("\n\n##")[0]
        found += [folder + name for name in re.findall(r"`([a-z_/]+\.py)`", table)]
    rooms = [r.relative_to(PACKAGE).as_posix() for r in ROOMS if r.stem != "__init__"]
    found = [name for name in found if not name.partition("gradgen/")[1]]
    assert [n for n in rooms if n not in found] == [], "give it a line in the map"
    assert [n for n in found if n not in rooms] == [], "the map is out of date"


def over(room: Path) -> Iterator[str]:
    """Yield what is too long for one sitting: the room, and the classes and functions in it."""
    text, name = room.read_text("utf-8"), room.relative_to(PACKAGE).as_posix()
    if len(text.splitlines()) > ROOM:
        yield name
    todo: list[tuple[str, ast.AST]] = [(f"{name}:", ast.parse(text))]
    while todo:
        before, node = todo.pop()
        for child in ast.iter_child_nodes(node):
            path = before
            if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                limit = CLASS if isinstance(child, ast.ClassDef) else FUNCTION
                if (child.end_lineno or 0) - child.lineno >= limit:
                    yield before + child.name
                path = f"{before}{child.name}."
            todo.append((path, child))


def test_rooms_classes_and_functions_are_short() -> None:
    found = {name for room in ROOMS for name in over(room)}
    assert found == set()
