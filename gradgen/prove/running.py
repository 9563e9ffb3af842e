"""A compiled module and a point in; what its functions return there out, and an error where they cannot be run."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradgen.errors import GradgenError
from gradgen.prove.points import Point

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled

BUG = "this is a bug in gradgen, please report it; --no-proof, in Python proof=False, hands the module over all the same"


class Running:
    """A module that is run.

    Attributes:
        compiled: the module.
        program: what it was written from.
        names: the names of its results.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.program = compiled.program
        self.names = [name for name, _ in self.program.outputs]
        #: The rows of its Jacobian at the last point that they were asked for.
        self._rows: tuple[Point | None, Any] = (None, ())

    @cached_property
    def functions(self) -> Any:
        """The module's functions.

        Raises:
            ImportError: the module imports what is not there.
        """
        return self.compiled.runner()

    def close(self) -> None:
        """Let go of the module's functions, which are called no more."""
        if "functions" in vars(self):
            self.compiled.release(self.functions)

    def broken(self, error: Exception) -> str:
        """Refuse a module that cannot be run; one of the user's own templates may want to be run otherwise."""
        words = f"{type(error).__name__}: {error}"
        if self.compiled.recipe.custom_templates and not isinstance(error, NameError):
            return f"it does not run as others do: {words}"
        raise GradgenError(f"the module cannot be run: {words}; {BUG}") from None

    def slopes(
        self, at: Point, cache: Any, seeds: Sequence[float]
    ) -> Iterator[tuple[str, Sequence[float]]]:
        """Yield the gradient by each function of the module that has it; nan where it raises."""
        try:
            yield "", self.functions.backward(cache, *seeds)
            if "jacobian" in self.compiled.recipe.with_:
                if self._rows[0] != at:
                    self._rows = at, [*zip(*self.functions.jacobian(*at))]
                yield "jacobian", [
                    math.fsum(map(operator.mul, seeds, column))
                    for column in self._rows[1]
                ]
            if "value_and_grad" in self.compiled.recipe.with_:
                yield "value_and_grad", [seeds[0] * slope for slope in self._single(at)]
        except (ArithmeticError, ValueError):
            yield "", (math.nan,)
        except Exception as error:  # noqa: BLE001
            self.broken(error)
            yield "", (math.nan,)

    def _single(self, at: Point) -> Sequence[float]:
        """Return the gradient of the function for value and gradient at once; nan if its value is another than that of `forward`."""
        value, gradient = self.functions.value_and_grad(*at)
        told, _ = self.functions.forward(*at)
        same = value == told or (math.isnan(value) and math.isnan(told))
        return gradient if same else [math.nan] * len(gradient)
