"""A program over rows in; what its lines come to in every row out, step by step and without its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from gradgen.core.program import Program, ProgramError
from gradgen.core.run import Run
from gradgen.errors import GradgenError
from gradgen.loading import load
from gradgen.passes.facts import rowwise
from gradgen.settings import Settings
from gradgen.targets import SCIPY, TARGETS, target_for
from gradgen.trace import Trace
from gradgen.write.languages import python_rows
from gradgen.write.templates import helpers

#: What an operation comes to, of its meaning and its operands in one row.
Called = Callable[..., Any]
#: What is evaluated in all rows, as arrays are: both sides of a choice.
_EAGER: Mapping[str, Called] = {
    "where": lambda c, x, y: x if c else y,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
}


class EachRow(Run):
    """Evaluates everything in all rows: as many numbers as there are rows, or one for all."""

    lazy = ()


def lifted(
    meanings: Mapping[str, Called], rows: int, called: Called | None = None
) -> Mapping[str, Called]:
    """Return what operations mean over so many rows.

    Args:
        meanings: what they mean of numbers.
        rows: how many rows there are.
        called: what calls a meaning, if what that raises is not to be raised.
    """
    called = called or _plainly
    found: dict[str, Called] = {op: partial(_each, called, meaning) for op, meaning in {**meanings, **_EAGER}.items()}  # fmt: skip
    for op, name in python_rows.WHOLE.items():
        found[op] = partial(_whole, called, getattr(_carried(), name))
    found["each"] = partial(_every, rows)
    found["share"] = lambda d: tuple(one / rows for one in _every(rows, d))
    return found


@cache
def _carried() -> Any:
    """Return the functions that modules in Python over rows carry."""
    texts = helpers(python_rows.ROWS).values()
    head = "import math\nfrom collections.abc import Sequence\nfrom typing import Any\n_sum = math.fsum"
    return load("\n\n\n".join([head, *texts]))


def _plainly(meaning: Called, *args: Any) -> Any:
    return meaning(*args)


def _each(called: Called, meaning: Called, *args: Any) -> Any:
    if not any(isinstance(arg, tuple) for arg in args):
        return called(meaning, *args)
    count = max(len(arg) for arg in args if isinstance(arg, tuple))
    spread = [arg if isinstance(arg, tuple) else (arg,) * count for arg in args]
    return tuple(called(meaning, *row) for row in zip(*spread, strict=True))


def _whole(called: Called, meaning: Called, rows: Any) -> float:
    if not isinstance(rows, tuple):
        raise ProgramError("what all rows share is summed over them")
    return float(called(meaning, rows))


def _every(rows: int, d: Any) -> tuple[float, ...]:
    if isinstance(d, tuple):
        raise ProgramError("what each row has is given to all of them")
    return (d,) * rows


class RowsTrace(Trace):
    """Runs the functions of a named program over rows as its module in Python does: columns and what rows have their own of are tuples.

    Attributes:
        each: the values that rows have their own of.
        rows: how many rows there are, at the point where it ran last.
    """

    def __init__(self, program: Program, settings: Settings) -> None:
        """Take a program and how its module is written; modules in other languages raise nothing."""
        target = target_for(replace(settings, target="python"))
        own = TARGETS[settings.target]
        if own.arrays:  # which have SciPy's functions
            words = {**SCIPY.language.words, **target.language.words}
            language = replace(target.language, words=words)
            target = replace(target, language=language, imports=SCIPY.imports)
        ieee = target.ieee or not own.raises
        super().__init__(program, replace(target, ieee=ieee))
        self.each = rowwise(program, settings.rows)
        self.rows = 0
        self._meanings = self.run.operations

    def forward(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every stage, by name.

        Args:
            point: the inputs, by their names in the formula: numbers, and sequences of them for columns.

        Raises:
            GradgenError: columns have different lengths.
            ArithmeticError, ValueError: as the module does, in `line`.
        """
        names = self.program.signature
        lengths = {names[v]: len(_listed(point[names[v]])) for v in names if v in self.each}  # fmt: skip
        if len({*lengths.values()}) > 1:
            told = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            raise GradgenError(f"columns have a number for each row, as many of one as of the other: {told}")  # fmt: skip
        (self.rows,) = {*lengths.values()}
        self.run = EachRow(self.run.steps, lifted(self._meanings, self.rows))
        return super().forward({n: _listed(x) if n in lengths else x for n, x in point.items()})  # fmt: skip

    def spread(self, value: int, number: float) -> Any:
        """Return a number as a value has it: for each row, if each has its own."""
        return (number,) * self.rows if value in self.each else number


def _listed(column: Any) -> tuple[float, ...]:
    return tuple(column) if isinstance(column, Sequence) else (column,)
