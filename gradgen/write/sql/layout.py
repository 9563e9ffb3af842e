"""The text of a query in; the same with its long lines broken where they are least nested, before what binds least, out."""

from __future__ import annotations

import re
from bisect import bisect_right

_WIDTH = 92
_BREAK = re.compile(r" (?=(?:WHEN|ELSE|END|AND|OR|[-+*/]) )| (?=END\b)|(?<=,) (?=\S)")
_LATER = ("WHEN", "ELSE", "END", "OR", "AND", "+-", "*/")
_TOKEN = re.compile(r"\bCASE\b|\bEND\b|[()]")


def _rank(text: str) -> int:
    """Return how late a text is broken before what it begins with: what binds least comes first."""
    first = text.split(" ", 1)[0]
    return next((n for n, signs in enumerate(_LATER, 1) if first in signs), 0)


def layout(text: str) -> str:
    """Return a query with its long lines broken."""
    return "\n".join(_broken(line) for line in text.split("\n")).rstrip("\n") + "\n"


def _broken(line: str) -> str:
    """Return a line, in several where it is too long."""
    code, mark, comment = line.partition("  -- ")
    if (
        len(code) <= _WIDTH
        or not code.startswith(" ")
        or code.lstrip().startswith("--")
    ):
        return line
    indent = " " * (len(code) - len(code.lstrip()) + 4)
    depths = [0] * (len(code) + 1)
    for match in _TOKEN.finditer(code):
        opens = match[0] in ("(", "CASE")
        depths[match.end()] += 1 if opens else 0
        depths[match.start()] -= 0 if opens else 1
    depth = 0
    for at, change in enumerate(depths):
        depth += change
        depths[at] = depth
    places = [m.start() for m in _BREAK.finditer(code) if m.start() >= len(indent)]
    found: list[str] = []
    begin = margin = least = 0
    while len(code) - begin + margin > _WIDTH:
        most = begin + _WIDTH - margin
        near = places[bisect_right(places, least) : bisect_right(places, most)]
        if not near:
            break
        best = min(near, key=lambda at: (depths[at], _rank(code[at + 1 :]), -at))
        found.append(code[begin:best])
        begin, margin = best + 1, len(indent)
        least = begin + 1
    found.append(code[begin:])
    return f"\n{indent}".join(found) + mark + comment
