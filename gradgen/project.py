"""A project's pyproject.toml in; the modules that it lists, each compiled, out."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradgen import artifact
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.recipe import read_artifact
from gradgen.sources import compile_file, compile_function, function_in

FILE = "pyproject.toml"
_TEXTS = ("name", "source", "source-file", "output", "target")
_LISTS = ("inputs", "wrt", "outputs", "params", "with")
_SWITCHES = ("as-written", "expand", "precise", "test")


@dataclass(frozen=True)
class Entry:
    """One module that a project lists.

    Attributes:
        output: the file, as the project writes it.
        path: where that is.
        options: the entry's items.
        folder: the project's folder.
    """

    output: str
    path: Path
    options: Mapping[str, Any]
    folder: Path

    def made(self) -> list[tuple[Path, Compiled]]:
        """Return the module, and its test if the project wants one, each with its path.

        Raises:
            GradgenError: the formula or an option is not acceptable.
        """
        options = self.options
        given = {
            "name": options.get("name", "f"),
            "inputs": options.get("inputs"),
            "wrt": options.get("wrt"),
            "outputs": options.get("outputs"),
            "params": options.get("params"),
            "const": options.get("const"),
            "as_written": options.get("as-written", False),
            "expand": options.get("expand", False),
            "target": options.get("target", "python"),
            "precise": options.get("precise", False),
            "with_": options.get("with", ()),
        }
        if "source" in options:
            if re.fullmatch(r"[\w./-]+\.(txt|py)(:\w+)?", str(options["source"])):
                raise GradgenError(
                    f'a file is given as source-file = "{options["source"]}"'
                )
            compiled = compile(str(options["source"]), **given)
        else:
            file = str(options["source-file"])
            function = function_in(file)
            if function is not None:
                text = self.read(function[0])
                compiled = compile_function(text, function[1], **given)
            else:
                compiled = compile_file(self.read(file), **given)
        found = [(self.path, compiled)]
        if options.get("test"):
            test = self.path.with_name(f"test_{self.path.name}")
            found.append((test, compiled.test(self.path.stem)))
        return found

    def read(self, name: str) -> str:
        """Return the text of a file of the project."""
        try:
            return (self.folder / name).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise GradgenError(f"source-file {name} cannot be read: {reason}") from None


def find_project(start: Path) -> Path:
    """Return the nearest pyproject.toml, in a folder or above it.

    Raises:
        GradgenError: there is none.
    """
    if not start.is_dir():
        raise GradgenError(f"there is no {FILE} and no folder at {start}")
    for folder in (start, *start.absolute().parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise GradgenError(f"there is no {FILE} in {start} or above it")


def entries(path: Path) -> list[Entry]:
    """Return the modules that a pyproject.toml lists under [[tool.gradgen.modules]].

    Raises:
        GradgenError: the file cannot be read, lists none, or has an item that is not known.
    """
    modules = _table(path).get("modules")
    if not isinstance(modules, list) or not modules:
        raise GradgenError(
            f'{path} lists no modules; write [[tool.gradgen.modules]] with source = "..." and output = "..."'
        )
    found = [_entry(path, number, module) for number, module in enumerate(modules, 1)]
    outputs: dict[Path, str] = {}
    for entry in found:
        if entry.path in outputs:
            raise GradgenError(f"{path} lists the output {entry.output} twice")
        outputs[entry.path] = entry.output
    return found


def _table(path: Path) -> Mapping[str, Any]:
    try:
        try:
            toml: Any = importlib.import_module("tomllib")
        except ImportError:  # Python 3.10, where black brings the same as tomli
            toml = importlib.import_module("tomli")
        data = toml.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise GradgenError(f"{path} cannot be read: {reason}") from None
    table = data.get("tool", {}).get("gradgen", {})
    known = isinstance(table, dict) and not set(table) - {"modules"}
    if not known:
        raise GradgenError(f"{path}: [tool.gradgen] holds `modules` alone")
    return table  # type: ignore[no-any-return]


def _entry(path: Path, number: int, module: Any) -> Entry:
    def refused(reason: str) -> GradgenError:
        return GradgenError(f"{path}: module {number} {reason}")

    if not isinstance(module, dict):
        raise refused("is no table")
    for key, value in module.items():
        _check(key, value, refused)
    if "output" not in module:
        raise refused('has no `output`, such as output = "model.py"')
    if ("source" in module) == ("source-file" in module):
        raise refused("needs `source` or `source-file`, one of them")
    output = Path(module["output"])
    inside = path.parent.resolve()
    target = (inside / output).resolve()
    if output.is_absolute() or inside not in target.parents or output.suffix != ".py":
        raise refused(f"has the output {output}, which is no .py file in the project")
    return Entry(module["output"], path.parent / output, module, path.parent)


def _check(key: str, value: Any, refused: Any) -> None:
    if key in _TEXTS:
        good, what = isinstance(value, str), "text"
    elif key in _LISTS:
        listed = isinstance(value, list) and all(isinstance(v, str) for v in value)
        good, what = isinstance(value, str) or listed, 'text or a list, as in "x, y"'
    elif key == "const":
        good = isinstance(value, dict) and all(
            type(v) in (int, float, str) for v in value.values()
        )
        what = "a table of numbers, as in { g = 9.81 }"
    elif key in _SWITCHES:
        good, what = isinstance(value, bool), "true or false"
    else:
        known = ", ".join((*_TEXTS, *_LISTS, "const", *_SWITCHES))
        raise refused(f"has an item `{key}`; known are {known}")
    if not good:
        raise refused(f"has a `{key}` that is not {what}")


def progress(done: int, count: int, width: int = 30) -> str:
    """Return a progress bar on one line."""
    filled = width * done // count
    return f"[{'#' * filled}{'.' * (width - filled)}] {done}/{count}"


def statuses(entry: Entry, write: bool, force: bool) -> Iterator[tuple[Path, str, str]]:
    """Make an entry's files; yield each with what became of it, and with a message where it was refused.

    Args:
        entry: the module.
        write: whether to write; else the files are only compared.
        force: whether files that were edited by hand are overwritten.
    """
    try:
        made = entry.made()
    except GradgenError as error:
        yield entry.path, "failed", str(error)
        return
    for path, compiled in made:
        try:
            before = artifact.guard(path, force or not write)
            if before == compiled.source:
                yield path, "ok", ""
            elif write:
                path.parent.mkdir(parents=True, exist_ok=True)
                compiled.write(path, force=force)
                yield path, "written" if before is None else "updated", ""
            else:
                found = before and read_artifact(before)
                edited = found and not found.intact
                yield path, "edited" if edited else "stale" if before else "missing", ""
        except (GradgenError, OSError) as error:
            yield path, "refused", str(error)
