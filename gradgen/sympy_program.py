"""Several SymPy expressions in; the text of a program that assigns each its name, and the names of the results, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.expand import without_series
from gradgen.formula import Formula, check_identifier
from gradgen.reader import MAX_LENGTH
from gradgen.spell import FORMULA, expression
from gradgen.stage import python_name, stage
from gradgen.statements import canonical


def as_program(
    source: Any, name: str, outputs: Any = None
) -> tuple[str, tuple[str, ...]]:
    """Return the program of a list, tuple, dict or Matrix of expressions, or of the pair that `sympy.cse` returns.

    Args:
        source: the expressions.
        name: what results without a name of their own are called: f1, f2 and so on.
        outputs: the results' names instead.

    Raises:
        GradgenError: there is something else among them, or it cannot be written as text.
    """
    replacements: Sequence[Any] = ()
    if _is_cse(source):
        replacements, source = source
        if len(source) == 1 and isinstance(source[0], sp.MatrixBase):
            source = source[0]
    if isinstance(source, Mapping):
        names = [_text(key) for key in source]
        expressions = list(source.values())
    elif isinstance(source, (list, tuple, sp.MatrixBase, sp.Tuple)):
        expressions = [*source]
        names = [
            name if len(expressions) == 1 else f"{name}{i}"
            for i in range(1, len(expressions) + 1)
        ]
    else:
        raise GradgenError(
            f"a formula is text or a SymPy expression, or several of these, not {type(source).__name__}"
        )
    if not expressions:
        raise GradgenError("there is no expression among the formulas")
    if outputs is not None:
        given = (
            outputs.replace(",", " ").split()
            if isinstance(outputs, str)
            else [*outputs]
        )
        if len(given) != len(names):
            raise GradgenError(
                f"{len(names)} outputs need as many names, not {len(given)}"
            )
        names = [_text(one) for one in given]
    pairs = [(_text(symbol), expr) for symbol, expr in replacements]
    pairs += zip(names, expressions)
    items = [(key, _written(expr), "") for key, expr in pairs]
    if len(items) == 1:
        # One statement alone is no program.
        items.append(("", items[0][0], ""))
    return canonical(items), tuple(names)


def _is_cse(source: Any) -> bool:
    return (
        isinstance(source, tuple)
        and len(source) == 2
        and isinstance(source[0], list)
        and all(isinstance(pair, tuple) and len(pair) == 2 for pair in source[0])
        and isinstance(source[1], (list, tuple, sp.MatrixBase))
    )


def _text(name: Any) -> str:
    text = python_name(name.name) if isinstance(name, sp.Symbol) else name
    if not isinstance(text, str):
        raise GradgenError(f"{name!r} is no name of a result")
    return check_identifier(text, "the result's name")


def _written(expr: Any) -> str:
    """Return an expression as a formula's text."""
    if type(expr) in (int, float):
        expr = sp.Integer(expr) if type(expr) is int else sp.Float(expr)
    if not isinstance(expr, sp.Expr):
        raise GradgenError(f"{type(expr).__name__} is no SymPy expression or number")
    program = stage(Formula("", without_series(expr)))
    return expression(program, FORMULA, program.inputs, limit=MAX_LENGTH)
