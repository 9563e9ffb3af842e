"""The ends that the ways of a Python function come to in; what they return, as formulas, out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gradgen.read.python.flow.conditions import absent, both, truths
from gradgen.read.python.terms.cells import Cells
from gradgen.read.python.terms.rows import Row, RowError, row_of
from gradgen.read.python.terms.value import ELSE, OR, Known, Value, among, denied, truth

#: So many ends of ways, or so many characters, stand in one formula; the rest has a name of its own.
_ENDS, _LONG = 12, 240


#: How a sequence is made of values: its kind, its keys and what stands in it; None for a value.
Form: TypeAlias = "tuple[str, tuple[object, ...], tuple[Form, ...]] | None"


@dataclass(frozen=True)
class Returned:
    """A `return`: its values, the sequences that they are in, and what is said of it."""

    values: tuple[Value, ...]
    form: Form
    comment: str
    node: ast.Return

    @property
    def several(self) -> bool:
        """Whether it is a sequence."""
        return self.form is not None

    @property
    def shape(self) -> str:
        """How many values there are, in words."""
        if self.form is None:
            return "one value"
        kind, _, inner = self.form
        word = "an" if kind == "array" else "a"
        deep = " with others in it" if any(inner) else ""
        return f"{word} {kind} of {len(inner)}{deep}"


def taken_apart(value: Value, cells: Cells) -> tuple[list[Value], Form]:
    """Return the values in a sequence, as it is at this moment, and how it is made of them."""
    row = row_of(cells.read(value))
    if row is None:
        return [value], None
    if row.kind == "iterator":
        raise RowError("what is gone through once is not returned; write list(...)")
    parts = [taken_apart(item, cells) for item in row.items]
    found = [each for values, _ in parts for each in values]
    return found, (row.kind, row.keys, (*(form for _, form in parts),))


def put_together(values: Iterator[Value], form: Form) -> Value:
    """Return what was taken apart; who else holds it is not certain, and so it is not changed any more."""
    if form is None:
        return next(values)
    kind, keys, inner = form
    return Row(kind, (*(put_together(values, each) for each in inner),), keys).value


@dataclass(frozen=True)
class Jump:
    """A `break`, which ends a loop, or a `continue`, which ends its turn."""

    ends: bool
    node: ast.stmt


@dataclass(frozen=True)
class Raised:
    """The edge of the domain: what is said of it, and what stands for it in a formula."""

    value: Value


@dataclass(frozen=True)
class Fork:
    """Ends of which the first counts whose condition holds, or else the last."""

    pairs: tuple[tuple[Value, End], ...]
    last: End


End: TypeAlias = "Returned | Raised | Fork"


@dataclass
class Ways:
    """What statements come to: ends, each with its condition, and where no condition holds one more, or they go on."""

    pairs: list[tuple[Value, End]] = field(default_factory=list)
    last: End | Jump | None = None

    @property
    def end(self) -> End:
        """The end of statements that do not go on."""
        assert self.last is not None and not isinstance(self.last, Jump)
        return Fork(tuple(self.pairs), self.last) if self.pairs else self.last

    def go_on(self, others: Ways) -> None:
        """Let these go on with what follows."""
        self.pairs += others.pairs
        self.last = others.last


def joined(ways: Sequence[tuple[Value, Ways]], last: Ways) -> Ways:
    """Return what an `if` comes to: its ways, each with its condition, and the last."""
    if all(each.last is not None for _, each in ways) and last.last is not None:
        pairs = tuple((test, each.end) for test, each in ways)
        return Ways(last=Fork(pairs, last.end))
    found = Ways()
    #: That none of the ways above is taken which may go on; of those that end, the order says it.
    before = truth(True)
    for test, each in (*ways, (truth(True), last)):
        here = both(before, test)
        if each.last is not None:
            found.pairs.append((here, each.end))
            continue
        found.pairs += [(both(here, inner), end) for inner, end in each.pairs]
        before = both(before, denied(test))
    return found


def returns(end: End) -> Iterator[Returned]:
    """Yield the ends that are a `return`, in order."""
    todo = [end]
    while todo:
        each = todo.pop()
        if isinstance(each, Returned):
            yield each
        elif isinstance(each, Fork):
            todo += [each.last, *(inner for _, inner in reversed(each.pairs))]


def edges(end: End) -> Iterator[tuple[Value, Raised]]:
    """Yield the ends that raise, each with the condition of its way."""
    todo = [(truth(True), end)]
    while todo:
        before, each = todo.pop()
        if isinstance(each, Raised):
            yield before, each
        elif isinstance(each, Fork):
            ways = []
            for test, inner in each.pairs:
                ways.append((both(before, test), inner))
                if not isinstance(inner, Raised):  # else the order says it
                    before = both(before, denied(test))
            todo += [(before, each.last), *reversed(ways)]


def without_edges(end: End) -> End | None:
    """Return ends without those that raise; None where none is left."""
    if not isinstance(end, Fork):
        return None if isinstance(end, Raised) else end
    found = [(test, without_edges(inner)) for test, inner in end.pairs]
    pairs = [(test, inner) for test, inner in found if inner is not None]
    last = without_edges(end.last)
    if last is None and pairs:
        _, last = pairs.pop()
    return Fork((*pairs,), last) if pairs and last is not None else last


def comment(end: End) -> str:
    """Return what is said of the ends of a function, where something is said of each, and that is short."""
    said = [*dict.fromkeys(each.comment for each in returns(end))]
    text = "; ".join(said)
    return text if all(said) and (len(said) < 2 or len(text) <= 60) else ""


def settled_or_truths(end: End, place: int) -> Value | None:
    """Return one of the values that a function returns where that is no number, but the same in each way, or a condition in each."""
    found = [each.values[place] for each in returns(end)]
    told = any(each.known is not None or each.truth is not None for each in found)
    if told and all(each == found[0] for each in found):
        return found[0]
    if any(each.is_none for each in found) and all(each.is_none or each.is_number for each in found):  # fmt: skip
        return Value("", known=Known(None)) if all(each.is_none for each in found) else None  # fmt: skip
    if any(each.known is not None for each in found):
        raise RowError("what this returns is no number in one way, and something else in another; return numbers in every way")  # fmt: skip
    if all(each.condition for each in found) and next(edges(end), None) is None:
        return _truth(end, place)
    return None


def _truth(end: End, place: int) -> Value:
    if isinstance(end, Fork):
        pairs = [(test, _truth(inner, place)) for test, inner in end.pairs]
        return truths(pairs, _truth(end.last, place))
    assert isinstance(end, Returned)
    return end.values[place]


def formula(end: End, place: int, name: Callable[[Value], Value], nothing: Callable[[], Value]) -> Value:  # fmt: skip
    """Return one of the values that a function returns.

    Args:
        end: the ends of its ways.
        place: which of the values.
        name: what gives a part of a long formula a name.
        nothing: what makes what stands for None.
    """
    if isinstance(end, Returned):
        value = end.values[place]
        return nothing() if value.is_none else value
    if isinstance(end, Raised):
        return end.value
    value, count = formula(end.last, place, name, nothing), 0
    for test, inner in reversed(end.pairs):
        one = formula(inner, place, name, nothing)
        count += 1
        if count >= _ENDS or len(value.text) > _LONG:
            value, count = name(value), 1
        text = f"{one.inside(OR)} if {test.inside(OR)} else {value.text}"
        value = Value(
            text,
            ELSE,
            among=among([one, value]),
            absent=absent([(test, one)], value),
            integral=one.may_be_whole or value.may_be_whole,
        )
    return value
