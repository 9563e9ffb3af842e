"""A function over NumPy's arrays in; the calls that it makes, whose results stand in arrays that are used again, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import FunctionType
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

#: Functions that are no ufuncs, and work on each element by itself.
_BY_ELEMENT = (np.where, np.clip)
#: What makes arrays of inputs and brings results into shape: calls are noted between these.
_AROUND = {
    "_arrays": lambda *inputs: inputs,
    "_spread": lambda value, inputs: value,
    "_sum": lambda value, inputs: value,
    "_like": lambda slopes, *inputs: slopes,
}
#: Those that take an array for their result by its name alone.
_NAMED: Mapping[Any, Callable[..., Any]] = {
    np.maximum: lambda x, y, into: np.maximum(x, y, out=into),
    np.minimum: lambda x, y, into: np.minimum(x, y, out=into),
}
#: A call, what takes its arguments, and a place for its result where that is not among these.
_Step: TypeAlias = "tuple[Callable[..., Any], Callable[..., Any], int | None]"


class _Call(NamedTuple):
    """A call on values and on what is the same for all rows, and the type of what it returns."""

    function: Callable[..., Any]
    args: Sequence[Any]
    kind: Any

    @property
    def reads(self) -> set[int]:
        """The numbers of the values that it reads."""
        return {x.number for x in self.args if isinstance(x, _Value)}


class _Value(NDArrayOperatorsMixin):
    """What a function takes for an array, and what notes the calls that are made on it.

    Attributes:
        number: which of the values it is: the inputs, and what calls return, in order.
    """

    def __init__(self, number: int, rows: Any, calls: list[_Call], first: int) -> None:
        self.number = number
        self._rows, self._calls, self._first = rows, calls, first

    @property
    def kind(self) -> Any:
        """The type of its numbers."""
        return self._rows.dtype

    def _called(self, function: Callable[..., Any], *args: Any) -> _Value:
        found = function(*(x._rows if isinstance(x, _Value) else x for x in args))
        if np.shape(found) != self._rows.shape:
            raise TypeError("it is not of the same rows")
        number = self._first + len(self._calls)
        self._calls.append(_Call(function, args, found.dtype))
        return _Value(number, found, self._calls, self._first)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **more: Any) -> Any:
        if method != "__call__" or more or ufunc.nout > 1:
            raise TypeError("it is no plain call")
        return self._called(ufunc, *args)

    def __array_function__(self, function: Any, _: Any, args: Any, more: Any) -> Any:
        if function not in _BY_ELEMENT or more:
            raise TypeError("it is no plain call")
        return self._called(function, *args)

    # Of which arrays do some by another function.
    def __pow__(self, other: Any) -> Any:
        return self._called(pow, self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._called(pow, other, self)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("each row has another number")

    __bool__ = __float__ = __int__ = __index__ = __array__


class Buffered:
    """A module's `value_and_grad` over columns of one shape and numbers, chunk by chunk in the same arrays.

    Its calls are noted as it makes them over a few rows: so all chunks come to the bits that it returns for them.
    """

    def __init__(
        self, function: Any, inputs: Sequence[Any], results: Sequence[Any], size: int
    ) -> None:
        """Take what a call for one chunk is.

        Args:
            function: the function.
            inputs: its inputs, for a few rows.
            results: for each result an array of the type that it has, None where it is a sum over rows.
            size: how many rows there are at most.

        Raises:
            AttributeError, TypeError, ValueError: it does more than plain calls on arrays.
        """
        inside = function.__wrapped__
        module = inside.__globals__
        with np.errstate(all="ignore"):
            self._inputs = module["_arrays"](*inputs)
        calls: list[_Call] = []
        given = [
            _Value(n, x, calls, len(inputs)) if np.ndim(x) else x
            for n, x in enumerate(self._inputs)
        ]
        with np.errstate(all="ignore"):
            value, slopes = FunctionType(inside.__code__, {**module, **_AROUND})(*given)  # fmt: skip
        if results[0] is None and not (isinstance(value, _Value) and value.kind == np.result_type(*self._inputs)):  # fmt: skip
            raise TypeError("it is summed in another type")
        self._size = size
        #: Behind inputs and results what calls read and set besides: arrays that are used again, and what is the same in all chunks.
        self._rest: list[Any] = []
        self._calls: list[_Step] = []
        kinds = [None if x is None else x.dtype for x in results]
        self._ends = self._placed(calls, (value, *slopes), kinds)

    def _put(self, one: Any, kinds: Sequence[Any]) -> int:
        self._rest.append(one)
        return len(self._inputs) + len(kinds) + len(self._rest) - 1

    def _placed(
        self, calls: Sequence[_Call], ends: Sequence[Any], kinds: Sequence[Any]
    ) -> Sequence[int]:
        """Find places for all that calls read and set, and return those of the results.

        A value that nothing reads any more leaves its place to another of its type.
        """
        first = len(self._inputs)
        at = {n: n for n in range(first)}
        kept = {x.number: n for n, x in enumerate(ends) if isinstance(x, _Value)}
        last = {value: n for n, call in enumerate(calls) for value in call.reads}
        free: dict[Any, list[int]] = {}
        own: dict[int, Any] = {}
        for n, call in enumerate(calls):
            taken = [at[x.number] if isinstance(x, _Value) else self._put(x, kinds) for x in call.args]  # fmt: skip
            for value in call.reads & own.keys() - kept.keys():
                if last[value] == n:
                    free.setdefault(own[value], []).append(at[value])
            number, new = first + n, not isinstance(call.function, np.ufunc)
            if new:
                at[number] = self._put(None, kinds)
            elif number in kept and call.kind is kinds[kept[number]]:
                at[number] = first + kept[number]
            else:
                unused = free.get(call.kind)
                at[number] = unused.pop() if unused else self._put(np.empty(self._size, call.kind), kinds)  # fmt: skip
                own[number] = call.kind
            if not new:
                taken.append(at[number])
            function = _NAMED.get(call.function, call.function)
            into = at[number] if new else None
            self._calls.append((function, itemgetter(*taken), into))
        return [at[x.number] if isinstance(x, _Value) else self._put(x, kinds) for x in ends]  # fmt: skip

    def run(self, inputs: Sequence[Any], results: Sequence[Any]) -> Sequence[Any]:
        """Set the results of a chunk to what they come to, and return them with the sums.

        Args:
            inputs: the inputs, those that are columns for the rows of the chunk.
            results: for each result an array, None where it is a sum.
        """
        known = self._inputs
        rows = [np.asarray(x, y.dtype) if y.ndim else y for x, y in zip(inputs, known)]
        size = max(x.size for x in rows if x.ndim)
        rest = self._rest
        if size < self._size:
            rest = [x[:size] if np.ndim(x) else x for x in rest]
        places = [*rows, *results, *rest]
        for function, taken, into in self._calls:
            if into is None:
                function(*taken(places))
            else:
                places[into] = function(*taken(places))
        ends = [places[at] for at in self._ends]
        for end, result in zip(ends, results):
            if result is not None and result is not end:
                np.copyto(result, end)
        return [np.sum(np.broadcast_to(end, size)) if result is None else result for end, result in zip(ends, results)]  # fmt: skip
