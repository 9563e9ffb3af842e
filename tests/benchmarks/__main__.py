"""Measures, and writes the tables of `gradgen/docs/explanation/speed.md`, those of arrays by `arrays`, of a database's by `sql`; `--rounds 20` is a quick look, `--print` leaves it alone."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradgen import compile as compile_formula
from tests.benchmarks import arrays, clock, peers, sizes, sql
from tests.benchmarks.clock import Call, Race
from tests.benchmarks.functions import FUNCTIONS, INPUTS, POINTS, SOURCES
from tests.benchmarks.fused import FUSED
from tests.benchmarks.split import SPLIT
from tests.benchmarks.table import ARRAYS, TABLES, Measured, put, tables
from tests.benchmarks.table import POINTS as POINTS_OF

PAGE = Path(__file__).parents[2] / "gradgen/docs/explanation/speed.md"
BASE = "by hand, one function"
#: A function's rounds are spread over so many.
PROCESSES = 4


def calls(key: str) -> Mapping[str, Call]:
    """Return what is compared at one function, by its name in the table; the first is what the others are compared with."""
    inputs, point = list(INPUTS[key]), POINTS[key]
    textbook = compile_formula(SOURCES[key], inputs=inputs)
    compact = compile_formula(SOURCES[key], inputs=inputs, style="compact")
    found = {
        BASE: clock.one(FUSED[key]),
        "**gradgen `value_and_grad`**": clock.one(textbook.value_and_grad),
        "**gradgen `forward` + `backward`**, compact": clock.passes(compact.module),
        "**gradgen `forward` + `backward`**, textbook": clock.passes(textbook.module),
        "by hand, `forward` + `backward`, one operation a line": clock.passes(
            SPLIT[key]
        ),
    }
    for name, (title, _) in peers.PEERS.items():
        call = peers.made(name, key)
        if call is not None:
            found[title] = clock.one(call)
    if peers.installed("numba"):
        with contextlib.suppress(Exception):  # what numba does not know
            call = peers.numba(textbook.value_and_grad)
            call(*point)
            found["gradgen `value_and_grad` under numba's `njit`"] = clock.one(call)
    return found


def timed(key: str, rounds: int) -> Mapping[str, Sequence[float]]:
    """Return what all calls of one function take, in a process of its own: what is fast in one may by chance be slower in another."""
    command = [sys.executable, "-m", "tests.benchmarks", "--one", key]
    done = subprocess.run(
        [*command, "--rounds", str(rounds)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=600,
    )
    found: Mapping[str, Sequence[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def raced(rounds: int) -> Mapping[str, Race]:
    """Return the races of all functions."""
    found = {}
    for key in FUNCTIONS:
        runs = [timed(key, -(-rounds // PROCESSES)) for _ in range(PROCESSES)]
        names = [name for name in runs[0] if all(name in run for run in runs)]
        found[key] = clock.race(
            {name: [t for run in runs for t in run[name]] for name in names}
        )
        print(f"{key} is measured", file=sys.stderr)
    return found


def extra(rounds: int) -> Mapping[str, float]:
    """Return the seconds that methods of a compiled formula add to the function that they stand for."""
    found = {}
    compiled = compile_formula(SOURCES["F1"], with_="jacobian, value_and_grad")
    for name in ("value_and_grad", "jacobian"):
        function = clock.one(getattr(compiled.module, name))
        pair = {"function": function, "method": clock.method(compiled, name)}
        race = clock.race(clock.times(pair, POINTS["F1"], rounds))
        found[f"Compiled.{name}"] = race.seconds * (race.ratios["method"].middle - 1)
    return found


def machine() -> str:
    """Return the processor's name and how many there are."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("what", nargs="?", choices=["points", "arrays", "sql"], default="points", help="what value and gradient are of")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=300, help="how often each takes its turn")  # fmt: skip
    parser.add_argument("--rows", type=float, default=sql.PART, help="of sql, over so many rows")  # fmt: skip
    parser.add_argument("--print", action="store_true", help="write nothing")
    parser.add_argument("--one", metavar="F1", help="print the times of one function's calls, as the others are called for")  # fmt: skip
    asked = parser.parse_args()
    if asked.one:
        key = asked.one
        print(json.dumps(clock.times(calls(key), POINTS[key], asked.rounds)))
        return
    few = max(asked.rounds // 60, 1)
    if asked.what == "arrays":
        write(over_arrays(max(asked.rounds // 20, 3)), ARRAYS, asked.print)
        return
    if asked.what == "sql":
        write(over_tables(int(asked.rows), max(asked.rounds // 60, 2)), TABLES, asked.print or asked.rows != sql.PART)  # fmt: skip
        return
    tools = peers.versions([*peers.PEERS, "numba"])
    found = Measured(
        raced(asked.rounds),
        extra(asked.rounds),
        sizes.generation(few),
        sizes.starting(few),
        machine(),
        [f"Python {platform.python_version()}", *tools],
    )
    write(tables(found), POINTS_OF, asked.print)


def over_arrays(rounds: int) -> str:
    """Return the tables of arrays."""
    tools = peers.versions(["numpy", "scipy", "torch", "numba", "jax", "casadi", "sympy", "autograd"])  # fmt: skip
    on = f"On {machine()}; Python {platform.python_version()}, {', '.join(tools)}."
    lines = [*arrays.table(arrays.raced(rounds)), "", arrays.growth(), "", on]
    return "\n".join(lines)


def over_tables(rows: int, rounds: int) -> str:
    """Return the table of tables of a database."""
    tools = peers.versions(["duckdb", "numpy", "pyarrow", "polars", "dask"])
    on = f"On {machine()}; Python {platform.python_version()}, {', '.join(tools)}."
    return "\n".join([*sql.tables(rows, rounds), "", on])


def write(text: str, marker: str, only_print: bool) -> None:
    """Print a text, and write it into the page at its place."""
    print(text)
    if not only_print:
        PAGE.write_text(put(text, PAGE.read_text("utf-8"), marker), "utf-8")


if __name__ == "__main__":
    main()
