"""A text and a width in; its lines out, broken at blanks and, where a formula without any is too long, behind its signs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

#: Behind these a formula may go on in the next line.
_SIGNS = "*/(,"


def wrap(text: str, width: int, first: int = 0, others: int = 0) -> list[str]:
    """Return the lines of a text; only a name that is too long for one makes it longer.

    Args:
        text: the text.
        width: how many columns a line has.
        first: how far in its first line stands.
        others: how far in the others do.
    """
    return _Wrapper(
        width,
        initial_indent=" " * first,
        subsequent_indent=" " * others,
        break_long_words=False,
        break_on_hyphens=False,
    ).wrap(text)


class _Wrapper(textwrap.TextWrapper):
    def _split(self, text: str) -> list[str]:
        room = self.width - len(self.subsequent_indent)
        chunks = super()._split(text)
        return [p for c in chunks for p in (_parts(c) if len(c) > room else (c,))]


def _parts(word: str) -> Iterator[str]:
    """Yield the parts of a word that may stand in lines of their own."""
    start = 0
    for end in range(1, len(word)):
        # `**` is one sign.
        if word[end - 1] in _SIGNS and word[end] not in _SIGNS:
            yield word[start:end]
            start = end
    yield word[start:]
