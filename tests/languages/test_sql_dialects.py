"""Queries in each dialect: they parse there, and run in PostgreSQL, SQLite and Spark they give what the same modules in Python give."""

from __future__ import annotations

import contextlib
import math
import random
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.compiled import check_text
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import target_for
from gradgen.write.sql.names import keywords
from tests.languages import databases
from tests.languages.databases import (
    NAMES,
    TABLES,
    Database,
    FailedError,
    Lite,
    Spark,
)
from tests.languages.test_arrays import drawn, near, plainly
from tests.languages.test_c import cases, real
from tests.languages.test_c_rows import explained

#: All but DuckDB, which has a file of its own.
OTHERS = ("spark", "snowflake", "bigquery", "postgres", "sqlite", "generic")
#: Those without functions of the user's.
PLAIN = ("sqlite", "generic")


@pytest.fixture(name="postgres", scope="module")
def _postgres() -> Iterator[Database]:
    yield from databases.postgres()


@pytest.fixture(name="spark", scope="module")
def _spark() -> Spark:
    return Spark()


def listed() -> dict[tuple[str, tuple[str, ...]], list[list[float]]]:
    found = {case: points for case, points in cases().items() if case[1]}
    for name in ("feynman", "fpbench", "symreg", "optim"):
        found |= real(name)
    return found


def gives(row: Any, made: Compiled) -> list[float | None]:
    program = made.program
    names = [program.names[value] for _, value in program.outputs]
    return [row[n] for n in (*names, *(program.adjoints[v] for v in program.wrt))]


class Tally:
    """What a comparison came to.

    Attributes:
        formulas: how many formulas gave at least half of the values that Python gives.
        few: those that gave fewer.
        apart: what is apart.
        refused: those that the dialect cannot write.
        points: how many points were compared, and at how many of them Python has a value and the database raises or has NULL.
    """

    def __init__(self) -> None:
        self.formulas, self.few, self.apart, self.refused = 0, list[str](), list[str](), list[str]()  # fmt: skip
        self.points = [0, 0]

    def compare(
        self,
        engine: Database,
        source: str,
        names: Sequence[str],
        points: Sequence[Sequence[float]],
    ) -> None:
        """Compare a query with a module in Python at points at which that has finite numbers."""
        given: dict[str, Any] = {"inputs": names, "proof": False}
        try:
            made = compile(source, target="sql", dialect=engine.dialect.name, **given)
            twin = compile(source, ieee=True, **given).module
        except GradgenError as error:
            self.refused.append(f"{source}: {error}")
            return
        known = []
        for point in points:
            wanted = plainly(twin, point, [1.0])
            if all(map(math.isfinite, wanted)):
                known.append(([*point], wanted))
        if not known:
            return
        count = 0
        for (point, wanted), rows in zip(known, self._rows(engine, made, names, known)):
            self.points[0] += 1
            got = gives(rows[0], made) if rows else [None]
            if None in got:
                self.points[1] += 1
                continue
            count += 1
            self._one(f"{source} at {point}", got, wanted, twin, point)  # type: ignore[arg-type]
        if 2 * count >= len(known):
            self.formulas += 1
        else:
            self.few.append(f"{source}: {count} of {len(known)}")

    def _rows(self, engine: Database, made: Compiled, names: Sequence[str], known: Any) -> list[Any]:  # fmt: skip
        points = [point for point, _ in known]
        try:
            engine.fill("data", names, points)
            rows = engine.ask(made, {})
        except FailedError:
            if len(made.source) > 50_000:  # which takes a database seconds to plan
                return [[] for _ in points]
            return engine.each(made, names, points)
        columns = [made.program.names[v] for v in made.program.signature]
        found = {repr([row[c] for c in columns]): row for row in rows}
        return [[found[repr(p)]] if repr(p) in found else [] for p in points]

    def _one(self, what: str, got: Sequence[float], wanted: Sequence[float], twin: Any, point: Sequence[float]) -> None:  # fmt: skip
        if all(near(g, w, 1e-12) for g, w in zip(got, wanted)):
            return
        rooms = explained(twin, point, [1.0])
        if not all(near(g, w, 1e-12, r) for g, w, r in zip(got, wanted, rooms)):
            self.apart.append(f"{what}: {got}, not {wanted}")


def told(engine: Database, some: Any) -> Tally:
    tally, rnd = Tally(), random.Random(3)
    for (source, names), points in some.items():
        # Not far out, where slopes that add up in another order lose all of their small parts.
        points = [[float(x) for x in p] for p in (*points, *drawn(names, "jax", rnd))]
        tally.compare(engine, source, names, points)
    print(f"{engine.dialect.name}: {tally.formulas} of {len(some)} formulas, {len(tally.refused)} refused, {len(tally.few)} seldom have a value; of {tally.points[0]} points {tally.points[1]} have none")  # fmt: skip
    return tally


def parses(text: str, dialect: str) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    read = "" if dialect == "generic" else dialect
    # A function's body that is an expression it does not know: so that is read by itself.
    text = re.sub(
        r"CREATE OR REPLACE FUNCTION pg_temp[^\n]*\n.* RETURN\n", "SELECT\n", text
    )
    # A continued fraction of sixty steps stands in as many brackets, each of which it recurses into.
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        found = sqlglot.parse(text, read=read, error_level=sqlglot.ErrorLevel.RAISE)
    finally:
        sys.setrecursionlimit(limit)
    assert found and all(one.key != "command" for one in found if one), dialect


def with_dialect(source: str, dialect: str, **options: Any) -> Compiled:
    return compile(source, target="sql", dialect=dialect, proof=False, **options)


#: What has choices, helpers of helpers, constants, parameters, powers, and words that engines have in other ways.
WHOLE = "g = 9.81; z = erf(x)*hypot(x, k) + x**3 - floor(x) + mod(x, k); y = 1/(exp(x)*k*sigmoid(x*k)) if x > 0.5 else g*gamma(k) + round(x); y + z"


@pytest.mark.slow
@pytest.mark.parametrize("dialect", OTHERS)
def test_a_query_parses_and_is_made_again(dialect: str, tmp_path: Path) -> None:
    source = WHOLE
    if dialect in PLAIN:  # which have no helpers of helpers
        source = "g = 9.81; x*k*sigmoid(x) if x > 0.5 else g*expm1(k) + round(x)"
    several: list[dict[str, Any]] = [{}, {"rows": "x", "reduce": "mean", "by": ["region", "größe"]}]  # fmt: skip
    for options in several:
        made = with_dialect(source, dialect, **options)
        assert f"\n-- dialect: {dialect}\n" in made.source
        assert regenerate(made.recipe).source == made.source
        parses(made.source, dialect)
    path = tmp_path / "query.sql"
    path.write_text(made.source, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    path.write_text(made.source.replace("avg(", "max("), encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert main(["update", "--force", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == made.source


@pytest.mark.slow
@pytest.mark.parametrize("dialect", OTHERS)
def test_every_real_formula_parses(dialect: str) -> None:
    # Each dialect takes other ones, which are all together: what parses in one and not in another is a word or a type, and many have it.
    count = 0
    some = [*listed()][OTHERS.index(dialect) :: len(OTHERS)]
    for source, names in some:
        with contextlib.suppress(GradgenError):
            made = with_dialect(source, dialect, inputs=names)
            count += 1
            parses(made.source, dialect)
    # Of all formulas one in forty calls what plain dialects lack.
    assert count > (0.95 if dialect in PLAIN else 0.99) * len(some)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "sql", "dialect": "oracle"}, "no dialect `oracle`; known are duckdb, spark"),
        ({"target": "c", "dialect": "spark"}, "a dialect is of --target sql; in c"),
        ({"target": "sql", "dialect": "generic", "source": "digamma(x)"}, "a --dialect that has those"),
        ({"target": "sql", "source": "x/sum(x*k)", "rows": "x"}, "each row has its own `f`"),
        ({"target": "sql", "dialect": "postgres", "source": "x % k", "rows": "x"}, "takes each % for a parameter"),
    ],
)  # fmt: skip
def test_what_is_no_query_of_a_dialect_is_refused(
    options: dict[str, Any], says: str
) -> None:
    with pytest.raises(GradgenError, match=says) as refusal:
        compile(**{"source": "x*k", **options})
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["", "REAL", "TEXT", "NUMERIC", "INTEGER"])
def test_what_is_no_number_is_left_out_and_counted(kind: str) -> None:
    """SQLite's columns hold anything, and its CAST makes 0 of it."""
    rnd = random.Random(kind)
    good = [rnd.choice([rnd.uniform(-9, 9), 2**53 + 1, -0.0, -1.5e308, 7]) for _ in range(9)]  # fmt: skip
    bad = ["", "abc", "1.5kg", " ", "nan", b"", b"12", math.inf, -math.inf, None]
    # Columns of texts make texts of numbers, which are read as numbers again.
    bad = bad[:7] + [None] if kind == "TEXT" else bad
    found = []
    for reduce in ("", "sum"):
        made = compile("a*cos(x)", inputs="x, a", rows="x", reduce=reduce, target="sql", dialect="sqlite", proof=False)  # fmt: skip
        for rows in (good, [*good, *bad]):
            engine = sqlite3.connect(":memory:")
            engine.execute(f"CREATE TABLE data (x {kind})")
            engine.executemany("INSERT INTO data VALUES (?)", [(one,) for one in rows])
            text = "WITH\n" + made.source.partition("\nWITH\n")[2]
            found.append(engine.execute(text, {"a": 2.0}).fetchall())
    each, all_of_them, added, all_added = found
    assert len(each) == len(good)
    assert all_of_them == [(*row[:-1], len(bad)) for row in each]
    assert all_added == [(*added[0][:-1], len(bad))]


def test_standard_sql_gives_what_python_gives() -> None:
    tally = told(Lite(), dict([*cases().items()][3:200:33]))
    assert tally.apart == tally.few == []
    assert tally.formulas > 3


def test_long_chains_of_levels_are_prepared_at_once() -> None:
    """SQLite would write out each level once for each name that reads it, 3**25 times in all, before it reads a row."""
    lines = ["v0 = x", *(f"v{n + 1} = sin(v{n})*0.5 + x*v{n} if v{n} > x else v{n} + 0.25" for n in range(25))]  # fmt: skip
    source, points = "\n".join(lines), [[0.75], [1.25]]
    engine, twin = Lite(), compile("\n".join(lines), ieee=True, proof=False).module
    each = [plainly(twin, point, [1.0]) for point in points]
    engine.fill("data", ["x"], points)
    made = with_dialect(source, "sqlite")
    for row, wanted in zip(engine.ask(made, {}), each, strict=True):
        assert gives(row, made) == pytest.approx(wanted, rel=1e-12)
    (row,) = engine.ask(with_dialect(source, "sqlite", reduce="sum"), {})
    assert row["v25"] == pytest.approx(math.fsum(value for value, _ in each), rel=1e-12)


@pytest.mark.slow
def test_real_formulas_in_standard_sql_are_those_of_python() -> None:
    some = dict([*listed().items()][::12])
    tally = told(Lite(), some)
    assert tally.apart == []
    assert tally.formulas > 0.9 * len(some)


@pytest.mark.slow
def test_real_formulas_in_postgresql_are_those_of_python(postgres: Database) -> None:
    some = dict([*listed().items()][::6])
    tally = told(postgres, some)
    assert tally.apart == []
    assert tally.formulas > max(100, 0.97 * len(some))


@pytest.mark.slow
def test_real_formulas_in_spark_are_those_of_python(spark: Database) -> None:
    some = dict([*listed().items()][4::12])
    tally = told(spark, some)
    assert tally.apart == []
    assert tally.formulas > max(100, 0.97 * len(some))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "lite", "spark"])
def test_every_operation_is_near(name: str, request: pytest.FixtureRequest) -> None:
    """Of all rows of the table, over the range that each states."""
    engine = Lite() if name == "lite" else request.getfixturevalue(name)
    rnd, tally = random.Random(1), Tally()
    for row in ROWS.values():
        if row.boolean or row.level or not row.sample:
            continue
        names = [n for i, n in enumerate("xyz"[: row.arity]) if i not in row.whole]
        args = ["2" if i in row.whole else "xyz"[i] for i in range(row.arity)]
        ranges = [s for i, s in enumerate(row.sample) if i not in row.whole]
        points = [[rnd.uniform(*r) for r in ranges] for _ in range(30)]
        tally.compare(engine, f"{row.name}({', '.join(args)})", names, points)
    assert tally.apart == tally.few == []
    assert tally.formulas > (60 if name == "lite" else 85), tally.refused


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "lite", "spark"])
def test_no_name_gets_out_of_its_quotes(name: str, request: pytest.FixtureRequest) -> None:  # fmt: skip
    engine = Lite() if name == "lite" else request.getfixturevalue(name)
    dialect = engine.dialect.name
    engine.fill("other", ["x"], [[1.0]])
    for table in map(str.strip, TABLES):
        if "." in table:  # a schema, which is not here
            continue
        made = with_dialect("x**2*k + sigmoid(y)", dialect, rows="x, y", table=table, reduce="sum")  # fmt: skip
        engine.fill(table, ["x", "y"], [[3.0, 2.0], [None, 1.0]])
        (row,) = engine.ask(made, {"k": 2.0})
        assert near(row["f"], 18 + 1 / (1 + math.exp(-2)), 1e-12), table
        assert row["left_out"] == 1
    for column in NAMES:
        source = f"{column}**2*other + exp({column}/other)*{column}"
        twin = compile(source, inputs=[column, "other"], ieee=True).module
        wanted = plainly(twin, (1.5, 2.5), [1.0])
        made = with_dialect(source, dialect, inputs=[column, "other"], rows=column)
        engine.fill("data", [column], [[1.5]])
        (row,) = engine.ask(made, {made.program.names[1]: 2.5})
        assert all(near(g or 0.0, w, 1e-12) for g, w in zip(gives(row, made), wanted)), column  # fmt: skip
        made = with_dialect(source, dialect, inputs=[column, "other"], rows="other")
        engine.fill("data", ["other"], [[2.5]])
        (row,) = engine.ask(made, {made.program.names[0]: 1.5})
        assert all(near(g or 0.0, w, 1e-12) for g, w in zip(gives(row, made), wanted)), column  # fmt: skip
    made = with_dialect("x*1.0", dialect, table="other")
    assert engine.ask(made, {})[0]["x"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("dialect", OTHERS)
def test_no_name_reads_another_table(dialect: str) -> None:
    """As a parser sees it, a query reads its table, its levels, and nothing else."""
    sqlglot = pytest.importorskip("sqlglot")
    read = "" if dialect == "generic" else dialect
    for table in map(str.strip, TABLES):
        made = with_dialect("x*k", dialect, rows="x", table=table, reduce="sum")
        (query,) = filter(None, sqlglot.parse(made.source, read=read))
        tables = query.find_all(sqlglot.exp.Table)
        read_ = {".".join(filter(None, (t.catalog, t.db, t.name))) for t in tables}
        levels = {level.alias for level in query.ctes}
        assert read_ - levels == {table}, made.source


#: What stands in a query, and what cannot stand in its place, in any dialect.
WRONG = (
    ("FROM data", "FROM other"),
    ("x IS NOT NULL", "x IS NULL"),
    ("exp(", "version("),
    ("ln(", "current_setting("),
    ("FROM inputs\n", "FROM inputs WHERE x > 1\n"),
    (";", "; DROP TABLE data;"),
    (" AS f", " AS x"),
    ("count(*)", "count(x)"),
    ("THEN", "THEN (SELECT 1) *"),
    ("-- f(", "\r-- f("),
)


@pytest.mark.parametrize("dialect", OTHERS)
def test_no_other_text_can_get_in(dialect: str) -> None:
    made = with_dialect("exp(x)*k*log(x) if x > 0.5 else k", dialect, rows="x", reduce="sum")  # fmt: skip
    rest: tuple[Any, ...] = ((), {}, {}, "")
    head, mark, query = made.source.rpartition("\nWITH\n")

    def check(text: str) -> None:
        check_text(text, made.program, target_for(made.recipe), *rest)

    check(made.source)
    for before, after in WRONG:
        if before in query:
            text = head + mark + query.replace(before, after, 1)
        else:
            text = head.replace(before, after, 1) + mark + query
        if text != made.source:
            with pytest.raises(GradgenError, match="is not what a generated query"):
                check(text)


#: Choices, with points at which the other branch would raise.
CHOICES = (
    ("1/x if x > 0 else x", (0.0, 2.0)),
    ("1/(x - 1) if x > 1 else x", (1.0, 0.0, 3.0)),
    ("log(x - 1) if x > 1 else sqrt(2 - x)", (1.0, 0.5, 3.0)),
    ("(x - 1)**(-2) if x > 1 else x", (1.0, 2.0, 3.0)),
    ("exp(x) if x < 700 else x", (1000.0, 1.0)),
    ("x**2.5 if x > 0 else -x", (-2.0, 3.0)),
    ("sqrt(x)*log(x) if x > 0 else (1/x if x < 0 else 7)", (-2.0, 0.0, 3.0)),
    ("x/sqrt(x**2 - 1) if x > 1 else acos(x/2) if x > -1 else 2*x", (-3.0, 0.25, 1.0, 4.0)),
    ("sin(x)/x if x != 0 else 1", (0.0, 1.0)),
    ("digamma(x) if x > 0 else atanh(x/2)", (-1.0, 0.0, 3.0)),
    ("x*1e300*x if abs(x) < 1 else x", (1e10, 0.5)),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "lite", "spark"])
def test_the_other_branch_does_not_raise(name: str, request: pytest.FixtureRequest) -> None:  # fmt: skip
    engine = Lite() if name == "lite" else request.getfixturevalue(name)
    for source, values in CHOICES:
        if name == "lite" and "digamma" in source:
            continue
        made = with_dialect(source, engine.dialect.name)
        twin = compile(source, ieee=True).module
        engine.fill("data", ["x"], [[x] for x in values])
        rows = {row["x"]: gives(row, made) for row in engine.ask(made, {})}
        for x in values:
            wanted = plainly(twin, [x], [1.0])
            assert all(near(g if g is not None else math.nan, w, 1e-12) for g, w in zip(rows[x], wanted)), (source, x)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "lite", "spark"])
def test_what_has_no_value_is_never_a_number(name: str, request: pytest.FixtureRequest) -> None:  # fmt: skip
    engine = Lite() if name == "lite" else request.getfixturevalue(name)
    for source in (
        "1/x",
        "x/0.5 + k/x",
        "mod(k, x)",
        "k*log(x)",
        "1 if 1/x > 2 else 2",
    ):
        for options in ({}, {"reduce": "sum"}):
            if name == "lite" and "mod" in source:
                continue
            made = with_dialect(source, engine.dialect.name, inputs="x, k", rows="x", **options)  # fmt: skip
            engine.fill("data", ["x"], [[0.0], [1.0], [2.0]])
            with contextlib.suppress(FailedError):
                row = engine.ask(made, {made.program.names[1]: 1.5})[0]
                assert row["f"] is None or not math.isfinite(row["f"]), source


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "lite", "spark"])
def test_each_group_counts_what_it_leaves_out(name: str, request: pytest.FixtureRequest) -> None:  # fmt: skip
    engine = Lite() if name == "lite" else request.getfixturevalue(name)
    points: list[tuple[float | None, ...]] = [
        (1.0, 2.0, 0.5),
        (1.0, None, 0.5),
        (2.0, 3.0, None),
        (2.0, None, 1.0),
    ]
    points += [(1.0, 4.0, 1.5), (None, 5.0, 2.0), (None, None, None), (3.0, 1.0, 1.0)]
    engine.fill("data", ["g", "x", "y"], points)
    for by, groups in (("g", [1.0, 2.0, 3.0, None]), ("x", [1.0, 2.0, 3.0, 4.0, 5.0, None])):  # fmt: skip
        made = with_dialect("k*x**2*y", engine.dialect.name, inputs="x, y, k", rows="x, y", by=by, reduce="sum")  # fmt: skip
        key = by + "_" * (by == "x")
        rows = engine.ask(made, {"k": 2.0})
        assert [row[key] for row in rows] == groups
        for row in rows:
            own = [p for p in points if p["gxy".index(by)] == row[key]]
            taken = [x * x * y for _, x, y in own if x is not None and y is not None]
            counts = len(taken), len(own) - len(taken)
            assert (row["rows"], row["left_out"]) == counts
            wanted = (2 * sum(taken), sum(taken)) if taken else (None, None)
            assert (row["f"], row["dk"]) == wanted


@pytest.mark.slow
def test_spark_that_gives_null_for_a_division_is_refused(spark: Spark) -> None:
    made = with_dialect("1/x", "spark")
    spark.fill("data", ["x"], [[2.0]])
    assert spark.ask(made, {})[0]["f"] == 0.5
    spark.engine.conf.set("spark.sql.ansi.enabled", "false")
    try:
        with pytest.raises(FailedError, match="spark.sql.ansi.enabled is off"):
            spark.ask(made, {})
    finally:
        spark.engine.conf.set("spark.sql.ansi.enabled", "true")


def test_no_name_is_longer_than_an_engine_keeps() -> None:
    dialect, longest = "postgres", 63
    # The slope's name has one letter more than the input's; a column in other letters keeps its bytes.
    short, long_, wide = "x" * (longest - 1), "x" * longest, "é" * (longest // 2 + 1)
    made = with_dialect(f"{short}*2", dialect, inputs=short, rows=short)
    assert f"d{short}" in made.source
    for name in (long_, wide):
        with pytest.raises(GradgenError, match=f"cuts names off after {longest}"):
            with_dialect(f"{name}*2", dialect, inputs=name, rows=name)


@pytest.mark.slow
def test_every_keyword_of_postgresql_is_known(postgres: databases.Postgres) -> None:
    kept = "SELECT string_agg(word, ' ') AS words FROM pg_get_keywords() WHERE catcode IN ('R', 'T');"
    words = postgres.told(kept).split()
    assert {word for word in words if word != "words"} <= keywords(postgres.dialect)


@pytest.mark.slow
def test_every_keyword_of_spark_is_known(spark: Spark) -> None:
    rows = spark.engine.sql("SELECT keyword FROM sql_keywords() WHERE reserved")
    assert {row.keyword.lower() for row in rows.collect()} <= keywords(spark.dialect)


@pytest.mark.slow
def test_every_dialect_with_functions_has_the_same_operations() -> None:
    found: dict[str, set[str]] = {dialect: set() for dialect in ("duckdb", *OTHERS)}
    for row in ROWS.values():
        args = ["2" if i in row.whole else "xyz"[i] for i in range(row.arity)]
        for dialect, names in found.items():
            with contextlib.suppress(GradgenError):
                with_dialect(f"{row.name}({', '.join(args)})", dialect)
                names.add(row.name)
    plain = found.pop("generic")
    assert plain == found.pop("sqlite") and plain < found["duckdb"]
    assert all(names == found["duckdb"] for names in found.values())
