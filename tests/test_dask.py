"""The recipe for Dask is true: its blocks run, and partitions give what all rows give together, empty ones too."""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from gradgen.pipeline import compile
from tests.pages import blocks, page, played

frames = pytest.importorskip("dask.dataframe")
np = pytest.importorskip("numpy")
pytest.importorskip("scipy")
pytestmark = pytest.mark.slow


def test_the_recipe_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page("dask")
    assert played(text, tmp_path, monkeypatch) == len([*blocks(text)]) == 4


def test_partitions_give_what_all_rows_give_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = importlib.import_module("pandas")
    first, second, *_ = [body for _, body in blocks(page("dask"))]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    recipe = tmp_path / "recipe.py"
    recipe.write_text(f"{first}\n{second}", "utf-8")
    for name in ("recipe", "squares"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    sums: Any = importlib.import_module("recipe").sums
    rnd = np.random.default_rng(2)
    t, y = rnd.uniform(0, 5, 1000), rnd.uniform(0, 2, 1000)
    holes = [3, 400, 999]
    t[holes[0]] = y[holes[1]] = y[holes[2]] = math.nan
    frame = pandas.DataFrame({"t": t, "y": y, "other": None})
    plain = compile("(a*exp(-k*t) - y)**2", inputs="t, y, a, k", proof=False)
    each = [plain.value_and_grad(*row, 1.5, 0.7) for n, row in enumerate(zip(t.tolist(), y.tolist())) if n not in holes]  # fmt: skip
    wanted = [math.fsum(value for value, _ in each), *(math.fsum(s[n] for _, s in each) for n in (2, 3))]  # fmt: skip
    # A row without a value is not left out, as it would be with the others of its partition.
    frame.loc[5, "t"] = -math.inf
    data = frames.from_pandas(frame, npartitions=7)
    assert not math.isfinite(sums(data, 1.5, 0.7).f)
    assert math.isnan(sums(data, 0.0, 0.7).f)
    frame.loc[5, "t"] = t[5]
    for parts in (1, 7):
        data = frames.from_pandas(frame, npartitions=parts)
        # A partition may have no row left.
        for given, rows in ((data, 997), (data[data["t"] < -1], 0)):
            found = sums(given, 1.5, 0.7)
            assert (found.rows, found.left_out) == (rows, 3 if rows else 0)
            assert found[["f", "da", "dk"]].tolist() == pytest.approx(wanted if rows else [0, 0, 0], rel=1e-12)  # fmt: skip
