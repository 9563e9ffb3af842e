"""A topic in; the page of the documentation that is about it, or what is near, out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gradgen.errors import GradgenError

_FOLDER = Path(__file__).resolve().parent
#: The folders of pages, in the order in which a reader needs them, each with what its pages are.
KINDS: Mapping[str, str] = {
    "tutorial": "to learn",
    "howto": "to do",
    "languages": "in other languages",
    "reference": "to look up",
    "explanation": "to understand",
}
#: So many pages are named to somebody who asked for another.
_NEAR = 4


def pages() -> Mapping[str, Path]:
    """Return the files of all pages by their topics, kind by kind."""
    found = [page for kind in KINDS for page in sorted(_FOLDER.glob(f"{kind}/*.md"))]
    return {page.stem: page for page in found}


def contents() -> str:
    """Return the list of pages: each topic with its title."""
    lines = ["pages, which `gradgen help TOPIC` prints:"]
    kind = ""
    for topic, page in pages().items():
        if page.parent.name != kind:
            kind = page.parent.name
            lines.append(f"  {KINDS[kind]}")
        title = page.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"    {topic:<18}{title}")
    return "\n".join(lines)


def page(topic: str, others: Iterable[str] = ()) -> str:
    """Return the text of a page; others are what is explained elsewhere, for the hint.

    Raises:
        GradgenError: there is none of this topic; the message says which are near, or which speak of it.
    """
    known = pages()
    named = known.get(topic.lower().replace("-", "_").replace(" ", "_"))
    if named is not None:
        return named.read_text("utf-8")
    raise GradgenError(f"there is no topic `{topic[:60]}`; {_near(topic, others)}")


def _near(topic: str, others: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(topic, [*pages(), *others], _NEAR, cutoff=0.7)
    if close:
        return f"did you mean {' or '.join(close)}? (see `gradgen help`)"
    word = topic.lower()
    speak = [name for name, page in pages().items() if word in page.read_text("utf-8").lower()]  # fmt: skip
    if word and speak:
        more = f", and so do {', '.join(speak[1:_NEAR])}" if speak[1:] else ""
        return f"`gradgen help {speak[0]}` speaks of it{more}"
    return "see `gradgen help` for all"
