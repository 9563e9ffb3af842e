"""The conditions that hold for the numbers of an array in; where they hold, as `np.where(test)` says it, and how often, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradgen.read.python.terms import builtin
from gradgen.read.python.terms.builtin import Called, counted, total
from gradgen.read.python.terms.rows import Row, RowError, row_of
from gradgen.read.python.terms.value import Known, Value, index

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

_ASKED = "where a condition holds is asked how often that is, and stands in brackets behind an array that is changed there"


@dataclass(frozen=True)
class Places:
    """The indices at which conditions hold; numbers decide which these are.

    Attributes:
        tests: the conditions, one for each number of an array.
    """

    tests: tuple[Value, ...]

    word = "where a condition holds"

    def __bool__(self) -> bool:
        raise RowError(_ASKED)

    def __eq__(self, other: object) -> bool:
        raise RowError(_ASKED)

    def __hash__(self) -> int:
        return hash(self.tests)

    @property
    def count(self) -> Value:
        """How many they are."""
        each = [*map(counted, self.tests)]
        known = [value.whole for value in each if value.whole is not None]
        return index(sum(known)) if len(known) == len(each) else total(each)


def places_in(value: Value) -> Places | None:
    """Return where conditions hold, if that is what a value says, or a tuple of one axis."""
    row = row_of(value)
    if row is not None and row.kind == "tuple" and len(row) == 1:
        value = row.items[0]
    held = value.known.value if value.known is not None else None
    return held if isinstance(held, Places) else None


def tests_in(value: Value) -> Value:
    """Return the conditions for which a value says where they hold, as an array; any other value as it is."""
    held = places_in(value)
    return value if held is None else Row("array", held.tests).value


def _found(value: Value) -> Value:
    row = row_of(value)
    if row is None or row.kind != "array" or not all(item.condition for item in row.items):  # fmt: skip
        raise RowError("where conditions hold is asked of an array of one axis of them")
    return Value("", known=Known(Places(row.items)))


def _in_tuple(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if len(args) != 1 or named:
        raise RowError("`nonzero` takes an array of conditions")
    return Row("tuple", (_found(args[0]),)).value


def _alone(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if len(args) != 1 or named:
        raise RowError("`flatnonzero` takes an array of conditions")
    return _found(args[0])


def _length(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
    row = row_of(args[0]) if args else None
    held = places_in(args[0]) if len(args) == 1 and row is None and not named else None
    return builtin.CALLS["builtins.len"](scope, args, named) if held is None else held.count  # fmt: skip


def either(choose: Called) -> Called:
    """Return what `np.where` makes: of one array of conditions where these hold, of others what is chosen."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        alone = len(args) == 1 and row_of(args[0]) is not None
        return (_in_tuple if alone else choose)(scope, args, named)

    return called


#: By the whole name of each function, what a call of it comes to.
CALLS: Mapping[str, Called] = {
    "builtins.len": _length,
    "numpy.nonzero": _in_tuple,
    "numpy.flatnonzero": _alone,
}
