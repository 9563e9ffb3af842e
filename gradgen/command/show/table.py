"""A formula and a point in; what each of its lines comes to, as tables or as JSON, printed."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradgen.command.formulas import at_a_point, ordered, read_rows
from gradgen.command.show.draw import compiled_of
from gradgen.command.terminal import is_coloured
from gradgen.errors import GradgenError

if TYPE_CHECKING:
    from gradgen.compiled import Compiled
    from gradgen.trace import Trace

#: The colours that values and gradients have in pictures, too; of what stands above them.
_VALUE, _GRADIENT, _HEAD, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
_NONE = "-"
#: More rows than these are shown by the first and the last of them.
_MOST = 6


@dataclass(frozen=True)
class Stage:
    """An input or a forward line at a point.

    Attributes:
        name: its name.
        text: what it says; empty of an input.
        value: its value, where each row has its own a tuple; None where it is not evaluated.
        slopes: the gradient of each result by it; None where there is none.
        share: its part in the rounding error of the first result.
    """

    name: str
    text: str
    value: Any
    slopes: tuple[Any, ...]
    share: float | None = None


@dataclass(frozen=True)
class Brought:
    """A backward line at a point, for one result.

    Attributes:
        into: the gradient that it brings something to.
        adds: whether something was brought there before.
        source: the stage whose gradient comes in, and by which other its derivative is.
        rule: the local derivative, as a formula.
        numbers: the local derivative, what comes in, what is brought, and what there is with that.
    """

    into: str
    adds: bool
    source: tuple[str, str]
    rule: str
    numbers: tuple[Any, Any, Any, Any]


def evaluate(options: argparse.Namespace) -> int:
    """Print what the lines of a formula come to."""
    from gradgen.core.notation import NoWordError
    from gradgen.over_rows import is_over_rows
    from gradgen.trace_rows import RowsTrace

    compiled = compiled_of(options)
    given = read_rows(",".join(options.at), compiled.recipe.rows)
    over = is_over_rows(compiled.recipe, compiled.program)
    over |= any(isinstance(value, list) for value in given.values())
    compiled = compiled if over else at_a_point(compiled)
    if over and options.digits:
        raise GradgenError("--digits is of one point, and this is over rows of data")
    program = compiled.program
    modules = compiled.imports
    if modules:
        raise GradgenError(
            f"this calls functions of {', '.join(modules)}, which gradgen never imports; "
            "import the generated module instead"
        )
    given = {**dict(compiled.recipe.defaults), **given}
    point = ordered(given, program.inputs, "--at")
    tracer = RowsTrace(program, compiled.recipe) if over else compiled.tracer
    results = [name for name, _ in program.outputs]
    try:
        values = tracer.forward(dict(zip(program.inputs, point)))
        slopes = [tracer.backward(values, i) for i in range(len(results))]
        every = options.backward or options.json
        lines = _lines(tracer, slopes, values) if every else {}
    except GradgenError:
        raise
    except (ArithmeticError, ValueError) as error:
        what = "value" if tracer.line.answers is None else "gradient"
        raise GradgenError(
            f"there is no {what} at this point: {tracer.text(error)}: {error}"
        ) from None
    except NoWordError as error:
        raise GradgenError(f"{error} is nothing that can be evaluated here") from None
    stages = [*_stages(compiled, values, slopes, options.digits)]
    if options.json:
        print(json.dumps(_data(compiled, stages, lines, options.digits), indent=2))
        return 0
    _print(_forward(results, stages, options.digits), (2,))
    for name, rows in lines.items():
        title = f"backward, from {name}" if len(lines) > 1 else "backward"
        print(f"\n{title}")
        _print(_backward(rows), (3,))
    return 0


def _stages(
    compiled: Compiled,
    values: Mapping[str, Any],
    slopes: Sequence[Mapping[str, Any]],
    digits: bool,
) -> Iterator[Stage]:
    from gradgen.draw.circuit import shares
    from gradgen.page.values import number
    from gradgen.write.words.values import Words

    program = compiled.program
    words = Words(program)
    parts = shares(program, values, slopes[0]) if digits else {}
    for index, name in program.names.items():
        adjoint, guard = program.adjoints[index], program.steps[index].guard
        found = [number(g[adjoint]) if adjoint in g else None for g in slopes]
        share = parts.get(index)
        if index in program.signature:
            yield Stage(name, "", number(values[name]), (*found,), share)
        elif any(bool(values[program.names[i]]) != wanted for i, wanted in guard):
            yield Stage(name, words.stage(index), None, (None,) * len(slopes), share)
        else:
            yield Stage(name, words.stage(index), values[name], (*found,), share)


def _lines(
    tracer: Trace,
    slopes: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
) -> Mapping[str, Sequence[Brought]]:
    """Return the backward lines for each result.

    Raises:
        ArithmeticError, ValueError: there is no gradient.
    """
    from gradgen.page.flow import backward, stages
    from gradgen.page.values import Evaluator, number

    evaluator, program = Evaluator(tracer), tracer.program
    flow = backward(program, tracer.chain)
    called = stages(program)
    found: dict[str, list[Brought]] = {}
    for output, (name, _) in enumerate(program.outputs):
        rows = found[name] = []
        numbers = evaluator.lines(values, output)
        for line, (local, brought, total) in zip(flow, numbers, strict=True):
            source, into = called[line.source], called[line.into]
            comes = number(slopes[output][source.adjoint])
            ways = source.name, into.name
            shown = (local, comes, brought, total)
            rows.append(Brought(into.adjoint, line.adds, ways, line.rule, shown))
    return found


def _forward(
    results: Sequence[str], stages: Sequence[Stage], digits: bool
) -> list[list[str]]:
    heads = [f"gradient of {name}" for name in results]
    rows = [["stage", "expression", "value", *(heads if heads[1:] else ["gradient"])]]
    rows[0] += ["share of the rounding error"] * digits
    for stage in stages:
        numbers = map(_text, (stage.value, *stage.slopes))
        row = [stage.name, stage.text or "input", *numbers]
        share = _NONE if stage.share is None else f"{stage.share:.1%}"
        rows.append(row + [share] * digits)
    return rows


def _backward(lines: Sequence[Brought]) -> list[list[str]]:
    head = "line,derivative of,local derivative,value,comes in,brings,sum so far"
    rows = [head.split(",")]
    for line in lines:
        source, by = line.source
        sign = "+=" if line.adds else "="
        numbers = map(_text, line.numbers)
        rows.append([f"{line.into} {sign}", f"{source} by {by}", line.rule, *numbers])
    return rows


def _print(rows: Sequence[Sequence[str]], values: Sequence[int]) -> None:
    """Print a table: columns of values, and behind them of gradients, in their colours where there are any."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    coloured = is_coloured()
    for place, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        if coloured:
            cells = [
                f"{_colour(place, column, values)}{cell}{_PLAIN}"
                for column, cell in enumerate(cells)
            ]
            print("  ".join(cells))
        else:
            print("  ".join(cells).rstrip())


def _colour(row: int, column: int, values: Sequence[int]) -> str:
    if row == 0:
        return _HEAD
    if column in values:
        return _VALUE
    return _GRADIENT if column > max(values) else ""


def _data(
    compiled: Compiled,
    stages: Sequence[Stage],
    lines: Mapping[str, Sequence[Brought]],
    digits: bool,
) -> dict[str, Any]:
    """Return all of it, of which JSON is made."""
    program = compiled.program
    results = [name for name, _ in program.outputs]
    forward = []
    for stage in stages:
        slopes = zip(results, map(_number, stage.slopes))
        entry: dict[str, Any] = {
            "name": stage.name,
            "expression": stage.text or None,
            "value": _number(stage.value),
            "gradients": dict(slopes),
        }
        if digits:
            entry["share"] = stage.share
        forward.append(entry)
    backward = {name: [_entry(line) for line in rows] for name, rows in lines.items()}
    return {
        "inputs": [program.names[value] for value in program.signature],
        "outputs": results,
        "forward": forward,
        "backward": backward,
    }


def _entry(line: Brought) -> dict[str, Any]:
    local, comes, brought, total = map(_number, line.numbers)
    source, by = line.source
    return {
        "adjoint": line.into,
        "adds": line.adds,
        "of": source,
        "by": by,
        "rule": line.rule,
        "local": local,
        "comes_in": comes,
        "brings": brought,
        "total": total,
    }


def _text(value: Any) -> str:
    """Return a number, or the list of those of rows, as it is printed: of many, the first and the last."""
    if value is None:
        return _NONE
    if not isinstance(value, tuple):
        return repr(value)
    texts = [*map(repr, value)]
    if len(texts) > _MOST:
        texts = [*texts[: _MOST - 2], "...", texts[-1]]
    return f"[{', '.join(texts)}]"


def _number(value: Any) -> Any:
    """Return a number, or the list of those of rows, as JSON has it, which has no infinities: these are texts."""
    if isinstance(value, tuple):
        return [*map(_number, value)]
    if value is None or isinstance(value, bool) or math.isfinite(value):
        return value
    return repr(value)
