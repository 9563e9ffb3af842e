"""JAX: a compiled formula in; a function of arrays out, whose gradient is the formula's backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from gradgen.adapters.given import Given, free, of_arrays
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError


def function(compiled: Compiled, /, **given: Any) -> Callable[..., Any]:
    """Return the formula as a function of arrays and numbers, of any shapes that go together; of several results, a tuple.

    It takes the inputs that are not given, in the order of the signature, whatever `wrt` says, and works under `jit`, `vmap`
    and `grad`; forward mode (`jvp`, `jacfwd`) raises a TypeError. It works in single precision unless `jax_enable_x64` is set.
    Of a formula over rows, columns have one shape, and all else is a number.

    Args:
        compiled: the formula.
        given: numbers and arrays by the names of inputs, which get no gradient.

    Raises:
        GradgenError: a name is no input, what is given is traced by a transformation, or JAX lacks a function.
    """
    names = free(compiled, given)
    for name, value in given.items():
        if isinstance(value, jax.core.Tracer):
            raise GradgenError(f"`{name}` is traced; leave it out, and hand it over in the call")  # fmt: skip
    results = tuple(name for name, _ in compiled.program.outputs)
    bound = Given(compiled.program.inputs, (), names, given, results)
    module = of_arrays(compiled, "jax", names, rows=compiled.recipe.rows).module

    def forward(*values: Any) -> tuple[Any, Any]:
        value, kept = module.forward(*bound.inputs(values))
        return value, kept

    def backward(kept: Any, upstream: Any) -> Any:
        seeds = upstream if len(results) > 1 else (upstream,)
        return module.backward(kept, *seeds)

    formula = jax.custom_vjp(lambda *values: forward(*values)[0])
    formula.defvjp(forward, backward)

    def floating(value: Any) -> Any:
        whole = not jnp.issubdtype(jnp.result_type(value), jnp.inexact)
        return jnp.asarray(value, float if whole else None)

    return lambda *values: formula(*map(floating, values))
