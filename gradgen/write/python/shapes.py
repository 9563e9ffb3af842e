"""A statement's text without its names in; its shape out: tokens, brackets, and where black may break it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_TOKEN = re.compile(
    r"( ?)(x|1|if|else|and|or|not|\*\*|//|[<>=!]=|[-+]=|[-+*/%<>=(),\[\]]|\.\w+)"
)
#: How soon black breaks before an operator.
_RANKS = {
    **dict.fromkeys(("if", "else"), 16),
    **dict.fromkeys(("and", "or"), 14),
    **dict.fromkeys(("<", ">", "<=", ">=", "==", "!="), 10),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "//", "%"), 4),
    "**": 2,
}
COMMA = 18
_WORDS = ("if", "else", "and", "or", "not")
#: What an operand ends with.
_ENDS = ("x", "1", ")", "]")


@dataclass(eq=False)
class Shape:
    """What a statement is but for its names: its tokens, with brackets that are only there if they are needed.

    Attributes:
        texts: the tokens; None for names, numbers and their like, empty for brackets that are not there.
        spaces: whether a token stands behind a space.
        partners: of a bracket, where its other half is.
        opening, closing: where brackets are.
        optional: where brackets are that are not there.
        depths: in how many brackets a token stands.
        ranks: how soon the line is broken behind a token, by its place, and the depth at which it is.
        numbers: where numbers are.
        hugs: the powers that are written without spaces, each on lines that end before some token.
    """

    texts: list[str | None] = field(default_factory=list)
    spaces: list[int] = field(default_factory=list)
    partners: dict[int, int] = field(default_factory=dict)
    opening: set[int] = field(default_factory=set)
    closing: set[int] = field(default_factory=set)
    optional: set[int] = field(default_factory=set)
    depths: list[int] = field(default_factory=list)
    ranks: list[tuple[int, int, int]] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    hugs: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cuts: dict[tuple[int, int], tuple[int, list[int]]] = {}

    def cuts(self, start: int, end: int) -> tuple[int, list[int]]:
        """Return the highest rank at which a part inside of brackets may be broken, 0 for none, and behind which tokens."""
        found = self._cuts.get((start, end))
        if found is None:
            depth = self.depths[start]
            inside = [
                (rank, at)
                for at, rank, deep in self.ranks
                if start <= at < end and deep == depth
            ]
            best = max((rank for rank, _ in inside), default=0)
            found = best, [at for rank, at in inside if rank == best]
            self._cuts[start, end] = found
        return found


@lru_cache(maxsize=1024)
def shape_of(text: str) -> Shape | None:
    """Return the shape of a statement with `x` for each name and `1` for each number; None if it is no such statement."""
    tokens = []
    end = 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            return None
        tokens.append((len(match[1]), match[2]))
        end = match.end()
    if len(tokens) < 3 or tokens[0][1] != "x" or tokens[1][1] not in ("=", "+=", "-="):
        return None
    if any(token == "=" for _, token in tokens[2:]):
        return None
    return _Reader(tokens).read()


class _Reader:
    """Finds the shape of a statement from its tokens, each with the spaces before it."""

    def __init__(self, tokens: Sequence[tuple[int, str]]) -> None:
        self.tokens = tokens
        self.shape = Shape()
        self.open: list[int] = []

    def read(self) -> Shape | None:
        """Return the shape; None where black would first change the statement."""
        partners = self._partners()
        if partners is None or partners.get(2) == len(self.tokens) - 1:
            return None
        choices = self._choices(partners)
        ends = Counter(choices.values())
        for at, (space, token) in enumerate(self.tokens):
            for _ in range((at == 2) + (at in choices)):
                self._open("", space)
                space = 0
            before = self.tokens[at - 1][1] if at else ""
            unary = token in "+-" and before not in _ENDS and before[:1] != "."
            if unary and self._is_power(at + 1, partners):
                return None
            self._put(token, space, unary)
            for _ in range(ends[at + 1]):
                self._close("")
        self._close("")
        shape = self.shape
        for at, text in enumerate(shape.texts):
            if text == "**":
                shape.hugs.append((at, self._hugs(at)))
        return shape

    def _partners(self) -> dict[int, int] | None:
        """Return where brackets close, by where they open; None where one does not or holds nothing."""
        partners: dict[int, int] = {}
        opened: list[int] = []
        for at, (_, token) in enumerate(self.tokens):
            if token in "([":
                opened.append(at)
            elif token in ")]":
                if not opened or opened[-1] == at - 1:
                    return None
                partners[opened.pop()] = at
        return None if opened else partners

    def _choices(self, partners: dict[int, int]) -> dict[int, int]:
        """Return where the choices begin that black puts into brackets if it must, with their ends.

        These are all that do not stand in brackets of their own.
        """
        found: dict[int, int] = {}
        for opens, closes in [(1, len(self.tokens)), *partners.items()]:
            inside = [*self._inside(opens + 1, closes, partners)]
            commas = [at for at in inside if self.tokens[at][1] == ","]
            begin = opens + 1
            for end in (*commas, closes):
                own = [at for at in inside if begin <= at < end]
                tests = [at for at in own if self.tokens[at][1] == "if"]
                others = [at for at in own if self.tokens[at][1] == "else"]
                if tests and commas:
                    found[begin] = end
                for at in others:
                    if tests and tests[-1] > at:
                        found[at + 1] = end
                begin = end + 1
        return found

    def _inside(self, start: int, end: int, partners: dict[int, int]) -> Iterator[int]:
        """Yield the tokens of a part that stand in no further brackets."""
        while start < end:
            yield start
            start = partners.get(start, start) + 1

    def _put(self, token: str, space: int, unary: bool) -> None:
        if token in "([":
            self._open(token, space)
            return
        if token in ")]":
            self._close(token)
            return
        shape, depth = self.shape, len(self.open)
        at = len(shape.texts)
        rank = 0 if unary else _RANKS.get(token, 0)
        if rank:
            shape.ranks.append((at - 1, rank, depth))
        if token == ",":
            shape.ranks.append((at, COMMA, depth))
        if token == "1":
            shape.numbers.add(at)
        space |= token == "**" or shape.texts[-1:] == ["**"]
        self._add(None if token in ("x", "1") else token, space)

    def _open(self, text: str, space: int) -> None:
        at = len(self.shape.texts)
        space |= self.shape.texts[-1:] == ["**"]
        self._add(text, space)
        self.shape.opening.add(at)
        self.open.append(at)

    def _close(self, text: str) -> None:
        shape = self.shape
        at, begin = len(shape.texts), self.open.pop()
        self._add(text, 0)
        shape.closing.add(at)
        shape.partners[at] = begin
        shape.partners[begin] = at
        if not text:
            shape.optional |= {begin, at}

    def _add(self, text: str | None, space: int) -> None:
        self.shape.texts.append(text)
        self.shape.spaces.append(space)
        self.shape.depths.append(len(self.open))

    def _is_power(self, at: int, partners: dict[int, int]) -> bool:
        """Whether the operand that begins here is a power."""
        for place in self._inside(at, len(self.tokens), partners):
            token = self.tokens[place][1]
            if token not in ("x", "1", "(", "[") and token[0] != ".":
                return token == "**"
        return False

    def _hugs(self, at: int) -> int:
        """Return where a line must end for a power to have no spaces: its base and its exponent are names and numbers.

        Black takes words such as `if` for names, and what is called behind them for the exponent.
        """
        texts, numbers = self.shape.texts, self.shape.numbers
        base = texts[at - 1]
        if base is not None and base[:1] != ".":
            return 0
        at += 1
        if texts[at] in ("+", "-"):
            at += 1
        if texts[at] is not None:
            return 0
        while at < len(texts) and at not in numbers:
            text = texts[at]
            if text in ("(", "["):
                return at
            if text is not None and text not in _WORDS and text[:1] != ".":
                break
            at += 1
        return len(texts)
