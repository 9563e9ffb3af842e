"""Formulas that add rows up in their parts: queries and functions of frames give the values and gradients that modules of arrays give."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.adapters import polars as over_frames
from gradgen.adapters import sql as over_tables
from gradgen.command.main import main
from gradgen.compiled import check_text
from gradgen.errors import GradgenError
from gradgen.over_rows import target_of
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.verify import verify
from gradgen.write.sql.dialects import DIALECTS
from tests.conftest import one_in
from tests.languages import databases
from tests.languages.databases import TABLES, Database, FailedError, Lite, Spark
from tests.languages.test_rows import Drawn
from tests.languages.test_sql import asked, filled

duckdb = pytest.importorskip("duckdb", minversion="2.0")
np = pytest.importorskip("numpy")
pl = pytest.importorskip("polars")

#: Of the columns x and y, and of a and b, which all rows share.
FORMULAS = (
    "log(mean(exp(a*x))) + b**2 - sum((y/mean(y) - a*b)**2)",
    "sum((x - mean(x))*(y - mean(y)))*a/sqrt(sum((x - mean(x))**2)*sum((y - mean(y))**2)) + b",
    "sum(exp(a*x)/sum(exp(a*x))*y)*b",
    "sum(a*x if x > mean(x) else b*y)",
    "sum((a*x - b)**2)/mean(exp(b*y)) if a > 0 else sum(y*a)",
    "a*sum(x)**2 + sum(mean(a*y)*b*x + sin(a*x))",
    "log(sum(exp(a*x + b)))",
    "mean((y - a*x)**2) + b*a**2",
    "sum(log(sum(exp(a*x)))*y*b - a*x)",
    "sum(a*x)/sum(y*b)",
    "sqrt(sum((a*x - y)**2))",
    "sum((y - a*mean(x*b))**2)",
    "mean(x)*a + b",
    "sum(max(a*x, b*y))",
    "sum(x + a)",
    "mean(a + x*b)",
    "log(mean(exp(a*x - mean(x))))*b",
    "g = 9.81; c = 2*g; sum(c*x*a)*g + mean(c*y)/g",
    "da_sum = a*x; da_part = mean(da_sum); sum(da_part*da_sum*y) + da_part*b",
    "given = mean(x*a); shared = given*y; sums = sum(shared)*b; sums + given",
)
POINT = {"a": 0.7, "b": 1.3}


@cache
def rows() -> Any:
    rnd = np.random.default_rng(1)
    return np.stack([rnd.normal(size=50), rnd.uniform(0.5, 2, size=50)])


def table() -> list[list[float | None]]:
    """Return the rows, and two that are left out."""
    return [*rows().T.tolist(), [1.0, None], [None, 2.0]]


def truth(source: str, x: Any, y: Any) -> list[float]:
    made = compile(source, inputs="x, y, a, b", wrt="a, b", rows="x, y", target="numpy", with_="value_and_grad", proof=False).module  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, slopes = made.value_and_grad(x, y, *POINT.values())
    return [float(value), *map(float, slopes)]


def compiled(source: str, target: str, **options: Any) -> Compiled:
    return compile(source, inputs="x, y, a, b", rows="x, y", target=target, **options)


def agree(source: str, found: Mapping[str, Any], tolerance: float = 1e-12) -> None:
    """Hold a row to the arrays' value and slopes."""
    got, wanted = [*found.values()], truth(source, *rows())
    assert got[-2:] == [50, 2]
    for one, want in zip(got, wanted, strict=False):
        assert math.isclose(one, want, rel_tol=tolerance, abs_tol=tolerance), source


@pytest.fixture(name="engine")
def _engine() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as engine:
        filled(engine, ["x", "y"], table())
        yield engine


@pytest.fixture(name="postgres", scope="module")
def _postgres() -> Iterator[Database]:
    yield from databases.postgres()


@pytest.mark.parametrize("source", one_in(4, FORMULAS))
def test_queries_give_what_arrays_give(source: str, engine: Any) -> None:
    made = compiled(source, "sql")
    assert not made.unproven
    assert regenerate(made.recipe).source == made.source
    (row,) = asked(engine, made, **POINT)
    agree(source, row)


@pytest.mark.parametrize("source", one_in(4, FORMULAS))
def test_frames_give_what_arrays_give(source: str) -> None:
    made = compiled(source, "polars")
    assert not made.unproven
    assert regenerate(made.recipe).source == made.source
    frame = pl.DataFrame(table(), schema={"x": pl.Float64, "y": pl.Float64}, orient="row")  # fmt: skip
    (row,) = made.module.value_and_grad(frame, **POINT).to_dicts()
    agree(source, row)
    lazy = made.module.value_and_grad(frame.lazy(), **POINT).collect(engine="streaming")
    agree(source, lazy.row(0, named=True))
    (value,) = made.module.forward(frame, **POINT).rows()
    assert value == (row["f"], 50, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "lite", "spark"])
def test_other_engines_give_what_arrays_give(
    name: str, request: pytest.FixtureRequest
) -> None:
    engine: Any = {"lite": Lite, "spark": Spark}.get(name, lambda: request.getfixturevalue(name))()  # fmt: skip
    engine.fill("data", ["x", "y"], table())
    for source in FORMULAS:
        made = compiled(source, "sql", dialect=engine.dialect.name, proof=False)
        (row,) = engine.ask(made, POINT)
        agree(source, row)


@pytest.mark.parametrize("dialect", one_in(3, DIALECTS))
def test_every_dialect_parses(dialect: str) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    read = "" if dialect == "generic" else dialect
    for place, source in enumerate(FORMULAS[:6]):
        name = TABLES[place + 13].strip()
        made = compiled(source, "sql", dialect=dialect, table=name, proof=False)
        text = "WITH\n" + made.source.partition("\nWITH\n")[2]
        tree = sqlglot.parse_one(text, read=read)
        assert [one.alias_or_name for one in tree.selects] == ["f", "da", "db", "rows", "left_out"]  # fmt: skip


def random_ones(first: int, last: int, engine: Any) -> None:
    for seed in range(first, last):
        rnd = random.Random(seed)
        drawn = Drawn(random.Random(seed), 3)
        source = drawn.text + f"\nf = mean({drawn.result}*x)"
        style = rnd.choice(("textbook", "compact"))
        points = np.array([[rnd.uniform(-2, 2) for _ in range(6)] for _ in range(2)])
        wanted = truth(source, *points)
        made = compiled(source, "sql", style=style, proof=False)
        filled(engine, ["x", "y"], points.T.tolist())
        (row,) = asked(engine, made, **POINT)
        of_frame = compiled(source, "polars", style=style, proof=False).module
        frame = pl.DataFrame({"x": points[0], "y": points[1]})
        found = of_frame.value_and_grad(frame, **POINT).row(0)
        for got in ([*row.values()], found):
            for one, want in zip(got, wanted):
                same = one == want or (math.isnan(one) and math.isnan(want))
                assert same or abs(one - want) <= 1e-11 * max(1.0, abs(want)), source


def test_some_random_formulas_are_those_of_arrays(engine: Any) -> None:
    random_ones(0, 4, engine)


@pytest.mark.slow
def test_many_random_formulas_are_those_of_arrays(engine: Any) -> None:
    random_ones(4, 80, engine)


def test_sums_of_exponentials_do_not_overflow(engine: Any) -> None:
    """Where all are infinite, or none is, the logarithm is."""
    for dialect in ("duckdb", "polars"):
        for values, wanted in (
            ([1000.0, 1001.0], 1001 + math.log1p(math.exp(-1))),
            ([-1000.0, -1001.0], -1000 + math.log1p(math.exp(-1))),
            ([math.inf, 1.0], math.inf),
            ([-math.inf, -math.inf], -math.inf),
            ([-math.inf, 1.0], 1.0),
            ([math.nan, 1.0], math.nan),
        ):
            source = "log(sum(exp(x)))"
            if dialect == "polars":
                made = compile(source, rows="x", target="polars", proof=False).module
                found = made.forward(pl.DataFrame({"x": values})).row(0)[0]
            else:
                query = compile(source, rows="x", target="sql", proof=False)
                filled(engine, ["x"], [[x] for x in values])
                found = asked(engine, query)[0]["f"]
            assert found == pytest.approx(wanted, rel=1e-15, nan_ok=True), (dialect, values)  # fmt: skip


def test_of_no_rows_there_is_no_number(engine: Any) -> None:
    source = "log(sum(exp(a*x))) + mean(y)*b"
    engine.execute("DELETE FROM data WHERE y IS NOT NULL")
    (row,) = asked(engine, compiled(source, "sql"), **POINT)
    assert [*row.values()] == [None, None, None, 0, 1]
    frame = pl.DataFrame({"x": [1.0], "y": [None]}, schema={"x": pl.Float64, "y": pl.Float64})  # fmt: skip
    row = compiled(source, "polars").module.value_and_grad(frame, **POINT).row(0)
    assert [*row] == [None, None, None, 0, 1]


def test_a_fit_may_be_of_what_sums_are_in(engine: Any) -> None:
    """The logarithm of a sum of squares, whose minimum is that of the sum."""
    source = "log(sum((y - a*x - b)**2)/mean((y - mean(y))**2))"
    start = {"a": 0.0, "b": 0.0}
    wanted = np.polyfit(*rows(), 1).tolist()
    found = over_tables.fit(engine, compiled(source, "sql"), "data", start)
    frame = pl.DataFrame(table(), schema={"x": pl.Float64, "y": pl.Float64}, orient="row")  # fmt: skip
    again = over_frames.fit(frame, compiled(source, "polars"), start)
    for one in (found, again):
        assert one.converged and (one.rows, one.left_out) == (50, 2)
        assert [*one.parameters.values()] == pytest.approx(wanted, rel=1e-4)


REFUSED: Sequence[tuple[str, dict[str, Any], str]] = (
    ("y/mean(y)", {}, r"each row has its own `f`, which mean\(...\) of all rows is in"),
    ("sum(x*a)*y", {}, "as sum(...) or mean(...) around it gives".replace("(", r"\(").replace(")", r"\)")),
    ("mean(x)*a", {"reduce": "sum"}, r"write sum\(...\) around it instead, and leave --reduce out"),
    ("u = sum(x)*a; v = u*b", {"outputs": "u, v"}, "has one result in"),
    ("mean(x)*a", {"wrt": "x"}, "no gradient by the column `x`"),
    ("mean(a)", {}, "the same for all of them"),
    ("mean(x)", {"rows": ""}, "is over rows of data"),
    ("mean(x)*a", {"reduce": "sum", "by": "y"}, "leave --reduce out"),
)  # fmt: skip


@pytest.mark.parametrize("target", ["sql", "polars"])
@pytest.mark.parametrize(("source", "options", "says"), REFUSED)
def test_what_is_no_number_of_all_rows_is_refused(
    source: str, options: dict[str, Any], says: str, target: str
) -> None:
    with pytest.raises(GradgenError, match=says) as refusal:
        compile(source, **{"inputs": "x, y, a, b", "rows": "x, y", "target": target, **options})  # fmt: skip
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("target", ["sql", "polars"])
def test_the_commands_know_such_files(target: str, tmp_path: Path) -> None:
    path = tmp_path / ("loss.sql" if target == "sql" else "loss.py")
    options = ["compile", FORMULAS[0], "--rows", "x, y", "--target", target]
    assert main([*options, "-o", str(path), "--verify"]) == 0
    text = path.read_text("utf-8")
    assert main(["check", str(path)]) == 0
    path.write_text(text.replace("meany", "mean_y"), "utf-8")
    assert main(["check", str(path)]) == 1
    assert main(["update", "--force", str(path)]) == 0
    assert path.read_text("utf-8") == text
    assert verify(compiled(FORMULAS[0], target), samples=3).passed()


#: What stands in a query, and what cannot stand in its place.
WRONG = (
    ("FROM inputs CROSS JOIN given", "FROM inputs CROSS JOIN other"),
    ("FROM inputs CROSS JOIN given", "FROM inputs JOIN given"),
    ("FROM inputs CROSS JOIN given", "FROM inputs"),
    ("given.a", "given.secret"),
    ("given.a", "other.a"),
    ("        max(", "        min("),
    ("avg(y) AS meany", "avg(secret) AS meany"),
    ("avg(y) AS meany", "avg(y) AS meany, x AS other"),
    ("(SELECT count(*) FROM inputs)", "(SELECT count(*) FROM data)"),
    ("(SELECT count(*) FROM data) -", "(SELECT count(*) FROM other) -"),
    ("\n    f,\n", "\n    f + 1e0 AS f,\n    f AS other,\n"),
    ("\n    da,\n", "\n    db AS da,\n    db,\n"),
    (";", "; DROP TABLE data;"),
    ("CAST($a AS DOUBLE) AS a", "CAST($b AS DOUBLE) AS a"),
)


def test_no_other_text_can_get_in() -> None:
    made = compiled(FORMULAS[0], "sql")
    rest: tuple[Any, ...] = ((), {}, {}, "")
    target = target_of(made.recipe, made.program)
    check_text(made.source, made.program, target, *rest)
    head, mark, query = made.source.rpartition("\nWITH\n")
    for before, after in WRONG:
        assert before in query, before
        with pytest.raises(GradgenError, match="is not what a generated query must be"):
            check_text(head + mark + query.replace(before, after, 1), made.program, target, *rest)  # fmt: skip
    # And no level of other queries adds up.
    other = compile("x*k", rows="x", target="sql", reduce="sum")
    text = other.source.replace("x * k AS f", "sum(x) AS f")
    assert text != other.source
    with pytest.raises(GradgenError, match="is not what a generated query must be"):
        check_text(text, other.program, target_of(other.recipe, other.program), *rest)


def test_what_a_database_does_not_have_is_no_number() -> None:
    engine = Lite()
    engine.fill("data", ["x", "y"], [[0.0, 1.0], [1.0, 2.0]])
    made = compiled("sum(log(x*a))*b + mean(y)", "sql", dialect="sqlite", proof=False)
    try:
        (row,) = engine.ask(made, POINT)
    except FailedError:
        return
    assert row["f"] is None or not math.isfinite(row["f"])
