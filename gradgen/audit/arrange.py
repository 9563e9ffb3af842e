"""A function and what claims to be its derivative in; which slope each of the claimed values may be out, and how that was found out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from gradgen.errors import GradgenError


class Slot(NamedTuple):
    """Which slope a value is: of which result, and by which parameter."""

    row: int
    by: int


class Returns(Protocol):
    """What a function takes and returns."""

    @property
    def name(self) -> str: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def count(self) -> int:
        """How many values it returns, those of all rows together."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each of its rows holds; empty where it returns no rows."""


#: By value, which slope it is; and that in words, empty where the values alone can tell.
Arrangement: TypeAlias = "tuple[Sequence[Slot], str]"


def called(found: Returns, slot: Slot) -> str:
    """Return what a slope is called, as `df/dx`."""
    several = found.count > 1
    number = f"[{slot.row}]" if several else ""
    return f"d{found.name}{number}/d{found.inputs[slot.by]}"


def arrangements(
    found: Returns,
    claimed: Returns,
    wrt: Sequence[str] | None,
    own: Sequence[str] = (),
    sequences: Sequence[Sequence[str]] = (),
) -> Sequence[Arrangement]:
    """Return which slopes the claimed values may be; the first is as they are called, others as they might be meant.

    Args:
        found: the function.
        claimed: what claims to be its derivative.
        wrt: by which parameters, where that is said.
        own: the parameters by which a slope may be, if not all of them.
        sequences: what the numbers are called in each parameter that is a sequence.

    Raises:
        GradgenError: that cannot be told; the message says what is missing.
    """
    rows, names = found.count, [n for n in found.inputs if not own or n in own]
    if rows == 1 < claimed.count < len(names) and wrt is None:
        few = _few(claimed, names, sequences)
        return [([Slot(0, found.inputs.index(n)) for n in by], said) for by, said in few.items()]  # fmt: skip
    told, words = _by(found, claimed, wrt, names)
    if told is None:
        return [([Slot(0, found.inputs.index(name))], "") for name in names]
    by = [found.inputs.index(name) for name in told]
    if rows == 1:
        return [([Slot(0, place) for place in by], words)]
    one_by_one = [Slot(row, place) for row in range(rows) for place in by]
    by_input = [Slot(row, place) for place in by for row in range(rows)]
    rows_first = (one_by_one, f"{words}; its rows are of one result each")
    columns_first = (by_input, f"{words}; its rows are by one parameter each")
    wide, tall = (len(by),) * rows, (rows,) * len(by)
    if claimed.shape == wide != tall:
        return [rows_first]
    if claimed.shape == tall != wide:
        return [columns_first]
    return [rows_first, columns_first]


def _by(
    found: Returns, claimed: Returns, wrt: Sequence[str] | None, names: Sequence[str]
) -> tuple[Sequence[str] | None, str]:
    """Return by which of some parameters the slopes of a result are, and that in words; None where only their values can tell."""
    rows, count = found.count, claimed.count
    if wrt is not None:
        for name in wrt:
            if name not in found.inputs:
                raise GradgenError(
                    f"`{name}` is no parameter of `{found.name}`, which takes {', '.join(found.inputs)}"
                )
        if len(wrt) * rows != count:
            several = f" and {rows} results" if rows > 1 else ""
            raise GradgenError(
                f"`{claimed.name}` returns {count} values, and there are {len(wrt)} names{several}"
            )
        return wrt, f"by {', '.join(wrt)}"
    if count == len(names) * rows:
        return names, f"by {', '.join(names)}, in the order of its parameters"
    if count == rows == 1 and not claimed.name.endswith("fit_deriv"):
        told = [*_told(names, claimed.name)]
        if len(told) == 1:
            return told, f"by {told[0]}, as its name says"
        return None, ""
    if rows == 1 and count < len(names):  # the one of a `fit_deriv`
        return names[-1:], f"by {names[-1]}: the last parameter"
    several = f"{rows} values and " if rows > 1 else ""
    raise GradgenError(
        f"`{claimed.name}` returns {count} values and `{found.name}` has {several}{len(names)} parameters; "
        "say by which they are with --wrt"
    )


def _few(claimed: Returns, names: Sequence[str], sequences: Sequence[Sequence[str]]) -> dict[tuple[str, ...], str]:  # fmt: skip
    """Return by which parameters fewer slopes may be than there are parameters, as `fit_deriv` has them, or `jac(x, *args)`; each with that in words."""
    count = claimed.count
    of_one = [(*each,) for each in sequences if len(each) == count and {*each} <= {*names}]  # fmt: skip
    found = {each: f"by {', '.join(each)}" for each in of_one}
    last, first = (*names[-count:],), (*names[:count],)
    found.setdefault(last, f"by {', '.join(last)}: the last {count} parameters")
    found.setdefault(first, f"by {', '.join(first)}: the first {count} parameters")
    return found


def _told(names: Sequence[str], called_so: str) -> Iterator[str]:
    """Yield the parameters that a derivative's name ends in."""
    for name in names:
        if re.search(rf"(?<![A-Za-z])d?_?{re.escape(name)}$", called_so):
            yield name
