"""The documentation, README and pages, in; its texts, and what its blocks of code do when they are run, out."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.docs.pages import pages
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
#: All files of the documentation, README first.
FILES = (ROOT / "README.md", *pages().values())
#: A block's first line that names the file which it is.
_NAMED = re.compile(r"(?:#|//|--) ([\w./-]+\.\w+)\n")


def page(topic: str) -> str:
    """Return the text of a page."""
    return pages()[topic].read_text("utf-8")


def documentation() -> str:
    """Return README and all pages, one after the other."""
    return "\n".join(file.read_text("utf-8") for file in FILES)


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of code in a page: the language, and what stands in it."""
    for found in re.finditer(r"(?ms)^```(\w*)\n(.*?)^```$", text):
        yield found[1], found[2]


def _command(line: str) -> str:
    """Return what a line of the command prints; it may find something wrong, but not be wrong itself."""
    words = shlex.split(line)
    assert words[0] == "gradgen", line
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(words[1:]) in (0, 1), line
    return out.getvalue()


def played(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a page's blocks in a folder and return how many were run.

    A block whose first line names a file is written there. `console` blocks are commands with what they print, where anything stands
    below them; `python` blocks share their names, and what one prints is the `text` block that follows.
    """
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    before = {*sys.modules}
    names: dict[str, Any] = {}
    said, count = "", 0
    for language, body in blocks(text):
        named = _NAMED.match(body)
        if named:
            (folder / named[1]).write_text(body, "utf-8")
        elif language == "console":
            for part in body.split("$ ")[1:]:
                line, _, shown = part.partition("\n")
                said = _command(line)
                assert not shown or said == shown
        elif language == "python":
            file = folder / "block.py"
            file.write_text(body, "utf-8")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                names = runpy.run_path(str(file), names)
            said = out.getvalue()
        elif language == "text":
            assert body == said
        else:
            continue
        count += 1
    for name in {*sys.modules} - before:
        if getattr(sys.modules[name], "__file__", None) and str(folder) in str(sys.modules[name].__file__):  # fmt: skip
            del sys.modules[name]
    return count
