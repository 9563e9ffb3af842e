"""A picture and a path in; a file on disk out, whole or not at all, and never over a file that is no such picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradgen.errors import GradgenError
from gradgen.files.artifact import put, read

#: How pictures end, with how a comment stands in them.
COMMENTS: Mapping[str, str] = {".svg": "<!-- {} -->", ".dot": "// {}", ".mmd": "%% {}"}
#: What pictures say of themselves in their first line.
_DRAWN = "Drawn by gradgen"
_LINE = re.compile(
    f"{_DRAWN} from (?P<module>[^/\\\\;]+)(?:; at (?P<at>[^;]+))?(?:; of (?P<of>[^;]+))?(?P<digits>; digits)?\\. ?"
)


@dataclass(frozen=True)
class Origin:
    """What a picture is drawn from.

    Attributes:
        module: the name of the generated file, which lies beside the picture; empty where it is drawn from a formula.
        at: the point, as the command line takes it; empty where there is none.
        of: the result whose gradient is shown, if it is not the first.
        digits: whether it shows where digits are lost.
    """

    module: str = ""
    at: str = ""
    of: str = ""
    digits: bool = False

    def line(self, suffix: str) -> str:
        """Return the first line of the picture; a module whose name could end a comment is not named."""
        said = _DRAWN
        if self.module and "--" not in self.module:
            said += f" from {self.module}"
            said += f"; at {self.at}" if self.at else ""
            said += f"; of {self.of}" if self.of else ""
            said += "; digits" if self.digits else ""
        return COMMENTS[suffix].format(f"{said}.")


def origin(path: Path, text: str) -> Origin | None:
    """Return what a picture is drawn from; None where that is no generated file beside it, or gradgen did not draw it."""
    before, _, after = COMMENTS[path.suffix].partition("{}")
    first = text.partition("\n")[0]
    found = _LINE.fullmatch(first.removeprefix(before).removesuffix(after.strip()))
    if found is None or not first.startswith(before):
        return None
    return Origin(found["module"], found["at"] or "", found["of"] or "", bool(found["digits"]))  # fmt: skip


def is_drawn(path: Path) -> bool:
    """Whether a file is a picture that is drawn from a generated file beside it."""
    if path.suffix not in COMMENTS:
        return False
    try:
        text = read(path)
    except GradgenError:
        return False
    return text is not None and origin(path, text) is not None


def write(path: Path, text: str, *, force: bool = False) -> bool:
    """Write a picture; return whether it changed.

    Args:
        path: the file.
        text: the picture, whose first line says that gradgen drew it.
        force: whether a file that somebody else made may be replaced.

    Raises:
        GradgenError: the file is another one's, or cannot be written; it is then as it was.
    """
    old = read(path, hint="; to print, leave the file out or call it `-`")
    if old not in (None, text) and not force and _DRAWN not in old.partition("\n")[0]:
        raise _foreign(path)
    return put(path, text, old, old == text)


def write_dots(path: Path, data: bytes, *, force: bool = False) -> bool:
    """Write a picture made of dots, whose comment says that gradgen drew it, likewise; return whether it changed.

    Args:
        path: the file.
        data: the picture.
        force: whether a file that somebody else made may be replaced.

    Raises:
        GradgenError: the file is another one's, or cannot be written; it is then as it was.
    """
    # Bytes as letters: the file need be no text.
    old = read(path, decode=lambda found: found.decode("latin-1"))
    before = None if old is None else old.encode("latin-1")
    if before not in (None, data) and not force and _DRAWN.encode() not in before[:200]:
        raise _foreign(path)
    return put(path, data, before, before == data)


def _foreign(path: Path) -> GradgenError:
    return GradgenError(
        f"{path} was not drawn by gradgen; it is left as it is; choose another file, or write over it with --force"
    )
