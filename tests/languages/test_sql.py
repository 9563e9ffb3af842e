"""Queries, run by a real DuckDB, give at every row what the same modules in Python give, and nothing in a name gets into them."""

from __future__ import annotations

import contextlib
import math
import random
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.compiled import check_text
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import target_for
from gradgen.verify import verify
from gradgen.write.sql.names import KEYWORDS
from tests import generators
from tests.conftest import LISTS
from tests.languages.databases import NAMES, TABLES
from tests.languages.test_arrays import drawn, near, plainly
from tests.languages.test_c import cases, real
from tests.languages.test_c_rows import explained, lost
from tests.pages import page

duckdb = pytest.importorskip("duckdb", minversion="2.0")
Points = Sequence[Sequence[float | None]]
Listed = Mapping[tuple[str, tuple[str, ...]], Points]


@pytest.fixture(name="engine")
def _engine() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as engine:
        yield engine


def named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def filled(
    engine: Any, names: Sequence[str], points: Points, table: str = "data"
) -> None:
    """Make a table of doubles."""
    columns = ", ".join(f"{named(name)} DOUBLE" for name in names)
    whole = ".".join(map(named, table.split(".")))
    engine.execute(f"CREATE OR REPLACE TABLE {whole} ({columns})")
    values = f"INSERT INTO {whole} VALUES ({', '.join('?' * len(names))})"
    engine.executemany(values, [list(point) for point in points])


def asked(engine: Any, made: Compiled, **given: float | None) -> list[dict[str, Any]]:
    """Return what a query gives, row by row."""
    done = engine.execute(made.source, given)
    names = [column[0] for column in done.description]
    return [dict(zip(names, row)) for row in done.fetchall()]


def gives(row: Mapping[str, Any], made: Compiled) -> list[float]:
    """Return the value and the slopes of a row."""
    program = made.program
    values = [program.names[value] for _, value in program.outputs]
    return [row[n] for n in (*values, *(program.adjoints[v] for v in program.wrt))]


def differing(engine: Any, made: Compiled, twin: Any, points: Points) -> Iterator[str]:
    """Yield where a query is apart from a module in Python, by more than the last digits of its functions explain."""
    names = made.program.inputs
    # Rows with a NULL in any column are left out.
    holes = [[None if n == name else 1.5 for n in names] for name in names]
    filled(engine, names, [*points, *holes])
    columns = [made.program.names[v] for v in made.program.signature]
    rows = asked(engine, made)
    found = {repr([row[c] for c in columns]): gives(row, made) for row in rows}
    assert len(rows) == len(points)
    assert all(row["left_out"] == len(holes) for row in rows)
    for at in points:
        point = [float(x or 0.0) for x in at]
        got, want = found[repr(point)], plainly(twin, point, [1.0])
        # Slopes add up in another order, which decides between inf and nan where infinities meet.
        got = [got[0], *(w if lost(g, w) else g for g, w in zip(got[1:], want[1:]))]
        if not all(near(g, w, 1e-12) for g, w in zip(got, want)):
            rooms = explained(twin, point, [1.0])
            if not all(near(g, w, 1e-12, r) for g, w, r in zip(got, want, rooms)):
                yield f"{made.recipe.source} at {point}: {got}, not {want}"


def compared(engine: Any, listed: Listed, **options: Any) -> tuple[int, list[str]]:
    """Compare all that SQL can write; return how many that are, and what is apart."""
    rnd = random.Random(3)
    count, found = 0, list[str]()
    for (source, names), points in listed.items():
        with contextlib.suppress(GradgenError):
            given: dict[str, Any] = {"inputs": names, "proof": False, **options}
            made = compile(source, target="sql", **given)
            twin = compile(source, ieee=True, **given).module
            count += 1
            points = [*points, *drawn(names, "numpy", rnd)]
            found += [*differing(engine, made, twin, points)][:1]
    return count, found


def with_inputs(step: int = 1) -> Listed:
    return dict([case for case in cases().items() if case[0][1]][::step])


def test_some_listed_formulas_are_those_of_python(engine: Any) -> None:
    some = with_inputs(12)
    count, found = compared(engine, some)
    assert not found
    assert count > SHARE * len(some)


#: So much of the lists is written: the rest calls functions such as trigamma, which SQL has not.
SHARE = 0.97


@pytest.mark.slow
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_every_listed_formula_is_that_of_python(style: str, engine: Any) -> None:
    count, found = compared(engine, with_inputs(), style=style)
    assert not found
    assert count > SHARE * len(with_inputs())


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas_are_those_of_python(name: str, engine: Any) -> None:
    some = dict([*real(name).items()][:: 1 if name == "equations" else 4])
    count, found = compared(engine, some)
    assert not found
    # Some equations have both a `t` and a `T`, which SQL does not tell apart.
    assert count > 0.9 * len(some)


def random_programs(engine: Any, first: int, last: int) -> None:
    made = [generators.program(seed) for seed in range(first, last)]
    listed: Listed = {(one.text, one.inputs): [] for one in made}
    count, found = compared(engine, listed)
    assert not found
    assert count > 0.8 * len(made)


def test_random_programs_are_those_of_python(engine: Any) -> None:
    random_programs(engine, 0, 10)


@pytest.mark.slow
def test_many_random_programs_are_those_of_python(engine: Any) -> None:
    random_programs(engine, 10, 200)


def test_every_operation_is_as_near_as_the_table_says(engine: Any) -> None:
    """Beside Python's own errors: both are within some units in the last place of the truth."""
    rnd = random.Random(1)
    count = 0
    for row in ROWS.values():
        if row.boolean or row.level or not row.sample:
            continue
        names = [n for i, n in enumerate("xyz"[: row.arity]) if i not in row.whole]
        args = ["2" if i in row.whole else "xyz"[i] for i in range(row.arity)]
        source = f"{row.name}({', '.join(args)})"
        options: dict[str, Any] = {"inputs": names, "proof": False}
        try:
            made = compile(source, target="sql", **options)
            twin = compile(source, ieee=True, **options).module
        except GradgenError:
            continue
        count += 1
        ranges = [s for i, s in enumerate(row.sample) if i not in row.whole]
        filled(engine, names, [[rnd.uniform(*r) for r in ranges] for _ in range(60)])
        for found in asked(engine, made):
            wanted = plainly(twin, [found[name] for name in names], [1.0])
            for place, (got, want) in enumerate(zip(gives(found, made), wanted)):
                units = 2 * row.ulp[min(place, 1)] + 2
                same = got == want or (math.isnan(got) and math.isnan(want))
                assert same or abs(got - want) <= units * 2**-52 * abs(want), source
    assert count > 77


FORMULA = "a*exp(-k*t)*w if t > k else sqrt(k - t)*a + w**2"


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_sums_and_means_are_those_of_the_rows(reduce: str, engine: Any) -> None:
    made = compile(FORMULA, inputs="t, a, k, w", target="sql", rows="t, w", reduce=reduce)  # fmt: skip
    twin = compile(FORMULA, inputs="t, a, k, w", ieee=True).module
    rnd = random.Random(2)
    points = [[rnd.uniform(-2, 4), rnd.uniform(-2, 2)] for _ in range(40)]
    filled(engine, ["t", "w"], points)
    (row,) = asked(engine, made, a=1.5, k=0.75)
    each = [plainly(twin, (t, 1.5, 0.75, w), [1.0]) for t, w in points]
    parts = 1 if reduce == "sum" else len(points)
    f, _, da, dk, _ = (math.fsum(column) / parts for column in zip(*each))
    wanted = {"f": f, "da": da, "dk": dk, "rows": 40, "left_out": 0}
    assert [*row] == [*wanted]
    assert all(near(row[name], wanted[name], 1e-12) for name in wanted)
    assert [made.program.signature[v] for v in made.program.wrt] == ["a", "k"]
    # What is proven and verified is of the parameters too.
    assert not made.unproven
    assert verify(made, samples=5).compared == 5


def added_up(engine: Any, listed: Listed) -> int:
    """Hold sums over rows, with the second half of the inputs as parameters, to those of a module in Python; return how many."""
    rnd = random.Random(4)
    count = 0
    for source, names in listed:
        half = len(names) // 2
        columns, shared = names[: len(names) - half], names[len(names) - half :]
        options: dict[str, Any] = {"inputs": names, "proof": False}
        try:
            made = compile(source, target="sql", rows=columns, reduce="sum", **options)
            twin = compile(source, ieee=True, **options).module
        except GradgenError:
            continue
        count += 1
        points = [[rnd.uniform(-2, 2) for _ in columns] for _ in range(12)]
        given = [rnd.uniform(0.1, 2) for _ in shared]
        filled(engine, columns, [*points, [None] * len(columns)])
        called = {text: made.program.names[v] for v, text in made.program.signature.items()}  # fmt: skip
        (row,) = asked(engine, made, **dict(zip(map(called.get, shared), given)))  # type: ignore[arg-type]
        assert (row["rows"], row["left_out"]) == (12, 1)
        each = [plainly(twin, [*point, *given], [1.0]) for point in points]
        rooms = [explained(twin, [*point, *given], [1.0]) for point in points]
        places = [0, *(1 + v for v in made.program.wrt)]
        for place, got in zip(places, gives(row, made)):
            want = sum(one[place] for one in each)
            size = sum(abs(one[place]) for one in each)
            room = sum(one[place] for one in rooms) + 1e-12 * size
            assert near(got, want, 1e-12, room), source
    return count


def test_sums_of_some_listed_formulas_are_those_of_python(engine: Any) -> None:
    some = with_inputs(25)
    assert added_up(engine, some) > SHARE * len(some) - 1


@pytest.mark.slow
def test_sums_of_listed_formulas_are_those_of_python(engine: Any) -> None:
    assert added_up(engine, with_inputs(2)) > SHARE * len(with_inputs(2))


def test_rows_with_null_are_left_out_and_counted(engine: Any) -> None:
    points: Points = [[1.0, 2.0], [None, 2.0], [3.0, None], [None, None], [5.0, math.nan], [-1.0, 7.0]]  # fmt: skip
    filled(engine, ["x", "y"], points)
    rows = asked(engine, compile("y if x > 0 else k*x", target="sql", rows="x, y"), k=2)
    assert [(row["x"], row["f"]) for row in rows][::2] == [(1.0, 2.0), (-1.0, -2.0)]
    assert [row["left_out"] for row in rows] == [3, 3, 3]
    assert math.isnan(rows[1]["f"])
    made = compile("y if x > 0 else k*x", target="sql", rows="x, y", reduce="sum")
    filled(engine, ["x", "y"], [p for p in points if p != points[4]])
    assert asked(engine, made, k=2) == [{"f": 0.0, "dk": -1.0, "rows": 2, "left_out": 3}]  # fmt: skip
    # Without a parameter no row has a value.
    assert asked(engine, made, k=None) == [{"f": None, "dk": None, "rows": 0, "left_out": 5}]  # fmt: skip


def test_whole_and_decimal_numbers_are_doubles(engine: Any) -> None:
    engine.execute(
        "CREATE TABLE data AS SELECT 7::TINYINT AS x, 0.1::DECIMAL(3, 2) AS y, 3000000000::BIGINT AS z"
    )
    made = compile("x*x*z*z/2 + y + 1/2 + x**2/3", target="sql")
    twin = compile("x*x*z*z/2 + y + 1/2 + x**2/3")
    (row,) = asked(engine, made)
    assert gives(row, made) == [twin(7, 0.1, 3e9), *twin.value_and_grad(7, 0.1, 3e9)[1]]
    engine.execute("SET integer_division = true")
    with contextlib.suppress(duckdb.Error):  # or it is said to be an error
        assert [row] == asked(engine, made)


def test_divisions_that_give_null_are_an_error(engine: Any) -> None:
    filled(engine, ["x"], [[0.0], [1.0]])
    made = compile("1/x", target="sql")
    assert [row["f"] for row in asked(engine, made)] == [math.inf, 1.0]
    engine.execute("SET ieee_floating_point_ops = false")
    with pytest.raises(duckdb.Error):
        asked(engine, made)


def test_stages_that_are_read_often_are_not_copied(engine: Any) -> None:
    """An engine puts a stage in the place of its name wherever the same level reads it: so a level is left in time."""
    lines = ["v0 = x + y", *(f"v{n + 1} = v{n}*v{n} - v{n}/3" for n in range(40))]
    made = compile("\n".join(lines), name="f", target="sql")
    filled(engine, ["x", "y"], [[0.25, 0.125], [0.1, 0.2]])
    start = time.perf_counter()
    rows = asked(engine, made)
    assert time.perf_counter() - start < 20
    twin = compile("\n".join(lines), name="f").module
    assert near(gives(rows[0], made)[0], plainly(twin, (0.25, 0.125), [1.0])[0], 1e-12)


def test_a_long_sum_has_names_for_its_parts(engine: Any) -> None:
    text = " + ".join(f"sin({n}*x + y)*cos(x*y - {n})" for n in range(1, 40))
    made = compile(text, target="sql", proof=False)
    assert re.search(r" AS dx_4\b", made.source) and "+=" not in made.source
    twin = compile(text, ieee=True, proof=False).module
    assert not [*differing(engine, made, twin, [[0.3, 0.7], [2.0, -1.0]])]


def test_native_code_and_arrays_know_formulas_of_queries() -> None:
    """Whatever table the query is of."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    made = compile("x*k", target="sql", rows="x", table="sales.orders")
    assert made.native(threads=1).forward(3.0, 2.0) == 6.0


def test_names_that_differ_by_case_alone_are_told_apart(engine: Any) -> None:
    source = "V = T*t; v = V + Dt; Rows = v*V; f = Rows*T + v/t"
    made = compile(source, inputs="t, Dt, T", target="sql", rows="t, Dt")
    twin = compile(source, inputs="t, Dt, T", ieee=True).module
    filled(engine, ["t", "Dt"], [[2.0, 3.0]])
    (row,) = asked(engine, made, T_=5.0)
    assert "$T_" in made.source and "T_ (`T` in the formula)" in made.source
    assert gives(row, made) == plainly(twin, (2.0, 3.0, 5.0), [1.0])
    with pytest.raises(GradgenError, match="a column `T` and a column `t`"):
        compile("T*t", target="sql")
    made = compile("aB = 2.5; Ab = 3.5; g = 9.81; G = 2; x*aB*Ab*g*G + a_b", target="sql")  # fmt: skip
    filled(engine, ["x", "a_b"], [[2.0, 1.0]])
    (row,) = asked(engine, made)
    assert near(row["f"], 2 * 2.5 * 3.5 * 9.81 * 2 + 1, 1e-12)


@pytest.mark.parametrize("table", TABLES)
def test_no_name_of_a_table_gets_out_of_its_quotes(table: str, engine: Any) -> None:
    table = table.strip()
    engine.execute("CREATE TABLE other AS SELECT 1e0 AS x")
    if table.count(".") == 2:
        engine.execute(f"CREATE SCHEMA {named(table.split('.')[1])}")
        table = table.replace("main.", "", 1)
    filled(engine, ["x", "y"], [[3.0, 2.0], [None, 1.0]], table)
    before = engine.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    for reduce in ("", "sum"):
        made = compile("x**2*k + sigmoid(y)", target="sql", rows="x, y", table=table, reduce=reduce)  # fmt: skip
        assert regenerate(made.recipe).source == made.source
        (row,) = asked(engine, made, k=2)
        assert near(row["f"], 18 + 1 / (1 + math.exp(-2)), 1e-12)
        assert row["left_out"] == 1
    assert engine.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before


@pytest.mark.parametrize("name", NAMES)
def test_names_stand_for_themselves(name: str, engine: Any) -> None:
    source = f"{name}**2*other + exp({name}/other)*{name}"
    inputs = f"{name}, other"
    twin = compile(source, inputs=inputs, ieee=True).module
    wanted = plainly(twin, (1.5, 2.5), [1.0])
    as_column = compile(source, inputs=inputs, target="sql", rows=name)
    filled(engine, [name], [[1.5]])
    (row,) = asked(engine, as_column, other=2.5)
    assert all(near(g, w, 1e-12) for g, w in zip(gives(row, as_column), wanted))
    given = compile(source, inputs=inputs, target="sql", rows="other")
    filled(engine, ["other"], [[2.5]])
    called = given.program.names[0]
    (row,) = asked(engine, given, **{called: 1.5})
    assert all(near(g, w, 1e-12) for g, w in zip(gives(row, given), wanted))
    result = compile(f"{name} = x**2; f = {name}*x", target="sql", outputs=name)
    filled(engine, ["x"], [[3.0]])
    (row,) = asked(engine, result)
    assert gives(row, result) == [9.0, 6.0]


def test_every_keyword_of_the_engine_is_known(engine: Any) -> None:
    kept = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    found = {name for (name,) in engine.execute(kept).fetchall()}
    assert found <= KEYWORDS


def test_constants_have_their_names(engine: Any) -> None:
    made = compile("g = 9.81; order = 2*g; x*g + order_**2*order", target="sql")
    assert "9.81e0 AS G" in made.source and '19.62e0 AS "ORDER"' in made.source
    filled(engine, ["x", "order_"], [[2.0, 3.0]])
    (row,) = asked(engine, made)
    assert near(row["f"], 2 * 9.81 + 9 * 2 * 9.81, 1e-12)


def test_a_formula_without_inputs_is_the_same_for_all_rows(engine: Any) -> None:
    filled(engine, ["x"], [[3.0], [None]])
    row, _ = asked(engine, compile("sqrt(2*pi)", target="sql"))
    assert row == {"f": math.sqrt(2 * math.pi), "left_out": 0}
    (row,) = asked(engine, compile("sqrt(2*pi)", target="sql", reduce="mean"))
    assert row == {"f": math.sqrt(2 * math.pi), "rows": 2, "left_out": 0}


def test_comments_cannot_end_early(engine: Any) -> None:
    made = compile("y = x**2  # it's */ -- ; DROP TABLE data;\nf = y*k", doc={"k": "a; DROP TABLE data --"}, target="sql")  # fmt: skip
    filled(engine, ["x", "k"], [[3.0, 2.0]])
    assert "DROP TABLE" in made.source
    (row,) = asked(engine, made)
    assert row["f"] == 18.0


def test_a_pole_is_infinite_where_it_is_in_python(engine: Any) -> None:
    """Of polygamma by its order, which one condition with three parts tells."""
    engine.execute("CREATE TABLE data AS SELECT 0.0 AS x")
    for order in range(1, 7):
        made = compile(f"polygamma({order}, x)", target="sql", proof=False)
        (row,) = asked(engine, made)
        assert row["f"] == math.inf * (-1) ** (order + 1)


def test_the_query_of_its_page_is_shown_as_it_is(engine: Any) -> None:
    seed = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
    made = compile(seed, target="sql", rows="x", reduce="sum")
    listing = made.source.partition("\nWITH\n")[2]
    assert f"```sql\nWITH\n{listing}```" in page("sql")
    filled(engine, ["x"], [[3.0], [2.0]])
    (row,) = asked(engine, made, y=-4.0)
    module = compile(seed).module
    each = [plainly(module, (x, -4.0), [1.0]) for x in (3.0, 2.0)]
    assert near(row["f"], each[0][0] + each[1][0], 1e-12)
    assert near(row["dy"], each[0][2] + each[1][2], 1e-12)


def test_check_update_and_build_know_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "decay.sql"
    options = ["compile", "a*exp(-k*t)", "--inputs", "t, a, k", "--target", "sql"]
    more = ["--rows", "t", "--reduce", "mean", "--table", "lab.runs", "-o", str(path)]
    assert main([*options, *more, "--verify"]) == 0
    text = path.read_text(encoding="utf-8")
    assert "FROM lab.runs\n" in text and text.startswith("-- Code generated by gradgen")
    assert main(["check", str(tmp_path)]) == 0
    found = read_artifact(text)
    assert found is not None and found.intact
    assert regenerate(found.recipe).source == text
    path.write_text(text.replace("-- reduce: mean", "-- reduce: sum"))
    assert main(["check", str(path)]) == 1
    assert main([*options, *more, "--check"]) == 1
    assert main(["update", str(path)]) == 0
    assert "sum(f) AS f" in path.read_text(encoding="utf-8")
    path.write_text(text.replace("avg(f)", "avg(2e0 * f)"))
    assert main(["check", str(path)]) == 1
    path.unlink()
    listed = '[[tool.gradgen.modules]]\nsource = "a*exp(-k*t)"\ninputs = "t, a, k"\ntarget = "sql"\nrows = "t"\nreduce = "mean"\ntable = "lab.runs"\noutput = "decay.sql"\n'
    (tmp_path / "pyproject.toml").write_text(listed)
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "python", "table": "d"}, "a table is of --target sql"),
        ({"rows": "z"}, "no input is called `z`"),
        ({"with_": "jacobian"}, "it has no jacobian"),
        ({"reduce": "sum", "wrt": "x"}, "no gradient by the column `x`"),
        ({"reduce": "max"}, "there is no reduction"),
        ({"table": ""}, "a table is called by"),
        ({"table": " d"}, "a table is called by"),
        ({"table": "d\ne"}, "a table is called by"),
        ({"table": "d\u2028e"}, "a table is called by"),
        ({"table": "d..e"}, "a part without a name"),
        ({"table": "d" * 500}, "a table is called by"),
    ],
)
def test_what_is_no_query_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(GradgenError, match=says) as refusal:
        compile("x*y", **{"target": "sql", **options})
    assert "\n" not in str(refusal.value)


def test_formulas_that_are_no_query_are_refused() -> None:
    for source, says in (
        ("sum(x*y)", "sum is over rows of data"),
        ("besselj(0, x)", "has no form in SQL"),
    ):
        with pytest.raises(GradgenError, match=says):
            compile(source, target="sql")
    for options, says in (
        ({"target": "python"}, "choose --target sql or polars, and --reduce sum"),
        ({"reduce": ""}, "choose --target sql or polars, and --reduce sum"),
        ({"reduce": "mean"}, "choose --target sql or polars, and --reduce sum"),
        ({"rows": "x, y"}, "is by the parameters, and there are none"),
    ):
        asked: dict[str, Any] = {
            "target": "sql",
            "rows": "x",
            "reduce": "sum",
            **options,
        }
        with pytest.raises(GradgenError, match=says):
            compile("x*y", with_="gauss_newton", **asked)


#: What stands in a query, and what cannot stand in its place.
WRONG = (
    ("WITH\n", "WITH RECURSIVE\n"),
    ("WITH\n", "DROP TABLE data;\nWITH\n"),
    ("CREATE OR REPLACE TEMP MACRO", "CREATE OR REPLACE MACRO"),
    ("ELSE exp(x) END;", "ELSE exp(x) END; DROP TABLE data;"),
    ("FROM data", "FROM other"),
    ("FROM data", "FROM data, other"),
    ("FROM data", 'FROM "data"'),
    ("FROM inputs", "FROM data"),
    ("FROM stages", "FROM inputs"),
    ("FROM inputs\n", "FROM inputs WHERE x > 1e0\n"),
    ("FROM gradients;", "FROM gradients_2 LIMIT 1;"),
    ("FROM gradients;", "FROM gradients_2, data;"),
    ("x IS NOT NULL", "x IS NULL"),
    ("CAST(x AS DOUBLE) AS x", "CAST(x AS FLOAT) AS x"),
    ("CAST(x AS DOUBLE) AS x", "CAST(y AS DOUBLE) AS x"),
    ("CAST(x AS DOUBLE) AS x", "CAST('1' AS DOUBLE) AS x"),
    ("CAST($k AS DOUBLE)", "CAST($x AS DOUBLE)"),
    ("sum(f) AS f", "sum(f) AS g"),
    ("sum(f) AS f", "max(f) AS f"),
    ("sum(f) AS f", "sum((SELECT 1)) AS f"),
    ("sum(f) AS f,\n", ""),
    ("SELECT count(*)", "SELECT count(x)"),
    (" - count(*) AS left_out", " AS left_out"),
    ("exp(", "read_text("),
    ("exp(", "getenv("),
    ("exp(", "main.exp("),
    ("2.5e0", "2.5"),
    ("2.5e0", "'a'"),
    ("2.5e0", "$x"),
    ("2.5e0", "*"),
    ("2.5e0", "(SELECT 1e0)"),
    ("2.5e0", "unknown"),
    ("2.5e0", "2.5e0)"),
    ("2.5e0", "CASE WHEN TRUE ELSE 1e0 END"),
    ("2.5e0", "CASE WHEN TRUE THEN 1e0 END"),
    ("2.5e0", "2.5e0::INTEGER"),
    ("2.5e0", "2.5e0 || x"),
    (" AS f", " AS x"),
    ("-- f(", "\r-- f("),
    ("SELECT\n        *,", "SELECT DISTINCT\n        *,"),
)


@cache
def whole() -> Compiled:
    """Return a query with all that queries have."""
    source = "2.5*exp(x)*k*sigmoid(x*k) if x > 0.5 else k"
    return compile(source, target="sql", rows="x", reduce="sum")


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_no_other_text_can_get_in(number: int) -> None:
    made = whole()
    rest: tuple[Any, ...] = ((), {}, {}, "")

    def check(text: str) -> None:
        check_text(text, made.program, target_for(made.recipe), *rest)

    check(made.source)
    before, after = WRONG[number]
    head, mark, query = made.source.partition("\nWITH\n")
    if before not in mark + query:
        text = head.replace(before, after, 1) + mark + query
    else:
        text = head + (mark + query).replace(before, after, 1)
    assert text != made.source
    with pytest.raises(GradgenError, match="is not what a generated query must be"):
        check(text)
    with pytest.raises(GradgenError, match="is not what a generated query must be"):
        check(f"{made.source}SELECT 1;")
