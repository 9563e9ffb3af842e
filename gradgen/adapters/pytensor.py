"""PyTensor: a compiled formula in; an `Op`, as PyMC's models are made of, out, whose gradient is the formula's backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op

from gradgen.adapters.given import Given, free, of_arrays
from gradgen.adapters.rows import doubles
from gradgen.compiled import Compiled
from gradgen.over_rows import of_each


def function(compiled: Compiled, /, **given: Any) -> Callable[..., Any]:
    """Return the formula as a function of tensor variables and numbers, of any shapes that go together; of several results, a list.

    It takes the inputs that are not given, in the order of the signature, whatever `wrt` says, and works in double precision.
    A second derivative raises, as PyTensor words it. Of a formula over rows, columns have one shape, and all else is a number.

    Args:
        compiled: the formula.
        given: numbers and arrays by the names of inputs, which get no gradient.

    Raises:
        GradgenError: a name is no input, or what is given is no number.
    """
    names = free(compiled, given)
    results = tuple(name for name, _ in compiled.program.outputs)
    data = {name: doubles(f"`{name}`", value) for name, value in given.items()}
    bound = Given(compiled.program.inputs, (), names, data, results)
    made = of_arrays(compiled, "numpy", names, rows=compiled.recipe.rows)
    return _Values(bound, made)


class _Formula(Op):  # type: ignore[misc]
    """What both directions share: inputs in double precision, and the formula for NumPy's arrays."""

    def __init__(self, given: Given, made: Compiled) -> None:
        self.given = given
        self.made = made

    def variables(self, inputs: Sequence[Any]) -> list[Any]:
        """Return inputs as variables in double precision."""
        return [pt.cast(pt.as_tensor_variable(x), "float64") for x in inputs]


class _Values(_Formula):
    """The results, in the shape of all inputs together."""

    def make_node(self, *inputs: Any) -> Any:
        found = self.variables(inputs)
        ndim = max(map(np.ndim, self.given.inputs(found)))
        shapes = [
            (None,) * ndim if each else ()
            for each in of_each(self.made.program, self.made.recipe)
        ]
        results = [pt.tensor(dtype="float64", shape=shape) for shape in shapes]
        return Apply(self, found, results)

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        value, _ = self.made.module.forward(*self.given.inputs(inputs))
        found = value if len(self.given.results) > 1 else [value]
        for place, one in zip(output_storage, found, strict=True):
            place[0] = np.asarray(one, np.float64)

    def L_op(  # noqa: N802 - PyTensor's name
        self, inputs: Any, outputs: Any, upstream: Any
    ) -> Any:
        seeds = [
            pt.zeros_like(result) if isinstance(seed.type, DisconnectedType) else seed
            for result, seed in zip(outputs, upstream, strict=True)
        ]
        return _Slopes(self.given, self.made)(*inputs, *seeds, return_list=True)

    pullback = L_op  # as it is called from PyTensor 3 on


class _Slopes(_Formula):
    """The gradients, each in the shape of its input: of the inputs, and of an upstream gradient for each result."""

    def make_node(self, *inputs: Any) -> Any:
        found = self.variables(inputs)
        return Apply(self, found, [x.type() for x in found[: len(self.given.parameters)]])  # fmt: skip

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        count = len(self.given.parameters)
        _, kept = self.made.module.forward(*self.given.inputs(inputs[:count]))
        slopes = self.made.module.backward(kept, *inputs[count:])
        for place, one in zip(output_storage, slopes, strict=True):
            place[0] = np.asarray(one, np.float64)
