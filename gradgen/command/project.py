"""A project's pyproject.toml in; the modules that it lists out."""

from __future__ import annotations

import importlib
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradgen.errors import GradgenError
from gradgen.files import artifact
from gradgen.files.decode import decode_formula, function_in
from gradgen.files.modules import check_module, import_name, import_name_below
from gradgen.settings import GIVEN, READING, Kind
from gradgen.targets import TARGETS

FILE = "pyproject.toml"
#: What an entry holds beside the options of a compilation.
_TEXTS = ("source", "source-file", "output")
#: No file that a project names is larger, in bytes: neither its pyproject.toml nor a formula's.
_LARGEST = 1 << 22


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

    @property
    def test(self) -> Path | None:
        """The file of the module's test: beside it, or where the project says; None where none is wanted."""
        wanted = self.options.get("test", False)
        if isinstance(wanted, str):
            return self.folder / wanted
        return self.path.with_name(f"test_{self.path.name}") if wanted else None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are made: the module, and its test if the project wants one."""
        return (self.path,) if self.test is None else (self.path, self.test)

    @property
    def tested(self) -> str:
        """The name that the test imports the module by; empty where there is no test."""
        if self.test is None:
            return ""
        beside = self.test.parent == self.path.parent
        return (
            import_name(self.path)
            if beside
            else import_name_below(self.path, self.folder)
        )

    @property
    def source_file(self) -> tuple[str, str]:
        """The file that the formula, or a function of that name, stands in; empty where it is given as text."""
        file = str(self.options.get("source-file", ""))
        return function_in(file) or (file, "")

    def read(self, name: str, decode: Callable[[bytes], str]) -> str:
        """Return the text of a file of the project."""
        path = self.folder / name
        if not name.isprintable():
            raise GradgenError(f"source-file {_short(name)} is no path")
        real = os.path.realpath(path)
        inside = _below(Path(real), Path(os.path.realpath(self.folder)))
        if ".." in inside:
            raise GradgenError(f"source-file {_short(name)} lies outside the project")
        if any(part.startswith(".") for part in inside):
            raise GradgenError(f"source-file {_short(name)} is hidden")
        text = artifact.read(path, _LARGEST, decode=decode)
        if text is None:
            raise GradgenError(f"source-file {_short(name)} does not exist")
        return text


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
    written: dict[str, Path] = {}
    for entry in found:
        for output in filter(None, (entry.path, entry.test)):
            # Some file systems know one name in two spellings: neither capitals nor accents tell files apart there.
            real = os.path.realpath(output)
            place = unicodedata.normalize("NFC", real).casefold()
            other = written.setdefault(place, output)
            if other is not output:
                shown, first = (
                    os.path.relpath(p, path.parent) for p in (output, other)
                )
                also = "" if shown == first else f", which is {first} on some systems"
                raise GradgenError(f"{path} lists the output {shown} twice{also}")
    return found


def are_chained(listed: Sequence[Entry]) -> bool:
    """Whether one entry reads what another writes, so that each must wait for those before it."""
    written = {os.path.realpath(path) for entry in listed for path in entry.files}
    names = (
        (e.folder / e.source_file[0]) for e in listed if "source-file" in e.options
    )
    # What is no path will be refused.
    return any(os.path.realpath(n) in written for n in names if str(n).isprintable())


def _table(path: Path) -> Mapping[str, Any]:
    try:
        toml: Any = importlib.import_module("tomllib")
    except ImportError:  # Python 3.10, where black brings the same as tomli
        toml = importlib.import_module("tomli")
    text = artifact.read(path, _LARGEST, decode=decode_formula)
    if text is None:
        raise GradgenError(f"{path} does not exist")
    try:
        tool = toml.loads(text).get("tool", {})
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise GradgenError(f"{path} cannot be read: {reason[:200]}") from None
    except RecursionError:
        raise GradgenError(f"{path} cannot be read: it is nested too deeply") from None
    table = tool.get("gradgen", {}) if isinstance(tool, dict) else None
    if not isinstance(table, dict) or set(table) - {"modules"}:
        raise GradgenError(
            f"{path}: [tool.gradgen] holds `modules` alone, as [[tool.gradgen.modules]]"
        )
    return table


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
    named = {"output": module["output"]}
    if isinstance(module.get("test"), str):
        named["test"] = module["test"]
    for key, name in named.items():
        file = path.parent / name
        target = TARGETS.get(module.get("target", "python"))
        ending = ".py" if target is None or key == "test" else target.suffix
        good = name.isprintable() and name.endswith(ending)
        if not good or Path(name).is_absolute() or ".." in _below(file, path.parent):
            raise refused(
                f"has the {key} {_short(name)}, which is no {ending} file in the project"
            )
        try:
            if ending == ".py":
                check_module(file)
        except GradgenError as error:
            raise refused(f"has the {key} {_short(name)}: {error}") from None
    return Entry(module["output"], path.parent / module["output"], module, path.parent)


def _short(name: str) -> str:
    """Return what a message shows of a name, which may be of any length."""
    return name if len(name) <= 200 else f"{name[:200]}..."


def _below(path: Path, folder: Path) -> tuple[str, ...]:
    """Return the parts of the way from a folder to a file; `..` is among them where the file lies outside."""
    return Path(os.path.relpath(path, folder)).parts


def _check(key: str, value: Any, refused: Any) -> None:
    options = {**GIVEN, **READING}
    kind = Kind.TEXT if key in _TEXTS else None
    kind = options[key].kind if key in options else kind
    if kind is Kind.TEXT:
        good, what = isinstance(value, str), "text"
    elif kind is Kind.NAMES:
        listed = isinstance(value, list) and all(isinstance(v, str) for v in value)
        good, what = isinstance(value, str) or listed, 'text or a list, as in "x, y"'
    elif kind in (Kind.VALUES, Kind.IMPORTS):
        kinds = (int, float, str, *([bool] if key == "const" else ()))
        good = isinstance(value, dict) and all(type(v) in kinds for v in value.values())
        what = (
            'a table, as in { "fluids.numerics.exp" = "exp" }'
            if kind is Kind.IMPORTS
            else "a table of numbers, as in { g = 9.81 }"
        )
    elif kind is Kind.WORDS:
        good = isinstance(value, dict) and all(
            isinstance(v, str) for v in value.values()
        )
        what = 'a table of texts, as in { t = "time [s]" }'
    elif kind is Kind.SWITCH:
        good, what = isinstance(value, bool), "true or false"
    elif key == "test":
        good = isinstance(value, (bool, str))
        what = 'true, false or a file, as in "tests/test_model.py"'
    else:
        items = ", ".join((*_TEXTS, *options, "test"))
        raise refused(f"has an item `{key[:60]}`; known are {items}")
    if not good:
        raise refused(f"has a `{key}` that is not {what}")
