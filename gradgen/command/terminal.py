"""The standard streams: what is printed, in which bytes, and what is said beside it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from gradgen.errors import printable

#: What takes longer than so many seconds gets a progress bar.
_MOMENT = 1.0


def failed(message: str) -> int:
    """Say what went wrong; return the exit code of bad input."""
    with contextlib.suppress(OSError):
        print(f"gradgen: error: {message}", file=sys.stderr)
    return 2


def note(message: str) -> None:
    """Say something that is no error; it must not stop the work either."""
    with contextlib.suppress(OSError):
        print(f"gradgen: note: {printable(message)}", file=sys.stderr, flush=True)


def prepare_streams() -> None:
    """Make the streams write the same bytes whatever the locale, and take the place of closed ones."""
    if sys.stdout is None:
        # Open for reading: it says so when something is written to it.
        sys.stdout = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream, errors in (
        (sys.stdout, "surrogateescape"),
        (sys.stderr, "backslashreplace"),
    ):
        with contextlib.suppress(AttributeError, ValueError, io.UnsupportedOperation):
            stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")  # type: ignore[union-attr]


def drop_output() -> None:
    """Let Python not complain again at its end about output that cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def command_line() -> list[str]:
    """Return the command line as UTF-8 text, also where the locale is another."""
    words = []
    for word in sys.argv[1:]:
        try:
            words.append(os.fsencode(word).decode("utf-8"))
        except UnicodeError:
            words.append(word)
    return words


def path_of(text: str) -> Path:
    """Return the path that an argument names."""
    try:
        os.fsencode(text)
    except UnicodeError:
        text = os.fsdecode(text.encode("utf-8"))
    return Path(text)


class Progress:
    """A progress bar on a terminal, for work that takes more than a moment."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._shown = False

    def show(self, done: int, count: int) -> None:
        """Show how far the work is."""
        late = self._shown or time.monotonic() - self._start > _MOMENT
        if late and sys.stderr.isatty():
            self._shown = True
            print(f"\r{bar(done, count)}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the bar, so that something else may be printed."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def show_progress() -> Iterator[Progress]:
    """Yield a progress bar; it is removed at the end."""
    progress = Progress()
    try:
        yield progress
    finally:
        progress.clear()


@contextlib.contextmanager
def show_time(what: str) -> Iterator[None]:
    """Say on a terminal what goes on and for how long, once that is more than a moment; it is removed at the end."""
    over = threading.Event()
    start = time.monotonic()

    def tell() -> None:
        pause = _MOMENT
        while not over.wait(pause):
            pause = 1.0
            seconds = time.monotonic() - start
            with contextlib.suppress(OSError):
                print(f"\r{what}: {seconds:.0f} s", end="", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield
        return
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        if time.monotonic() - start > _MOMENT:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def is_coloured() -> bool:
    """Whether what is printed may have colours: on a terminal, unless the user wants none (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout.isatty()


def bar(done: int, count: int, width: int = 30) -> str:
    """Return a progress bar on one line."""
    filled = width * done // count
    return f"[{'#' * filled}{'.' * (width - filled)}] {done}/{count}"
