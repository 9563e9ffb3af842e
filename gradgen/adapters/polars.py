"""A frame of Polars, a compiled module of frames and a start in; the fit over its rows out, which stay in their files where the frame is lazy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradgen.adapters.sql import Fit, Runs, check_options, first_line, fitted, numbers
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError, printable
from gradgen.queries import summed


def fit(
    frame: Any,
    compiled: Compiled,
    start: Mapping[str, float] | Fit,
    *,
    report: Callable[[Fit], object] | None = None,
    tolerance: float | None = None,
    queries: int = 200,
    **given: float,
) -> Fit:
    """Fit a formula to the rows of a frame, as `gradgen.adapters.sql.fit` does to those of a table: each step is one query of Polars's.

    Args:
        frame: the frame; a lazy one is read again for each step, as a stream.
        compiled: the module, of `target="polars"` with `reduce`.
        start: the parameters by their names, or where an earlier fit stood.
        report: what is called after each query with where the fit stands: with `print`, one line each.
        tolerance: when it has converged.
        queries: it stops after so many.
        given: numbers for inputs that are neither columns nor fitted.

    Returns:
        The best fit that was reached; what stopped it, which may be Ctrl-C, `says`.

    Raises:
        GradgenError: the frame, its columns or the parameters do not fit the module, or the start has no value.
        FitError: a query fails; its `fit` has the best parameters so far.
    """
    if not isinstance(compiled, Compiled):
        raise GradgenError(f"the module is what gradgen.compile gives, not {printable(repr(compiled))[:60]}")  # fmt: skip
    what = summed(compiled, "polars")
    check_options(report, tolerance, queries)
    at, fixed = numbers(what, start, {**dict(compiled.recipe.defaults), **given})
    import polars

    # What streams was called otherwise before Polars could be told of an engine for all.
    told = hasattr(polars.Config, "set_engine_affinity")
    how: dict[str, Any] = {"engine": "streaming"} if told else {"streaming": True}
    module = compiled.module
    sums = module.gauss_newton if what.normal else module.value_and_grad
    try:
        rows = frame.lazy() if hasattr(frame, "lazy") else frame
        sums(rows, **dict.fromkeys(what.given.values(), 0.0))
    except (TypeError, ValueError) as error:
        raise GradgenError(str(error)) from error
    except (OSError, polars.exceptions.PolarsError) as error:
        raise GradgenError(f"the frame cannot be read: {first_line(error)}") from error

    def ask(values: Mapping[str, float]) -> Sequence[Any]:
        row: Sequence[Any] = sums(rows, **values).collect(**how).row(0)
        return row

    return fitted(Runs(what, ask, "the frame", fixed, report, queries), at, start, tolerance)  # fmt: skip
