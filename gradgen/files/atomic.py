"""Text or bytes and a path in; a file that holds what it held or the new, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

#: What temporary files are called, so that leftovers are told from everything else.
_TEMPORARY = re.compile(r"\.gradgen-[0-9a-f]{16}\.tmp")


def replace(path: Path, text: str | bytes, mode: int | None = None) -> None:
    """Let a file hold a text, or bytes: a temporary file beside it takes its place in one step.

    Args:
        path: the file; a link is replaced itself, and not what it leads to.
        text: what it holds then.
        mode: who may read and write it; by default as for any new file.

    Raises:
        OSError: it cannot be written; it is then as it was.
    """
    handle, temporary = open_temporary(path.parent)
    try:
        with open(handle, "wb") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)
            stream.flush()
            os.fsync(handle)
            if mode is not None:
                os.chmod(temporary, mode)
            if os.name == "posix":
                # Still open, and so still locked: no other run takes it for a leftover.
                os.replace(temporary, path)
        if os.name != "posix":
            os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def open_temporary(folder: Path) -> tuple[int, Path]:
    """Create a temporary file, locked for as long as it is open."""
    while True:
        path = folder / f".gradgen-{secrets.token_hex(8)}.tmp"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            _lock(handle, wait=True)
            if os.path.samestat(path.stat(), os.fstat(handle)):
                return handle, path
        except FileNotFoundError:
            pass  # another run took it for a leftover before it was locked
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove the temporary files of runs that were killed: those that no process holds locked."""
    with os.scandir(folder) as entries:
        leftovers = [
            entry.path
            for entry in entries
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        ]
    for path in leftovers:
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                _lock(handle, wait=False)
                os.unlink(path)
            finally:
                os.close(handle)


def _lock(handle: int, wait: bool) -> None:
    """Lock an open file, where the system knows how (elsewhere an open file cannot be removed anyway).

    Raises:
        OSError: another process holds the lock, and `wait` is not given.
    """
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if not wait:
            raise  # held, or the file system has no locks: it may be in use
