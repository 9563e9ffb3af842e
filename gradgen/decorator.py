"""A Python function in hand in; the compiled formula of its source out."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any, overload

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled
from gradgen.sources import compile_function


@overload
def differentiate(function: Callable[..., Any], **options: Any) -> Compiled: ...


@overload
def differentiate(
    function: None = None, **options: Any
) -> Callable[[Callable[..., Any]], Compiled]: ...


def differentiate(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a straight-line Python function, as a decorator, with or without options, or by a call.

    Args:
        function: what to compile; its source must be in a file. The function itself is not called. It may call functions
            beside it at the top of that file, and read numbers assigned there.
        options: those of `compile`.

    Raises:
        GradgenError: the source cannot be found, or holds what has no place in a formula.

    Example:
        @gradgen.differentiate
        def level(t, a, k):
            decay = math.exp(-k * t)
            return a * decay

        level.value_and_grad(5.0, 2.0, 0.1)
    """
    if function is None:
        return lambda decorated: differentiate(decorated, **options)
    try:
        own = textwrap.dedent(inspect.getsource(function))
        module = inspect.getmodule(function)
        beside = inspect.getsource(module) if module is not None else ""
    except (OSError, TypeError):
        raise GradgenError("the function's source cannot be found") from None
    # A function inside another stands alone.
    text = beside if function.__qualname__ == function.__name__ else own
    return compile_function(text, function.__name__, **options)
