"""Values in order in, as tuples, lists, dicts and arrays hold them; the same after what Python does with them out."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradgen.read.python.terms.value import Known, Value, number, truth

#: Published limits: how many values a sequence holds, with those in it, and how deep sequences stand in each other.
MAX_HELD, MAX_DEEP = 20_000, 12
_WORDS = {
    "array": "an array",
    "iterator": "what is gone through once, such as zip(...)",
    "sequence": "a parameter that is a sequence",
    "record": "a parameter that is asked for texts or attributes",
}
#: A name or a number, which may stand for a value in any place.
ATOM = re.compile(r"[^\W\d]\w*|-?[0-9.]+(?:e[+-]?[0-9]+)?")
_NUMBER = re.compile(r"-?[0-9][0-9.]*(?:e[+-]?[0-9]+)?")


#: What to do where a parameter is a sequence, and nothing says how long it is.
SHAPE = 'of a parameter that is a sequence, say how many numbers it holds, as in --shape "x=3", or "x=2x3" for rows'


#: What is not asked of a parameter that is a dict or an object of a caller's.
HELD = "what else this parameter holds depends on who calls; ask it for texts alone, as in p['a'], or for attributes alone, as in p.a"


#: What is not asked of a number of numpy's.
BOXED = "numpy makes an array without axes of this, which is no float and no scalar; ask that of what it is made of"


class Attribute(str):
    """A name behind a dot that an object of a caller's is asked for; of a dict of a caller's, it is asked for texts."""

    def __eq__(self, other: object) -> bool:
        return type(other) is Attribute and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((Attribute, str(self)))


class RowError(Exception):
    """What Python does with a sequence has no place here; the text says why, and what to do."""


#: The largest whole number of numpy's that is read: one more may be no float.
_LARGEST = 2**53


def narrowed(value: Value, operands: Sequence[Value], whole: int | None) -> Value:
    """Return what is made of whole numbers, as one of numpy's where one of them is; refuse what wraps around there."""
    if whole is None or not any(each.narrow for each in operands):
        return value
    if abs(whole) > _LARGEST:
        raise RowError("numpy's whole numbers wrap around where they are too large; make them floats, as by np.asarray(n, dtype=float)")  # fmt: skip
    return replace(value, whole=whole, narrow=True)


class SizeError(RowError):
    """The same where a number is used as a sequence: which number, as a formula has it."""

    def __init__(self, said: str, value: Value) -> None:
        super().__init__(f"{said}; {SHAPE}")
        self.text = value.text if value.is_number else ""
        self.key = ""


class CountError(RowError):
    """The same where a number counts turns or values that is not known when compiling: which one, as a formula has it."""

    def __init__(self, said: str, values: Sequence[Value]) -> None:
        super().__init__(said)
        unknown = [value.text for value in values if value.is_number and value.whole is None]  # fmt: skip
        self.text = unknown[0] if unknown else ""


class KeyLackError(RowError):
    """The same where a dict of a caller's is asked for a text, or an object for an attribute: which one, and what else it was asked for."""

    def __init__(self, row: Row, key: str) -> None:
        if {type(key)} != {*map(type, row.keys)}:
            raise RowError("this parameter is asked for texts and for attributes, and for what more depends on who calls; ask it for one of these alone")  # fmt: skip
        super().__init__(f"the dict has no key {key!r}")
        self.parts = tuple(item.text for item in row.items)
        self.key = key


class FewError(RowError):
    """The same where a sequence holds too few numbers: how many there would have to be."""

    def __init__(self, said: str, size: int) -> None:
        super().__init__(said)
        self.size = size


@dataclass(frozen=True)
class Row:
    """A sequence whose length is known.

    Attributes:
        kind: what Python calls it, or an iterator, or a sequence of whatever kind a caller gives.
        items: its values, in order; of a dict those of its keys.
        keys: the keys of a dict.
        cell: of what may be changed, which one it is; None for what nothing changes.
        of: of an iterator, the cells that it goes through.
    """

    kind: str
    items: tuple[Value, ...]
    keys: tuple[object, ...] = ()
    cell: int | None = None
    of: tuple[int, ...] = ()
    #: Of how many values an array has along its axes, one of its numbers.
    sizes_of: str = ""

    def __post_init__(self) -> None:
        if self.size > MAX_HELD:
            raise RowError(f"sequences hold at most {MAX_HELD} values")
        if self.depth > MAX_DEEP:
            raise RowError(f"sequences stand at most {MAX_DEEP} deep in each other")

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        """Whether `if` takes it for true."""
        if self.kind in ("array", "sequence", "iterator", "record"):
            raise RowError(f"whether {self.word} is true, Python does not say alike; write len(x) > 0, any(x) or all(x)")  # fmt: skip
        return len(self) > 0

    @property
    def word(self) -> str:
        """What it is called."""
        return _WORDS.get(self.kind, f"a {self.kind}")

    @property
    def is_object(self) -> bool:
        """Whether it is a parameter that is asked for attributes."""
        return self.kind == "record" and any(isinstance(key, Attribute) for key in self.keys)  # fmt: skip

    @property
    def inner(self) -> list[Row]:
        """The sequences in it."""
        found = (row_of(item) for item in self.items)
        return [row for row in found if row is not None]

    @property
    def size(self) -> int:
        """How many values it holds, with those in it."""
        inner = self.inner if any(item.known for item in self.items) else []
        return len(self.items) + sum(row.size for row in inner)

    @property
    def depth(self) -> int:
        """How deep sequences stand in it."""
        inner = self.inner if any(item.known for item in self.items) else []
        return 1 + max((row.depth for row in inner), default=0)

    @property
    def value(self) -> Value:
        """It, as a part of an expression."""
        return Value("", known=Known(self))


def place_at(row: Row, key: str) -> int:
    """Return where a dict or an object of a caller's holds what it is asked for."""
    if key not in row.keys:
        raise KeyLackError(row, key)
    return row.keys.index(key)


def replaced(
    row: Row, items: tuple[Value, ...], contents: dict[int, Row | None]
) -> Value:
    """Return a sequence with the same items under names, for all who hold it."""
    if items == row.items:
        return row.value
    found = replace(row, items=items)
    if row.cell is not None:
        contents[row.cell] = found
    return found.value


def row_of(value: Value) -> Row | None:
    """Return the sequence that a value is, if it is one."""
    held = value.known.value if value.known is not None else None
    return held if isinstance(held, Row) else None


def is_row(value: Value) -> bool:
    """Whether a value is a sequence."""
    return row_of(value) is not None


def listed(value: Value) -> list[Value]:
    """Return what Python goes through: the items of a sequence, the keys of a dict."""
    row = row_of(value)
    if row is None and value.known is not None and isinstance(value.known.value, str):
        return [*map(constant, value.known.value)]
    if row is None:
        raise SizeError("this is one value, not several", value)
    if row.kind == "record":
        raise RowError(HELD)
    if row.kind == "set":
        raise RowError("the order of a set is not certain; write a tuple")
    return [constant(key) for key in row.keys] if row.kind == "dict" else [*row.items]


def goes_through(*values: Value) -> tuple[int, ...]:
    """Return the cells that are gone through where these values are."""
    rows = [row for row in map(row_of, values) if row is not None]
    cells = [cell for row in rows for cell in (row.cell, *row.of)]
    return (*(cell for cell in cells if cell is not None),)


def iterator(items: Sequence[Value], *sources: Value) -> Value:
    """Return what is gone through once."""
    return Row("iterator", (*items,), of=goes_through(*sources)).value


def constant(key: object) -> Value:
    """Return a key of a dict as a value."""
    if isinstance(key, bool):
        return truth(key)
    if isinstance(key, (int, float)):
        return number(key)
    if isinstance(key, tuple):
        return Row("tuple", (*map(constant, key),)).value
    return Value("", known=Known(key))


def literal(value: Value) -> int | float | None:
    """Return the number that a value is written as, if it is."""
    if value.condition or value.known is not None:
        return None
    if value.whole is not None:
        return value.whole
    return float(value.text) if _NUMBER.fullmatch(value.text) else None


def key_of(value: Value) -> object:
    """Return what a dict knows a value by."""
    row = row_of(value)
    if row is not None:
        if row.kind != "tuple":
            raise RowError(f"{row.word} is no key of a dict")
        return tuple(map(key_of, row.items))
    if value.known is not None:
        if isinstance(value.known.value, str) or value.known.value is None:
            return value.known.value
    elif value.truth is not None:
        return value.truth
    else:
        found = literal(value)
        if found is not None:
            return found
    raise RowError("a key of a dict is a text or a number that is known when compiling")


def index_of(value: Value, size: int) -> int:
    """Return the place that an index names among so many."""
    place = value.whole
    if place is None:
        raise RowError("an index is a whole number that is known when compiling")
    if not -size <= place < size:
        raise FewError(f"the index {place} is out of range: there are {size} values", max(place + 1, -place))  # fmt: skip
    return place % size


def bound_of(value: Value | None) -> int | None:
    """Return what a slice goes from or to."""
    if value is None or (value.known is not None and value.known.value is None):
        return None
    if value.whole is None:
        raise RowError("the ends of a slice are whole numbers that are known when compiling")  # fmt: skip
    return value.whole


def is_whole(row: Row) -> bool:
    """Whether an array holds whole numbers alone, all of them known."""
    return bool(row.items) and all(
        (
            is_whole(inner)
            if (inner := row_of(item)) is not None
            else item.whole is not None
        )
        for item in row.items
    )


def cuts(row: Row) -> bool:
    """Whether an array may hold whole numbers or truths alone, and cut what is put into it."""
    leaves = ((row_of(item), item) for item in row.items)
    return bool(row.items) and all(
        cuts(inner) if inner is not None else item.may_be_whole
        for inner, item in leaves
    )


def in_floats(items: Sequence[Value]) -> tuple[Value, ...]:
    """Return values as an array of floats holds them."""
    rows = [*map(row_of, items)]
    return tuple(
        item.as_float if row is None else replace(row, items=in_floats(row.items)).value
        for row, item in zip(rows, items)
    )


def only_arrays(left: Value, op: ast.operator, right: Value) -> bool:
    """Whether an operator makes something of arrays alone, where some operands are parameters that are sequences of whatever kind: lists and tuples are chained by `+`, and repeated by `*`."""
    rows = [row_of(left), row_of(right)]
    kinds = {row.kind for row in rows if row is not None}
    if "sequence" not in kinds or kinds - {"sequence", "list", "tuple"}:
        return False
    if None not in rows:
        return not isinstance(op, ast.Add)
    number = right if rows[1] is None else left
    repeats = number.whole is not None or number.among is not None or not number.is_number  # fmt: skip
    return not (isinstance(op, ast.Mult) and repeats)


def chained(left: Value, op: ast.operator, right: Value) -> Row:
    """Return what `+` and `*` make of lists and tuples."""
    rows = row_of(left), row_of(right)
    one, other = rows
    plain = ("list", "tuple")
    if isinstance(op, ast.Add) and one is not None and other is not None:
        same = one.kind == other.kind and one.kind in plain
        if same:
            return Row(one.kind, (*one.items, *other.items))
    times = right.whole if one is not None else left.whole
    row = one if one is not None else other
    assert row is not None
    repeats = isinstance(op, ast.Mult) and None in rows and row.kind in plain
    if repeats and times is not None:
        if times * len(row) > MAX_HELD:
            raise RowError(f"sequences hold at most {MAX_HELD} values")
        return Row(row.kind, row.items * times)
    number = right if one is not None else left
    if repeats and number.is_number and len(row) == 1 and row.cell is not None:
        # As in [0.0]*N.
        raise CountError("how often a list is repeated is known when compiling", [number])  # fmt: skip
    if row.kind == "sequence":
        raise RowError("what this operator makes of a sequence depends on its kind; write np.asarray(x), or list(x)")  # fmt: skip
    raise RowError(f"{row.word} has no place in a formula; go through its values, or write np.array(...)")  # fmt: skip
