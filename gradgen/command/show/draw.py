"""A formula or a generated file, and a point or a range, in; a picture of its circuit or of its curve, printed or in a file, out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gradgen.command.formulas import (
    at_a_point,
    compiled_file,
    compiled_formula,
    is_module,
    ordered,
    read_point,
    read_ranges,
)
from gradgen.command.terminal import note, path_of, show_time
from gradgen.errors import GradgenError
from gradgen.files.pictures import COMMENTS, Origin, write, write_dots

if TYPE_CHECKING:
    from gradgen.compiled import Compiled


def draw(options: argparse.Namespace) -> int:
    """Draw a formula's circuit."""
    path = None if options.output in (None, "-") else path_of(options.output)
    suffix = ".svg" if path is None else path.suffix
    if suffix not in (*COMMENTS, ".png"):
        raise GradgenError(
            f"a circuit is drawn in a file that ends in {', '.join(COMMENTS)} or .png, and not in `{options.output}`"
        )
    if options.digits and not options.at:
        raise GradgenError("--digits is at a point; give one with --at")
    module, compiled = _module(options), compiled_of(options)
    of = options.of or ""
    inputs = compiled.program.inputs
    at = ""
    if options.at:
        given = {**dict(compiled.recipe.defaults), **read_point(",".join(options.at))}
        values = ordered(given, inputs, "--at")
        at = ", ".join(f"{name}={value!r}" for name, value in zip(inputs, values))
    beside = module is not None and path is not None and _beside(module, path)
    name = module.name if module is not None and beside else ""
    origin = Origin(name, at, of, options.digits)
    text = drawn(compiled, origin, ".svg" if suffix == ".png" else suffix)
    return put(path, text, options.force)


def plot(options: argparse.Namespace) -> int:
    """Draw a result and its slope over a range of one input."""
    path = None if options.output in (None, "-") else path_of(options.output)
    if path is not None and path.suffix not in (".svg", ".png"):
        raise GradgenError(f"a curve is drawn in a file that ends in .svg or .png, and not in `{options.output}`")  # fmt: skip
    compiled = compiled_of(options)
    inputs = compiled.program.inputs
    ranges = read_ranges(options.over, inputs, "--over")
    if len(ranges) != 1:
        raise GradgenError('a curve is over one input, as in --over "x=-5:5"')
    [(by, (low, high))] = ranges.items()
    given = {**dict(compiled.recipe.defaults), **read_point(",".join(options.at or ()))}
    if by in given and options.at and by in read_point(",".join(options.at)):
        raise GradgenError(f"--at gives a value for `{by}`, which --over gives a range")
    at = dict(zip(inputs, ordered({**given, by: low}, inputs, "--at")))

    from gradgen.draw.axes import picture
    from gradgen.draw.curve import curve
    from gradgen.over_rows import is_over_rows
    from gradgen.pipeline import in_python

    if is_over_rows(compiled.recipe, compiled.program):
        raise GradgenError("a curve is of a formula of numbers, and this one is over rows of data")  # fmt: skip
    with show_time("drawing"):
        text = picture(curve(in_python(compiled), by, low, high, at, options.of))
    return put(path, f"{Origin().line('.svg')}\n{text}", options.force)


def put(path: Path | None, text: str, force: bool) -> int:
    """Print a picture, or write it to a file."""
    if path is None:
        print(text, end="")
        return 0
    if path.suffix == ".png":
        from gradgen.draw.raster import png

        changed = write_dots(path, png(text), force=force)
    else:
        changed = write(path, text, force=force)
    note(f"{'drew' if changed else 'unchanged:'} {path}")
    return 0


def compiled_of(options: argparse.Namespace) -> Compiled:
    """Return the formula, or what is in the generated file, that a command names."""
    module = _module(options)
    return compiled_formula(options) if module is None else compiled_file(module)


def _module(options: argparse.Namespace) -> Path | None:
    words = options.expression
    named = len(words) == 1 and not options.file and is_module(words[0])
    return path_of(words[0]) if named else None


def _beside(one: Path, other: Path) -> bool:
    return one.resolve().parent == other.resolve().parent


def drawn(compiled: Compiled, origin: Origin, suffix: str) -> str:
    """Return the text of a picture.

    Args:
        compiled: the formula.
        origin: how it is drawn.
        suffix: how its file ends, which says in which language it is.

    Raises:
        GradgenError: it cannot be drawn, or has no value at the point.
    """
    from gradgen.draw.circuit import circuit
    from gradgen.draw.graphs import dot, mermaid
    from gradgen.draw.svg import svg

    point = None
    if origin.at:
        compiled = at_a_point(compiled)
        inputs = compiled.program.inputs
        given = read_point(origin.at)
        point = dict(zip(inputs, ordered(given, inputs, "--at")))
    try:
        found = circuit(compiled, point, origin.of or None, origin.digits)
    except GradgenError:  # a ValueError, which has said it all
        raise
    except (ArithmeticError, ValueError) as error:
        raise GradgenError(f"there is no value or no gradient at this point: {error}") from None  # fmt: skip
    write_out = {".svg": svg, ".dot": dot, ".mmd": mermaid}[suffix]
    return f"{origin.line(suffix)}\n{write_out(found)}"
