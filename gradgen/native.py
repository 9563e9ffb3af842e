"""A compiled formula in; the same over NumPy's arrays, by a loop in C that the system's compiler makes fast, out."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gradgen.errors import GradgenError
from gradgen.files.library import library
from gradgen.files.recipe import Recipe
from gradgen.numbers import check_columns, counted, real
from gradgen.over_rows import adds_rows, check_all_rowwise, is_over_rows
from gradgen.pipeline import regenerate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gradgen.compiled import Compiled

    Doubles = NDArray[np.float64]

#: So many rows are worked on at once where inputs are copied or gradients added up: those stay in the processor's cache.
_BLOCK = 16_384
#: So many numbers are in a page of memory, and in a line of the cache, which is also how many the widest vectors have.
_PAGE, _VECTOR = 512, 8
_OUT = "`out` is what an earlier call for inputs of these shapes returned, and shares no memory with the inputs"


class Native:
    """A formula over arrays.

    Attributes:
        source: the module in C.
    """

    def __init__(
        self,
        made: Compiled,
        threads: int,
        defaults: Mapping[str, float],
        columns: Sequence[str],
    ) -> None:
        program = made.program
        self.source = made.source
        self._names = program.inputs
        self._defaults = dict(defaults)
        #: The inputs that are columns, where all others are numbers; none where all are of any shapes.
        self._columns = columns
        places = {value: place for place, value in enumerate(program.signature)}
        self._wrt = [places[value] for value in program.wrt]
        self._results = len(program.outputs)
        self._threads = threads
        self._library = library(made.source)

    def forward(self, *inputs: Any, out: Any = None) -> Any:
        """Return the value at numbers and arrays of shapes that go together, in their shape; of several results, a tuple.

        Args:
            inputs: in the order of the formula's inputs.
            out: what an earlier call for these shapes returned: its arrays are written anew and returned, which saves new memory.

        Raises:
            GradgenError: inputs are lacking, are no real numbers, or their shapes do not go together; or `out` is something else.
        """
        single = self._results == 1
        before = (out,) if single and out is not None else out
        values, _ = self._call("forward", inputs, [], before)
        return values[0] if single else values

    def value_and_grad(
        self, *inputs: Any, out: Any = None
    ) -> tuple[Any, tuple[Any, ...]]:
        """Return the value, and one gradient per input asked for in the shape of that: summed over what it was spread along.

        Args:
            inputs: in the order of the formula's inputs.
            out: as of `forward`.

        Raises:
            GradgenError: as by `forward`; or there are several results.
        """
        if self._results > 1:
            raise GradgenError(
                "there are several results; compile the formula with one of them in `outputs`"
            )
        values, slopes = self._call("value_and_grad", inputs, self._wrt, beside(out))
        return values[0], slopes

    def jacobian(self, *inputs: Any) -> Any:
        """Return the slopes of a formula over rows in each row, of the shape (rows, parameters): for `scipy.optimize.least_squares`.

        Args:
            inputs: in the order of the formula's inputs.

        Raises:
            GradgenError: as by `forward`; or there are several results or no rows, or rows are added up, or the gradient is by a column.
        """
        import numpy as np

        shared = [name for name in self._names if name not in self._columns]
        if self._results > 1 or not self._columns:
            raise GradgenError(
                "a jacobian is of one result that each row has: compile the formula with rows, and with one of its names in `outputs`"
            )
        if not self._wrt or any(self._names[at] in self._columns for at in self._wrt):
            raise GradgenError(
                f'a jacobian over rows is by what all of them share: say wrt="{", ".join(shared) or "a"}"'
            )
        _, slopes = self._call("value_and_grad", inputs, self._wrt, None, each=True)
        return np.stack(slopes, -1)

    def _call(
        self,
        name: str,
        inputs: Sequence[Any],
        wrt: Sequence[int],
        before: Any,
        each: bool = False,
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return the results, and the gradients by the inputs at these places, in the arrays of an earlier call or in new ones.

        By what is one number for several rows, gradients are sums, or with `each` those of each row.
        """
        import numpy as np

        arrays = self._arrays(inputs)
        try:
            shape = np.broadcast_shapes(*(array.shape for array in arrays))
        except ValueError:
            shapes = ", ".join(f"`{n}` has {a.shape}" for n, a in zip(self._names, arrays))  # fmt: skip
            raise GradgenError(f"the shapes do not go together: {shapes}") from None
        slopes_of = [shape if each else arrays[at].shape for at in wrt]
        shapes_of = [*[shape] * self._results, *slopes_of]
        old = earlier(before, shapes_of, arrays)
        # Of what is one number for all, each block has a sum; of all else, each row has a slope.
        size = math.prod(shape)
        shared = [*[False] * self._results, *(not each and _is_shared(arrays[at], size) for at in wrt)]  # fmt: skip
        columns = [_column(array, shape) for array in arrays]
        direct = all(column.step for column in columns) and not any(shared)
        rows = max(_BLOCK, -(-size // self._threads)) if direct else _BLOCK
        blocks = -(-size // rows)
        found = [
            new_rows(was, (blocks,) if one else shape, place)
            for place, (was, one) in enumerate(zip(old, shared))
        ]
        places = [array.ctypes.data for array in found]
        function = self._library[name]
        function.restype = None
        function.argtypes = [ctypes.c_size_t] + [ctypes.c_void_p] * (len(columns) + len(found))  # fmt: skip

        def work(block: int) -> None:
            start = block * rows
            stop = min(size, start + rows)
            with np.errstate(all="ignore"):
                given = [column.rows(start, stop) for column in columns]
            slopes = [np.empty(stop - start) if one else None for one in shared]
            sets = [
                place + 8 * start if slope is None else slope.ctypes.data
                for place, slope in zip(places, slopes)
            ]
            _run(function, stop - start, [address for address, _ in given], sets)
            with np.errstate(all="ignore"):
                for sums, slope in zip(found, slopes):
                    if slope is not None:
                        sums[block] = np.sum(slope)

        self._each(work, blocks)
        with np.errstate(all="ignore"):
            final = [*map(_summed, found, shapes_of, shared, old)]
        return tuple(final[: self._results]), tuple(final[self._results :])

    def _each(self, work: Callable[[int], None], blocks: int) -> None:
        """Work on all blocks, in threads of this call alone: none is left that a fork would lose."""
        threads = min(self._threads, blocks)
        if threads < 2:
            for block in range(blocks):
                work(block)
            return
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, range(blocks)):
                pass

    def _arrays(self, inputs: Sequence[Any]) -> list[NDArray[Any]]:
        rest = self._names[len(inputs) :]
        if len(inputs) > len(self._names) or not {*rest} <= self._defaults.keys():
            raise GradgenError(
                f"there are {len(inputs)} values for the inputs {', '.join(self._names)}"
            )
        given = [*inputs, *(self._defaults[name] for name in rest)]
        found = {n: real(f"`{n}`", value) for n, value in zip(self._names, given)}
        if self._columns:
            check_columns(found, self._columns)
        return [*found.values()]


def _run(
    function: Callable[..., Any], rows: int, reads: Sequence[int], sets: Sequence[int]
) -> None:
    """Have a function work on so many rows, all but the first from where a line of the cache begins in what it sets first.

    It works on whole vectors alone, of which the first and the last may set again what the others do: so what a row comes to hangs
    neither on how many there are nor on where they lie, as scalar functions have other last digits than those of vectors.
    """
    if rows < _VECTOR:
        _run_few(function, rows, reads, sets)
        return
    ahead = -sets[0] // 8 % _VECTOR
    many = (rows - ahead) // _VECTOR * _VECTOR
    parts = [(0, _VECTOR)] * (ahead > 0) + [(ahead, many)]
    parts += [(rows - _VECTOR, _VECTOR)] * (ahead + many < rows)
    for start, count in parts:
        function(count, *(address + 8 * start for address in (*reads, *sets)))


def _run_few(
    function: Callable[..., Any], rows: int, reads: Sequence[int], sets: Sequence[int]
) -> None:
    """Have a function work on a vector that begins with these rows, which fill none, and hand back what it sets for them."""
    import numpy as np

    many = len(reads)
    vectors = np.zeros((many + len(sets), _VECTOR))
    own = [vector.ctypes.data for vector in vectors]
    for address, place in zip(reads, own):
        ctypes.memmove(place, address, 8 * rows)
    function(_VECTOR, *own)
    for address, place in zip(sets, own[many:]):
        ctypes.memmove(address, place, 8 * rows)


class _Column(NamedTuple):
    """An array's rows, spread along a shape, as doubles one beside the other: where they lie, or how they are made.

    Attributes:
        start: the address of the first; 0 where the rows of each block are made.
        step: from one row to the next, in bytes; 0 where those of all blocks are the same.
        made: returns the rows from one to another; what lies at `start`, where the rows lie there.
    """

    start: int
    step: int
    made: Callable[[int, int], Doubles]

    def rows(self, start: int, stop: int) -> tuple[int, Doubles | None]:
        """Return the address of a block's rows, and what holds them where nothing else does."""
        if self.start:
            return self.start + self.step * start, None
        made = self.made(start, stop)
        return made.ctypes.data, made


def _column(array: NDArray[Any], shape: tuple[int, ...]) -> _Column:
    """Return the rows of an array that is spread along a shape."""
    import numpy as np

    if array.size == 1:
        with np.errstate(all="ignore"):
            numbers = np.full(_BLOCK, array.astype(np.float64).item())
        return _Column(numbers.ctypes.data, 0, lambda start, stop: numbers)
    spread = np.broadcast_to(array, shape)
    rows: Any = spread.flat
    if spread.flags.c_contiguous:
        rows = spread.reshape(-1)
        if array.dtype == np.float64 and array.flags.aligned:
            return _Column(rows.ctypes.data, 8, lambda start, stop: rows)
    return _Column(0, 0, lambda start, stop: np.require(rows[start:stop], np.float64, ["C", "A"]))  # fmt: skip


def _is_shared(array: NDArray[Any], size: int) -> bool:
    """Whether an array is one number for several rows, or for none."""
    return array.size == 1 and size != 1


def beside(out: Any) -> Any:
    """Return what an earlier call returned, value and gradient, as one tuple; None where there was none, and an empty one where it is something else."""
    pair = isinstance(out, tuple) and len(out) == 2 and isinstance(out[1], tuple)
    return (out[0], *out[1]) if pair else None if out is None else ()


def earlier(
    before: Any,
    shapes: Sequence[tuple[int, ...]],
    inputs: Sequence[NDArray[Any]],
    kinds: Sequence[Any] = (),
) -> list[NDArray[Any] | None]:
    """Return the arrays of an earlier call, None for those that are made anew: all where there was none, and numbers.

    Args:
        before: what it returned, in one tuple.
        shapes: the shapes that they must have.
        inputs: what they may share no memory with.
        kinds: the types of their numbers; without any they are doubles.

    Raises:
        GradgenError: they are no such arrays.
    """
    import numpy as np

    if before is None:
        return [None] * len(shapes)
    found: list[NDArray[Any] | None] = []
    fine = isinstance(before, tuple) and len(before) == len(shapes)
    types = kinds or [np.float64] * len(shapes)
    for array, shape, wanted in zip(before, shapes, types) if fine else ():
        own = () if isinstance(array, float) else None
        fine = fine and getattr(array, "shape", own) == shape
        if fine and shape:
            # Others may have masks or two axes of their own.
            kind = type(array) in (np.ndarray, np.memmap) and array.dtype == wanted
            others = [*inputs, *(one for one in found if one is not None)]
            apart = not any(np.may_share_memory(array, one) for one in others)
            fine = kind and array.flags.carray and apart
        found.append(array if shape else None)
    if not fine:
        raise GradgenError(_OUT)
    return found


def new_rows(old: Doubles | None, shape: tuple[int, ...], place: int) -> Doubles:
    """Return an array of a shape: an earlier one, if it has that, or a new one.

    Long arrays begin at the same place of a page of memory, all of them, and processors take a read for one of what has just been
    written at that place of another page: each result begins elsewhere, half a page from the inputs.
    """
    import numpy as np

    if old is not None and old.shape == shape:
        return old
    size = math.prod(shape)
    if size < _PAGE:
        return np.empty(shape)
    shift = (_PAGE // 2 + 8 * place) % _PAGE
    return np.empty(size + shift)[shift:].reshape(shape)


def _summed(
    slopes: Doubles, shape: tuple[int, ...], shared: bool, old: Doubles | None
) -> Any:
    """Return slopes in the shape of their variable, summed over what it was spread along, in an earlier array where there is one."""
    import numpy as np

    if slopes is old:
        return old
    if shared:
        found = np.sum(slopes).reshape(shape)
    else:
        more = slopes.ndim - len(shape)
        axes = [*range(more)]
        axes += [more + i for i, n in enumerate(shape) if n == 1 != slopes.shape[more + i]]  # fmt: skip
        found = np.sum(slopes, axis=tuple(axes)).reshape(shape) if axes else slopes
    if old is None:
        return found[()]
    np.copyto(old, found)
    return old


def native(compiled: Compiled, threads: int | None = None) -> Native:
    """Return a formula over arrays, compiled for this machine.

    Args:
        compiled: the formula, in any language.
        threads: how many threads a call has at most; by default as many as there are processors.

    Raises:
        GradgenError: there is no C compiler, or C lacks a function, or the formula has no inputs or is not written in its recipe.
    """
    if threads is None:
        own = getattr(os, "sched_getaffinity", None)
        threads = len(own(0)) if own else os.cpu_count() or 1
    threads = counted("threads", "threads", threads)
    recipe = compiled.recipe
    if is_over_rows(recipe, compiled.program) and adds_rows(compiled.program):
        from gradgen.native_sums import NativeSums

        return NativeSums(regenerate(_in_c(replace(recipe, style="textbook"))))
    check_all_rowwise(compiled.program, recipe.rows, "native code is")
    if recipe.reduce:
        raise GradgenError(
            f"the formula was compiled with reduce, and native code has a value for each row; leave it out, and take the {recipe.reduce} of those"
        )
    if not compiled.program.inputs:
        raise GradgenError("the formula has no inputs, so there are no rows of them")
    # Loops have no defaults for columns, which all inputs are here.
    made = _in_c(replace(recipe, rows=compiled.program.inputs))
    return Native(regenerate(made), threads, dict(recipe.defaults), recipe.rows)


def _in_c(recipe: Recipe) -> Recipe:
    """Return the recipe of the same module in C."""
    return replace(
        recipe,
        target="c",
        cache="tuple",
        ieee=False,
        strict=False,
        with_=(),
        table=Recipe.table,
        dialect=Recipe.dialect,
        custom_templates=False,
        tests="",
    )
