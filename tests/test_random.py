"""Random formulas over the whole table, compiled, run, and compared with mpmath: whatever fits together must be right."""

from __future__ import annotations

import importlib.util
import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import mpmath
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.pipeline import compile
from gradgen.prove.exact import (
    _INPUT,
    _OTHER,
    Exact,
    ExactFormula,
    ExactFormulas,
    _applied,
)
from gradgen.prove.meanings import meaning_of, power
from gradgen.prove.quotient import quotient
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.programs import parse
from gradgen.read.sympy.functions import relu, rounded, trunc
from tests.conftest import many
from tests.rows import ALL, called, has_text

INPUTS = ("x", "y", "z")
#: How deep operations nest; about three in ten end earlier.
DEPTH = 3
#: Enough for what is neither huge nor tiny.
DIGITS = 170
SCIPY = importlib.util.find_spec("scipy") is not None
TARGET = "scipy" if SCIPY else "python"
_X, _Y = sp.symbols("x y", real=True)
#: How many doubles an operation's value may be off, for the question how much of it the result must show.
_OFF = 2
#: The functions beside arithmetic whose value is a double if it looks like one: sigmoid(500) is 1 to all digits, and is not.
_SURE = (
    power,
    meaning_of(sp.Heaviside(_X, _Y)),
    *(meaning_of(node(_X)) for node in (sp.Abs, sp.sign, trunc, rounded, relu)),
)
#: Bounds for the arguments of compositions, where any number will not do.
_RANGES = {
    "logit": (0.1, 0.9),
    "asec": (1.1, 9),
    "acsc": (1.1, 9),
    "acoth": (1.1, 9),
    "asech": (0.1, 0.9),
    "norm_ppf": (0.01, 0.99),
    "factorial": (0, 9),
    "binomial": (1, 4),
    "harmonic": (0.5, 9),
    "csch": (0.5, 3),
    "coth": (0.5, 3),
    "acsch": (0.5, 3),
    "acot": (0.5, 3),
}


def squashed(text: str, low: float, high: float) -> str:
    """Return a formula whose value lies between two bounds, whatever that of `text` is."""
    return f"({low} + {high - low}*sigmoid({text}))"


def call(row: Row, args: Sequence[str], whole: int) -> str:
    """Return the text of an operation applied to formulas, with its arguments kept inside its sample range."""
    texts = []
    for place, (arg, (low, high)) in enumerate(zip(args, row.sample)):
        if place in row.truths:
            texts.append(f"({arg})")
        elif place in row.whole:
            texts.append(str(math.ceil(low) + whole % (math.floor(high - low) + 1)))
        elif row.adjoint(place) is None:
            texts.append(str(low + whole))
        elif row.name in ("powi", "powr") and place == 1:
            texts.append(str(3 + whole) if row.name == "powi" else str(whole - 1.5))
        elif row.name == "expb" and place == 0:
            texts.append(str(whole + 1))
        elif row.raises or not has_text(row) or row.name in ("hypot", "div"):
            texts.append(squashed(arg, low, high))
        else:
            texts.append(f"({arg})")
    return f"({called(row, texts)})"


LEAVES = [*INPUTS, *INPUTS, "1", "2", "0.5", "3", "pi", "1.7"]
NUMBERS = [r for r in ALL if not r.boolean and (has_text(r) or SCIPY)]
COMPARISONS = [r for r in ALL if r.boolean and not r.truths]
LOGIC = [r for r in ALL if r.boolean and r.truths]


@st.composite
def formulas(draw: st.DrawFn, depth: int) -> str:
    """Draw a formula whose operations nest up to so deep."""
    if depth == 0 or (depth < DEPTH and draw(st.integers(0, 9)) < 3):
        return draw(st.sampled_from(LEAVES))
    if draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(list(COMPOSITIONS)))
        count = len(COMPOSITIONS[name].params)
        return written(name, [draw(formulas(depth - 1)) for _ in range(count)])
    row = draw(st.sampled_from([*NUMBERS, *[ROWS["where"]] * 5]))
    parts = [
        draw(conditions(depth - 1) if place in row.truths else formulas(depth - 1))
        for place in range(row.arity)
    ]
    return call(row, parts, draw(st.integers(0, 3)))


@st.composite
def conditions(draw: st.DrawFn, depth: int) -> str:
    """Draw a condition over formulas that nest up to so deep."""
    row = draw(st.sampled_from([*COMPARISONS, *LOGIC]))
    inner = conditions(0) if row in LOGIC else formulas(min(depth, 2))
    parts = [f"({draw(inner)})" for _ in range(row.arity)]
    return f"({called(row, parts)})"


def written(name: str, args: list[str]) -> str:
    """Return the call of a composition."""
    params = COMPOSITIONS[name].params
    if name in ("lowergamma", "uppergamma"):
        return f"{name}(2.5, {squashed(args[0], 0.5, 5)})" if SCIPY else args[0]
    if name == "clip":
        return f"clip({args[0]}, -1.5, 2.5)"
    if name in _RANGES:
        args = [squashed(arg, *_RANGES[name]) for arg in args]
    return f"{name}({', '.join(args[: len(params)])})"


#: Points at no round number: at a kink the gradient is a convention, also where a formula hides that, as leaky_relu(x, 1) = x.
POINTS = st.tuples(
    *(
        st.floats(-2.5, 2.5, allow_subnormal=False).map(lambda x, off=off: x + off)  # type: ignore[misc]
        for off in (0.0137209, 0.0271803, -0.0419501)
    )
)


class Rounded(ExactFormulas):
    """The formula as a computer would evaluate it: each operation's value is a double near to its own, or that if it is one.

    So rounding may decide a comparison, as that of erf(7) with 1, but not one of whole numbers.
    """

    def __init__(self, text: str, seed: int) -> None:
        super().__init__([parse(text).expr], INPUTS, DIGITS)
        self.rnd = random.Random(seed)
        #: Each operation's relative error at the first point, which it keeps beside that: a staircase has no slope.
        self.errors: list[Any] = []

    def _values(self, point: Sequence[Any]) -> list[Any]:
        values: list[Any] = []
        for node, (kind, what, operands) in enumerate(self._plan):
            args = [values[i] for i in operands]
            value = point[what] if kind == _INPUT else _applied(kind, what, args)
            if node == len(self.errors):
                self.errors.append(
                    self._error(value, kind == _OTHER and what not in _SURE)
                )
            known = isinstance(value, mpmath.mpf)
            values.append(value * (1 + self.errors[node]) if known else value)
        return values

    def _error(self, value: Any, unsure: bool) -> Any:
        if not isinstance(value, mpmath.mpf) or value == 0:
            return mpmath.mpf(0)
        parts = value * mpmath.mpf(2) ** (53 - mpmath.mag(value))
        if parts == mpmath.nint(parts) and not unsure:
            return mpmath.mpf(0)
        return mpmath.nint(parts + self.rnd.uniform(-_OFF, _OFF)) / parts - 1

    def off(self, point: Sequence[float]) -> Exact:
        """Return the value and the slopes with their rounding errors: difference quotients of the whole formula."""
        with mpmath.workdps(DIGITS):
            exact = [mpmath.mpf(x) for x in point]
            value = self._values(exact)[-1]
            slopes = []
            for place in range(len(exact)):

                def near(step: Any, place: int = place) -> Any:
                    moved = list(exact)
                    moved[place] = moved[place] + step
                    return self._values(moved)[-1]

                known = value is not None
                slopes.append(quotient(near, exact[place], value, DIGITS) if known else None)  # fmt: skip
        return Exact(value, tuple(slopes))


def extremes(text: str, point: Sequence[float]) -> bool:
    """Whether some part of the formula is so large or so small that its square, or its reciprocal's, is no double."""
    formula = ExactFormulas([parse(text).expr], INPUTS, DIGITS)
    with mpmath.workdps(DIGITS):
        values = formula._values([mpmath.mpf(x) for x in point])
    sizes = [abs(v) for v in values if isinstance(v, mpmath.mpf) and v != 0]
    return any(not 1e-75 < size < 1e75 for size in sizes)


def effect_of_rounding(
    text: str, point: tuple[float, ...], true: list[Any], seeds: int
) -> list[Any] | None:
    """Return how far rounding errors alone move the value and the slopes; None if they leave the domain or pass a kink."""
    moved = [mpmath.mpf(0)] * len(true)
    for seed in range(seeds):
        off = Rounded(text, seed).off(point)
        if off.value is None or None in off.slopes:
            return None
        for i, (a, b) in enumerate(zip((off.value, *off.slopes), true)):
            moved[i] = max(moved[i], abs(a - b))
    return moved


def close(found: Sequence[float], true: Sequence[Any], shown: Sequence[Any]) -> bool:
    """Whether each number is as near to the truth as rounding errors allow."""
    norm = mpmath.norm(true)
    return all(
        abs(g - t) <= max(1e-13 * norm, 200 * effect)
        for g, t, effect in zip(found, true, shown)
    )


SEEN: Counter[str] = Counter()
TEXTS: set[str] = set()


def check(text: str, point: tuple[float, ...]) -> None:
    """Compare each formula once; one that fails may be tried again, as hypothesis does to be sure."""
    assume(text not in TEXTS)
    compare(text, point)
    TEXTS.add(text)


def compare(text: str, point: tuple[float, ...]) -> None:
    """Compile a formula, run it, and compare."""
    truth = ExactFormula(parse(text).expr, INPUTS, DIGITS).at(point, range(3))
    # Adjoints that are right to 1 only, as (1 - s)*s, would hide what other rules lose.
    compiled = compile(text, inputs=INPUTS, target=TARGET, precise=True)
    if truth.value is None or extremes(text, point):
        SEEN["outside"] += 1
        return
    if None in truth.slopes:
        SEEN["kinks"] += 1
        assert math.isfinite(compiled.forward(*point)[0])
        return
    with mpmath.workdps(DIGITS):
        true = [truth.value, *truth.slopes]
        norm = mpmath.norm(true)
        shown: list[Any] | None = [0] * len(true)
        try:
            value, gradient = compiled.value_and_grad(*point)
        except (ArithmeticError, ValueError):
            # A rounding error must be enough to leave the domain, as in asin(tanh(40)).
            more = effect_of_rounding(text, point, true, seeds=40)
            assert more is None or max(more) > norm, (text, point)
            shown = None
        found = [value, *gradient] if shown is not None else []
        # A few rounding errors may all fall on one side of a jump, as in floor(3*0.1/0.3).
        for seeds in (3, 40):
            if shown is not None and not close(found, true, shown):
                shown = effect_of_rounding(text, point, true, seeds)
        if shown is None:
            SEEN["too close to an edge"] += 1
            return
        assert close(found, true, shown), (text, point, found, [*map(float, true)])
    SEEN["compared"] += 1


def run(examples: int) -> int:
    """Check so many random formulas; return how many were compared."""
    SEEN.clear()
    TEXTS.clear()
    checks = [
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.filter_too_much,
    ]
    settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=checks,
        phases=(Phase.generate,),
    )(given(formulas(DEPTH), POINTS)(check))()
    print(f"\n{dict(SEEN)}")
    return SEEN["compared"]


def test_random_formulas() -> None:
    assert run(16) >= 8


@pytest.mark.slow
def test_fifteen_hundred_random_formulas() -> None:
    assert run(many(1800)) >= 0.83 * many(1800)
