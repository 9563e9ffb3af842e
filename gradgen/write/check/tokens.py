"""A text in C or SQL in; its tokens, passed over one by one by what proves that a text is a generated one, out."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradgen.errors import GradgenError


class Tokens:
    """The tokens of a text, comments left out.

    Attributes:
        found: of each its kind and its text.
        place: that of the next one.
    """

    def __init__(
        self,
        text: str,
        pattern: re.Pattern[str],
        refused: Callable[[str], GradgenError],
    ) -> None:
        """Take a text apart.

        Args:
            text: the text.
            pattern: a token, whose kind is its group; `blank` is what is left out.
            refused: returns the error that says a reason.

        Raises:
            GradgenError: something in the text is no token.
        """
        self.pattern = pattern
        self.refused = refused
        self.found = self._split(text)
        self.place = 0

    def _split(self, text: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        at = 0
        for match in self.pattern.finditer(text):
            if match.start() != at:
                break
            at = match.end()
            kind = match.lastgroup or ""
            if kind != "blank":
                found.append((kind, match[0]))
        if at < len(text):
            raise self.refused(f"`{text[at : at + 20]!r}` is no token of such a text")
        return found

    @property
    def next(self) -> str:
        """The token that comes next; empty behind the last."""
        return self.found[self.place][1] if self.place < len(self.found) else ""

    @property
    def kind(self) -> str:
        """What it is."""
        return self.found[self.place][0] if self.place < len(self.found) else ""

    def take(self, *wanted: str) -> None:
        """Pass over these tokens, and no others."""
        for token in wanted:
            if self.next != token:
                raise self.refused(
                    f"it has `{self.next[:40]}` where `{token[:40]}` stands"
                )
            self.place += 1

    def took(self, *wanted: str) -> bool:
        """Pass over these tokens if they come next."""
        texts = [text for _, text in self.found[self.place : self.place + len(wanted)]]
        if texts != [*wanted]:
            return False
        self.place += len(wanted)
        return True

    def taken(self, *kinds: str) -> str:
        """Pass over a token of one of these kinds and return it."""
        if self.kind not in kinds:
            raise self.refused(f"it has `{self.next[:40]}` where a {kinds[0]} stands")
        self.place += 1
        return self.found[self.place - 1][1]

    def passed(self, text: str) -> None:
        """Pass over the tokens of a text."""
        self.take(*(token for _, token in self._split(text)))

    def passes(self, text: str) -> bool:
        """Pass over the tokens of a text if they come next."""
        return self.took(*(token for _, token in self._split(text)))

    def ended(self) -> None:
        """Refuse what is left."""
        if self.place < len(self.found):
            raise self.refused(f"it goes on with `{self.next[:40]}`")
