"""Functions of frames give the sums of least squares, and those of groups, that queries in DuckDB and NumPy give of the same rows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradgen.adapters.polars import fit
from gradgen.adapters.sql import Fit, FitError
from gradgen.compiled import check_text
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import target_for
from gradgen.verify import verify
from tests import generators
from tests.conftest import one_in
from tests.languages.test_arrays import near
from tests.languages.test_sql import asked, filled
from tests.languages.test_sql_normal import NAMES

duckdb = pytest.importorskip("duckdb", minversion="2.0")
np = pytest.importorskip("numpy")
pl = pytest.importorskip("polars")
CURVE = "a*exp(-k*t) - y"


@pytest.fixture(name="engine")
def _engine() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as engine:
        yield engine


def agree(got: dict[str, Any], wanted: dict[str, Any], keys: int = 0, room: float = 0.0) -> None:  # fmt: skip
    """Hold a row of a frame to one of a query, whose sum of no rows is NULL, and 0 in Polars; so many columns at first group rows."""
    assert [*got] == [*wanted]
    for place, (name, want) in enumerate(wanted.items()):
        if place >= keys and want is None and not wanted["rows"]:
            want = 0.0
        if isinstance(want, float):
            assert near(got[name], want, 1e-12, room), (name, got, wanted)
        else:
            assert got[name] == want, (name, got, wanted)


def squares_agree(engine: Any, source: str, rows: str, **options: Any) -> Compiled | None:  # fmt: skip
    """Hold the sums of least squares of a frame to those of a query in DuckDB; of formulas that both can write."""
    options = {"rows": rows, "reduce": "sum", "with_": "gauss_newton", "proof": False, **options}  # fmt: skip
    try:
        query = compile(source, target="sql", **options)
        made = compile(source, target="polars", **options)
    except GradgenError as error:
        assert "please report" not in str(error), source
        return None
    rnd = random.Random(source)
    columns = made.recipe.rows
    points = [[rnd.uniform(1, 2) for _ in columns] for _ in range(20)]
    holes: list[list[float | None]] = [[None, *point[1:]] for point in points[:3]]
    filled(engine, columns, [*points, *holes])
    program = made.program
    shared = [n for n in program.inputs if n not in columns]
    given = dict(zip(shared, (rnd.uniform(1, 2) for _ in shared)))
    named = {query.program.names[v]: given[t] for v, t in query.program.signature.items() if t in given}  # fmt: skip
    (wanted,) = asked(engine, query, **named)
    frame = pl.DataFrame([*points, *holes], schema=dict.fromkeys(columns, pl.Float64), orient="row").lazy()  # fmt: skip
    (got,) = made.module.gauss_newton(frame, *given.values()).collect(engine="streaming").to_dicts()  # fmt: skip
    assert [*got.values()][-2:] == [20, 3]
    sizes = [abs(x) for x in wanted.values() if x is not None and math.isfinite(x)]
    # What cancels in a sum is known to so much of the sum of sizes.
    agree(dict(zip(wanted, got.values())), wanted, 0, 1e-13 * max(sizes))
    return made


@pytest.mark.parametrize(("source", "inputs"), one_in(3, NAMES))
def test_sums_of_least_squares_are_those_of_queries(
    source: str, inputs: str, engine: Any
) -> None:
    outputs = [part.partition(" = ")[0] for part in source.split("; ")]
    if "rows" in outputs:  # which such a module keeps for itself
        with pytest.raises(GradgenError, match="reserved for the module's own use"):
            compile(source, inputs=inputs, outputs=outputs, target="polars", rows="x")
        return
    assert squares_agree(engine, source, "x", inputs=inputs, outputs=outputs)


@pytest.mark.slow
def test_many_sums_of_least_squares_are_those_of_queries(engine: Any) -> None:
    rnd = random.Random(5)
    count = 0
    for seed in range(60):
        one = generators.program(seed)
        names = [line.partition(" = ")[0] for line in one.text.splitlines()]
        outputs = [*dict.fromkeys([*one.outputs, names[-1], *rnd.sample(names, 1)])]
        outputs = [name for name in outputs if name.isidentifier()]
        rows = ", ".join(one.inputs[: -(-len(one.inputs) // 2)])
        count += squares_agree(engine, one.text, rows, inputs=one.inputs, outputs=outputs) is not None  # fmt: skip
    assert count > 30


def data() -> list[list[Any]]:
    """Return rows of t, y, region and year; of one group all have a null."""
    rnd = random.Random(1)
    rows = []
    for _ in range(60):
        region = rnd.choice(["north", "South", "", None])
        year = rnd.choice([2**53, 2**53 + 1, None])
        t = rnd.choice([0.5, 1.5, 2.5, None]) if region else None
        rows.append([t, rnd.uniform(-1, 1), region, year])
    return rows


def frame_of(rows: Sequence[Sequence[Any]], *names: str) -> Any:
    schema = dict(zip(names, (pl.Float64, pl.Float64, pl.String, pl.Int64)))
    return pl.DataFrame(rows, schema=schema, orient="row")


#: Functions, and what groups rows for them.
GROUPED = (
    ("gauss_newton", "sum", ["region", "year"]),
    ("value_and_grad", "sum", ["region", "year"]),
    ("forward", "sum", ["region", "year"]),
    ("value_and_grad", "mean", ["f"]),
    ("forward", "mean", ["f"]),
    ("gauss_newton", "sum", ["T", "jtr_a"]),
    ("value_and_grad", "sum", ["T", "jtr_a"]),
)


@pytest.mark.parametrize(("function", "reduce", "by"), one_in(3, GROUPED))
def test_groups_are_those_of_queries(
    function: str, reduce: str, by: list[str], engine: Any
) -> None:
    names = ["t", "y", *(*by, "other")[:2]]
    options: dict[str, Any] = {"inputs": "t, y, a, k", "rows": "t, y", "reduce": reduce, "by": by}  # fmt: skip
    options["with_"] = (function,) if function == "gauss_newton" else ()
    if "T" in by:  # which SQL takes for t
        made = compile(CURVE, target="polars", **options)
        by = ["key", by[1]]
        query = compile(CURVE, target="sql", **{**options, "by": by})
    else:
        made = compile(CURVE, target="polars", **options)
        query = compile(CURVE, target="sql", **options)
    assert regenerate(made.recipe).source == made.source
    assert not made.unproven and verify(made, samples=3).compared == 3
    first, second = (*by, "other")[:2]
    engine.execute(f"CREATE TABLE data (t DOUBLE, y DOUBLE, {first} VARCHAR, {second} BIGINT)")  # fmt: skip
    engine.executemany("INSERT INTO data VALUES (?, ?, ?, ?)", data())
    wanted = asked(engine, query, a=1.5, k=0.75)
    lazy = getattr(made.module, function)(frame_of(data(), *names).lazy(), 1.5, 0.75)
    found = lazy.collect(engine="streaming").to_dicts()
    assert len(found) == len(wanted) and any(not row["rows"] for row in found)
    for got, want in zip(found, wanted):
        if function == "forward":
            want = {n: x for n, x in want.items() if n not in ("da", "dk")}
        if "key" in by:
            got = dict(zip(want, got.values()))
        if reduce == "mean" and not want["rows"]:
            assert got == want  # null in both
            continue
        agree(got, want, len(by))


def test_sums_of_least_squares_are_those_of_numpy() -> None:
    made = compile(CURVE, inputs="t, y, a, k", rows="t, y", target="polars", reduce="sum", with_="gauss_newton")  # fmt: skip
    rows = [row[:2] for row in data() if row[0] is not None]
    t, y = np.array(rows).T
    a, k = 1.5, 0.75
    r = a * np.exp(-k * t) - y
    j = np.stack([np.exp(-k * t), -a * t * np.exp(-k * t)])
    (got,) = made.module.gauss_newton(frame_of(rows, "t", "y"), a, k).rows()
    left = j @ j.T
    wanted = [r @ r, *(j @ r), *left[np.triu_indices(2)], len(rows), 0]
    assert got == pytest.approx(wanted, rel=1e-12)


def test_a_missing_column_of_groups_is_told_before_data_is_read() -> None:
    made = compile(CURVE, rows="t, y", target="polars", reduce="sum", by="region", proof=False)  # fmt: skip
    frame = frame_of([], "t", "y", "other").lazy()
    with pytest.raises(ValueError, match="^there is no column `region` among t, y, ot"):
        made.module.forward(frame, 1.0, 1.0)
    with pytest.raises(GradgenError, match="gauss_newton is by the parameters, and th"):
        compile(CURVE, target="polars", reduce="sum", with_="gauss_newton")
    for options in ({"by": "region"}, {"with_": "gauss_newton"}):
        with pytest.raises(GradgenError, match="choose --target sql or polars"):
            compile(CURVE, rows="t, y", target="polars", **options)  # type: ignore[arg-type]
    with pytest.raises(GradgenError, match="choose --target sql or polars"):
        compile(CURVE, rows="t, y", target="numpy", reduce="sum", by="region")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('.group_by("region")', '.group_by("a")'),
        (".group_by(", ".group_by(col.t, "),
        ('.sort("region", nulls_last=True)', '.sort("region")'),
        ('.sort("region", nulls_last=True)', '.sort("region", nulls_last=True).head()'),
        ('("region", "region")', '("region", "other")'),
        ("squares=pl.when(col.taken).then(col.f * col.f).sum(),", ""),
        ("jtj_a_k=", "jtj_k_a="),
        ("col.f * col.dk).sum()", "col.f * col.secret).sum()"),
        ("def gauss_newton(", "def newton("),
    ],
)
def test_no_other_text_can_get_in(before: str, after: str) -> None:
    made = compile(CURVE, rows="t, y", target="polars", reduce="sum", by="region", with_="gauss_newton", proof=False)  # fmt: skip
    rest: tuple[Any, ...] = (("gauss_newton",), {}, {}, "")
    check_text(made.source, made.program, target_for(made.recipe), *rest)
    text = made.source.replace(before, after)
    assert text != made.source
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check_text(text, made.program, target_for(made.recipe), *rest)


def noisy(rows: int) -> Any:
    """Return a frame of a noisy curve, with a null."""
    t = np.linspace(0, 10, rows)
    y = 2.5 * np.exp(-0.7 * t) + 0.2 * np.sin(np.arange(rows) ** 2 * 0.37)
    return pl.concat([pl.DataFrame({"t": t, "y": y}), pl.DataFrame({"t": [1.0], "y": [None]}, schema={"t": pl.Float64, "y": pl.Float64})])  # fmt: skip


def test_a_fit_over_a_frame_is_that_of_scipy_in_memory(tmp_path: Path) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    frame = noisy(500)
    frame.write_parquet(tmp_path / "rows.parquet", row_group_size=100)
    made = compile(CURVE, inputs="t, y, a, k", rows="t, y", target="polars", reduce="sum", with_="gauss_newton")  # fmt: skip
    start = {"a": 1.0, "k": 0.2}
    lines: list[Fit] = []
    found = fit(pl.scan_parquet(tmp_path / "rows.parquet"), made, start, report=lines.append)  # fmt: skip
    t, y = frame.drop_nulls().to_numpy().T
    wanted, spread = optimize.curve_fit(lambda t, a, k: a * np.exp(-k * t), t, y, [1.0, 0.2], xtol=1e-15, ftol=1e-15, gtol=1e-15)  # fmt: skip
    assert found.converged and (found.rows, found.left_out) == (500, 1)
    assert [*found.parameters.values()] == pytest.approx(wanted, rel=1e-7)
    assert [*found.errors.values()] == pytest.approx(np.sqrt(np.diag(spread)), rel=1e-5)
    assert len(lines) == found.queries < 12
    # It goes on, at once as well, and with one that is given.
    few = fit(frame, made, start, queries=3)
    assert few.says == "stopped after 3 queries"
    assert fit(frame, made, few).parameters == pytest.approx(found.parameters, rel=1e-9)
    one = compile(CURVE, inputs="t, y, a, k", wrt="a", rows="t, y", target="polars", reduce="sum", with_="gauss_newton", proof=False)  # fmt: skip
    e = np.exp(-0.5 * t)
    assert fit(frame, one, {"a": 1.0}, k=0.5).parameters["a"] == pytest.approx(e @ y / (e @ e), rel=1e-9)  # fmt: skip
    # Of a loss SciPy's `minimize` gets the mean.
    loss = compile(f"({CURVE})**2", inputs="t, y, a, k", rows="t, y", target="polars", reduce="mean", proof=False)  # fmt: skip
    again = fit(frame, loss, start)
    assert again.converged
    assert [*again.parameters.values()] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    ("frame", "options", "start", "says"),
    [
        (None, {}, {"a": 1.0, "k": 1.0}, "rows are in a frame of Polars, not in <class 'NoneType'>"),
        (["t"], {}, {"a": 1.0, "k": 1.0}, "there is no column `y` among t"),
        (["t", "y"], {}, {"a": 1.0, "k": 1.0}, "the frame has no row without a NULL in t, y"),
        (["t", "y"], {}, {"a": 1.0}, "`k` has no value: the start names all that is fitted"),
        (["t", "y"], {}, {"a": 1.0, "k": math.nan}, "`k` is nan, which is no number to begin with"),
        (["t", "y"], {"by": "t"}, {"a": 1.0, "k": 1.0}, "--target polars and --reduce sum, without --by"),
        (["t", "y"], {"target": "sql"}, {"a": 1.0, "k": 1.0}, "--target polars and --reduce sum, without --by"),
    ],
)  # fmt: skip
def test_what_is_no_fit_over_a_frame_is_told_in_one_line(
    frame: Any, options: dict[str, Any], start: dict[str, float], says: str
) -> None:
    made = compile(CURVE, **{"inputs": "t, y, a, k", "rows": "t, y", "target": "polars", "reduce": "sum", "with_": "gauss_newton", "proof": False, **options})  # fmt: skip
    rows = pl.DataFrame(schema=dict.fromkeys(frame, pl.Float64)) if frame else frame
    with pytest.raises(GradgenError, match=".") as refusal:
        fit(rows, made, start)
    assert says in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_lazy_frame_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    made = compile(CURVE, inputs="t, y, a, k", rows="t, y", target="polars", reduce="sum", with_="gauss_newton", proof=False)  # fmt: skip
    for rows in (
        frame_of([], "t", "y").lazy().with_columns(t=pl.col.other),
        pl.scan_parquet(tmp_path / "nowhere.parquet"),
    ):
        with pytest.raises(GradgenError, match="^the frame cannot be read: ") as refusal:  # fmt: skip
            fit(rows, made, {"a": 1.0, "k": 1.0})
        assert "\n" not in str(refusal.value)


def test_a_fit_over_a_frame_whose_file_goes_loses_nothing(tmp_path: Path) -> None:
    made = compile(CURVE, inputs="t, y, a, k", rows="t, y", target="polars", reduce="sum", with_="gauss_newton", proof=False)  # fmt: skip
    path = tmp_path / "rows.parquet"
    noisy(100).write_parquet(path)

    def report(one: Fit) -> None:
        if one.queries == 3:
            path.unlink()

    with pytest.raises(FitError, match="^query 4 failed ") as failure:
        fit(pl.scan_parquet(path), made, {"a": 1.0, "k": 0.2}, report=report)
    at = failure.value.fit
    assert at is not None and at.queries == 3
    assert fit(noisy(100), made, at).converged
