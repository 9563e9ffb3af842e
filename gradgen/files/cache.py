"""What decides an answer in; whether it was found right before out: remembered in the user's cache folder, by fingerprints alone.

Only what passed is remembered, and under all that it follows from: whoever edits a file, or gradgen itself, asks a question
that was never answered. So the folder may go at any time, and whatever is wrong with it, there is no more than no answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
from pathlib import Path

from gradgen.files.atomic import replace, sweep
from gradgen.files.version import tool_fingerprint

#: A variable of the environment that switches it off, whatever it says.
SWITCH = "GRADGEN_NO_CACHE"
#: How many answers a version of the tool keeps: the latest; and for how many versions.
_ANSWERS, _VERSIONS = 50_000, 8
_LINE = re.compile(r"[0-9a-f]{64}")
_FIRST = "gradgen answers 1"
_NAMES = f"answers-{'[0-9a-f]' * 64}.txt"
_LARGEST = 2 * 65 * _ANSWERS


def key(*parts: object) -> str:
    """Return what stands for a question, from all that its answer follows from: texts, numbers, and tuples of these."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def cache_folder() -> Path | None:
    """Return where the system keeps what may go at any time; None where there is no such place."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return Path(given, "gradgen")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        base = Path(local) if os.path.isabs(local) else home / "AppData" / "Local"
        return base / "gradgen" / "Cache"
    if not home.is_dir():
        return None
    below = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return home / below / "gradgen"


class Cache:
    """The answers that are remembered.

    Args:
        used: whether there are any; else nothing is known, and nothing is kept.
        folder: where they are, if not in the user's cache folder.
    """

    def __init__(self, used: bool = True, folder: Path | None = None) -> None:
        self.path: Path | None = None
        self._version = ""
        if used and not os.environ.get(SWITCH):
            place = folder or cache_folder()
            self._version = tool_fingerprint() if place else ""
            if place and self._version:
                self.path = place / f"answers-{self._version}.txt"
        self._known = dict.fromkeys(_read(self.path) if self.path else ())
        self._met: dict[str, None] = {}
        self._new = False

    def __contains__(self, question: object) -> bool:
        known = question in self._known
        if known and isinstance(question, str):
            self._met[question] = None  # what is in use is not the first to go
        return known

    def add(self, *questions: str) -> None:
        """Remember that the answers to these are that all is well."""
        self._met.update(dict.fromkeys(questions))
        self._new |= not self._known.keys() >= {*questions}

    def save(self) -> None:
        """Write what is new, beside what other runs have written by now; where that cannot be, it is forgotten."""
        if self.path is None or not self._new:
            return
        self._new = False
        # An edit of gradgen's own sources while it ran: nobody knows which of them the answers came from.
        if tool_fingerprint() != self._version:
            return
        with contextlib.suppress(OSError, ValueError):
            rest = (line for line in _read(self.path) if line not in self._met)
            lines = [*rest, *self._met][-_ANSWERS:]
            if write_own(self.path, "\n".join([_FIRST, *lines, ""])):
                prune(self.path.parent, _NAMES, _VERSIONS)


def is_own(folder: Path) -> bool:
    """Whether a folder is one, and no link, that no other user could have put answers into."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    return os.name != "posix" or (
        found.st_uid == os.geteuid() and not found.st_mode & 0o022
    )


def _read(path: Path) -> list[str]:
    """Return the answers in a file, which may be missing, damaged, or anything else."""
    found = read_own(path, _LARGEST).decode("ascii", "replace")
    first, *lines = found.split("\n")
    return [*filter(_LINE.fullmatch, lines)] if first == _FIRST else []


def read_own(path: Path, largest: int) -> bytes:
    """Return what a file of a cache holds; nothing where it is missing, too large, or may be another user's."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        if not is_own(path.parent):
            return b""
        with open(os.open(path, flags), "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > largest:
                return b""
            # Versions in use are not the ones to go.
            with contextlib.suppress(OSError):
                os.utime(path)
            return stream.read(largest)
    except (OSError, ValueError):
        return b""


def write_own(path: Path, data: str | bytes) -> bool:
    """Let a file of a cache hold this; return whether that could be, and nobody else could have written there.

    Raises:
        OSError, ValueError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_own(path.parent):
        return False
    sweep(path.parent)
    replace(path, data, 0o600)
    return True


def prune(folder: Path, names: str, kept: int) -> None:
    """Remove those files of such names that were not in use for longest.

    Raises:
        OSError: the folder cannot be read.
    """
    found = [path for path in folder.glob(names) if not path.is_dir()]
    for path in sorted(found, key=lambda path: path.lstat().st_mtime_ns)[:-kept]:
        with contextlib.suppress(OSError):
            path.unlink()
