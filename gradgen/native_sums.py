"""A formula that adds up rows of data in; the same over NumPy's arrays, by a loop in C that the system's compiler makes fast, out."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.errors import GradgenError
from gradgen.native import Native
from gradgen.passes.facts import rowwise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gradgen.compiled import Compiled

    Doubles = NDArray[np.float64]


class NativeSums(Native):
    """A formula over columns of data and numbers that all rows share, with memory for its results alone.

    Attributes:
        source: the module in C.
    """

    def __init__(self, made: Compiled) -> None:
        super().__init__(made, 1, dict(made.recipe.defaults), made.recipe.rows)
        self._program = program = made.program
        self._rowwise = rowwise(program, self._columns)

    def forward(self, *inputs: Any, out: Any = None) -> Any:
        """Return the value, a number for all rows or a column; of several results, a tuple.

        Raises:
            GradgenError: inputs are lacking, or are no columns of one shape and numbers.
        """
        values = self._set(
            "forward", inputs, out, [v for _, v in self._program.outputs]
        )
        return tuple(values) if len(values) > 1 else values[0]

    def value_and_grad(
        self, *inputs: Any, out: Any = None
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the value, and one gradient per input asked for: of a column a column, else the sum over rows.

        Raises:
            GradgenError: as by `forward`; or the result is no single number for all rows.
        """
        results = [value for _, value in self._program.outputs]
        if len(results) > 1 or results[0] in self._rowwise:
            raise GradgenError(
                "value_and_grad is of one number for all rows; compile the formula with reduce, or with one of them in `outputs`"
            )
        wanted = [*results, *self._program.wrt]
        value, *slopes = self._set("value_and_grad", inputs, out, wanted)
        return value, tuple(slopes)

    def jacobian(self, *inputs: Any) -> Any:
        """Refuse: rows are added up.

        Raises:
            GradgenError: always.
        """
        raise GradgenError(
            "a jacobian over rows is of what each has by itself; of one number for all of them, value_and_grad has the gradient"
        )

    def _set(
        self, name: str, inputs: Sequence[Any], out: Any, sets: Sequence[int]
    ) -> list[Any]:
        """Return what a function sets."""
        import numpy as np

        if out is not None:
            raise GradgenError("`out` is of formulas that add up no rows")
        given, shape, held = self._given(inputs)
        rows = int(np.prod(shape))
        found = [np.empty(shape if value in self._rowwise else ()) for value in sets]
        arrays = [ctypes.c_void_p(one.ctypes.data) for one in found]
        function = getattr(self._library, name)
        function.restype = None
        function(ctypes.c_size_t(rows), *given, *arrays)
        del held  # which the function has read
        return [one[()] for one in found]

    def _given(
        self, inputs: Sequence[Any]
    ) -> tuple[list[Any], tuple[int, ...], list[Doubles]]:
        """Return what a function is given, the shape of columns, and the arrays that hold these."""
        import numpy as np

        given: list[Any] = []
        held: list[Doubles] = []
        for name, array in zip(self._names, self._arrays(inputs)):
            if name in self._columns:
                with np.errstate(all="ignore"):
                    column = np.require(array, np.float64, ["C", "A"])
                held.append(column.reshape(array.shape))
                given.append(ctypes.c_void_p(held[-1].ctypes.data))
            else:
                given.append(ctypes.c_double(float(array)))
        return given, held[0].shape, held
