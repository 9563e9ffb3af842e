"""A line in; its kind, which is what it says but for names and numbers, and its text out: spelled once a kind."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction

from gradgen.core.rows import Number
from gradgen.write.spell import Speller

#: To which a whole number is a number like others: it may be the exponent of a power.
_PLAIN = ("add", "sub", "mul", "div")


class Kinds:
    """Writes operations as texts. Of a large module most lines are of few kinds.

    Attributes:
        speller: what spells a line of each kind.
        written: how many operations the texts have had so far.
    """

    def __init__(self, speller: Speller) -> None:
        self.speller = speller
        self.written = 0
        self._known: dict[Hashable, int] = {}
        #: By kind: a text with holes, which leaf stands in each if not one after the other, and how many operations it has.
        self._texts: dict[int, tuple[str, Sequence[int] | None, int]] = {}

    def of(self, value: int, names: Mapping[int, str]) -> tuple[int, list[int]]:
        """Return the kind of an operation, and its leaves: what has names, and numbers of many digits.

        Operations of one kind have the same text and cost but for those. The recursion is as deep as a line, which is short.
        """
        op, args, _, _ = self.speller.steps.list[value]
        places: dict[int, int] = {}
        found: list[Hashable] = [op]
        for arg in args:
            if arg in names:  # as nearly all are
                found.append(places.setdefault(arg, len(places)))
            else:
                found.append(self._kind(arg, names, places, op))
        if self.speller.language.fixed:  # which has other words for constants
            found += map(self.speller.fixed.holds, places)
        kind = tuple(found)
        return self._known.setdefault(kind, len(self._known)), [*places]

    def _kind(
        self, value: int, names: Mapping[int, str], places: dict[int, int], of: str
    ) -> Hashable:
        """Return the kind of an operand of an operation, and give its leaves their places in the line."""
        place = places.get(value)
        if place is not None:
            return place
        if value in names:
            place = places[value] = len(places)
            return place
        op, args, data, _ = self.speller.steps.list[value]
        if args:
            return (op, *[self._kind(arg, names, places, op) for arg in args])
        if op != "const" or data is None or not _is_any(data, of):
            return op, type(data), repr(data)
        place = places[value] = len(places)
        return place, self._number(value, data)[1]

    def reads(self, kind: int, leaves: list[int]) -> list[int]:
        """Return the leaves that the text of a known kind holds: a function may leave out what it is given."""
        order = self._texts[kind][1]
        return leaves if order is None else [leaves[place] for place in order]

    def text(
        self, value: int, names: Mapping[int, str], kind: int, leaves: list[int]
    ) -> str:
        """Return the text of an operation of this kind, with these leaves.

        Raises:
            NoWordError: the language cannot write an operation.
        """
        return self.line(value, names, kind, leaves)[0]

    def line(
        self, value: int, names: Mapping[int, str], kind: int, leaves: list[int]
    ) -> tuple[str, list[int], list[str]]:
        """Return the same, the leaves that it holds, and what each of them is called or is.

        Raises:
            NoWordError: the language cannot write an operation.
        """
        found = self._texts.get(kind)
        if found is None:
            found = self._texts[kind] = self._with_holes(value, names, leaves)
        text, order, operations = found
        self.written += operations
        if order is not None:
            leaves = [leaves[place] for place in order]
        try:
            said = [names[leaf] for leaf in leaves]
        except KeyError:  # a number
            said = [names.get(leaf) or self._number(leaf)[0] for leaf in leaves]
        return text % tuple(said), leaves, said

    def _number(self, value: int, data: Number | None = None) -> tuple[str, int]:
        numbers = self.speller.numbers
        found = numbers.get(value)
        if found is None:
            assert data is not None
            found = numbers[value] = self.speller.constant(data)
        return found

    def _with_holes(
        self, value: int, names: Mapping[int, str], leaves: Sequence[int]
    ) -> tuple[str, Sequence[int] | None, int]:
        start = self.speller.written
        numbers = self.speller.numbers
        holes = {leaf: _Hole() for leaf in leaves}
        for place, hole in enumerate(holes.values()):
            hole.place = place
        before = {leaf: numbers[leaf] for leaf in leaves if leaf not in names}
        numbers.update((leaf, (holes[leaf], before[leaf][1])) for leaf in before)
        named = {leaf: hole for leaf, hole in holes.items() if leaf in names}
        try:
            pieces = self.speller.pieces(value, named)
        finally:
            numbers.update(before)
        text, order = "", []
        for piece in pieces:
            if isinstance(piece, _Hole):
                order.append(piece.place)
                text += "%s"
            else:
                text += piece.replace("%", "%%")
        in_order = order == [*range(len(leaves))]
        return text, None if in_order else order, self.speller.written - start


class _Hole(str):
    """What stands for a leaf in the text of a kind."""

    place: int


def _is_any(number: Number, of: str) -> bool:
    """Whether a number is one like any other to the operation of which it is an operand: neither 0, 1 or 2 nor one with a name."""
    if type(number) is Fraction:
        whole = number.denominator == 1
        return not whole or (of in _PLAIN and abs(number.numerator) > 2)
    return isinstance(number, float) and number % 1 > 0
