"""What writes about a program in; what modules of frames say of what they take and give out."""

from __future__ import annotations

from collections.abc import Iterator

from gradgen.write.sql.names import keys
from gradgen.write.sql.normal import normal_of, slopes_of
from gradgen.write.words.docstring import Docstrings, titled
from gradgen.write.words.wrapping import wrap

_WIDTH = 84
_EMPTY = {"sum": "0", "mean": "null"}


def of_frames(docstrings: Docstrings) -> Iterator[str]:
    """Yield the lines on what functions take and give."""
    target, names = docstrings.target, docstrings.names
    signature = docstrings.program.signature.items()
    columns = target.columns(docstrings.program)
    read = [
        names[v] if names[v] == text else f"{names[v]} (column {text})"
        for v, text in signature
        if text in columns
    ]
    shared = [names[v] for v, text in signature if text not in columns]
    yield ""
    yield from wrap(f"Functions take a frame, lazy or not, and give one of the same kind. Columns that they read: {', '.join(read) or 'none'}.", _WIDTH)  # fmt: skip
    if shared:
        yield from wrap(f"Numbers that all rows share: {', '.join(shared)}.", _WIDTH)
    if target.in_one:
        none = (
            f"the {target.reduce} of no rows is {_EMPTY[target.reduce]}"
            if target.reduce
            else "of no rows the result is null"
        )
        yield from wrap(f"Rows with a null in a column are left out; `rows` counts the others, `left_out` counts them; {none}.", _WIDTH)  # fmt: skip
    else:
        yield from wrap("Rows with a null in a column are left out; `left_out` counts them.", _WIDTH)  # fmt: skip
    if target.by:
        groups = [name if name == column else f"{name} (column {column})" for column, name in keys(docstrings.program, target.by).items()]  # fmt: skip
        yield from wrap(f"There is a row for each {', '.join(groups)}, in this order, null last; those of which all rows are left out are among them.", _WIDTH)  # fmt: skip
    if target.normal:
        yield from wrap("gauss_newton gives the sums of least squares, where results are residuals r with the Jacobian J: of their squares, J'r and the upper triangle of J'J; a step d of Gauss and Newton solves J'J d = -J'r.", _WIDTH)  # fmt: skip
    for title, found in (("Inputs", docstrings.given), ("Results", docstrings.gives)):
        yield from titled(docstrings, title, found)


def returned(docstrings: Docstrings, name: str) -> list[str]:
    """Return the lines of a function's docstring."""
    target = docstrings.target
    result = docstrings.words.result
    what, slopes = f"the columns of each row and {result}", "the slopes"
    if target.in_one:
        over = "the rows of each group" if target.by else "all rows"
        what, slopes = f"the {target.reduce} of {result} over {over}", "its gradient"
        what = result if target.whole else what
        if name == "gauss_newton":
            what = f"{', '.join(_sums(docstrings))} over {over}"
    if name == "value_and_grad":
        what += f", and {slopes} ({_slopes(docstrings)})"
    return wrap(f"Return {what}.", _WIDTH - 6)


def _sums(docstrings: Docstrings) -> list[str]:
    """Return what the sums of least squares are called."""
    squares, right, left = normal_of(docstrings.program, docstrings.target.by)
    return [squares, *right, *left]


def _slopes(docstrings: Docstrings) -> str:
    program, names = docstrings.program, docstrings.names
    several = len(program.outputs) > 1
    of = [f" of {names[value]}" * several for _, value in program.outputs]
    found = [
        f"{slope}{what} by {names[i]}"
        for what, row in zip(of, slopes_of(program, docstrings.target.by))
        for slope, i in zip(row, program.wrt)
    ]
    return ", ".join(found) or "by no input"
