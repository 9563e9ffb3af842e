"""The gamma function's family far out, beside its poles and where two digammas nearly cancel, against mpmath at 60 digits."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import pytest

from gradgen.pipeline import compile
from tests.conftest import many

CASES = [
    line.split(" | ")
    for line in (Path(__file__).parent / "cases" / "digammas.txt")
    .read_text("utf-8")
    .splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "at", "value", "slopes"), CASES)
def test_cases(text: str, at: str, value: str, slopes: str) -> None:
    compiled = compile(text)
    got, cache = compiled.forward(*map(float, at.split()))
    found = got, *compiled.backward(cache)
    for one, true in zip(found, map(float, (value, *slopes.split())), strict=True):
        assert one == pytest.approx(true, rel=1e-13, abs=0) or one == true


def size(rnd: random.Random, most: float) -> float:
    return float(10 ** rnd.uniform(-most, most))


def lgamma(x: Any) -> Any:
    return mpmath.loggamma(x)


def log_beta(a: Any, b: Any) -> Any:
    return mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)


def rise(a: Any, b: Any) -> Any:
    return mpmath.digamma(a) - mpmath.digamma(a + b)


def check_pairs(points: int) -> None:
    """The slopes of beta and logbeta to 3e-15 and 6e-15 of their own size, their values as far as their bounds say."""
    rnd = random.Random("pairs")
    log, whole = compile("logbeta(a, b)"), compile("beta(a, b)")
    for most in (2, 20, 150) * points:
        a, b = size(rnd, most), size(rnd, most)
        with mpmath.workdps(60 + 4 * most):
            x, y = mpmath.mpf(a), mpmath.mpf(b)
            value, slopes = log_beta(x, y), (rise(x, y), rise(y, x))
            got, cache = log.forward(a, b)
            assert abs(got - value) <= 6e-15 * max(1, abs(value)), (a, b)
            for one, true in zip(log.backward(cache), slopes):
                assert abs(one - true) <= 3e-15 * abs(true), (a, b)
            if not abs(value) < 300:
                continue
            got, cache = whole.forward(a, b)
            rounding = 6e-15 + 3e-16 * abs(value)
            for one, true in zip((got, *whole.backward(cache)), (1, *slopes)):
                true *= mpmath.exp(value)
                if 1e-300 < abs(true) < 1e300:
                    assert abs(one - true) <= rounding * abs(true), (a, b)


def test_pairs_of_any_size() -> None:
    check_pairs(points=2)


@pytest.mark.slow
def test_many_pairs_of_any_size() -> None:
    check_pairs(points=many(300))


#: A function, the truth of its value and slope, and how near to 0 both have a double.
SINGLE: tuple[tuple[str, Callable[..., Any], Callable[..., Any], float], ...] = (
    ("digamma(x)", mpmath.digamma, lambda x: mpmath.polygamma(1, x), -150),
    ("trigamma(x)", lambda x: mpmath.polygamma(1, x), lambda x: mpmath.polygamma(2, x), -100),
    ("gamma(x)", mpmath.gamma, lambda x: mpmath.gamma(x) * mpmath.digamma(x), -150),
    ("lgamma(x)", lgamma, mpmath.digamma, -300),
)  # fmt: skip


def check_single(points: int) -> None:
    """Just beside 0 and the poles below, value and slope to 2e-14 of their own size."""
    rnd = random.Random("single")
    for text, value, slope, least in SINGLE:
        compiled = compile(text)
        for _ in range(points):
            near = 10 ** rnd.uniform(-12, -3)
            for x in (
                -(10 ** rnd.uniform(least, -3)),
                10 ** rnd.uniform(least, -3),
                -rnd.randint(1, 30) + rnd.choice((1, -1)) * near,
            ):
                with mpmath.workdps(60):
                    got, cache = compiled.forward(x)
                    wanted = mpmath.re(value(mpmath.mpf(x)))
                    # One row's value is the next one's slope; lgamma beside its zeros is math's.
                    if text != "lgamma(x)":
                        assert abs(got - wanted) <= 2e-14 * abs(wanted), (text, x)
                    (one,), true = compiled.backward(cache), slope(mpmath.mpf(x))
                    assert abs(one - true) <= 2e-14 * abs(true), (text, x)


def test_beside_the_poles() -> None:
    check_single(points=15)


@pytest.mark.slow
def test_beside_the_poles_at_many_points() -> None:
    check_single(points=200)
