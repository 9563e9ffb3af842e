"""Calls in; how long each takes beside the first of them, in rounds in which they take turns, so that a busy machine is fair, out."""

from __future__ import annotations

import time
import timeit
from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any, NamedTuple

#: So many seconds of a round are a call's.
_TURN = 0.001


class Call(NamedTuple):
    """What is timed: a line of Python with `{}` for the inputs, and what its names stand for."""

    line: str
    names: Mapping[str, Any]

    def timer(self, point: Sequence[float]) -> timeit.Timer:
        """Return what tells its CPU time at a point."""
        inputs = ", ".join([f"x{i}" for i in range(len(point))])
        ready = "".join([f"{name} = names[{name!r}]; " for name in self.names])
        return timeit.Timer(
            self.line.format(inputs),
            f"{ready}{inputs}, = point",
            time.process_time,
            {"names": self.names, "point": point},
        )


def one(function: Any) -> Call:
    """Return the call of a function."""
    return Call("call({})", {"call": function})


def method(owner: Any, name: str) -> Call:
    """Return the call of what an object has under a name."""
    return Call(f"owner.{name}({{}})", {"owner": owner})


def passes(module: Any) -> Call:
    """Return the call of a module's `forward`, and of its `backward`."""
    names = {"forward": module.forward, "backward": module.backward}
    return Call("value, cache = forward({}); backward(cache)", names)


class Ratio(NamedTuple):
    """How much longer a call takes than the first: in the middle of all rounds, and at the quarters below and above it."""

    middle: float
    low: float
    high: float


class Race(NamedTuple):
    """The seconds that one run of the first call takes, and by call how much longer it takes than that."""

    seconds: float
    ratios: Mapping[str, Ratio]


def times(
    calls: Mapping[str, Call], point: Sequence[float], rounds: int
) -> Mapping[str, Sequence[float]]:
    """Return by call the seconds that one run takes at a point, in each of so many rounds."""
    timers = {name: call.timer(point) for name, call in calls.items()}
    counts = {name: _count(each) for name, each in timers.items()}
    found: dict[str, list[float]] = {name: [] for name in calls}
    order = [*calls]
    for _ in range(rounds):
        for name in order:
            found[name].append(timers[name].timeit(counts[name]) / counts[name])
        order.append(order.pop(0))
    return found


def race(taken: Mapping[str, Sequence[float]]) -> Race:
    """Return how calls compare with the first of them, by what they have taken in the same rounds."""
    base = taken[next(iter(taken))]
    return Race(median(base), {name: ratio(t, base) for name, t in taken.items()})


def _count(each: timeit.Timer) -> int:
    """Return how many runs fill a turn; a first one makes what is made once."""
    each.timeit(1)
    count = 1
    while (took := each.timeit(count)) < _TURN:
        count = max(2 * count, int(count * _TURN / max(took, _TURN / 100)))
    return count


def ratio(times: Sequence[float], base: Sequence[float]) -> Ratio:
    """Return how much longer some times are than others of the same rounds."""
    found = [a / b for a, b in zip(times, base)]
    low, _, high = quantiles(found, n=4)
    return Ratio(median(found), low, high)
