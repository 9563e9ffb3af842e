"""The published equations in `cases/equations/`, each with points, and what it and its slopes are there by Python's own syntax tree and mpmath."""

from __future__ import annotations

import ast
import operator
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath

FOLDER = Path(__file__).resolve().parent / "cases" / "equations"
DIGITS = 60
_OPERATORS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}
#: What mpmath calls otherwise, or not at all.
_CALLS: Mapping[str, Callable[..., Any]] = {
    "log2": lambda x: mpmath.log(x, 2),
    "lgamma": mpmath.loggamma,
    "norm_cdf": lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "erfcinv": lambda q: mpmath.erfinv(1 - q),
}


@dataclass(frozen=True)
class Equation:
    """A published equation: its field, its name, its formula or program, the inputs with their ranges, and where it stands."""

    field: str
    name: str
    text: str
    ranges: Mapping[str, tuple[float, float]]
    source: str

    def points(self, count: int) -> Iterator[tuple[float, ...]]:
        """Yield points in the ranges, the same at every run."""
        rnd = random.Random(self.name)
        for _ in range(count):
            yield tuple(rnd.uniform(*ends) for ends in self.ranges.values())

    def value(self, *point: Any) -> Any:
        """Return the value at a point, to mpmath's digits."""
        names = dict(zip(self.ranges, map(mpmath.mpf, point)))
        value = None
        for line in ast.parse(self.text.replace("; ", "\n")).body:
            assert isinstance(line, (ast.Assign, ast.Expr))
            value = _evaluated(line.value, names)
            if isinstance(line, ast.Assign):
                (target,) = line.targets
                assert isinstance(target, ast.Name)
                names[target.id] = value
        return value

    def gradient(self, point: tuple[float, ...]) -> list[Any]:
        """Return the slopes at a point, by differences of so many digits that nothing of them is lost."""
        step = mpmath.mpf(10) ** (-DIGITS // 3)
        slopes = []
        for place, x in enumerate(point):
            h = step * (abs(x) or 1)
            ends = [self.value(*point[:place], mpmath.mpf(x) + s * h, *point[place + 1 :]) for s in (1, -1)]  # fmt: skip
            slopes.append((ends[0] - ends[1]) / (2 * h))
        return slopes


def _evaluated(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return mpmath.mpf(node.value)  # of a double, as in every module
    if isinstance(node, ast.Name):
        return names[node.id] if node.id in names else {"pi": mpmath.pi}[node.id]
    if isinstance(node, ast.UnaryOp):
        return _OPERATORS[type(node.op)](_evaluated(node.operand, names))
    if isinstance(node, ast.BinOp):
        sides = _evaluated(node.left, names), _evaluated(node.right, names)
        return _OPERATORS[type(node.op)](*sides)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    function = _CALLS.get(node.func.id) or getattr(mpmath, node.func.id)
    return function(*(_evaluated(arg, names) for arg in node.args))


def equations() -> list[Equation]:
    """Return all, in the order of the files."""
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("#"):
                continue
            name, text, inputs, source = line.split(" | ")
            ends = [part.partition("=") for part in inputs.split(", ")]
            ranges = {key: tuple(map(float, span.split(":"))) for key, _, span in ends}
            found.append(Equation(file.stem, name, text, ranges, source))  # type: ignore[arg-type]
    return found
