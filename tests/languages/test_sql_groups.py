"""Queries with groups give for each what the query without gives for its rows alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from gradgen.compiled import check_text
from gradgen.errors import GradgenError
from gradgen.pipeline import compile, regenerate
from gradgen.targets import target_for
from gradgen.verify import verify
from gradgen.write.sql.names import keys
from tests.languages.test_sql import asked, named

duckdb = pytest.importorskip("duckdb", minversion="2.0")
SOURCE = "a*exp(-k*t) - y if t > k else k*y"


@pytest.fixture(name="engine")
def _engine() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as engine:
        yield engine


def grouped(engine: Any, by: dict[str, tuple[str, list[Any]]], source: str, **options: Any) -> None:  # fmt: skip
    """Hold each group's row to that of a table with its rows alone, the groups in order.

    Args:
        engine: a database.
        by: columns with their types, and the values that groups have.
        source: the formula, of the columns t and y.
        options: how it is compiled.
    """
    rnd = random.Random(1)
    kinds = ", ".join(f"{named(name)} {kind}" for name, (kind, _) in by.items())
    engine.execute(f"CREATE OR REPLACE TABLE every (t DOUBLE, y DOUBLE, {kinds})")
    values = [[rnd.choice(found) for _, found in by.values()] for _ in range(25)]
    lines = [[rnd.choice([0.5, 1.5, 2.5, None]), rnd.uniform(-1, 1), *v] for v in values]  # fmt: skip
    # Of the group of the first row all are left out.
    lines = [[None if v == values[0] else t, y, *v] for t, y, *v in lines]
    holes = ", ".join("?" * (2 + len(by)))
    engine.executemany(f"INSERT INTO every VALUES ({holes})", lines)
    options = {"target": "sql", "rows": "t, y", "proof": False, **options}
    made = compile(source, by=[*by], table="every", **options)
    alone = compile(source, table="one", **options)
    names = [name.strip('"').replace('""', '"') for name in keys(made.program, [*by]).values()]  # fmt: skip
    found = asked(engine, made, a=1.5, k=0.75)
    groups = [tuple(row[name] for name in names) for row in found]
    order = ", ".join(f"{named(name)} NULLS LAST" for name in by)
    select = ", ".join(map(named, by))
    engine.execute(f"SELECT DISTINCT {select} FROM every ORDER BY {order}")
    assert groups == engine.fetchall()
    engine.execute(f"SELECT count(*) FROM every WHERE t IS NULL GROUP BY {select}")
    assert sum(n for (n,) in engine.fetchall()) == sum(row["left_out"] for row in found)
    where = " AND ".join(f"{named(name)} IS NOT DISTINCT FROM ?" for name in by)
    for group, row in zip(groups, found):
        engine.execute(
            f"CREATE OR REPLACE TABLE one AS SELECT * FROM every WHERE {where}", group
        )
        (wanted,) = asked(engine, alone, a=1.5, k=0.75)
        got = [value for name, value in row.items() if name not in names]
        none = [value is None for value in wanted.values()]
        assert [value is None for value in got] == none
        assert any(none) == (not row["rows"])
        known = [value or 0.0 for value in wanted.values()]
        assert [value or 0.0 for value in got] == pytest.approx(known, rel=1e-14)


@pytest.mark.parametrize("more", [{"reduce": "mean"}, {"reduce": "sum", "with_": "gauss_newton"}])  # fmt: skip
def test_each_group_has_the_sums_of_its_rows(more: dict[str, Any], engine: Any) -> None:
    region = ("VARCHAR", ["north", "South", "", "o'clock; --", None])
    year = ("BIGINT", [2**53, 2**53 + 1, None])
    grouped(engine, {"region": region, "Year": year}, SOURCE, **more)


@pytest.mark.parametrize("name", ["f", "order", "jtr_a", "größe"])  # fmt: skip
def test_names_of_groups_are_apart_from_all_others(name: str, engine: Any) -> None:
    grouped(engine, {name: ("INTEGER", [3, 1, 2])}, SOURCE, reduce="sum", with_="gauss_newton")  # fmt: skip


@pytest.mark.parametrize("name", ["da_1", "du_dk", "du_dk_1"])
def test_names_of_groups_are_apart_from_those_of_parts_and_slopes(
    name: str, engine: Any
) -> None:
    terms = " + ".join(f"sin({n}*a*t + k)*cos(k*y - {n})" for n in range(1, 11))
    options: dict[str, Any] = {"reduce": "sum"}
    if name.startswith("du"):
        terms = f"u = {terms}; v = u*k*t + a"
        options["outputs"] = "u, v"
    grouped(engine, {name: ("INTEGER", [3, 1])}, terms, **options)


def test_a_column_may_be_an_input_too(engine: Any) -> None:
    engine.execute(
        f"CREATE TABLE data AS SELECT unnest([1, {2**53}, {2**53 + 1}, NULL])::BIGINT AS t"
    )
    made = compile("k*t", target="sql", rows="t", reduce="sum", by="t")
    assert "CAST(t AS DOUBLE) AS t,\n" in made.source
    rows = asked(engine, made, k=2)
    assert [row["t_"] for row in rows] == [1, 2**53, 2**53 + 1, None]
    assert [row["f"] for row in rows] == [2, 2**54, 2**54, None]
    assert [row["rows"] for row in rows] == [1, 1, 1, 0]
    assert [row["left_out"] for row in rows] == [0, 0, 0, 1]
    assert regenerate(made.recipe).source == made.source
    assert verify(made, samples=3).compared == 3


#: Of a table with x and order alone: a column that is missing, and is what the query calls another column or a parameter.
MISSING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a*x", {"inputs": "x, a", "by": "a"}),
    ("A*x", {"inputs": "x, A", "by": "a"}),
    ("a*order + order_*x", {"inputs": "x, order, order_, a", "rows": "x, order, order_"}),
    ("X*x + X_", {"inputs": "x, X, X_", "rows": "x, X_", "wrt": "X"}),
    ("x*a", {"inputs": "x, a", "by": "a, a_"}),
)  # fmt: skip


@pytest.mark.parametrize(("source", "options"), MISSING)
def test_a_missing_column_is_never_another_one(
    source: str, options: dict[str, Any], engine: Any
) -> None:
    engine.execute('CREATE TABLE data AS SELECT 1.0 AS x, 2.0 AS "order"')
    asked_for: dict[str, Any] = {"rows": "x", "reduce": "sum", **options}
    made = compile(source, target="sql", proof=False, **asked_for)
    given = [made.program.names[v] for v, text in made.program.signature.items() if text not in made.recipe.rows]  # fmt: skip
    with pytest.raises(duckdb.BinderException):
        asked(engine, made, **dict.fromkeys(given, 3.0))


def test_groups_are_of_sums_in_queries() -> None:
    for options, says in (
        ({"by": "region"}, "choose --target sql or polars, and --reduce"),
        ({"by": "region", "target": "python", "reduce": "sum"}, "choose --target sql"),
        ({"by": "x, x", "reduce": "sum"}, "is given twice"),
        ({"by": "x, X", "reduce": "sum"}, "names a column twice"),
    ):
        asked_for: dict[str, Any] = {"target": "sql", "rows": "x", **options}
        with pytest.raises(GradgenError, match=says):
            compile("x*y", **asked_for)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("GROUP BY region\n", ""),
        (
            "    GROUP BY region\n    UNION ALL\n",
            "    GROUP BY region, f\n    UNION ALL\n",
        ),
        ("UNION ALL", "UNION"),
        ("    GROUP BY region\n)", "    GROUP BY f\n)"),
        ("NULL,\n        0,", "NULL,\n        1,"),
        ("WHERE NOT (", "WHERE ("),
        ("max(f) AS f", "sum(f) AS f"),
        ("max(f) AS f", "max(dk) AS f"),
        ("0 AS left_out", "1 AS left_out"),
        ("FROM sums", "FROM stages"),
        ("ORDER BY region", "ORDER BY (SELECT 1)"),
        (" NULLS LAST", ""),
        ("        region\n", "        region AS region\n"),
        ("    region,\n", ""),
    ],
)
def test_no_other_text_can_get_in(before: str, after: str) -> None:
    made = compile("x*k", target="sql", rows="x", reduce="sum", by="region")
    rest: tuple[Any, ...] = ((), {}, {}, "")
    check_text(made.source, made.program, target_for(made.recipe), *rest)
    text = made.source.replace(before, after)
    assert text != made.source
    with pytest.raises(GradgenError, match="is not what a generated query must be"):
        check_text(text, made.program, target_for(made.recipe), *rest)
