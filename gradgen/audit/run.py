"""A function and one that claims to be its derivative in, both in Python files that are imported and run; a verdict on every slope out."""

from __future__ import annotations

import inspect
import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from typing import Any

from gradgen.audit.arrange import Slot, arrangements, called
from gradgen.audit.compare import judged
from gradgen.audit.finding import Audit, Finding
from gradgen.errors import GradgenError
from gradgen.prove.points import Point, points

#: Right up to the first relative difference, and wrong from the second on; a difference quotient may be off by so many times
#: less than the first.
_RIGHT, _WRONG, _ROOM = 1e-6, 1e-4, 10
#: At so many points slopes are compared, among so many that are tried; a verdict needs so many of them, and a wrong one two.
_POINTS, _TRIES, _FEWEST = 24, 400, 3
#: A difference quotient's first step, in parts of the input and at most; by what the next ones are smaller, and how many there are.
_STEP, _WIDEST, _SMALLER, _STEPS = 0.02, 0.1, 1.6, 9


@dataclass(frozen=True)
class Running:
    """A function that is run.

    Attributes:
        name: what it is called.
        inputs: its parameters that are numbers, in order; others keep their defaults.
        function: the function.
        count: how many values it returns.
        shape: how many values each of its rows holds; empty where it returns no rows.
    """

    name: str
    inputs: tuple[str, ...]
    function: Callable[..., Any]
    count: int = 1
    shape: tuple[int, ...] = ()

    def at(self, point: Sequence[float]) -> list[float] | None:
        """Return all that it returns; None where it raises, or where something is no number."""
        try:
            result = self.function(**dict(zip(self.inputs, point)))
            return [*_numbers(result)]
        except Exception:  # noqa: BLE001 - whatever the user's own function raises
            return None


@dataclass(frozen=True)
class _Slopes:
    """What is claimed at a point, and by result and parameter what differences give, each with what that may be off by."""

    at: Point
    claimed: Sequence[float]
    true: Sequence[Sequence[tuple[float, float]]]


def audit_running(
    path: Path,
    function: str,
    against_path: Path,
    against: str,
    wrt: Sequence[str] | None = None,
) -> Audit:
    """Compare a function that somebody wrote with differences of another, in double precision. Both files are imported and run.

    Args:
        path: the file of the function.
        function: its name.
        against_path: the file of what claims to be its derivative.
        against: its name.
        wrt: by which parameters, in the order of what is returned.

    Raises:
        GradgenError: a file cannot be imported, or has no such function; or which slopes are claimed cannot be told.
    """
    found, claimed = _imported(path, function), _imported(against_path, against)
    if len(claimed.inputs) != len(found.inputs):
        raise GradgenError(
            f"`{against}` and `{function}` take different parameters; both must take the same"
        )
    chosen = points(len(found.inputs), (), random.Random(function))
    seen = [at for at in islice(chosen, _TRIES) if found.at(at) and claimed.at(at)]
    if not seen:
        raise GradgenError(
            f"no points were found where both `{function}` and `{against}` return numbers"
        )
    found, claimed = (_shaped(each, seen[0]) for each in (found, claimed))
    offered = arrangements(found, claimed, wrt)
    records = [*islice(_compared(found, claimed, seen), _POINTS)]
    return judged(found, against, offered, lambda *at: _finding(found, records, *at))


def _compared(
    found: Running, claimed: Running, seen: Iterable[Point]
) -> Iterator[_Slopes]:
    for at in seen:
        said = claimed.at(at)
        columns = [_differences(found, at, by) for by in range(len(at))]
        if said is not None and None not in columns:
            rows = [*zip(*(column for column in columns if column is not None))]
            yield _Slopes(at, said, rows)


def _finding(
    found: Running, records: Sequence[_Slopes], place: int, slot: Slot
) -> Finding:
    slope, row, by = called(found, slot), *slot
    if len(records) < _FEWEST:
        return Finding(
            slope, "unknown", reason="no points were found where both have a value"
        )
    wrong: list[tuple[float, Finding]] = []
    seen = sure = 0
    for record in records:
        got, (true, error) = record.claimed[place], record.true[row][by]
        off, size = abs(got - true), max(abs(got), abs(true))
        if off and _ROOM * error > _RIGHT * size:
            continue  # its difference quotient tells nothing
        seen += 1
        sure += off <= _RIGHT * size
        if off > _WRONG * size:
            plain = abs(math.log10(size))
            wrong.append((plain, Finding(slope, "wrong", record.at, got, true)))
    if len(wrong) > 1:
        return min(wrong, key=lambda each: each[0])[1]
    if sure < seen or seen < _FEWEST:
        said = "differences of doubles are not sure enough"
        return Finding(slope, "unknown", reason=said)
    return Finding(slope, "right")


def _differences(
    found: Running, at: Point, by: int
) -> Sequence[tuple[float, float]] | None:
    """Return the slopes of all results by a parameter, each with its error, by Ridders' method: differences of ever smaller steps, extrapolated.

    Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982), 75-76.
    """
    step = min(_STEP * max(abs(at[by]), 1e-3), _WIDEST)
    quotients = []
    for number in range(_STEPS):
        size = step / _SMALLER**number
        sides = [
            found.at([x + sign * size * (i == by) for i, x in enumerate(at)])
            for sign in (1, -1)
        ]
        one, other = sides
        if one is None or other is None:
            return None
        quotients.append([(a - b) / (2 * size) for a, b in zip(one, other)])
    return [_extrapolated(column) for column in zip(*quotients)]


def _extrapolated(quotients: Sequence[float]) -> tuple[float, float]:
    """Return the limit of difference quotients whose steps go to 0, and what it may be off by."""
    best, error = quotients[0], math.inf
    before = [quotients[0]]
    for quotient in quotients[1:]:
        row = [quotient]
        factor = _SMALLER**2
        for place, old in enumerate(before):
            row.append((row[place] * factor - old) / (factor - 1))
            factor *= _SMALLER**2
            off = max(abs(row[-1] - row[place]), abs(row[-1] - old))
            if off <= error:
                best, error = row[-1], off
        before = row
    return best, error


def _imported(path: Path, name: str) -> Running:
    """Import a file, and return a function of it."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec = spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise GradgenError(f"{path} cannot be imported")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        function = module
        for part in name.split("."):
            function = getattr(function, part)
        params = inspect.signature(function).parameters  # type: ignore[arg-type]
    except GradgenError:
        raise
    except AttributeError:
        raise GradgenError(f"{path} has no function `{name}`") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the file raises
        words = str(error).partition("\n")[0][:100]
        raise GradgenError(
            f"{path} cannot be imported: {type(error).__name__}: {words}"
        ) from None
    finally:
        sys.path.remove(folder)
    inputs = tuple(n for n, param in params.items() if _is_number(param))
    return Running(name, inputs, function)  # type: ignore[arg-type]


def _is_number(param: inspect.Parameter) -> bool:
    """Whether a parameter is moved: one without a default, or whose default is a number."""
    if param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD, param.POSITIONAL_ONLY):
        return False
    return param.default is param.empty or type(param.default) in (int, float)


def _shaped(running: Running, at: Point) -> Running:
    """Return a function with what it returns at a point."""
    result = running.function(**dict(zip(running.inputs, at)))
    rows = [*result] if _is_sequence(result) else []
    nested = bool(rows) and all(map(_is_sequence, rows))
    shape = tuple(len([*_numbers(row)]) for row in rows) if nested else ()
    count = len([*_numbers(result)])
    return Running(running.name, running.inputs, running.function, count, shape)


def _numbers(result: Any) -> Iterator[float]:
    """Yield the numbers in a result, row by row.

    Raises:
        ValueError: one of them is not finite, or no real number.
    """
    if _is_sequence(result):
        for each in result:
            yield from _numbers(each)
        return
    number = float(result)
    if not math.isfinite(number):
        raise ValueError(result)
    yield number


def _is_sequence(result: Any) -> bool:
    return hasattr(result, "__len__") and not isinstance(result, (str, bytes))
