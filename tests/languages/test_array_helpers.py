"""Operations that modules of NumPy's arrays have by a helper or by SciPy give what the plain modules of `--ieee` give, everywhere."""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import sympy as sp

from gradgen.core.notation import term
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.pipeline import compile
from gradgen.read.sympy.table import NODES
from gradgen.write.languages.numpy import NUMPY
from tests.rows import NUMERIC, called, constants, drawn, has_text, texts, words_in
from tests.truth import derivative, function, plain

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")

#: How far results may be apart, of their own size.
CLOSE = 1e-13
#: Digits that the truth takes: operands are as small as 5e-324, and what cancels is a square.
DIGITS = 750
#: Rows that magnify what operands are rounded by: beside a zero of a value or of a slope, or by an exponential of many digits.
MAGNIFYING = "compound", "lgamma", "beta", "logbeta"
#: Where helpers change from one form to another, and where values or slopes overflow and underflow.
EDGES = (0.2, 0.3, 1 / math.e, 0.5, 1, 1.5, 2, 3, 9, 10, 12, 20, 26.6, 28, 37, 40, 60, 171, 350, 700, 709.5, 745)  # fmt: skip
SIZES = (0.0, 5e-324, 1e-310, 1e-300, 1e-160, 1e-100, 1e-17, 1e-9, 1e-4, 0.01, 0.7, 5.5, 7.25, 15.5, 100.5, 1e4, 1e9, 1e17, 1e100, 1e300, 1.7976931348623157e308, math.inf)  # fmt: skip
_BESIDE = [math.nextafter(edge, to) for edge in EDGES for to in (0, math.inf)]
WIDE = [sign * x for x in (*SIZES, *EDGES, *_BESIDE) for sign in (1.0, -1.0)]
WIDE.append(math.nan)


def by_helper(op: str) -> bool:
    """Whether an operation is a helper's or SciPy's."""
    word = NUMPY.language.words.get(op)
    return word is not None and bool(
        word.helper or any(str(piece).startswith("special.") for piece in word.pieces)
    )


def needs_helper(row: Row) -> bool:
    """Whether a row's texts have an operation that is a helper's or SciPy's."""
    todo = [row.name, *(at.op for text in texts(row) for at in words_in(text))]
    for op in todo:
        if by_helper(op):
            return True
        written = op in NUMPY.language.words or op == row.name
        if not written and op in ROWS and ROWS[op].body:
            todo += [at.op for at in words_in(term(ROWS[op].body))]
    return False


HELPED = [row for row in NUMERIC if needs_helper(row)]


class Alone:
    """A row alone in a module of arrays, and in a plain one."""

    def __init__(self, row: Row, fixed: Mapping[int, Fraction | float]) -> None:
        self.row = row
        self.fixed = fixed
        self.live = [i for i in range(row.arity) if i not in fixed]
        args = [str(fixed.get(i, "xyz"[i])) for i in range(row.arity)]
        # The slopes that are right to their own last digits, where there are such.
        options: dict[str, Any] = {
            "source": called(row, args),
            "inputs": ["xyz"[i] for i in self.live],
            "precise": bool(row.precise),
            "proof": False,
        }
        plainly = "python" if has_text(row) else "scipy"
        self.arrays = compile(target="numpy", **options).module
        self.plain = compile(target=plainly, ieee=True, **options).module

    def at_all(self, points: Any) -> list[tuple[float, ...]]:
        """Return the value and the slopes at points, by arrays."""
        value, cache_ = self.arrays.forward(*np.asarray(points).T)
        slopes = self.arrays.backward(cache_)
        slopes = slopes if isinstance(slopes, tuple) else (slopes,)
        return [*zip(*(found.tolist() for found in (value, *slopes)))]

    def at(self, point: Sequence[float]) -> tuple[float, ...]:
        """Return the value and the slopes at a point, by the plain module."""
        value, cache_ = self.plain.forward(*point)
        slopes = self.plain.backward(cache_)
        return (value, *(slopes if isinstance(slopes, tuple) else (slopes,)))

    def true(self, point: Sequence[float], place: int) -> float:
        """Return the true value (place 0) or a true slope; nan where an operand is."""
        if any(map(math.isnan, point)):
            return math.nan
        operands: list[Any] = [None] * self.row.arity
        for i, number in (*self.fixed.items(), *zip(self.live, point)):
            # Nothing changes any more far out.
            operands[i] = math.copysign(1e305, number) if math.isinf(number) else number
        slope = self.live[place - 1] if place else None
        return float(truth(self.row.name, slope)(*operands))

    def agree(self, points: Sequence[Sequence[float]]) -> None:
        """Hold arrays to the plain module at points, or to the truth where that is off itself."""
        for point, found in zip(points, self.at_all(points)):
            for place, (got, other) in enumerate(zip(found, self.at(point))):
                magnifies = self.row.name in MAGNIFYING
                assert (
                    near(got, other)
                    or (magnifies and near(got, other, self.spread(point, place)))
                    or near(got, self.true(point, place))
                ), (self.row.name, point, place, got, other)

    def spread(self, point: Sequence[float], place: int) -> float:
        """Return how far a result moves where the operands move by their last digits."""
        moves = itertools.product((1 - 1e-15, 1.0, 1 + 1e-15), repeat=len(point))
        moved = [self.at([*map(operator.mul, point, by)])[place] for by in moves]
        numbers = [*filter(math.isfinite, moved)] or [0.0]
        return max(numbers) - min(numbers)


def near(got: float, wanted: float, spread: float = 0.0) -> bool:
    """Whether two results are the same, or two nans; the smallest doubles have few digits."""
    if not (math.isfinite(got) and math.isfinite(wanted)):
        return got == wanted or (math.isnan(got) and math.isnan(wanted))
    return abs(got - wanted) <= CLOSE * abs(wanted) + spread + 1e-307


@cache
def truth(name: str, place: int | None) -> Callable[..., Any]:
    """Return a row's true value, or its slope by an operand, as a function of its operands."""
    symbols = sp.symbols("a b c", real=True)[: ROWS[name].arity]
    expr = plain(NODES[name](*symbols))
    if place is not None:
        expr = derivative(expr, symbols[place])
    return function(expr, symbols, DIGITS)


@cache
def alone(name: str) -> list[Alone]:
    """Return a row alone, for each choice of its constants."""
    return [Alone(ROWS[name], fixed) for fixed in constants(ROWS[name])]


def points(one: Alone, count: int, rnd: random.Random) -> Iterator[list[float]]:
    """Yield points of a row's sample, and points of the widest range: all that there are of one operand."""
    for _ in range(count):
        at = drawn(one.row, one.fixed, rnd)
        yield [float(at[i]) for i in one.live]
    if len(one.live) == 1:
        yield from ([x] for x in WIDE)
    else:
        yield from ([rnd.choice(WIDE) for _ in one.live] for _ in range(2 * count))


@pytest.mark.parametrize("row", HELPED, ids=lambda row: row.name)
def test_arrays_are_what_plain_numbers_are(row: Row) -> None:
    rnd = random.Random(row.name)
    for one in alone(row.name):
        one.agree([*points(one, 60, rnd)])


@pytest.mark.slow
@pytest.mark.parametrize("row", HELPED, ids=lambda row: row.name)
def test_arrays_are_what_plain_numbers_are_at_many_points(row: Row) -> None:
    rnd = random.Random(f"many {row.name}")
    for fixed in constants(row):
        one = Alone(row, fixed)
        one.agree([*points(one, 10_000, rnd)])


@pytest.mark.parametrize("row", HELPED, ids=lambda row: row.name)
def test_single_precision_loses_digits_alone(row: Row) -> None:
    rnd = random.Random(row.name)
    for one in alone(row.name):
        with np.errstate(over="ignore"):
            at = np.array([*points(one, 300, rnd)], np.float32)
        double = np.array(one.at_all(at.astype(float)))
        single = np.array(one.at_all(at), np.float32)
        assert one.arrays.forward(*at.T)[0].dtype == np.float32
        # Where there is a number, that is one too, and of the sample all but the last digits.
        assert not (np.isnan(single) & ~np.isnan(double)).any()
        assert np.allclose(single[:300], double[:300], rtol=1e-5, atol=1e-5)


def test_every_operation_has_a_word_or_a_body() -> None:
    for row in ROWS.values():
        assert has_text(row, {*NUMPY.language.words, "lowers"}), row.name
