"""The numbers written in what is compared in; points at which to compare it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeAlias

#: The inputs of a module, in the order of its signature.
Point: TypeAlias = "tuple[float, ...]"


def points(count: int, landmarks: Sequence[float], random: Random) -> Iterator[Point]:
    """Yield points of few digits, the same for the same source of chance: of several sizes and signs, and near the numbers.

    Args:
        count: how many inputs there are.
        landmarks: the numbers.
        random: the source of chance.
    """
    if not count:
        yield ()
        return
    draw = random.uniform
    marks = [m for m in landmarks if 1e-6 < abs(m) < 1e9] or [1.0]

    def near() -> float:
        mark = random.choice(marks)
        return mark * draw(0.6, 1.4) if draw(0, 1) < 0.5 else mark + draw(-1, 1)

    def signed(low: float, high: float) -> float:
        return draw(low, high) * (1 if draw(0, 1) < 0.5 else -1)

    sizes: list[Callable[[], float]] = [
        lambda: draw(0.2, 0.95),
        lambda: signed(0.1, 2.2),
        lambda: draw(1.05, 3.2),
        lambda: draw(2.2, 9),
        near,
        lambda: signed(0.05, 0.95),
        lambda: 10 ** draw(-2, 2),
        lambda: draw(4, 60),
        lambda: signed(1, 12),
        lambda: draw(1e-3, 1e-1),
        lambda: draw(60, 3000),
    ]
    turn = 0
    while True:
        for size in sizes:
            mixed = turn > 1 and turn % 2
            drawn = [random.choice(sizes)() if mixed else size() for _ in range(count)]
            if not mixed and turn % 3:  # as bounds and ranges want them
                drawn.sort(reverse=turn % 3 == 2)
            yield tuple(
                (round(x, 3) if abs(x) > 10 else float(f"{x:.4g}")) or 0.5
                for x in drawn
            )
        turn += 1
