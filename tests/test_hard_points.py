"""Sixteen points where gradients go wrong: what gradgen gives there, beside what other tools gave."""

from __future__ import annotations

import math

import mpmath

from gradgen.pipeline import compile
from gradgen.prove.exact import ExactFormula
from gradgen.read.programs import parse
from tests.pages import page

#: The formula and the point. At the last two kinds of point, a kink and the edge of a branch, the gradient is a convention.
POINTS: list[tuple[str, tuple[float, ...], tuple[float, ...] | None]] = [
    ("1/(1 + exp(-x))", (1000.0,), None),
    ("1/(1 + exp(-x))", (-1000.0,), None),
    ("1/(1 + exp(-x))", (40.0,), None),
    ("sigmoid(x)", (1000.0,), None),
    ("sigmoid(x)", (-1000.0,), None),
    ("sigmoid(x)", (40.0,), None),
    ("log(1 + exp(x))", (800.0,), None),
    ("sqrt(x**2)", (0.0,), (0.0,)),
    ("x**y", (0.0, 2.0), (0.0, 0.0)),
    ("log(x) if x > 0 else 0", (0.0,), (0.0,)),
    ("log(x) if x > 0 else 0", (-1.0,), (0.0,)),
    ("tanh(x)", (15.0,), None),
    ("tanh(x)", (400.0,), None),
    ("log(1 + 1e-17*x)", (1.0,), None),
    ("(1 - cos(x))/x**2", (1e-9,), None),
    ("log(exp(x) + exp(y))", (1000.0, 1001.0), None),
]

#: What others gave at the same points, in order, each written as its users would write it (x: value and gradient right to
#: 1e-9, with no exception). SymPy 1.14 (diff and lambdify), autograd 1.9, JAX 0.10 and PyTorch 2.13 in double precision,
#: CasADi 3.8, SymForce 0.12, wrenfold 0.5. Those without a sigmoid of their own have the naive form in lines 4 to 6.
PEERS = {
    "SymPy": "x.xx.x...xx.x...",
    "autograd": "x.xxx...x.xxx...",
    "JAX": "x.xxx...x.x.x...",
    "PyTorch": "x.xxx...x.x.x...",
    "CasADi": "x.xx.x.x.xx.x...",
    "SymForce": "x.xx.x...xx.x...",
    "wrenfold": "x.xx.x...xx.x...",
}


def right(
    text: str, point: tuple[float, ...], known: tuple[float, ...] | None, precise: bool
) -> bool:
    """Whether value and gradient are right to 1e-9 of their own size; what is below the range of a double counts as 0."""
    names = ["x", "y"][: len(point)]
    truth = ExactFormula(parse(text).expr, names).at(point, range(len(names)))
    slopes = truth.slopes if known is None else known
    try:
        value, gradient = compile(text, precise=precise).value_and_grad(*point)
    except (ArithmeticError, ValueError):
        return False
    for got, true in zip((value, *gradient), (truth.value, *slopes)):
        true = mpmath.mpf(0) if abs(true) < 1e-308 else true
        if not math.isfinite(got) or abs(got - true) > max(abs(true) * 1e-9, 1e-300):
            return False
    return True


def table() -> tuple[list[str], dict[bool, int]]:
    """Return the lines of the table, and how many points are right by default and with --precise."""
    heads = ["gradgen", "`--precise`", *PEERS]
    lines = [f"| formula | at | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    totals = [0] * len(heads)
    for place, (text, point, known) in enumerate(POINTS):
        ours = [right(text, point, known, precise) for precise in (False, True)]
        cells = [*ours, *(marks[place] == "x" for marks in PEERS.values())]
        totals = [total + cell for total, cell in zip(totals, cells)]
        at = ", ".join(f"{x:g}" for x in point)
        shown = " | ".join("✓" if cell else "" for cell in cells)
        lines.append(f"| `{text}` | {at} | {shown} |".replace("|  |", "| |"))
    lines.append(f"| right of 16 | | {' | '.join(map(str, totals))} |")
    return [line.replace("|  |", "| |") for line in lines], dict(
        zip((False, True), totals)
    )


def test_most_hard_points_are_right() -> None:
    """`pytest -s` shows the table."""
    lines, totals = table()
    print("\n" + "\n".join(lines))
    assert len(POINTS) == 16 and all(len(marks) == 16 for marks in PEERS.values())
    assert totals[False] >= 13 and totals[True] >= 15


def test_its_page_shows_the_table() -> None:
    lines, _ = table()
    assert "\n".join(lines) in page("accuracy")
