"""What was measured in; the tables of the page on speed out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.benchmarks.clock import Race, Ratio
from tests.benchmarks.functions import TITLES
from tests.benchmarks.sizes import SIZES

#: What stands in the markers of the tables: of single points, of arrays, and of tables in a database.
POINTS, ARRAYS, TABLES = "benchmarks", "benchmarks of arrays", "benchmarks of tables"


class Measured(NamedTuple):
    """All figures of one run.

    Attributes:
        races: by function, how long value and gradient take.
        extra: by method of a compiled formula, the seconds that it takes more than the generated function.
        generation: by tool, the seconds for formulas of `SIZES`.
        starts: by command, the seconds that it takes.
        machine: the processor.
        versions: of Python and of the tools.
    """

    races: Mapping[str, Race]
    extra: Mapping[str, float]
    generation: Mapping[str, Sequence[float]]
    starts: Mapping[str, float]
    machine: str
    versions: Sequence[str]


def tables(found: Measured) -> str:
    """Return the text that stands between the markers."""
    titles = "; ".join(f"{key}: {TITLES[key]}" for key in found.races)
    extra = " and ".join(f"`{n}` {s * 1e6:.2f} µs" for n, s in found.extra.items())
    starts = ", ".join(f"{name} {s:.2f} s" for name, s in found.starts.items())
    sizes = [f"{size:,} operations".replace(",", " ") for size in SIZES]
    taken = found.generation.items()
    return "\n".join(
        [
            *_races(found.races),
            "",
            f"{titles}. To a call of the generated function, {extra} add.",
            "",
            *_rows(
                ["CPU seconds for a formula of", *sizes],
                [[name, *(f"{second:.2f}" for second in all_)] for name, all_ in taken],
            ),
            "",
            f"Starting: {starts}, CPU time.",
            "",
            f"On {found.machine}; {', '.join(found.versions)}.",
        ]
    )


def _races(races: Mapping[str, Race]) -> list[str]:
    """Return the rows of the races; what is not in one has a dash there."""
    names = [*dict.fromkeys(name for race in races.values() for name in race.ratios)]
    rows = []
    for name in names:
        cells = [shown(race.ratios.get(name)) for race in races.values()]
        rows.append([name, *cells])
    # What the others are compared with.
    rows[0][1:] = [f"1.00 = {race.seconds * 1e6:.2f} µs" for race in races.values()]
    return _rows(["value and gradient at one point", *races], rows)


def shown(ratio: Ratio | None) -> str:
    """Return a ratio with half of what lies between its quarters; a dash for none."""
    if ratio is None:
        return "–"
    spread = (ratio.high - ratio.low) / 2
    digits = 2 if ratio.middle < 10 else 0
    return f"{ratio.middle:.{digits}f} ± {spread:.{digits}f}"


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rule = "|".join(["", *["---"] * len(head), ""])
    first, *others = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return [first, rule, *others]


def put(text: str, into: str, marker: str) -> str:
    """Return a document with a text between its markers.

    Raises:
        ValueError: it has no markers.
    """
    first, last = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
    before, start, rest = into.partition(first)
    _, end, after = rest.partition(last)
    if not (start and end):
        raise ValueError(f"there is no place between {first} and {last}")
    return f"{before}{first}\n{text}\n{last}{after}"
