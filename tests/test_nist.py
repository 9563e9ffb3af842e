"""NIST's reference problems of nonlinear regression, fitted with the generated gradient, reach the certified parameters."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gradgen.pipeline import Compiled, compile

FILES = sorted((Path(__file__).parent / "cases" / "nist").glob("*.txt"))
#: From start 1 a trial step of these overflows: they are what --ieee is for.
OVERFLOWING = ("boxbod", "mgh17")


@dataclass(frozen=True)
class Problem:
    """A model, data, two starts, and what NIST certifies of the best fit."""

    model: str
    response: str
    starts: tuple[tuple[float, ...], ...]
    certified: tuple[float, ...]
    squares: float
    columns: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    def residual(self, ieee: bool) -> Compiled:
        """Return the residual of one observation, with its gradient by the parameters."""
        params = tuple(f"b{i}" for i in range(1, len(self.certified) + 1))
        return compile(
            f"{self.response} - ({self.model})",
            inputs=(*self.columns, *params),
            wrt=params,
            ieee=ieee,
        )


def read(path: Path) -> Problem:
    lines = [x for x in path.read_text("utf-8").splitlines() if x[:1] != "#"]
    facts = dict(line.split(": ", 1) for line in lines if ": " in line)

    def numbers(text: str) -> tuple[float, ...]:
        return tuple(map(float, text.split()))

    return Problem(
        model=facts["model"],
        response=facts["response"],
        starts=(numbers(facts["start 1"]), numbers(facts["start 2"])),
        certified=numbers(facts["certified"]),
        squares=float(facts["squares"]),
        columns=tuple(facts["data"].split()),
        rows=tuple(numbers(line) for line in lines if ": " not in line),
    )


def fit(problem: Problem, start: int, ieee: bool) -> Any:
    """Return the parameters that SciPy finds, with one and the same method and scale for all problems."""
    numpy = pytest.importorskip("numpy", reason="the fits need NumPy")
    optimize = pytest.importorskip("scipy.optimize", reason="the fits need SciPy")
    residual = problem.residual(ieee)

    def values(params: Any) -> Any:
        return numpy.array([residual.forward(*row, *params)[0] for row in problem.rows])

    def slopes(params: Any) -> Any:
        caches = (residual.forward(*row, *params)[1] for row in problem.rows)
        return numpy.array([residual.backward(cache) for cache in caches])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inf - inf at a trial step
        found = optimize.least_squares(
            values,
            problem.starts[start],
            slopes,
            method="trf",
            x_scale="jac",
            max_nfev=5000,
            **dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15),
        )
    return found.x


def test_all_problems_are_there() -> None:
    assert len(FILES) == 27


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_sum_of_squares_at_the_certified_parameters(path: Path) -> None:
    problem = read(path)
    residual = problem.residual(ieee=False)
    found = sum(
        residual.forward(*row, *problem.certified)[0] ** 2 for row in problem.rows
    )
    # Eleven certified digits of the parameters leave nothing of a sum of 1e-25.
    most = 1e-20 if path.stem == "lanczos1" else 1e-9 * problem.squares
    assert abs(found - problem.squares) <= most


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 1], ids=["start 1", "start 2"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_fit_reaches_the_certified_parameters(path: Path, start: int) -> None:
    problem = read(path)
    found = fit(problem, start, ieee=True)
    for got, true in zip(found, problem.certified, strict=True):
        assert got == pytest.approx(true, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0, 1], ids=["start 1", "start 2"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_without_ieee_an_overflow_ends_two_of_the_fits(path: Path, start: int) -> None:
    problem = read(path)
    if path.stem in OVERFLOWING and start == 0:
        with pytest.raises(OverflowError):
            fit(problem, start, ieee=False)
        return
    found = fit(problem, start, ieee=False)
    assert list(found) == pytest.approx(list(problem.certified), rel=1e-6)
