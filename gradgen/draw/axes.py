"""A curve in; the picture of its values, slopes and errors, one above the other, as SVG, out."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gradgen.draw.curve import Curve
from gradgen.draw.place import SIZE, fitted, shown, wide
from gradgen.draw.svg import escaped

_STYLE = f"""\
.curve .ground {{ fill: #ffffff }}
.curve text {{ font: {SIZE}px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }}
.curve .frame {{ fill: none; stroke: #57606a }}
.curve .grid {{ stroke: #d0d7de }}
.curve .mark {{ stroke: #7a4b00; stroke-dasharray: 4 4 }}
.curve .value {{ fill: none; stroke: #116329; stroke-width: 1.8 }}
.curve .gradient {{ fill: none; stroke: #b3261e; stroke-width: 1.8 }}
.curve .of-value {{ fill: #116329; stroke: none }}
.curve .of-gradient {{ fill: none; stroke: #b3261e }}
@media (prefers-color-scheme: dark) {{
  .curve .ground {{ fill: #0d1117 }}
  .curve text {{ fill: #e6edf3 }}
  .curve .frame {{ stroke: #8b949e }}
  .curve .grid {{ stroke: #30363d }}
  .curve .mark {{ stroke: #e3b341 }}
  .curve .value {{ stroke: #56d364 }}
  .curve .gradient {{ stroke: #ff8a80 }}
  .curve .of-value {{ fill: #56d364 }}
  .curve .of-gradient {{ stroke: #ff8a80 }}
}}"""
_LEFT, _RIGHT, _WIDTH = 92, 24, 640
_TOP, _BETWEEN = 44, 40
#: The heights of the three parts.
_HEIGHTS = (190, 190, 130)
#: Errors below are shown as this.
_LEAST = 0.01
Scale = Callable[[float], float]


@dataclass(frozen=True)
class _Panel:
    """A part of the picture: where it is, and the range of what it shows."""

    top: float
    height: float
    low: float
    high: float
    left: float = _LEFT

    def y(self, value: float) -> float:
        """Return the height at which a value is; what is beyond the range is at its end."""
        inside = min(max(value, self.low), self.high)
        return self.top + self.height * (1.0 - _part(inside, self.low, self.high))


def _part(value: float, low: float, high: float) -> float:
    """Return how far a value is from one to another, whose distance may be no double."""
    scale = 0.25 if math.isinf(high - low) else 1.0
    return (value * scale - low * scale) / (high * scale - low * scale)


def picture(curve: Curve) -> str:
    """Return the picture of a curve as the text of an SVG file."""
    return "\n".join(_parts(curve)) + "\n"


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers within a range: multiples of 1, 2 or 5 times a power of 10, at most so many."""
    raw = high / most - low / most
    if raw < 1e-300:  # the powers of 10 there have few digits
        return [low, high]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((n * power for n in (1, 2, 5) if n * power >= raw * (1 - 1e-9)), 10 * power)  # fmt: skip
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{n * step:.15g}") for n in range(first, last + 1)]


def labels(values: Sequence[float]) -> list[str]:
    """Return what stands at the marks of an axis: numbers of so many digits that none is far from where it stands."""
    apart = min((b - a for a, b in pairwise(values)), default=math.inf)
    for digits in range(4, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if all(abs(float(t) - v) <= 0.01 * apart for t, v in zip(texts, values)):
            break
    return [text.replace("-", "\N{MINUS SIGN}") for text in texts] if values else []


def bounds(numbers: Sequence[float | None], broken: bool) -> tuple[float, float]:
    """Return a range that shows numbers; where a curve has poles, not those next to them."""
    found = sorted(n for n in numbers if n is not None)
    if not found:
        return -1.0, 1.0
    low, high = found[0], found[-1]
    if broken:
        one, other = found[len(found) // 4], found[-1 - len(found) // 4]
        low, high = max(low, 4 * one - 3 * other), min(high, 4 * other - 3 * one)
    room = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    most = sys.float_info.max
    return max(low - min(room, most), -most), min(high + min(room, most), most)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _title(curve: Curve) -> str:
    at = ", ".join(f"{name}={shown(x)}" for name, x in curve.at)
    return f"{curve.name} over {curve.by}: {curve.title}{' at ' + at if at else ''}"


def _panels(curve: Curve) -> tuple[_Panel, _Panel]:
    """Return the parts for values and slopes, with room on the left for the longest number."""
    broken = any(mark.kind in ("pole", "edge") for mark in curve.marks)
    ends = [bounds(numbers, broken) for numbers in (curve.values, curve.slopes)]
    said = [text for low, high in ends for text in labels(ticks(low, high))]
    left = max(_LEFT, *(wide(text) + 16 for text in said))
    tops = (_TOP, _TOP + _HEIGHTS[0] + _BETWEEN)
    one, other = (
        _Panel(top, tall, low, high, left)
        for top, tall, (low, high) in zip(tops, _HEIGHTS, ends)
    )
    return one, other


def _parts(curve: Curve) -> Iterator[str]:
    value, slope = _panels(curve)
    width = value.left + _WIDTH + _RIGHT
    height = _TOP + sum(_HEIGHTS) + _BETWEEN * len(_HEIGHTS)
    title = _title(curve)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" class="curve">'
    yield f"<title>{escaped(title)}</title>"
    yield f"<desc>{escaped(_said(curve))}</desc>"
    yield f"<style>\n{_STYLE}\n</style>"
    yield f'<rect class="ground" width="{width}" height="{height}"/>'
    short = fitted(title, width - 2 * SIZE)
    yield f'<text x="{SIZE}" y="{SIZE + 6}">{escaped(short)}</text>'
    low, high = curve.xs[0], curve.xs[-1]

    def x(at: float) -> float:
        return value.left + _WIDTH * _part(at, low, high)

    slopes = f"d{curve.name}/d{curve.by}"
    for panel, name, kind, numbers in (
        (value, curve.name, "value", curve.values),
        (slope, slopes, "gradient", curve.slopes),
    ):
        marks = ticks(panel.low, panel.high)
        yield from _frame(panel, name, marks, labels(marks))
        yield from _abscissa(curve, panel, x, named=kind == "value")
        yield from _lines(curve, panel, x, numbers, kind)
    yield from _errors(curve, slope, x)
    yield "</svg>"


def _said(curve: Curve) -> str:
    """Return a curve in words."""
    parts = [f"{mark.kind} at {curve.by} = {shown(mark.x)}" for mark in curve.marks]
    for name, errors in (("value", curve.value_errors), ("slope", curve.slope_errors)):
        known = [e for e in errors if e is not None]
        if known:
            parts.append(f"largest error of the {name} {shown(max(known))} ulp")
    return "; ".join(parts)


def _frame(
    panel: _Panel, name: str, marks: Sequence[float], said: Sequence[str]
) -> Iterator[str]:
    left = panel.left
    yield f'<text x="{left}" y="{_number(panel.top - 7)}">{escaped(fitted(name, _WIDTH))}</text>'
    for value, text in zip(marks, said):
        y = _number(panel.y(value))
        yield f'<path class="grid" d="M{left} {y}h{_WIDTH}"/>'
        yield f'<text x="{left - 7}" y="{_number(panel.y(value) + 4.5)}" text-anchor="end">{text}</text>'
    yield f'<rect class="frame" x="{left}" y="{_number(panel.top)}" width="{_WIDTH}" height="{_number(panel.height)}"/>'


def _abscissa(curve: Curve, panel: _Panel, x: Scale, named: bool) -> Iterator[str]:
    """Yield the numbers below a part, and where the curve breaks, with the words for it in one of the parts."""
    bottom = panel.top + panel.height
    for most in (8, 5, 3, 2):  # as many as there is room for
        values = ticks(curve.xs[0], curve.xs[-1], most)
        texts = labels(values)
        if 1.5 * max(map(wide, texts), default=0) <= _WIDTH / most:
            break
    for value, text in zip(values, texts):
        at = min(x(value), panel.left + _WIDTH + _RIGHT - wide(text) / 2)
        yield f'<text x="{_number(at)}" y="{_number(bottom + 16)}" text-anchor="middle">{text}</text>'
    end = -math.inf
    for mark in curve.marks:
        at = x(mark.x)
        yield f'<path class="mark" d="M{_number(at)} {_number(panel.top)}V{_number(bottom)}"/>'
        half = wide(mark.kind) / 2
        if named and at - half > end + 8:
            yield f'<text x="{_number(at)}" y="{_number(panel.top + 15)}" text-anchor="middle">{mark.kind}</text>'
            end = at + half


def _lines(
    curve: Curve,
    panel: _Panel,
    x: Scale,
    numbers: Sequence[float | None],
    kind: str,
) -> Iterator[str]:
    """Yield the pieces of a curve: it breaks where there is no value, and where it does."""
    breaks = [m.x for m in curve.marks if m.kind != "kink" or kind == "gradient"]
    pieces: list[list[str]] = [[]]
    before: tuple[float, float] | None = None
    for place, value in zip(curve.xs, numbers):
        if value is None or (before and any(before[0] < b <= place for b in breaks)):
            pieces.append([])
            before = None
        if value is None:
            continue
        for at, number in _within(panel, before, (place, value)):
            pieces[-1].append(f"{_number(x(at))} {_number(panel.y(number))}")
        if not panel.low <= value <= panel.high:
            pieces.append([])
        before = place, value
    for piece in filter(None, pieces):
        yield f'<polyline class="{kind}" points="{" ".join(piece)}"/>'


def _within(
    panel: _Panel, before: tuple[float, float] | None, here: tuple[float, float]
) -> Iterator[tuple[float, float]]:
    """Yield the points of a line that a part shows: where it comes in, and where it goes out or ends."""
    inside = panel.low <= here[1] <= panel.high
    if before is not None and inside != (panel.low <= before[1] <= panel.high):
        (x, y), (end, level) = before, here
        bound = panel.low if min(y, level) < panel.low else panel.high
        yield x + _part(bound, y, level) * (end - x), bound
    if inside:
        yield here


def _errors(curve: Curve, above: _Panel, x: Scale) -> Iterator[str]:
    known = [e for e in (*curve.value_errors, *curve.slope_errors) if e is not None]
    most = max([e for e in known if math.isfinite(e)], default=1.0)
    high = max(2.0, math.ceil(math.log10(max(most, 1.0)) + 0.1))
    top = above.top + above.height + _BETWEEN
    panel = _Panel(top, _HEIGHTS[2], math.log10(_LEAST), high, above.left)
    every = max(1, round((high - panel.low) / 6))
    powers = [float(n) for n in range(-1, int(high) + 1, every)]
    name = "error in ulp: \N{BLACK CIRCLE} value, \N{WHITE SQUARE} slope"
    yield from _frame(panel, name, powers, [shown(10.0**p) for p in powers])
    yield from _abscissa(curve, panel, x, named=False)
    for place, error, other in zip(curve.xs, curve.value_errors, curve.slope_errors):
        at = x(place)
        if error is not None:
            y = panel.y(math.log10(max(error, _LEAST)))
            yield f'<circle class="of-value" cx="{_number(at)}" cy="{_number(y)}" r="1.7"/>'
        if other is not None:
            y = panel.y(math.log10(max(other, _LEAST)))
            yield f'<rect class="of-gradient" x="{_number(at - 2)}" y="{_number(y - 2)}" width="4" height="4"/>'
