"""The digests of what is written of formulas in `cases/written.txt`: `python -m tests.written` brings them up to date, on purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradgen.pipeline import compile

PATH = Path(__file__).resolve().parent / "cases" / "written.txt"
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "compact": {"style": "compact"},
    "jacobian": {"with_": "jacobian"},
}


def cases() -> Iterator[tuple[str, str, str]]:
    """Yield each formula, how it is written, and the digest that it had."""
    for line in PATH.read_text("utf-8").splitlines():
        if line and line[0] != "#":
            text, how, digest = (part.strip() for part in line.split("|"))
            yield text, how, digest


def digest(text: str, how: str) -> str:
    """Return the digest of what a module holds below its docstring, the comments with the derivatives too."""
    source = compile(text.replace("; ", "\n"), proof=False, **OPTIONS[how]).source
    below = source.split('"""', 2)[2]
    return hashlib.sha256(below.encode()).hexdigest()[:8]


def main() -> None:
    """Write the digests of today."""
    head = [li for li in PATH.read_text("utf-8").splitlines() if li.startswith("#")]
    lines = [f"{text} | {how} | {digest(text, how)}" for text, how, _ in cases()]
    PATH.write_text("\n".join([*head, *lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
