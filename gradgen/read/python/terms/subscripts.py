"""A sequence and what stands in square brackets behind it in; the value that it names out, or the sequence after one is put there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

from gradgen.read.python.arrays.taken import (  # fmt: skip
    between,
    items_at,
    placed,
    several,
    taken,
)
from gradgen.read.python.flow.conditions import chain
from gradgen.read.python.terms.cells import Cells
from gradgen.read.python.terms.rows import (  # fmt: skip
    HELD,
    Row,
    RowError,
    SizeError,
    cuts,
    index_of,
    key_of,
    literal,
    place_at,
    row_of,
)
from gradgen.read.python.terms.value import COMPARISON, Among, Known, Value


def subscript(
    base: Value, node: ast.expr, given: Sequence[Value], cells: Cells
) -> Value:
    """Return what stands at an index, under a key or in a slice.

    Args:
        base: what is asked.
        node: what stands between the brackets.
        given: what the expressions there come to.
        cells: what may change.
    """
    row = row_of(cells.read(base))
    if row is None:
        held = base.known.value if base.known is not None else None
        if isinstance(held, str) and not isinstance(node, ast.Slice):
            return Value("", known=Known(held[index_of(given[0], len(held))]))
        error = SizeError("only a sequence, a dict or an array has an index", base)
        text = given[0].known.value if given and given[0].known is not None else None
        error.key = text if isinstance(text, str) and text else ""
        raise error
    if isinstance(node, ast.Slice):
        if row.kind in ("dict", "set", "iterator", "record"):
            raise RowError(f"{row.word} has no slices")
        items = row.items[between(node, given)]
        if row.kind == "array":
            cells.freeze(base, "by a slice of it")
        made = replace(row, items=items, cell=None)
        return (cells.new(made) if row.kind == "list" else made).value
    if several(node):
        cells.freeze(base, "by a part of it")
        return taken(cells.deep(base), node, given)
    key = row_of(given[0])
    if key is not None and key.kind in ("list", "array") and row.kind in ("array", "sequence") and all(each.whole is not None for each in key.items):  # fmt: skip
        return items_at(row, key)
    if key is not None and key.kind == "tuple" and row.kind in ("array", "sequence"):
        if len(key) > 1 and any(row_of(part) is not None for part in key.items):
            raise RowError("one axis alone is asked for several indices, and the others for slices")  # fmt: skip
        for part in key.items:  # as in a[0, 1]
            base = subscript(base, ast.Constant(None), [part], cells)
        return base
    found = cells.read(row.items[place_of(row, given[0])])
    if row.kind == "array" and row_of(found) is not None:
        cells.freeze(base, "by a row of it")
    return found


def one_of(base: Value, at: Among, cells: Cells, edge: Callable[[str], Value]) -> Value | None:  # fmt: skip
    """Return what stands at an index of which numbers decide which it is; None where what is asked is not in order.

    Args:
        base: what is asked.
        at: which index may be meant.
        cells: what may change.
        edge: what makes the edge of the domain, where the index is out of range.
    """
    row = row_of(cells.read(base))
    if row is None or row.kind not in ("list", "tuple", "array", "range", "sequence"):
        return None
    size = len(row)
    inside = [(was, cells.read(row.items[own])) for was, own in at.pairs if -size <= own < size]  # fmt: skip
    outside = [was for was, own in at.pairs if not -size <= own < size]
    if not inside:
        raise RowError(f"the index is out of range: there are {size} values")
    for _, item in inside:
        cells.freeze(item, "by an index that numbers decide")
    beyond = edge("the index is out of range") if outside else None
    pairs = [(_is(at.name, was), beyond) for was in outside]
    return _choice([*pairs, *((_is(at.name, was), item) for was, item in inside)])  # type: ignore[list-item]


def _is(name: str, whole: int) -> Value:
    return Value(f"{name} == {whole}", COMPARISON, condition=True)


def _choice(pairs: Sequence[tuple[Value, Value]]) -> Value:
    """Return the value of the first condition that holds; of sequences alike item by item. What raises stands first."""
    values = [value for _, value in pairs]
    *_, last = values
    if all(value == last for value in values):
        return last
    rows = [row_of(value) for value in values]
    of_last = row_of(last)
    if of_last is not None:
        plain = ("list", "tuple", "array")
        made = []
        for place in range(len(of_last)):
            at = []
            for (test, value), row in zip(pairs, rows):
                if row is not None and (row.kind != of_last.kind or row.kind not in plain or len(row) != len(of_last)):  # fmt: skip
                    raise RowError("what numbers decide among is not alike: sequences as long as each other are, or numbers")  # fmt: skip
                at.append((test, value if row is None else row.items[place]))
            made.append(_choice(at))
        return Row(of_last.kind, (*made,)).value
    if any(not value.is_number for value in values):
        raise RowError("numbers decide which this is; numbers are chosen, and sequences of them")  # fmt: skip
    return chain(pairs[:-1], last)


def place_of(row: Row, key: Value) -> int:
    """Return where in a sequence an index or a key leads."""
    if row.kind == "dict":
        found = key_of(key)
        if found not in row.keys:
            raise RowError(f"the dict has no key {found!r}")
        return row.keys.index(found)
    if row.kind == "record":
        text = key_of(key)
        if not isinstance(text, str):
            raise RowError(HELD)
        return place_at(row, text)
    if row.kind in ("set", "iterator"):
        raise RowError(f"{row.word} has no index")
    if row.sizes_of and key.whole is not None and not -len(row) <= key.whole < len(row):  # fmt: skip
        raise SizeError("this has too few axes", Value(row.sizes_of))
    return index_of(key, len(row))


def stored(
    base: Value, node: ast.expr, given: Sequence[Value], value: Value, cells: Cells
) -> None:
    """Put a value where an index or a key leads; see `subscript`."""
    row = cells.changeable(base, "item that is assigned")
    if isinstance(node, ast.Slice):
        cells.store(row, _spread(row, between(node, given), value))
        return
    if several(node):
        if row.kind != "array" or cuts(row):
            raise RowError("numbers are put into arrays of floats")
        cells.store(row, placed(row.value, node, given, value).items)
        return
    if row.kind == "array":
        if cuts(row) or row_of(value) is not None:
            raise RowError(
                "an array of whole numbers cuts what is put into it; make it one of floats"
                if cuts(row)
                else "numbers are put into an array one by one"
            )
        key = row_of(given[0])
        if key is not None and key.kind != "tuple":
            raise RowError("numbers are put into an array one by one, as in a[0, 1] = x")  # fmt: skip
        items = _put(row, key.items if key is not None else given, value)
        cells.store(row, items)
    elif row.kind == "dict" and key_of(given[0]) not in row.keys:
        cells.store(row, (*row.items, value), (*row.keys, key_of(given[0])))
    else:
        place = place_of(row, given[0])
        items = (*row.items[:place], value, *row.items[place + 1 :])
        cells.store(row, items, row.keys)


def in_slice(base: Value, node: ast.expr, given: Sequence[Value], cells: Cells) -> Value | None:  # fmt: skip
    """Return the items of an array in a slice, as an array that nobody else holds; None of what is no array."""
    row = row_of(cells.read(base))
    if row is None or row.kind != "array":
        return None
    if several(node):
        return taken(row.value, node, given)
    return Row("array", row.items[between(node, given)]).value if isinstance(node, ast.Slice) else None  # fmt: skip


def _spread(row: Row, places: slice, value: Value) -> tuple[Value, ...]:
    """Return the items of an array with others in a slice."""
    if row.kind != "array":
        raise RowError("a slice is not assigned; assign each of its items")
    if cuts(row):
        raise RowError("an array of whole numbers cuts what is put into it; make it one of floats")  # fmt: skip
    given = row_of(value)
    if given is not None and given.kind not in ("list", "tuple", "array", "sequence"):
        raise RowError(f"{given.word} is not put into an array")
    values = [value] if given is None else [*given.items]
    at = range(len(row))[places]
    if any(row_of(each) is not None for each in (*row.items, *values)):
        raise RowError("numbers are put into an array of one axis")
    if len(values) not in (1, len(at)):
        raise RowError(f"{len(values)} values are put where there are {len(at)}")
    if any(each.known is not None or each.condition for each in values):
        raise RowError("numbers are put into an array")
    items = [*row.items]
    for place, each in zip(at, values if len(values) == len(at) else values * len(at)):
        items[place] = replace(each, whole=None, index=False)
    return (*items,)


def _put(row: Row, keys: Sequence[Value], value: Value) -> tuple[Value, ...]:
    """Return the items of an array with another number at an index of one part or several."""
    place = index_of(keys[0], len(row))
    inner = row_of(row.items[place])
    if (inner is None) != (len(keys) == 1):
        raise RowError("numbers are put into an array one by one, as in a[0, 1] = x")
    if inner is not None:
        value = replace(inner, items=_put(inner, keys[1:], value)).value
    return (*row.items[:place], value, *row.items[place + 1 :])


def same(one: Value, other: Value, cells: Cells) -> bool | None:
    """Return whether two sequences are equal, where all of them is known; None where it is not."""
    rows = row_of(cells.read(one)), row_of(cells.read(other))
    if rows[0] is None or rows[1] is None:
        numbers = literal(one), literal(other)
        if None not in numbers:
            return numbers[0] == numbers[1]
        known = one.known, other.known
        if known[0] is not None and known[1] is not None and not any(rows):
            return known[0].value == known[1].value
        return None
    if rows[0].kind != rows[1].kind or rows[0].kind not in ("list", "tuple"):
        return None
    if len(rows[0]) != len(rows[1]):
        return False
    found = [same(*pair, cells) for pair in zip(rows[0].items, rows[1].items)]
    return False if False in found else None if None in found else True
