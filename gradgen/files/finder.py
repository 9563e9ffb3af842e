"""The name of a module in; the text of the file that Python would import for it out, found by its path alone: nothing is imported or run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from gradgen.errors import GradgenError
from gradgen.files import artifact
from gradgen.files.decode import decode_python
from gradgen.files.modules import import_name, in_package

#: No file that is read beside a function's own is larger, in bytes.
_LARGEST = 4_000_000


class Finder:
    """Finds the modules that a Python file imports.

    Args:
        file: the file; None where a function has none.
        within: the folder that what lies beside it must be in, if it must.
    """

    def __init__(self, file: Path | None, within: Path | None = None) -> None:
        self.home = ""
        self.package = self.beside = False
        self.folders: list[Path] = []
        self.within = within
        if file is not None:
            # What it is imported by tells the folder that Python looks in for its own package.
            self.package = file.name == "__init__.py"
            self.home = import_name(file)
            self.beside = not (self.package or in_package(file))
            up = len(self.home.split(".")) - (0 if self.package else 1)
            folder = Path(file.parent.absolute())
            self.folders = [folder if up == 0 else folder.parents[up - 1]]

    def find(self, module: str, anywhere: bool) -> tuple[str, bool] | None:
        """Return the text of a module, and whether it is a package; None where none is found, or one that has no text.

        Args:
            module: its whole name.
            anywhere: whether it is looked for in all folders that Python looks in, and not only beside the function's file.

        Raises:
            GradgenError: it is no file that can be read.
        """
        parts = module.split(".")
        if not all(map(str.isidentifier, parts)):
            return None
        # A module of Python's own goes before what lies beside a file, for some names.
        if self.beside and not anywhere and parts[0] in sys.stdlib_module_names:
            return None
        found = self._located(parts, self.folders)
        if found is not None:
            self._check(found[0], module)
        elif anywhere:
            found = self._located(parts, [Path(p) for p in sys.path if os.path.isdir(p)])  # fmt: skip
        if found is None:
            return None
        path, package = found
        if path.is_dir():
            return "", True
        try:
            text = artifact.read(path, _LARGEST, decode=decode_python)
        except GradgenError as error:
            said = error.message.partition(f"{path} ")[2] or "cannot be read"
            raise GradgenError(f"its file {said}") from None
        return None if text is None else (text, package)

    @staticmethod
    def _located(parts: Sequence[str], folders: list[Path]) -> tuple[Path, bool] | None:
        """Return a module's file, or the folder of a package that has none, as Python finds it."""
        for place, part in enumerate(parts):
            last = place == len(parts) - 1
            spaces = []
            for folder in folders:
                inner = folder / part
                if any(
                    (folder / f"{part}{end}").exists() for end in EXTENSION_SUFFIXES
                ):
                    return None  # which goes before a text of that name
                if (inner / "__init__.py").exists():
                    folders = [inner]
                    break
                file = folder / f"{part}.py"
                if file.exists():
                    return (file, False) if last else None
                if inner.is_dir():
                    spaces.append(inner)
            else:
                if not spaces:
                    return None
                folders = spaces
                if last:
                    return spaces[0], True
        return folders[0] / "__init__.py", True

    def _check(self, path: Path, module: str) -> None:
        """Refuse what leads outside the folder that it must be in, or is hidden there.

        Raises:
            GradgenError: it does, or is.
        """
        if self.within is None:
            return
        real, within = Path(os.path.realpath(path)), Path(os.path.realpath(self.within))
        inside = real.parts[len(within.parts) :]
        if real.parts[: len(within.parts)] != within.parts:
            raise GradgenError(f"`{module}` lies outside the project")
        if any(part.startswith(".") for part in inside):
            raise GradgenError(f"`{module}` is hidden")
