"""Sequences that may be changed in; what each holds at this moment, whoever holds it, out, or why it is not certain."""

from __future__ import annotations

from dataclasses import replace

from gradgen.read.python.terms.rows import (
    Row,
    RowError,
    in_floats,
    is_row,
    listed,
    row_of,
)
from gradgen.read.python.terms.value import Value

#: Published limit: how many values are put into sequences, all together.
MAX_MADE = 200_000


class Cells:
    """Lists, dicts and arrays. Names and other sequences hold the same one, so that all see what changes."""

    def __init__(self) -> None:
        #: What each holds; None where that is not certain any more.
        self.contents: dict[int, Row | None] = {}
        #: The call of a function that made each, and the one that is being read.
        self.owner: dict[int, int] = {}
        self.frame = 0
        self.frames = 0
        #: The calls whose sequences may change here: that one, and those around it that go on where it ends.
        self.open = frozenset((0,))
        #: Those that may not change any more, with the reason.
        self.frozen: dict[int, str] = {}
        #: Those that loops go through.
        self.looped: list[int] = []
        self.made = 0

    def enter(self, plain: bool) -> tuple[int, frozenset[int]]:
        """Begin another call of a function; return what goes on behind it.

        Args:
            plain: whether the call is all that a statement does, and ends in one place: what it changes has changed there.
        """
        before = self.frame, self.open
        self.frames += 1
        self.frame = self.frames
        self.open = frozenset((self.frame, *(self.open if plain else ())))
        return before

    def spend(self, count: int) -> None:
        """Count values that are put into sequences."""
        self.made += count
        if self.made > MAX_MADE:
            raise RowError(f"more than {MAX_MADE} values are put into sequences")

    def new(self, row: Row) -> Row:
        """Return a sequence that may be changed."""
        cell = len(self.owner)
        self.owner[cell] = self.frame
        return self.put(cell, row)

    def put(self, cell: int, row: Row) -> Row:
        """Let a cell hold a sequence."""
        self.spend(len(row))
        self.contents[cell] = found = replace(row, cell=cell)
        return found

    def read(self, value: Value) -> Value:
        """Return a value as it is at this moment."""
        row = row_of(value)
        if row is None or row.cell is None:
            return value
        held = self.contents[row.cell]
        if held is None:
            raise RowError(
                "this has another length in each way of an `if` above; make it as long in every way"
            )
        return value if held is row else held.value

    def deep(self, value: Value) -> Value:
        """Return a value as it is at this moment, with what is in it; as it was where that is not certain."""
        row = row_of(value)
        if row is None:
            return value
        held = row if row.cell is None else self.contents[row.cell]
        held = row if held is None else held
        if all(row_of(item) is None for item in held.items):
            return held.value
        return replace(held, items=(*map(self.deep, held.items),)).value

    def changeable(self, value: Value, what: str) -> Row:
        """Return a sequence that may be changed here."""
        row = row_of(self.read(value))
        copied = row is not None and row.kind == "sequence" and row.cell is not None
        if row is None or (row.kind not in ("list", "dict", "array") and not copied):
            words = "a number" if row is None else row.word
            raise RowError(f"{words} has no {what}")
        if row.cell is None:
            raise RowError(
                f"who else holds this {row.kind} is not certain, and so it is not changed here; change a copy, {row.kind}(...)"
            )
        if self.owner[row.cell] not in self.open:
            raise RowError(
                f"this {row.kind} belongs to the function around; it changes where that calls this one on a line of its own, which ends in one place; or change a copy, {row.kind}(...), and return it"
            )
        if row.cell in self.frozen:
            raise RowError(
                f"this {row.kind} is held elsewhere, too ({self.frozen[row.cell]}); change a copy, {row.kind}(...)"
            )
        if row.cell in self.looped:
            raise RowError(
                f"this {row.kind} changes while a loop goes through it; go through a copy, {row.kind}(...)"
            )
        return row

    def freeze(self, value: Value, why: str) -> None:
        """Let nothing change a sequence any more, nor what is in it."""
        row = row_of(self.read(value))
        if row is None:
            return
        if row.cell is not None:
            self.frozen.setdefault(row.cell, why)
        for item in row.items:
            if row_of(item) is not None:
                self.freeze(item, why)

    def shown(self, of: Value, made: Value, why: str) -> Value:
        """Return what holds an array's own numbers in another way: who writes into the one writes into the other, so neither changes any more."""
        row = row_of(of)
        if row is not None and row.kind in ("array", "sequence"):
            self.freeze(of, why)
            self.freeze(made, why)
        return made

    def through(self, value: Value) -> list[Value]:
        """Return what Python goes through; the rows of an array, which hold its own numbers, let it change no more."""
        self.hold_rows(value)
        return listed(value)

    def hold_rows(self, value: Value) -> None:
        """Let nothing change an array of rows any more, as these are handed on."""
        row = row_of(value)
        if row is not None and row.kind == "array" and row.inner:
            self.freeze(value, "by its rows")

    def hand_on(self, value: Value, why: str) -> None:
        """Let nothing change any more what a function returns, where it belongs to another that goes on."""
        row = row_of(self.read(value))
        if row is None:
            return
        if row.cell is not None and self.owner[row.cell] != self.frame:
            self.frozen.setdefault(row.cell, why)
        for item in row.items:
            self.hand_on(item, why)

    def holds(self, outer: Value, cell: int) -> bool:
        """Whether a sequence is a cell, or holds it at any depth."""
        row = row_of(self.read(outer))
        if row is None:
            return False
        return row.cell == cell or any(
            self.holds(item, cell) for item in row.items if row_of(item) is not None
        )

    def store(self, row: Row, items: tuple[Value, ...], keys: tuple[object, ...] = ()) -> Row:  # fmt: skip
        """Let a sequence that may be changed hold other values."""
        assert row.cell is not None
        if any(self.holds(item, row.cell) for item in items if is_row(item)):
            raise RowError(f"this {row.kind} would hold itself")
        if row.kind == "array":
            items = in_floats(items)
        return self.put(row.cell, replace(row, items=items, keys=keys))
