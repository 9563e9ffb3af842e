"""The text of an expression in; its tokens, each with its column, out."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from gradgen.errors import GradgenError
from gradgen.read.elsewhere import module_advice, suffix_advice
from gradgen.read.formula import CALLABLE, CONSTANTS
from gradgen.read.hints import HINTS, PAIRS, PREFIX, SUBSCRIPTS, SUPERSCRIPTS, not_meant

_TOKEN = re.compile(
    r" *(?:(?P<name>[^\W\d]\w*)"
    r"|(?P<op>\*\*|//|[<>=!]=|[-+*/%<>(),&|~])"
    r"|(?P<fortran>(?:[0-9]+\.[0-9]*|\.[0-9]+)[dD][+-]?[0-9]+(?!\w))"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))"
)


class Token(NamedTuple):
    """A number, a name or a mark.

    Attributes:
        kind: `number`, `fortran`, `name`, the mark itself, or `end`.
        text: what stands there.
        column: where it starts.
        qualified: whether a module stands before the name.
    """

    kind: str
    text: str
    column: int
    qualified: bool = False


def tokens(text: str, qualified: bool) -> list[Token]:
    """Return the tokens of an expression, the last of them its end.

    Args:
        text: the expression.
        qualified: whether `math.exp` is exp, as in Python code.

    Raises:
        GradgenError: it holds what is no part of an expression.
    """
    found: list[Token] = []
    position = 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        word, column = match[kind], match.start(kind)
        position = match.end()
        prefix = None
        if kind == "op":
            if text[column : column + 2] in PAIRS:
                raise GradgenError(_refusal(text, column), text, column)
            kind = word
        elif kind == "name":
            if text.startswith(".", position):
                prefix = PREFIX.match(text, column)
            # Beside a choice by NumPy's conditions, a formula alone has bare names.
            if prefix and (qualified or prefix[2] == "where"):
                refused = not_meant("math" if prefix[1] == "math" else "numpy", prefix[2])  # fmt: skip
                if refused:
                    raise GradgenError(refused, text, column)
                word, column, position = prefix[2], prefix.start(2), prefix.end()
            for offset, letter in enumerate("" if word.isascii() else word, column):
                if letter in SUPERSCRIPTS or letter in SUBSCRIPTS:
                    raise GradgenError(_refusal(text, offset), text, offset)
        # In half the time of Token(...), of which there are very many.
        found.append(tuple.__new__(Token, (kind, word, column, prefix is not None)))
    rest = text[position:].lstrip(" ")
    if rest:
        column = len(text) - len(rest)
        raise GradgenError(_refusal(text, column), text, column)
    found.append(Token("end", "", len(text.rstrip())))
    return found


def _refusal(text: str, column: int) -> str:
    """Return what is wrong with a character that starts no token."""
    char, pair = text[column], text[column : column + 2]
    if pair in PAIRS:
        return PAIRS[pair]
    if char == ".":
        known = (*CALLABLE, *CONSTANTS)
        advice = module_advice(*_around(text, column), known)
        if advice:
            return advice
    if char == "[" and _is_index(text, column):
        return "an index has no place in a formula; an element is a name of its own, as `x0`"
    if char in HINTS:
        return HINTS[char]
    for script, words in (
        (SUPERSCRIPTS, "a power is written `**{}`, not `{}`"),
        (SUBSCRIPTS, "an index is part of the name; write `{}`, not `{}`"),
    ):
        if char in script:
            run = "".join(takewhile(script.__contains__, text[column:]))
            return words.format("".join(script[c] for c in run), run)
    if char in "'\"`":
        return "text in quotes is not a number; only arithmetic and functions are allowed"  # fmt: skip
    if char.isprintable():
        return f"unexpected character `{char}`; only names, numbers, + - * / ** ( ) and commas are allowed"
    return f"unexpected invisible character U+{ord(char):04X}; remove it"


def _is_index(text: str, column: int) -> bool:
    """Whether a bracket stands behind a value, whose element it would be, and not behind a function of Mathematica's."""
    called = _around(text, column)[0].lower()
    return text[column - 1 : column] == ")" or (
        called.isidentifier() and called not in {name.lower() for name in CALLABLE}
    )


def _around(text: str, column: int) -> tuple[str, str]:
    """Return the dotted names before and behind a point."""
    start, end = column, column + 1
    while start and (text[start - 1] in "._" or text[start - 1].isalnum()):
        start -= 1
    while end < len(text) and (text[end] in "._" or text[end].isalnum()):
        end += 1
    return text[start:column], text[column + 1 : end]


def redundant(listed: Sequence[Token]) -> set[int]:
    """Return the columns of the brackets that hold nothing but another pair of brackets."""
    found: set[int] = set()
    ends: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(listed):
        if token.kind == "(":
            opened.append(place)
        elif token.kind == ")" and opened:
            start = opened.pop()
            ends[start] = place
            if ends.get(start + 1) == place - 1:
                found.add(listed[start].column)
    return found


def missing_operator(text: str, before: Token, token: Token) -> str:
    """Return what to write where a token that is no operator stands behind an operand, whose last token is `before`."""
    word, last = token.text, before.text
    ahead = text[: token.column].rstrip()
    beside = ahead == text[: token.column]
    after_number = before.kind == "number"
    if keyword.iskeyword(word):
        return f"`{word}` is not supported; only + - * / % ** functions, and conditions with < <= > >= == != are allowed"
    if word.lower() in ("and", "or", "not", "if", "else"):
        return f"`{word}` is written in small letters: `{word.lower()}`"
    if word.startswith("_") and after_number and beside:
        return _separated(last, word.replace("_", ""))
    if word.startswith(".") and ahead[-1:].isdigit():
        return "this number has two decimal points"
    if last == "0" and word[0] in "xXbBoO" and token.kind == "name":
        return "numbers are decimal; write this one in digits 0 to 9"
    if word.startswith(".") and last.isidentifier():
        return f"a name holds no point; write `{last}_{word.lstrip('.')}`"
    if token.kind == "name" and beside and after_number:
        advice = suffix_advice(last, word, text[token.column :])
        if advice:
            return advice
    if after_number and token.kind == "number":
        return "two numbers stand side by side; write digits without spaces, or an operator between"
    factors = ("(...)" if part in ("(", ")") else part for part in (last, word))
    return f"an operator is missing here; write `{'*'.join(factors)}` for a product"


def _separated(number: str, digits: str) -> str:
    """Return what to write for digits behind an underscore."""
    if not digits[:1].isdigit() and digits:
        return f"a number has no kind here; write `{number}`"
    kind = ""
    if digits in ("4", "8", "10", "16"):
        kind = f", and without a kind: `{number}`, if this is Fortran's"
    return f"digits are written without separators{kind}"
