"""The benchmark compares like with like, and its tables say what was measured. No time is asserted."""

from __future__ import annotations

import importlib
import importlib.util
import math
from pathlib import Path
from typing import Any

import pytest

from gradgen import compile
from tests.benchmarks import arrays, clock, peers, sizes, sql
from tests.benchmarks.__main__ import PAGE
from tests.benchmarks.clock import Race, Ratio
from tests.benchmarks.functions import FUNCTIONS, INPUTS, POINTS, SOURCES
from tests.benchmarks.fused import FUSED
from tests.benchmarks.split import SPLIT
from tests.benchmarks.table import ARRAYS, TABLES, Measured, put, shown, tables
from tests.benchmarks.table import POINTS as POINTS_OF

SHARED = Path(__file__).parents[2] / "shared" / "data" / "benchmarks.py"


def two_passes(module: Any, point: tuple[float, ...]) -> list[float]:
    value, cache = module.forward(*point)
    return [value, *module.backward(cache)]


def gradient_of(key: str) -> list[float]:
    """Return value and gradient of a function, the gradient by differences."""
    f, point = FUNCTIONS[key], POINTS[key]
    found = [f(math, *point)]
    for place, x in enumerate(point):
        step = 1e-6 * max(1.0, abs(x))
        above, below = ((*point[:place], x + s, *point[place + 1 :]) for s in (step, -step))  # fmt: skip
        found.append((f(math, *above) - f(math, *below)) / (2 * step))
    return found


@pytest.mark.parametrize("key", FUNCTIONS)
def test_all_variants_agree(key: str) -> None:
    point = POINTS[key]
    value, gradient = FUSED[key](*point)
    true = [value, *gradient]
    size = max(map(abs, true))
    assert gradient_of(key) == pytest.approx(true, rel=1e-6, abs=1e-8 * size)
    for style in ("textbook", "compact"):
        made = compile(SOURCES[key], inputs=list(INPUTS[key]), style=style)
        assert peers.numbers(made.value_and_grad(*point)) == pytest.approx(true, 1e-12)
        assert two_passes(made.module, point) == pytest.approx(true, rel=1e-12)
    assert two_passes(SPLIT[key], point) == pytest.approx(true, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("key", FUNCTIONS)
def test_peers_agree_as_far_as_they_are_installed(key: str) -> None:
    true = peers.numbers(FUSED[key](*POINTS[key]))
    calls = {name: peers.made(name, key) for name in peers.PEERS}
    assert calls["sympy"] is not None
    for name, call in calls.items():
        if call is not None:
            found = peers.numbers(call(*POINTS[key]))
            assert found == pytest.approx(true, rel=1e-9), name


def test_the_functions_are_those_that_were_agreed_on() -> None:
    if not SHARED.exists():
        pytest.skip("the list of functions is not there")
    spec = importlib.util.spec_from_file_location("agreed", SHARED)
    assert spec is not None and spec.loader is not None
    agreed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(agreed)
    for key, f in agreed.FUNCTIONS.items():
        assert POINTS[key] == agreed.POINT[key]
        assert [*INPUTS[key]] == agreed.NAMES[key]
        true = f(math, *POINTS[key])
        assert FUNCTIONS[key](math, *POINTS[key]) == pytest.approx(true, rel=1e-14)


def test_a_race_compares_with_the_first() -> None:
    found = clock.ratio([2.0, 4.0, 6.0, 8.0, 10.0], [1.0] * 5)
    assert (found.middle, found.low, found.high) == (6.0, 3.0, 9.0)
    made = compile("x*y")
    calls = {
        "one": clock.one(lambda x, y: x * y),
        "two": clock.passes(made.module),
        "method": clock.method(made, "value_and_grad"),
    }
    race = clock.race(clock.times(calls, (2.0, 3.0), 3))
    assert [*race.ratios] == [*calls]
    assert race.ratios["one"] == (1.0, 1.0, 1.0)
    assert race.seconds > 0


def test_formulas_for_generation_have_their_size() -> None:
    made = compile(sizes.formula(1_000), proof=False)
    assert 950 < made.cost.forward < 1_050


def test_the_tables_say_what_was_measured() -> None:
    one, half = Ratio(1.0, 1.0, 1.0), Ratio(1.5, 1.4, 1.8)
    races = {
        "F1": Race(3.4e-7, {"by hand": one, "tool": half}),
        "F2": Race(2e-6, {"by hand": one, "other": Ratio(37.2, 36.0, 39.0)}),
    }
    measured = Measured(
        races,
        {"Compiled.jacobian": 2.4e-8},
        {"tool": [0.014, 1.5]},
        {"`tool`": 0.34},
        "a processor, 2 cores",
        ["Python 3.11", "tool 1.0"],
    )
    text = tables(measured)
    assert text.splitlines()[:5] == [
        "| value and gradient at one point | F1 | F2 |",
        "|---|---|---|",
        "| by hand | 1.00 = 0.34 µs | 1.00 = 2.00 µs |",
        "| tool | 1.50 ± 0.20 | – |",
        "| other | – | 37 ± 2 |",
    ]
    assert "`Compiled.jacobian` 0.02 µs" in text
    assert "| tool | 0.01 | 1.50 |" in text
    assert text.endswith("On a processor, 2 cores; Python 3.11, tool 1.0.")


def test_a_missing_tool_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "installed", lambda name: False)
    assert peers.made("sympy", "F1") is None
    assert peers.versions(["sympy"]) == []
    assert shown(None) == "–"


def test_the_tables_stand_between_their_marks() -> None:
    page = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n"
    assert put("new", page, "x") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no place"):
        put("new", "no marks", "x")
    for marker in (POINTS_OF, ARRAYS, TABLES):
        assert put("", PAGE.read_text("utf-8"), marker)


#: The ways over arrays that need no compiler of their own.
_QUICK = "over", "whole arrays", "by hand", "lambdify", "Function.map", "autograd"


@pytest.mark.slow
@pytest.mark.parametrize("key", arrays.KEYS)
def test_ways_over_arrays_agree_as_far_as_they_are_installed(key: str) -> None:
    np = pytest.importorskip("numpy")
    size = 20_000
    given = arrays.columns(key, size)
    true = [np.asarray(one) for one in _numbers(compile(SOURCES[key], inputs=list(INPUTS[key]), target="numpy").value_and_grad(*given))]  # fmt: skip
    for title in arrays.CALLS:
        if not any(word in title for word in _QUICK) and "native" not in title:
            continue
        call = arrays.made(title, key, given)
        if call is None:
            continue
        for one, other in zip(_numbers(call()), true, strict=True):
            assert np.max(np.abs(one - other)) <= 1e-12 * np.max(np.abs(other)), title


def _numbers(found: Any) -> list[Any]:
    """Return what a call returns, one array after another."""
    if isinstance(found, (tuple, list)):
        return [array for one in found for array in _numbers(one)]
    return [found]


@pytest.mark.slow
def test_ways_over_tables_agree_and_parts_add_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("duckdb", "pyarrow", "polars"):
        pytest.importorskip(name)
    here = [
        t for t, (_, needs) in sql.CALLS.items() if all(map(peers.installed, needs))
    ]
    path = tmp_path / "rows.parquet"
    with importlib.import_module("duckdb").connect() as engine:
        sql.rows_into(engine, path, 0, 20_000)
    found = {key: {title: [sql.measured(key, title, path)] * 2 for title in here} for key in sql.TASKS}  # fmt: skip
    for runs in found.values():
        base = runs[sql.BASE][0]["found"]
        for one, _ in runs.values():
            assert one["found"] == pytest.approx(base, rel=1e-11)
    lines = [*sql.table(found, 20_000)]
    assert len(lines) == 2 + len(sql.CALLS)
    missing = [line for line in lines if line.endswith("| – | – | – |")]
    assert len(missing) == len(sql.CALLS) - len(here)
    monkeypatch.setattr(sql, "PART", 6000)
    parts = sql.in_parts("curve", 20_000)["found"]
    assert parts == pytest.approx(found["curve"][sql.BASE][0]["found"], rel=1e-12)
