"""The rows of the table as tests use them: called in a formula, at points of their samples, and alone in a module."""

from __future__ import annotations

import importlib.util
import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from gradgen.core.build import Steps
from gradgen.core.notation import term
from gradgen.core.rows import Row, Term
from gradgen.core.table import ROWS
from gradgen.loading import load
from gradgen.passes.gradient import differentiate
from gradgen.passes.moved import finish
from gradgen.passes.names import name
from gradgen.targets import PYTHON, SCIPY
from gradgen.write.languages.formula import FORMULA
from gradgen.write.module import render
from gradgen.write.target import Target

#: The operations of formulas, but for those over rows of data, which tests/languages/test_rows.py proves.
ALL = [row for row in ROWS.values() if not (row.helper or row.level)]
#: Rows that take numbers to numbers; the others are conditions and the choice by one, which test_guard.py proves.
NUMERIC = [row for row in ALL if not (row.boolean or row.truths)]

#: Rows whose last or first argument is a constant by construction, with constants worth trying.
CONSTANT: dict[str, tuple[int, tuple[Fraction | float, ...]]] = {
    "powi": (1, (Fraction(3), Fraction(4), Fraction(9), Fraction(-2), Fraction(-5))),
    "powr": (1, (2.5, 1.5, 0.75, -0.5, -2.7, 1 / 3, 0.1)),
    "expb": (0, (Fraction(2), Fraction(10), 0.5, 3.7)),
}


def constants(row: Row) -> list[dict[int, Fraction | float]]:
    """Return the choices of constant arguments for a row; a condition is one of two."""
    if row.name in CONSTANT:
        place, values = CONSTANT[row.name]
        return [{place: value} for value in values]
    if row.truths and not row.boolean:
        return [{row.truths[0]: truth} for truth in (True, False)]
    for place, adjoint in enumerate(row.adjoints):
        if adjoint is None:
            low, high = row.sample[place]
            whole = range(math.ceil(low), math.floor(high) + 1)
            return [{place: Fraction(value)} for value in whole]
    return [{}]


def drawn(
    row: Row, fixed: Mapping[int, Fraction | float], rnd: random.Random
) -> list[Fraction | float]:
    """Return a point of the row's sample; where an argument counts by its sign alone, that is 0 at every other one."""
    point = [fixed.get(i, rnd.uniform(*r)) for i, r in enumerate(row.sample)]
    for place, text in enumerate(row.adjoints):
        if text == "" and place not in row.truths:
            point[place] *= rnd.randrange(2)
    return point


def words_in(at: Term) -> Iterator[Term]:
    """Yield a term and all terms in it."""
    yield at
    for arg in at.args:
        yield from words_in(arg)


def has_text(row: Row, words: Collection[str] = PYTHON.language.words) -> bool:
    """Whether a language with these words can write a row: by one of its own, or by those of its body."""
    if row.name in words:
        return True
    ops = [at.op for at in words_in(term(row.body))] if row.body else ["nothing"]
    known = {"name", "const", "**", *words}
    return all(op in known or (op in ROWS and has_text(ROWS[op], words)) for op in ops)


def targets(row: Row) -> list[Target]:
    """Return the targets that spell a row in their own way and can be run here."""
    found = [PYTHON] if has_text(row) else []
    apart = SCIPY.language.words.get(row.name) != PYTHON.language.words.get(row.name)
    if apart and importlib.util.find_spec("scipy") is not None:
        found.append(SCIPY)
    return found


def texts(row: Row) -> list[Term]:
    """Return all that the table says of a row in formulas."""
    every = (
        row.body,
        *row.adjoints,
        *row.precise,
        *row.strict,
        *row.over,
        *row.over_strict,
    )
    return [term(text) for text in every if text]


def calls_helper(row: Row) -> bool:
    """Whether a row's texts in Python call functions that the module carries."""
    todo = [row.name, *(at.op for text in texts(row) for at in words_in(text))]
    for op in todo:
        word = PYTHON.language.words.get(op)
        if word is not None and any(str(p).startswith("_") for p in word.pieces):
            return True
        if word is None and op in ROWS and ROWS[op].body and op != row.name:
            todo += [at.op for at in words_in(term(ROWS[op].body))]
    return False


def called(row: Row, args: Sequence[str]) -> str:
    """Return an operation of a formula as it is written there, on these operands."""
    word = FORMULA.words.get(row.name) or FORMULA.call(row.name, row.arity)
    return "".join(args[p] if isinstance(p, int) else p for p in word.pieces)


def modules(
    row: Row, target: Target
) -> Iterator[tuple[Any, list[int], dict[int, Fraction | float]]]:
    """Yield the row alone as a generated module, for each choice of its constants."""
    for fixed in constants(row):
        live = [i for i in range(row.arity) if i not in fixed]
        steps = Steps(ROWS)
        inputs = {i: steps.input("xyz"[i]) for i in live}
        args = [inputs[i] if i in live else steps.const(fixed[i]) for i in range(row.arity)]  # fmt: skip
        made = finish(steps, {"f": steps.emit(row.name, *args)}, inputs.values())
        program = name(differentiate(made), target.reserved, target.avoided)
        yield load(render(program, target, "").text), live, fixed
