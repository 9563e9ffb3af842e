"""The one error that gradgen raises for bad input: a message, and where in the text it applies."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence

#: How much of a long formula is echoed on each side of the caret.
_CONTEXT = 60


def printable(text: str) -> str:
    """Replace every character that could move the cursor or change the terminal by `?`, one for one."""
    return "".join(
        "?" if unicodedata.category(c)[0] in "CZ" and c != " " else c for c in text
    )


class GradgenError(ValueError):
    """Input that gradgen refuses.

    Args:
        said: one line that says what is wrong and what is allowed.
        source: the text that was being read, if there is one.
        column: the offending column in `source`, counted from 0.
        line: the number of that line in a program or a file, counted from 1.
        file: what that file is called, where it is not the one that was asked for.
    """

    def __init__(
        self,
        said: str,
        source: str | None = None,
        column: int | None = None,
        line: int | None = None,
        file: str = "",
    ) -> None:
        super().__init__(said)
        self.said = printable(said)
        self.source = source
        self.column = column
        self.line = line
        self.file = file

    @property
    def message(self) -> str:
        """What is wrong, behind the line that it is in."""
        where = f"{self.file}, " if self.file else ""
        return (
            self.said if self.line is None else f"{where}line {self.line}: {self.said}"
        )

    def moved_up(self, lines: int) -> GradgenError:
        """Return the same error of a text that starts so many lines further down."""
        if self.line is None or self.line <= lines:
            return self
        return GradgenError(self.said, self.source, self.column, self.line - lines)

    def __str__(self) -> str:
        """The message; with a column, also the text around it and a caret under it."""
        if self.source is None or self.column is None:
            return self.message
        start = max(0, self.column - _CONTEXT)
        end = min(len(self.source), self.column + _CONTEXT)
        before = ("..." if start else "") + printable(self.source[start : self.column])
        after = printable(self.source[self.column : end]) + (
            "..." if end < len(self.source) else ""
        )
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before)
        return f"{self.message}\n  {before}{after}\n  {' ' * width}^"


class TooLargeError(GradgenError):
    """A formula whose module would be larger than allowed."""


def trouble(error: Exception) -> str:
    """Return what stopped the work on a file or a command, in the words of one line (and a formula with its caret)."""
    if isinstance(error, GradgenError):
        return str(error)
    if isinstance(error, OSError):
        return printable(error.strerror or str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory for this formula; shorten it"
    if os.environ.get("GRADGEN_TRACEBACK"):
        raise error
    return (
        f"this is a bug in gradgen ({type(error).__name__}: {printable(str(error))[:200]}); "
        "please report the command; GRADGEN_TRACEBACK=1 shows where it happened"
    )


class LengthsError(GradgenError):
    """A function that is refused as the lengths of its sequences are not known.

    Attributes:
        shape: lengths with which it would be read, as `--shape` takes them; empty where it is turns alone that lack.
        shown: the lengths of all that lack, as in the docstring's examples, where these are alike; empty where they do not tell.
    """

    shape: str = ""
    shown: Mapping[str, tuple[int, ...]] = {}


class NowhereError(GradgenError):
    """A function that raises in every way, where some of its parameters are None by their defaults.

    Attributes:
        none: these parameters.
        shown: which of them the docstring's examples give, call by call.
    """

    @classmethod
    def of(cls, error: GradgenError) -> NowhereError:
        """Return an error as one of these."""
        return cls(error.said, error.source, error.column, error.line, error.file)

    none: tuple[str, ...] = ()
    shown: Sequence[tuple[str, ...]] = ()
