"""Values of a program in; their text in a language, with no bracket too many, out."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction
from functools import partial

from gradgen.core.build import Steps, steps_of
from gradgen.core.doubles import COMPARISONS
from gradgen.core.notation import Node, constant, parts, resolved
from gradgen.core.program import Program
from gradgen.core.rows import Number
from gradgen.errors import GradgenError
from gradgen.passes.constants import called, origin_of, plain
from gradgen.write.arrays.numbers import Numbers, Parts
from gradgen.write.language import ATOM, CONDITIONAL, PRODUCT, SIGN, Language, Word

#: Whole numbers up to here are tried as doubles.
_LARGE = 10**300


class Leaf(str):
    """The name of a value, where it stands among the pieces of a text."""


class Speller:
    """Writes values as texts, over the texts of those that have names."""

    def __init__(self, steps: Steps, language: Language, joined: bool = False) -> None:
        self.steps = steps
        #: The constants that have gone by their names.
        self.constants: dict[str, object] = {}
        #: Whether n * (1/d) is n/d, as to a reader.
        self.joined = joined
        self.language = language
        #: The words of operations that are written as calls of their own names.
        self.words: dict[str, Word] = {}
        self.known = steps.rows if language.calls else language.words
        #: The literal parts of all words and constants that have been used.
        self.said: dict[str, None] = {}
        #: The texts of constants, and how strongly they bind.
        self.numbers: dict[int, tuple[str, int]] = {}
        #: How many operations the texts have had so far.
        self.written = 0
        self.fixed = Numbers(steps, language)

    def text(
        self, value: int, names: Mapping[int, str], limit: int | None = None
    ) -> str:
        """Return a value's text, whether or not it has a name itself, over what has names.

        Raises:
            GradgenError: the text would pass `limit` characters.
            NoWordError: the language cannot write an operation.
        """
        if limit is not None:
            return self._written_out(value, names, limit)
        return "".join(self.pieces(value, names))

    def pieces(self, value: int, names: Mapping[int, str]) -> list[str]:
        """Return the same in pieces: names, numbers, and what stands between them.

        Raises:
            NoWordError: the language cannot write an operation.
        """
        number = self.steps.number(value)
        if number is not None:
            return [self.constant(number)[0]]
        op, args = self._parts(value)
        if op == "copy":  # a whole text needs no brackets
            return self.spelled(args[0], names)[0]
        return self._operation(op, args, names)[0]

    def spelled(self, node: Node, names: Mapping[int, str]) -> tuple[list[str], int]:
        """Return a node's text in pieces and how strongly it binds. The recursion is as deep as a line, which is short."""
        leaf = self._leaf(node, names)
        if leaf is not None:
            return [leaf[0]], leaf[1]
        return self._operation(*self._parts(node), names)

    def _operation(
        self, op: str, args: Sequence[Node], names: Mapping[int, str]
    ) -> tuple[list[str], int]:
        self.written += 1
        word = self._word(op, args, names)
        found: list[str] = []
        opened, closed = self.language.brackets
        boxed = self.fixed.boxed(op, args, word, partial(_below, self, names))
        for piece in word.pieces:
            if isinstance(piece, str):
                self.said[piece] = None
                found.append(piece)
            elif word.integer == piece:
                found.append(self._integer(args[piece]))
            else:
                text, binds = self.spelled(args[piece], names)
                if word.again and piece == 2 and self._is(word, args[piece], names):
                    return [*found[:-1], word.again, *text[1:]], word.binds
                if piece in boxed:
                    self.said[boxed[piece]] = None
                    text, binds = [boxed[piece], *text, ")"], ATOM
                loose = binds < word.needs[piece]
                if piece in word.apart and CONDITIONAL < binds <= PRODUCT:
                    loose |= binds < PRODUCT or not text[-1].endswith(closed)
                found += [opened, *text, closed] if loose else text
        return found, word.binds

    def _written_out(self, value: int, names: Mapping[int, str], limit: int) -> str:
        """Return a text of any depth."""
        found: list[str] = []
        length = 0
        todo: list[str | Node] = [value]
        first = True
        opened, closed = self.language.brackets
        while todo:
            item = todo.pop()
            if isinstance(item, str):
                found.append(item)
                length += len(item)
                if length > limit:
                    raise GradgenError(
                        f"the formula is longer than {limit} characters when written out"
                    )
                continue
            leaf = self._leaf(item, {} if first else names)
            first = False
            if leaf is not None:
                todo.append(leaf[0])
                continue
            op, args = self._parts(item)
            if op == "copy" and not (found or todo):
                todo.append(args[0])  # a whole text needs no brackets
                continue
            word = self._word(op, args, names)
            for piece in reversed(word.pieces):
                if isinstance(piece, str):
                    self.said[piece] = None
                    todo.append(piece)
                    continue
                arg = args[piece]
                if word.integer == piece:
                    todo.append(self._integer(arg))
                elif self.binds(arg, names) < word.needs[piece] and not (
                    word.chains and piece == 0 and self._is(word, arg, names)
                ):
                    todo += [closed, arg, opened]
                else:
                    todo.append(arg)
        return "".join(found)

    def _leaf(self, node: Node, names: Mapping[int, str]) -> tuple[str, int] | None:
        """Return the text of a name or a constant and how strongly it binds, None for an operation."""
        node = resolved(node)
        if isinstance(node, int):
            name = names.get(node)
            if name is not None:
                return name, ATOM
            if node in self.numbers:
                return self.numbers[node]
        number = constant(self.steps, node)
        if number is None:
            return None
        found = self.constant(number)
        if isinstance(node, int):
            self.numbers[node] = found
        return found

    def _parts(self, node: Node) -> Parts:
        """Return an operation that the language has a word for, and its operands."""
        op, args, _ = parts(self.steps, node, self.known)
        if self.joined and op == "mul" and isinstance(args[1], int):
            below = self.steps[args[1]]
            if below.op == "inv":
                op, args = "div", (args[0], below.args[0])
        return op, args

    def _word(self, op: str, args: Sequence[Node], names: Mapping[int, str]) -> Word:
        if op == "powi":
            leaf = self._leaf(args[0], names)
            if leaf is None or leaf[1] < ATOM:
                return self.language.words["powi of an expression"]
        if op in COMPARISONS or op == "floordiv":
            op = _by_constant(op, self.fixed, args, self.known)
        if fixed := self.fixed.alone(op, args, partial(_below, self, names)):
            return fixed
        found = self.language.words.get(op) or self.words.get(op)
        if found is None:
            row = self.steps.rows[op]
            found = self.words[op] = self.language.call(row.name, row.arity)
        return found

    def _is(self, word: Word, node: Node, names: Mapping[int, str]) -> bool:
        if self._leaf(node, names) is not None:
            return False
        return self._word(*self._parts(node), names) is word

    def binds(self, node: Node, names: Mapping[int, str]) -> int:
        leaf = self._leaf(node, names)
        if leaf is not None:
            return leaf[1]
        return self._word(*self._parts(node), names).binds

    def _integer(self, node: Node) -> str:
        number = constant(self.steps, resolved(node))
        assert isinstance(number, (Fraction, float))
        return str(int(number))

    def constant(self, number: Number) -> tuple[str, int]:
        """Return a constant's text, exact numbers as exact float expressions, and how strongly it binds."""
        language = self.language
        if isinstance(number, (float, Fraction)) and origin_of(number) is not None:
            name, negative = called(number)
            if name:
                self.constants[name] = number
                text = language.named(name)
                return (f"-{text}", SIGN) if negative else (text, ATOM)
            number = plain(number)
        if isinstance(number, str):
            self.said[language.constants[number]] = None
            return language.constants[number], ATOM
        if isinstance(number, bool):
            return self.language.constants.get(str(number), str(number)), ATOM
        if isinstance(number, float):
            return language.number(number)
        return _ratio(language, number)


def _below(speller: Speller, names: Mapping[int, str], node: Node) -> Parts | None:
    """Return what is written of a node: an operation and its operands, None where it is a name or a number."""
    return speller._parts(node) if speller._leaf(node, names) is None else None


def _by_constant(
    op: str, numbers: Numbers, args: Sequence[Node], words: Container[str]
) -> str:
    """Return what an operation is called with such a last operand, or such a first one, if there is a word for that alone."""
    number = constant(numbers.steps, resolved(args[-1]))
    alone = f"{op} by {number}" if op == "floordiv" else f"{op} a constant"
    if number is not None and alone in words:
        return alone
    first = f"{op} of a constant"
    return first if first in words and numbers.finite(args[0]) else op


def _ratio(language: Language, number: Fraction) -> tuple[str, int]:
    """Return an exact number's text, and how strongly it binds."""
    above, below = number.numerator, number.denominator
    if language.exact:
        if below == 1:
            return str(above), SIGN if above < 0 else ATOM
        digits = [str(above), str(below)]
    else:
        exact = below & (below - 1) != 0 and all(
            abs(part) < _LARGE and float(part) == part for part in (above, below)
        )
        if not exact:
            return language.number(float(number))
        digits = [language.digits(float(part)) for part in (above, below)]
    pieces = (p if isinstance(p, str) else digits[p] for p in language.ratio.pieces)
    return "".join(pieces), language.ratio.binds


def written_out(program: Program, language: Language, limit: int) -> str:
    """Return a program's result as one expression over its inputs.

    Raises:
        GradgenError: the text would pass `limit` characters.
    """
    _, value = program.outputs[0]
    speller = Speller(steps_of(program), language, joined=True)
    return speller.text(value, program.signature, limit=limit)
