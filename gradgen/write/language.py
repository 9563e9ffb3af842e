"""What a language is: its words for operations, with what they bind, and how it writes numbers, lines and choices."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace

#: How strongly an operator binds.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)

_PLACE = re.compile(r"\{([0-9])(:d)?\}")


@dataclass(frozen=True, slots=True)
class Word:
    """How an operation is written.

    Attributes:
        pieces: literal text, and the places of operands.
        binds: how strongly its outermost operator binds.
        needs: by place, how strongly an operand must bind to stand without brackets.
        integer: the place that is written as an integer.
        chains: whether the same operation stands without brackets as the first operand, whatever that needs.
        helper: the function that it calls and that the module carries, by the name of its file.
        apart: the places where a sum stands in brackets, and a product too unless it ends in one: `1 - x if c else 0` reads as if
            all but the 1 were the choice.
        again: of a choice, what stands before its last operand where that is one too: it has no `CASE` and no `END` of its own.
    """

    pieces: tuple[str | int, ...]
    binds: int
    needs: tuple[int, ...]
    integer: int | None = None
    chains: bool = False
    helper: str = ""
    apart: tuple[int, ...] = ()
    again: str = ""


def word(text: str, binds: int = ATOM, *needs: int) -> Word:
    """Return a word from its text, with `{0}` for the first operand and `{0:d}` for an integer.

    Args:
        text: the text.
        binds: how strongly its outermost operator binds; a call binds as an atom.
        needs: by place, how strongly an operand must bind; inside of a call's brackets anything does.
    """
    pieces: list[str | int] = []
    integer = None
    end = 0
    for match in _PLACE.finditer(text):
        place = int(match[1])
        pieces += [text[end : match.start()], place]
        integer = place if match[2] else integer
        end = match.end()
    pieces.append(text[end:])
    places = [piece for piece in pieces if isinstance(piece, int)]
    return Word(
        tuple(piece for piece in pieces if piece != ""),
        binds,
        needs or (CONDITIONAL,) * (max(places, default=-1) + 1),
        integer,
    )


def infix(sign: str, binds: int) -> Word:
    """Return the word of an operator between two operands; equal ones group from the left, but for comparisons."""
    left, right = (SUM, SUM) if binds == COMPARISON else (binds, binds + 1)
    return word(f"{{0}} {sign} {{1}}", binds, left, right)


def calls(form: str, names: str) -> dict[str, Word]:
    """Return the words of calls.

    Args:
        form: their text, with `{name}` for the function, as in `math.{name}({0})`.
        names: the operations; `operation:name` where the function has another name.
    """
    found = {}
    for op in names.split():
        op, _, name = op.partition(":")
        found[op] = word(form.replace("{name}", name or op))
    return found


def helped(form: str, names: str, called: str = "{}") -> dict[str, Word]:
    """Return the words of operations by helpers that the module carries.

    Args:
        form: their text, with `{helper}` for the helper's name, as in `_{helper}({0})`.
        names: the operations; `operation:helper` where the helper has another name.
        called: what the helpers are called by these names.
    """
    found = {}
    for name in names.split():
        op, _, helper = name.partition(":")
        helper = called.format(helper or op)
        found[op] = replace(word(form.replace("{helper}", helper)), helper=helper)
    return found


#: The operators that most languages share.
OPERATORS: Mapping[str, Word] = {
    "copy": word("{0}", ATOM, ATOM),
    "add": infix("+", SUM),
    "sub": infix("-", SUM),
    "mul": infix("*", PRODUCT),
    "div": infix("/", PRODUCT),
    "neg": word("-{0}", SIGN, POWER),
    "sqr": word("{0} * {0}", PRODUCT, ATOM),
    **{
        name: infix(sign, COMPARISON)
        for name, sign in zip(
            ("lt", "le", "gt", "ge", "eq", "ne"), ("<", "<=", ">", ">=", "==", "!=")
        )
    },
}


def is_negative(value: float) -> bool:
    """Whether a double stands behind a sign."""
    return value < 0 or (value == 0 and math.copysign(1, value) < 0)


@dataclass(frozen=True, eq=False)
class Language:
    """A language that formulas or modules are written in.

    Attributes:
        name: what the user calls it.
        words: its words, by operation. What has none is written out by its row's body.
        constants: the texts of named constants.
        exact: whether an exact number is written as one (`1 / 3`) and not as a double (`1.0 / 3.0`).
        lacking: what is said of an operation that it cannot write.
        calls: whether an operation without word and body is written as a call of its own name.
        ratio: how an exact number that is no whole one is written.
        brackets: what stands around an operand that binds too little.
        comma: what stands between the operands of a function without a word of its own.
        named: the text of a constant's name.
        often: the words of operations that a module calls by a helper, where it has them often, and else writes out.
        fixed: the words of operations on constants alone, where those are of numbers and `words` of arrays.
        boxed: what makes an array of a number for a function that takes none; of a choice if both are numbers.
    """

    name: str
    words: Mapping[str, Word]
    constants: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False
    lacking: str = "has no text in this language"
    calls: bool = False
    ratio: Word = OPERATORS["div"]
    brackets: tuple[str, str] = ("(", ")")
    comma: str = ", "
    named: Callable[[str], str] = str
    often: Mapping[str, Word] = field(default_factory=dict)
    fixed: Mapping[str, Word] = field(default_factory=dict)
    boxed: str = ""

    @property
    def counted(self) -> Container[str]:
        """The operations whose cost is their own, not that of their bodies."""
        return self.words.keys() - self.often.keys()

    def shortened(self, ops: Container[str]) -> Language:
        """Return the language with helpers for operations that are many."""
        words = {op: word for op, word in self.often.items() if op in ops}
        return replace(self, words={**self.words, **words}) if words else self

    def call(self, name: str, arity: int) -> Word:
        """Return the word of a function without one of its own."""
        return word(f"{name}({self.comma.join(f'{{{i}}}' for i in range(arity))})")

    def number(self, value: float) -> tuple[str, int]:
        """Return a double's text, and how strongly it binds."""
        return self.digits(value), SIGN if is_negative(value) else ATOM

    def digits(self, value: float) -> str:
        """Return a double's shortest digits: 1e300, not 1e+300."""
        return repr(value).replace("e+", "e")
