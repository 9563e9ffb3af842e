"""A formula for NumPy and long arrays in; its value and gradient, worked out chunk by chunk in the processor's cache, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from gradgen.errors import GradgenError
from gradgen.native import beside, earlier
from gradgen.numbers import counted, real
from gradgen.over_rows import check_all_rowwise

if TYPE_CHECKING:
    from gradgen.compiled import Compiled

#: For no more chunks than these no calls are noted.
_FEW = 3
#: What sets results to what inputs come to, and returns them with the sums.
_Work: TypeAlias = "Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]]"


def over(
    compiled: Compiled,
    arrays: Sequence[Any] | Mapping[str, Any],
    chunk: int,
    out: Any = None,
) -> tuple[Any, tuple[Any, ...]]:
    """Return the value and the gradient that `value_and_grad` returns, with memory for a chunk's intermediate values alone.

    Args:
        compiled: the formula, compiled for NumPy.
        arrays: the inputs, in order or by name: arrays of one shape, and numbers.
        chunk: so many rows are worked on at once.
        out: what an earlier call for inputs of these shapes returned, whose arrays are written anew.

    Raises:
        GradgenError: the formula is for another target or has several results, or the inputs or `out` are others.
    """
    import numpy as np

    _check(compiled)
    chunk = counted("chunk", "rows", chunk)
    function: Callable[..., tuple[Any, tuple[Any, ...]]] = compiled.value_and_grad
    names, values = compiled.program.inputs, _ordered(compiled, arrays)
    given = [real(f"`{name}`", value) for name, value in zip(names, values)]
    shapes = {array.shape: None for array in given if array.ndim}
    if len(shapes) > 1:
        said = ", ".join(f"`{n}` has {a.shape}" for n, a in zip(names, given))
        raise GradgenError(f"inputs are arrays of one shape, and numbers: {said}")
    [shape] = shapes or [()]
    size = int(np.prod(shape))
    if not size or not shapes or (size <= chunk and out is None):
        value, slopes = function(*values)
        # A formula that is one of its inputs returns that array itself, which the next call would be handed as `out`.
        own = any(np.may_share_memory(value, array) for array in given)
        return value.copy() if own else value, slopes
    # A plain number takes the precision of the arrays beside it.
    rows = [a.reshape(-1) if a.ndim else value for a, value in zip(given, values)]
    signature = compiled.program.signature
    places = [names.index(signature[value]) for value in compiled.program.wrt]
    columns = [not compiled.recipe.reduce, *(bool(given[at].ndim) for at in places)]
    value, slopes = function(*_part(rows, slice(2)))
    kinds = [np.asarray(one).dtype for one in (value, *slopes)]
    spread = [shape if column else () for column in columns]
    old = earlier(beside(out), spread, given, kinds)
    final = [*map(_or_new, old, spread, kinds)]
    whole = [x.reshape(-1) if column else None for x, column in zip(final, columns)]
    sums = _summed(compiled, rows, whole, kinds, chunk)
    done = [s if x is None else f for s, x, f in zip(sums, whole, final)]
    return done[0], tuple(done[1:])


def _summed(
    compiled: Compiled,
    rows: Sequence[Any],
    whole: Sequence[Any],
    kinds: Sequence[Any],
    chunk: int,
) -> Sequence[Any]:
    """Set results in all rows, chunk by chunk, and return the sums over them.

    Args:
        compiled: the formula.
        rows: its inputs: columns of one length, and numbers.
        whole: for each result an array, None where it is a sum or a mean.
        kinds: the types of their numbers.
        chunk: so many rows are worked on at once.
    """
    import numpy as np

    from gradgen.buffers import Buffered

    size = max(len(row) for row in rows if np.ndim(row))
    mean = compiled.recipe.reduce == "mean"
    work: _Work = partial(_plainly, compiled.value_and_grad)
    if size > _FEW * chunk and _is_plain(compiled):
        with suppress(AttributeError, TypeError, ValueError):
            work = Buffered(compiled.value_and_grad, _part(rows, slice(2)), whole, chunk).run  # fmt: skip
    # In double precision at least: of many chunks single precision would lose digits that the sum of a column has.
    sums = [np.zeros((), np.result_type(kind, np.float64))[()] for kind in kinds]
    shared = [place for place, x in enumerate(whole) if x is None]
    with np.errstate(all="ignore"):
        for start in range(0, size, chunk):
            part = slice(start, start + chunk)
            results = [x if x is None else x[part] for x in whole]
            found = work(_part(rows, part), results)
            share = (min(size, part.stop) - start) / size if mean else 1.0
            for place in shared:
                end = sums[place].dtype.type(found[place]) * share
                sums[place] = end if start == 0 else sums[place] + end
            for result in results if share != 1.0 else ():
                if result is not None:
                    result *= result.dtype.type(share)
        return [kind.type(one) for kind, one in zip(kinds, sums)]


def _part(rows: Sequence[Any], part: slice) -> Sequence[Any]:
    """Return inputs for some rows."""
    return [row[part] if getattr(row, "ndim", 0) else row for row in rows]


def _plainly(function: Callable[..., Any], inputs: Sequence[Any], results: Sequence[Any]) -> Sequence[Any]:  # fmt: skip
    """Set results to what a function returns, and return that."""
    value, slopes = function(*inputs)
    for end, result in zip((value, *slopes), results):
        if result is not None:
            result[...] = end
    return (value, *slopes)


def _is_plain(compiled: Compiled) -> bool:
    """Whether a module's `value_and_grad` is by gradgen's own lines alone, each row by itself."""
    recipe = compiled.recipe
    return not (recipe.rows or recipe.reduce == "mean" or recipe.custom_templates or compiled.imports)  # fmt: skip


def _or_new(old: Any, shape: tuple[int, ...], kind: Any) -> Any:
    """Return an earlier array, or a new one."""
    import numpy as np

    return np.empty(shape, kind) if old is None else old


def _check(compiled: Compiled) -> None:
    """Hold a formula to be one that chunks of rows come to.

    Raises:
        GradgenError: they are not.
    """
    if compiled.recipe.target != "numpy":
        raise GradgenError(
            f"chunks are of modules for NumPy, and this one is for {compiled.recipe.target}; compile it with target numpy"
        )
    program = compiled.program
    ends = [program.steps[value] for _, value in program.outputs]
    for step in program.steps:
        if step.args and program.rows[step.op].level and (step not in ends or step.op != compiled.recipe.reduce):  # fmt: skip
            raise GradgenError(
                f"chunks are of formulas that need no other rows, and {step.op} is over all of them; call value_and_grad"
            )
    if compiled.recipe.rows and not compiled.recipe.reduce:
        check_all_rowwise(program, compiled.recipe.rows, "chunks are")


def _ordered(
    compiled: Compiled, arrays: Sequence[Any] | Mapping[str, Any]
) -> list[Any]:
    """Return the inputs in their order; those that are not given have their defaults."""
    names = compiled.program.inputs
    listed = isinstance(arrays, (Mapping, Sequence)) and not isinstance(arrays, str)
    if not listed and not getattr(arrays, "ndim", 0):
        raise GradgenError("inputs are a list or a tuple in their order, or a dict by their names")  # fmt: skip
    named = dict(arrays if isinstance(arrays, Mapping) else zip(names, arrays))
    whole = {**dict(compiled.recipe.defaults), **named}
    if {*whole} != {*names} or len(arrays) > len(names):
        said = (
            ", ".join(map(str, named))
            if isinstance(arrays, Mapping)
            else f"{len(arrays)}"
        )
        raise GradgenError(f"there are values for {said}; the inputs are {', '.join(names)}")  # fmt: skip
    return [whole[name] for name in names]
