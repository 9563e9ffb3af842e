"""What holds numbers in; NumPy's array of them, or why it is none, out."""

from __future__ import annotations

from collections.abc import Container, Mapping
from operator import index
from typing import TYPE_CHECKING, Any

from gradgen.errors import GradgenError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def real(what: str, value: Any) -> NDArray[Any]:
    """Return numbers as an array.

    Args:
        what: what they are called in an error.
        value: a number, or an array of numbers.

    Raises:
        GradgenError: it holds something else than real numbers, or what NumPy would leave out without a word: units, a mask.
    """
    import numpy as np

    if isinstance(value, np.ma.MaskedArray) or hasattr(value, "unit"):
        raise GradgenError(
            f"{what} has a mask or a unit, which would be lost; hand over the plain numbers that count"
        )
    try:
        found = np.asarray(value)
    except ValueError:  # lists of several lengths
        found = np.asarray(None)
    if found.dtype.kind not in "biuf":
        raise GradgenError(f"{what} is not made of real numbers")
    return found


def counted(what: str, of: str, value: Any) -> int:
    """Return how many there are of something, one at least.

    Args:
        what: what it is called in an error.
        of: what it is a number of.
        value: a whole number, of Python's or NumPy's.

    Raises:
        GradgenError: it is none.
    """
    try:
        found = 0 if isinstance(value, bool) else index(value)
    except TypeError:
        found = 0
    if found < 1:
        raise GradgenError(f"`{what}` is a number of {of}, at least 1")
    return found


def check_columns(given: Mapping[str, NDArray[Any]], columns: Container[str]) -> None:
    """Hold columns of data to one shape, and all else to one number for all rows.

    Raises:
        GradgenError: something has another shape.
    """
    for name, array in given.items():
        if name not in columns and array.ndim:
            raise GradgenError(f"`{name}` is one number for all rows, and no array")
    shapes = {name: a.shape for name, a in given.items() if name in columns}
    if len({*shapes.values()}) > 1:
        said = ", ".join(f"`{name}` has {shape}" for name, shape in shapes.items())
        raise GradgenError(f"columns have one shape: {said}")
