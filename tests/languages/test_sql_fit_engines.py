"""Fits over tables in a PostgreSQL and a Spark of their own end where they do in memory, by the drivers that there are."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from gradgen.adapters.sql import fit
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from tests.languages import databases

np = pytest.importorskip("numpy")
optimize = pytest.importorskip("scipy.optimize")
pytestmark = pytest.mark.slow

NAMES = ("t", "y")
TIMES = [10 * ((i * 0.6180339887498949) % 1) for i in range(100)]
POINTS = [[t, 2.5 * math.exp(-0.7 * t) + 0.2 * math.sin(i * i * 0.37)] for i, t in enumerate(TIMES)]  # fmt: skip
HOLES: Sequence[Sequence[float | None]] = [[None, 1.0], [2.0, None]]
START = {"a": 2.2, "k": 0.6}
#: A loss whose functions come first, each in a statement of its own.
LOSS = "log1p((y - a*sigmoid(k*t))**2)"


@pytest.fixture(name="postgres", scope="module")
def _postgres() -> Iterator[databases.Database]:
    yield from databases.postgres()


def curve(dialect: str) -> Compiled:
    return compile("a*exp(-k*t) - y", inputs="t, y, a, k", rows="t, y", target="sql", dialect=dialect, reduce="sum", with_="gauss_newton", proof=False)  # fmt: skip


def loss(dialect: str) -> Compiled:
    return compile(LOSS, inputs="t, y, a, k", rows="t, y", target="sql", dialect=dialect, reduce="sum", proof=False)  # fmt: skip


def fitted(connection: Any, dialect: str) -> None:
    """Hold fits of residuals and of a loss to those in memory."""
    t, y = np.array(POINTS).T
    wanted, _ = optimize.curve_fit(lambda t, a, k: a * np.exp(-k * t), t, y)
    found = fit(connection, curve(dialect), None, START)
    assert found.converged and (found.rows, found.left_out) == (100, 2)
    assert [*found.parameters.values()] == pytest.approx(wanted.tolist(), rel=1e-6)
    plain = compile(LOSS, inputs="t, y, a, k", proof=False)
    found = fit(connection, loss(dialect), None, {"a": 5.0, "k": 2.0}, queries=3)
    values = [plain(*point, *found.parameters.values()) for point in POINTS]
    assert found.queries == 3 and found.value == pytest.approx(math.fsum(values), rel=1e-12)  # fmt: skip


def told(connection: Any, dialect: str, table: str, says: str) -> None:
    with pytest.raises(GradgenError, match=says) as refusal:
        fit(connection, curve(dialect), table, START)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("driver", ["psycopg", "pg8000.dbapi"])
def test_postgres_runs_fits(
    driver: str, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(driver)
    library = importlib.import_module(driver)
    postgres.fill("data", NAMES, [*POINTS, *HOLES])
    postgres.told("DROP TABLE IF EXISTS texts; CREATE TABLE texts AS SELECT 'a' AS t, 2.0 AS y;")  # fmt: skip
    postgres.told("DROP TABLE IF EXISTS truths; CREATE TABLE truths AS SELECT 2 AS t, true AS y;")  # fmt: skip
    if driver == "psycopg":
        connection = library.connect(host=str(postgres.folder), user="gradgen", dbname="postgres")  # fmt: skip
    else:
        socket = str(postgres.folder / ".s.PGSQL.5432")
        connection = library.connect(user="gradgen", unix_sock=socket, database="postgres")  # fmt: skip
        told(connection, "postgres", "data", "takes with `pg8000.dbapi.paramstyle = 'pyformat'` alone")  # fmt: skip
        monkeypatch.setattr(library, "paramstyle", "pyformat")
    try:
        fitted(connection, "postgres")
        told(connection, "postgres", "texts", "`t` of the table `texts` holds TEXT")
        told(connection, "postgres", "truths", "`y` of the table `truths` holds BOOL")
        told(connection, "postgres", "nothing", "the table `nothing` cannot be read")
    finally:
        connection.close()


def test_spark_runs_fits() -> None:
    spark = databases.Spark()
    spark.fill("data", NAMES, [*POINTS, *HOLES])
    fitted(spark.engine, "spark")
    spark.engine.sql("CREATE OR REPLACE TEMP VIEW texts AS SELECT 'a' AS t, 2.0 AS y")
    told(spark.engine, "spark", "texts", "`t` of the table `texts` holds STRING")
    told(spark.engine, "spark", "nothing", "the table `nothing` cannot be read")
