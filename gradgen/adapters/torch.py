"""PyTorch: a compiled formula in; a function of tensors out, whose gradient is the formula's backward pass."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import torch

from gradgen.adapters.given import Given, free, of_arrays
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError


class _Once(torch.autograd.Function):  # type: ignore[misc]
    """Hands on a slope that cannot be differentiated; `once_differentiable` lets it pass as a constant beside a plain upstream."""

    @staticmethod
    def forward(ctx: Any, slope: Any, *inputs: Any) -> Any:
        return slope.clone()

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:
        raise RuntimeError(
            "a function of gradgen's has no second derivative here; call the module's own forward where you need one: "
            'gradgen.compile(..., target="torch").forward'
        )


def function(compiled: Compiled, /, **given: Any) -> Callable[..., Any]:
    """Return the formula as a function of tensors and numbers, of any shapes that go together; of several results, a tuple.

    It takes the inputs that are not given, in the order of the signature, whatever `wrt` says: those that require a gradient
    get it, in their own shape. Of a formula over rows, columns have one shape, and all else is a number. A second derivative
    raises a RuntimeError.

    Args:
        compiled: the formula.
        given: numbers and tensors by the names of inputs, which get no gradient.

    Raises:
        GradgenError: a name is no input, a tensor that is given requires a gradient, or PyTorch lacks a function.
    """
    names = free(compiled, given)
    for name, value in given.items():
        if isinstance(value, torch.Tensor) and value.requires_grad:
            raise GradgenError(f"`{name}` requires a gradient; leave it out, and hand it over in the call")  # fmt: skip
    results = tuple(name for name, _ in compiled.program.outputs)
    bound = Given(compiled.program.inputs, (), names, given, results)

    @cache
    def module(wrt: tuple[str, ...]) -> types.ModuleType:
        return of_arrays(compiled, "torch", wrt, rows=compiled.recipe.rows).module

    class Function(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *values: Any) -> Any:
            needed = zip(names, ctx.needs_input_grad)
            ctx.wrt = tuple(name for name, needs in needed if needs) or names
            value, kept = module(ctx.wrt).forward(*bound.inputs(values))
            inputs = [v for v, needs in zip(values, ctx.needs_input_grad) if needs]
            ctx.save_for_backward(*inputs, *kept)
            ctx.count = len(inputs)
            return value

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> tuple[Any, ...]:
            saved = ctx.saved_tensors
            inputs, kept = saved[: ctx.count], saved[ctx.count :]
            with torch.no_grad():
                slopes = module(ctx.wrt).backward(kept, *upstream)
            if torch.is_grad_enabled():  # create_graph=True
                slopes = [_Once.apply(slope, *inputs, *upstream) for slope in slopes]
            found = dict(zip(ctx.wrt, slopes, strict=True))
            return tuple(found.get(name) for name in names)

    module(names)  # what PyTorch lacks is said now
    # Dynamo would trace how modules are made; between its graphs the function runs as it is.
    return cast(Callable[..., Any], torch.compiler.disable(Function.apply))
