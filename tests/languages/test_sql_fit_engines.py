"""Fits over tables in a PostgreSQL and a Spark of their own end where they do in memory, by the drivers that there are."""

from __future__ import annotations

import importlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradgen.adapters.sql import fit
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from tests.conftest import ROOT
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


#: Adds rows up in a Spark with two processes that work, one of which is killed when some parts of the rows are done and others are not.
_KILLED = """
import json, os, signal, sys, threading, time
from pathlib import Path
from pyspark.sql import SparkSession
from gradgen import compile

PARTS, ROWS = 40, int(sys.argv[1])
made = SparkSession.builder.master("local-cluster[2,1,512]")
for key, value in {"spark.executor.memory": "512m", "spark.ui.enabled": "false", "spark.log.level": "OFF", "spark.ui.showConsoleProgress": "false"}.items():
    made = made.config(key, value)
spark = made.getOrCreate()
name = spark.sparkContext.applicationId.encode()
tells = spark.sparkContext.statusTracker()

def workers():
    found = []
    for process in Path("/proc").iterdir():
        try:
            said = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
        except OSError:
            continue
        if b"CoarseGrainedExecutorBackend" in said and name in said:
            found.append(int(process.name))
    return found

query = compile("a*exp(-k*t) - y", inputs="t, y, a, k", rows="t, y", target="sql", dialect="spark", reduce="sum", with_="gauss_newton", proof=False).source
spark.range(0, ROWS, 1, PARTS).createOrReplaceTempView("numbers")
spark.sql("CREATE TEMP VIEW data AS SELECT id/(ROWS/10.0D) AS t, CASE WHEN id % 10 > 0 THEN cos(0.001D*id) END AS y FROM numbers".replace("ROWS", str(ROWS)))
found, killed = [], None
asking = threading.Thread(target=lambda: found.append(spark.sql(query, args={"a": 1.5, "k": 0.7}).collect()[0]))
asking.start()
while asking.is_alive() and killed is None:
    for stage in map(tells.getStageInfo, tells.getActiveStageIds()):
        if stage and stage.numTasks == PARTS and 3 <= stage.numCompletedTasks < PARTS // 2:
            killed = workers()[0]
            os.kill(killed, signal.SIGKILL)
            done = stage.numCompletedTasks
            break
    time.sleep(0.002)
asking.join()
print(json.dumps([done, PARTS, killed in workers(), found[0].asDict()]))
spark.stop()
"""


def test_sums_are_right_where_a_worker_is_killed_midway() -> None:
    pytest.importorskip("pyspark")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("there is no Java")
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("processes are found in /proc")
    rows = 4_000_000
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SPARK_LOCAL_IP": "127.0.0.1"}
    run = subprocess.run([sys.executable, "-c", _KILLED, str(rows)], capture_output=True, text=True, env=env, timeout=400, check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    done, parts, lives, found = json.loads(run.stdout.splitlines()[-1])
    assert 3 <= done < parts and not lives
    i = np.arange(rows)
    i = i[i % 10 > 0]
    t, y = i / (rows / 10.0), np.cos(0.001 * i)
    e = np.exp(-0.7 * t)
    r, j = 1.5 * e - y, np.stack([e, -1.5 * t * e])
    left = (j @ j.T)[np.triu_indices(2)]
    wanted = [r @ r, *(j @ r), *left, len(i), rows - len(i)]
    assert [*found.values()] == pytest.approx(wanted, rel=1e-10)
    assert [*found.values()][-2:] == wanted[-2:]
