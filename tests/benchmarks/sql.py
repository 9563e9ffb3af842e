"""A formula and rows of Parquet in; what value and gradient over all of them take, by gradgen's query and by other ways, out.

Each call is a process of its own with one thread, so that its memory is known: `python -m tests.benchmarks.sql curve query FILE`.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from gradgen import compile as compile_formula
from tests.benchmarks import peers
from tests.benchmarks.clock import Ratio, ratio

#: More rows are made, added up and removed again so many at a time.
PART = 20_000_000
_BATCH = 1 << 16
_ROWS = "t, u, y"


class Task(NamedTuple):
    """A loss of one row of t, u and y: its formula, its parameters, and its sums by hand in SQL, as accurate as its own."""

    source: str
    given: Mapping[str, float]
    by_hand: str


TASKS: Mapping[str, Task] = {
    "curve": Task(
        "(a*exp(-k*t) + c - y)**2",
        {"a": 1.5, "k": 0.7, "c": 0.25},
        """
        SELECT sum(r*r), sum(2*r*e), sum(-2*r*a*t*e), sum(2*r)
        FROM (SELECT *, a*e + c - y AS r FROM (SELECT *, exp(-k*t) AS e FROM (SELECT t, y, $a AS a, $k AS k, $c AS c FROM data WHERE t IS NOT NULL AND u IS NOT NULL AND y IS NOT NULL)))
        """,
    ),
    "logistic": Task(
        "z = b0 + b1*t + b2*u + b3*t*u; softplus(z) - y*z",
        {"b0": -1.0, "b1": 0.5, "b2": 0.25, "b3": -0.4},
        """
        SELECT sum(greatest(z, 0) + CASE WHEN e < 0.5 THEN 2*atanh(e/(2 + e)) ELSE ln(1 + e) END - y*z), sum(d), sum(d*t), sum(d*u), sum(d*t*u)
        FROM (SELECT *, CASE WHEN z > 0 THEN 1/(1 + e) ELSE e/(1 + e) END - y AS d FROM (SELECT *, exp(-abs(z)) AS e FROM
             (SELECT t, u, y, $b0 + $b1*t + $b2*u + $b3*t*u AS z FROM data WHERE t IS NOT NULL AND u IS NOT NULL AND y IS NOT NULL)))
        """,
    ),
}


def rows_into(engine: Any, path: Path, first: int, last: int) -> None:
    """Make a file of rows."""
    noise = "(hash(i + {}) >> 11)::DOUBLE / 9007199254740992.0"
    t, u, e = (noise.format(n << 40) for n in (1, 2, 3))
    engine.execute(f"""
        COPY (SELECT 5*t AS t, u, 1.5*exp(-3.5*t) + 0.2*e AS y FROM (SELECT {t} AS t, {u} AS u, {e} AS e FROM range({first}, {last}) AS r(i)))
        TO '{path}' (FORMAT parquet)
    """)


def connected(path: Path | str) -> Any:
    """Return a database with one thread, in which the rows are the table `data`."""
    import duckdb

    engine = duckdb.connect(config={"threads": 1, "preserve_insertion_order": False})
    engine.execute(f"CREATE OR REPLACE VIEW data AS SELECT * FROM read_parquet('{path}')")  # fmt: skip
    return engine


def query(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    names = (*_ROWS.split(", "), *task.given)
    made = compile_formula(task.source, inputs=names, rows=_ROWS, target="sql", reduce="sum", proof=False)  # fmt: skip
    engine = connected(path)
    # Counts, of those that are left out as well, come along.
    return lambda: engine.execute(made.source, dict(task.given)).fetchone()[:-2]


def by_hand(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    engine = connected(path)
    return lambda: engine.execute(task.by_hand, dict(task.given)).fetchone()


def _batches(path: Path) -> Iterator[list[Any]]:
    file = importlib.import_module("pyarrow.parquet").ParquetFile(path)
    for batch in file.iter_batches(_BATCH, columns=_ROWS.split(", "), use_threads=False):  # fmt: skip
        yield [column.to_numpy() for column in batch.columns]


def native(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    names = (*_ROWS.split(", "), *task.given)
    made = compile_formula(task.source, inputs=names, rows=_ROWS, wrt=[*task.given], target="c", reduce="sum", proof=False).native()  # fmt: skip
    made.value_and_grad(*next(_batches(path)), *task.given.values())

    def run() -> Sequence[float]:
        found = []
        for columns in _batches(path):
            value, slopes = made.value_and_grad(*columns, *task.given.values())
            found.append([float(value), *map(float, slopes)])
        return [math.fsum(column) for column in zip(*found)]

    return run


def numpy(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    import numpy as np

    def curve(t: Any, u: Any, y: Any, a: float, k: float, c: float) -> list[Any]:
        e = np.exp(-k * t)
        r = a * e + c - y
        return [r @ r, 2 * (r @ e), -2 * a * (r @ (t * e)), 2 * r.sum()]

    def logistic(t: Any, u: Any, y: Any, b0: float, b1: float, b2: float, b3: float) -> list[Any]:  # fmt: skip
        tu = t * u
        z = b0 + b1 * t + b2 * u + b3 * tu
        e = np.exp(-np.abs(z))
        loss = np.maximum(z, 0).sum() + np.log1p(e).sum() - y @ z
        d = np.where(z > 0, 1.0, e) / (1 + e) - y
        return [loss, d.sum(), d @ t, d @ u, d @ tu]

    one = curve if "a" in task.given else logistic

    def run() -> Sequence[float]:
        given = [*task.given.values()]
        found = [one(*columns, *given) for columns in _batches(path)]
        return [math.fsum(column) for column in zip(*found)]

    return run


def polars(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl

    t, u, y, one = pl.col("t"), pl.col("u"), pl.col("y"), pl.col
    given = task.given
    frame = pl.scan_parquet(path).drop_nulls(["t", "u", "y"])
    if "a" in given:
        a, k, c = given.values()
        frame = frame.with_columns(e=(-k * t).exp()).with_columns(r=a * one("e") + c - y)  # fmt: skip
        r, e = one("r"), one("e")
        sums = [r * r, 2 * r * e, -2 * a * r * t * e, 2 * r]
    else:
        b0, b1, b2, b3 = given.values()
        frame = frame.with_columns(z=b0 + b1 * t + b2 * u + b3 * t * u)
        z, e = one("z"), one("e")
        frame = frame.with_columns(e=(-z.abs()).exp())
        slope = pl.when(z > 0).then(1.0).otherwise(e) / (1 + e) - y
        frame = frame.with_columns(d=slope)
        d = one("d")
        sums = [pl.when(z > 0).then(z).otherwise(0.0) + e.log1p() - y * z, d, d * t, d * u, d * t * u]  # fmt: skip
    asked = frame.select([s.sum().alias(f"s{n}") for n, s in enumerate(sums)])

    def run() -> Sequence[float]:
        found: tuple[float, ...] = asked.collect(engine="streaming").row(0)
        return found

    return run


def frames(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl

    names = (*_ROWS.split(", "), *task.given)
    made = compile_formula(task.source, inputs=names, rows=_ROWS, target="polars", reduce="sum", proof=False).module  # fmt: skip
    asked = made.value_and_grad(pl.scan_parquet(path), **task.given)

    def run() -> Sequence[float]:
        found: tuple[float, ...] = asked.collect(engine="streaming").row(0)[:-2]
        return found

    return run


@cache
def _in_numpy(key: str) -> Any:
    task, columns = TASKS[key], _ROWS.split(", ")
    return compile_formula(task.source, inputs=(*columns, *task.given), rows=_ROWS, wrt=[*task.given], target="numpy", reduce="sum", with_="value_and_grad", proof=False).module  # fmt: skip


def dask_part(frame: Any, key: str) -> Any:
    """Return the sums over the rows of a partition."""
    known, given = frame.dropna(), TASKS[key].given
    columns = (known[name].to_numpy(float) for name in _ROWS.split(", "))
    value, slopes = _in_numpy(key).value_and_grad(*columns, *given.values())
    return type(frame)([[value, *slopes]], columns=["f", *given])


def dask(task: Task, path: Path) -> Callable[[], Sequence[float]]:
    told = importlib.import_module("dask.config")
    pandas = importlib.import_module("pandas")
    data = importlib.import_module("dask.dataframe").read_parquet(path, columns=_ROWS.split(", "), split_row_groups="adaptive", blocksize="32MiB")  # fmt: skip
    key = next(key for key, one in TASKS.items() if one is task)
    meta = pandas.DataFrame(columns=["f", *task.given], dtype=float)
    _in_numpy(key)

    def run() -> Sequence[float]:
        with told.set(scheduler="synchronous"):
            found = data.map_partitions(dask_part, key, meta=meta).sum(skipna=False).compute()  # fmt: skip
        return [*map(float, found)]

    return run


#: By title, what makes a call, and the distributions that it needs beside DuckDB.
CALLS: Mapping[
    str, tuple[Callable[[Task, Path], Callable[[], Sequence[float]]], tuple[str, ...]]
] = {
    "SQL by hand, DuckDB": (by_hand, ()),
    "**gradgen `--target sql`**, DuckDB": (query, ()),
    "**gradgen `native`** over Arrow batches": (native, ("pyarrow",)),
    "NumPy by hand, over Arrow batches": (numpy, ("pyarrow",)),
    "Polars by hand, streaming": (polars, ("polars",)),
    "**gradgen `--target polars`**, streaming": (frames, ("polars",)),
    "**gradgen `--target numpy`**, Dask's `map_partitions`": (
        dask,
        ("pyarrow", "dask"),
    ),
}
BASE = next(iter(CALLS))


def memory() -> float:
    """Return the most megabytes that this process has had."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return math.nan


def measured(key: str, title: str, path: Path) -> Mapping[str, Any]:
    """Return the CPU seconds of a call, its result, and the memory of this process."""
    make, needs = CALLS[title]
    call = make(TASKS[key], path)
    if "pyarrow" in needs:  # what is loaded once
        next(_batches(path))
    start = time.process_time()
    found = call()
    return {"seconds": time.process_time() - start, "found": [*found], "memory": memory()}  # fmt: skip


def in_parts(key: str, rows: int) -> Mapping[str, Any]:
    """Return the same of gradgen's query over very many rows, of which no more than a part is there at a time; seconds are of the query."""
    import duckdb

    seconds, sums = 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.parquet"
        for first in range(0, rows, PART):
            with duckdb.connect(config={"threads": 1, "preserve_insertion_order": False}) as engine:  # fmt: skip
                rows_into(engine, path, first, min(first + PART, rows))
            call = query(TASKS[key], path)
            start = time.process_time()
            sums.append(call())
            seconds += time.process_time() - start
            path.unlink()
            print(f"{min(first + PART, rows):.0e} rows: {seconds:.1f} s, {memory():.0f} MB", file=sys.stderr)  # fmt: skip
    found = [math.fsum(column) for column in zip(*sums)]
    return {"seconds": seconds, "found": found, "memory": memory()}


def _asked(*words: str) -> Any:
    command = [sys.executable, "-m", "tests.benchmarks.sql", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def raced(rows: int, rounds: int) -> Mapping[str, Mapping[str, Sequence[Any]]]:
    """Return by task and title what each round took; all take turns, and all find the same."""
    import duckdb

    found: dict[str, dict[str, list[Any]]] = {key: {} for key in TASKS}
    titles = [t for t, (_, needs) in CALLS.items() if all(map(peers.installed, needs))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        with duckdb.connect() as engine:
            rows_into(engine, path, 0, rows)
        for key in TASKS:
            for _ in range(rounds):
                for title in titles:
                    one = _asked(key, title, str(path))
                    found[key].setdefault(title, []).append(one)
                    base = found[key][BASE][0]["found"]
                    if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(one["found"], base)):  # fmt: skip
                        raise ValueError(f"{title} finds {one['found']}, not {base}")
            print(f"{key} over {rows} rows is measured", file=sys.stderr)
    return found


def table(found: Mapping[str, Mapping[str, Sequence[Any]]], rows: int) -> Iterator[str]:
    """Yield the lines of the table: CPU seconds, how many times those by hand in the middle of all rounds, and memory."""
    heads = [f"{key}, s | × by hand | MB" for key in found]
    yield f"| value and gradient over {rows:.0e} rows | {' | '.join(heads)} |"
    yield "|---|" + "---|" * 3 * len(found)
    for title in CALLS:
        cells = []
        for runs in found.values():
            if title not in runs:
                cells.append("– | – | –")
                continue
            seconds = {name: [one["seconds"] for one in runs[name]] for name in (title, BASE)}  # fmt: skip
            taken: Ratio = ratio(seconds[title], seconds[BASE])
            most = max(one["memory"] for one in runs[title])
            cells.append(f"{min(seconds[title]):.2f} | {taken.middle:.2f} | {most:.0f}")
        yield f"| {title} | {' | '.join(cells)} |"


def tables(rows: int, rounds: int) -> list[str]:
    """Return the lines of the table; of more rows than a part, what gradgen's query takes."""
    if rows <= PART:
        return [*table(raced(rows, rounds), rows)]
    found = _asked("curve", "parts", str(rows))
    return [f"Over {rows:.0e} rows in parts of {PART:.0e}, which are removed again, the query of the curve takes {found['seconds']:.0f} s of CPU time and {found['memory']:.0f} MB."]  # fmt: skip


if __name__ == "__main__":
    what, how, where = sys.argv[1:]
    answer = in_parts(what, int(where)) if how == "parts" else measured(what, how, Path(where))  # fmt: skip
    print(json.dumps(answer))
