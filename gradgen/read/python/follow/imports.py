"""What a user says of a Python file's imports in; the files that may be read beside it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradgen.errors import GradgenError
from gradgen.read.python.follow.modules import Modules
from gradgen.read.python.scope import Names, UnclearError


@dataclass(frozen=True)
class Imports:
    """What is known of imports.

    Attributes:
        modules: the files that may be read; None where none may.
        home: what the function's own module is called.
        package: whether that is a package.
        ignored: the decorators that the user says change nothing.
        shapes: how many numbers the user says that parameters hold that are sequences.
        tried: those of them that nobody says, but that are tried for what is said of a function that lacks them.
        rows: whether functions may return rows, as a Jacobian is.
    """

    modules: Modules | None = None
    home: str = ""
    package: bool = False
    ignored: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...] | tuple[str, ...]] = field(
        default_factory=dict
    )
    tried: Mapping[str, tuple[int, ...] | tuple[str, ...]] = field(default_factory=dict)
    rows: bool = False

    def add(self, names: Names) -> None:
        """Let a file import from the others."""
        if self.modules is not None:
            try:
                self.modules.add(names, self.home, self.package)
            except UnclearError as error:
                raise GradgenError(str(error)) from None

    @property
    def followed(self) -> tuple[str, ...]:
        """The modules that were read beside the function's own, or looked at for what they change."""
        if self.modules is None:
            return ()
        files, texts = self.modules.files, self.modules.texts
        found = {n for n, file in files.items() if file and file.label}
        return tuple(sorted(found | {n for n, text in texts.items() if text} - {self.home}))  # fmt: skip
