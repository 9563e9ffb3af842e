"""Fits over tables in a real DuckDB end where SciPy's in memory and NIST's certified ones do, and nothing is lost where one is cut off."""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.adapters.sql import Fit, FitError, fit, objective
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from tests.conftest import ROOT
from tests.test_nist import FILES, Problem, read

duckdb = pytest.importorskip("duckdb", minversion="2.0")
np = pytest.importorskip("numpy")
optimize = pytest.importorskip("scipy.optimize")

CURVE = "a*exp(-k*t) + b*sin(w*t) - y"
START = {"a": 1.0, "k": 0.5, "b": 0.1, "w": 1.2}


@cache
def curve(**options: Any) -> Compiled:
    asked: dict[str, Any] = {"rows": "t, y", "target": "sql", "reduce": "sum", "with_": "gauss_newton", "proof": False}  # fmt: skip
    return compile(CURVE, inputs="t, y, a, k, b, w", **{**asked, **options})


@pytest.fixture(name="engine")
def _engine() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as engine:
        yield engine


def points(engine: Any, rows: int, table: str = "data") -> None:
    """Make a table of a noisy curve in the engine, the same for each number of rows."""
    engine.execute(f"""
        CREATE OR REPLACE TABLE {table} AS
        SELECT t, 2.5*exp(-0.7*t) + 0.3*sin(1.3*t) + 0.2*noise AS y
        FROM (SELECT 10*((i*0.6180339887498949) % 1) AS t, sin(i*i*0.37 + 0.1) AS noise FROM (SELECT range::DOUBLE AS i FROM range({rows})))
    """)


def in_memory(engine: Any, table: str = "data") -> tuple[list[float], list[float]]:
    """Return what SciPy makes of the same rows: parameters, and their standard errors."""
    t, y = (np.asarray(c) for c in engine.execute(f"SELECT t, y FROM {table}").fetchnumpy().values())  # fmt: skip

    def f(t: Any, a: float, k: float, b: float, w: float) -> Any:
        return a * np.exp(-k * t) + b * np.sin(w * t)

    def slopes(t: Any, a: float, k: float, b: float, w: float) -> Any:
        e = np.exp(-k * t)
        return np.stack([e, -a * t * e, np.sin(w * t), b * t * np.cos(w * t)], axis=1)

    start = [*START.values()]
    found, spread = optimize.curve_fit(f, t, y, start, jac=slopes, xtol=1e-15, ftol=1e-15, gtol=1e-15)  # fmt: skip
    return found.tolist(), np.sqrt(np.diag(spread)).tolist()


def test_a_curve_is_that_of_scipy_in_memory(engine: Any) -> None:
    points(engine, 5000)
    lines: list[str] = []
    found = fit(engine, curve(), None, START, report=lambda one: lines.append(str(one)))
    parameters, errors = in_memory(engine)
    assert found.converged and found.queries <= 9
    assert [*found.parameters] == [*START]
    assert [*found.parameters.values()] == pytest.approx(parameters, rel=1e-9)
    assert [*found.errors.values()] == pytest.approx(errors, rel=1e-6)
    assert (found.rows, found.left_out) == (5000, 0)
    # One line a query, with all digits of the parameters.
    assert len(lines) == found.queries and not any("\n" in line for line in lines)
    assert all(f"{name}={value!r}" in lines[-1] for name, value in found.parameters.items())  # fmt: skip
    assert lines[-1].endswith(" converged")


@pytest.mark.slow
def test_a_curve_over_ten_million_rows_is_that_of_scipy(engine: Any) -> None:
    points(engine, 10_000_000)
    found = fit(engine, curve(), None, START)
    parameters, _ = in_memory(engine)
    assert found.converged and found.queries <= 12
    assert [*found.parameters.values()] == pytest.approx(parameters, rel=1e-9)


def certified(engine: Any, path: Path) -> None:
    """Fit a problem of NIST from its nearer start."""
    problem = read(path)
    names = [f"b{i}" for i in range(1, len(problem.certified) + 1)]
    columns = ", ".join(f"{name} DOUBLE" for name in problem.columns)
    engine.execute(f"CREATE OR REPLACE TABLE data ({columns})")
    holes = ", ".join("?" * len(problem.columns))
    engine.executemany(f"INSERT INTO data VALUES ({holes})", [[*row] for row in problem.rows])  # fmt: skip
    source = f"{problem.response} - ({problem.model})"
    made = compile(source, inputs=(*problem.columns, *names), rows=problem.columns, target="sql", reduce="sum", with_="gauss_newton", proof=False)  # fmt: skip
    found = fit(engine, made, None, dict(zip(names, problem.starts[1])), queries=400)
    assert found.converged, found
    assert [*found.parameters.values()] == pytest.approx(problem.certified, rel=1e-8)
    assert found.value == pytest.approx(problem.squares, rel=1e-2 if problem.squares < 1e-20 else 1e-8)  # fmt: skip


def test_a_problem_of_nist_has_the_certified_parameters(engine: Any) -> None:
    certified(engine, next(path for path in FILES if path.stem == "misra1a"))


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_problems_of_nist_have_the_certified_parameters(
    path: Path, engine: Any
) -> None:
    certified(engine, path)


def in_arrays(problem: Problem) -> Callable[[Any], Any]:
    """Return the sums of least squares of a problem of NIST, in memory."""
    from gradgen.adapters.levenberg import Sums

    names = tuple(f"b{i}" for i in range(1, len(problem.certified) + 1))
    made = compile(f"{problem.response} - ({problem.model})", inputs=(*problem.columns, *names), wrt=names, target="numpy", with_="jacobian", proof=False).module  # fmt: skip
    columns = [np.array(column) for column in zip(*problem.rows)]

    def sums(at: Any) -> Sums:
        r = made.forward(*columns, *at)[0]
        slopes = [np.broadcast_to(s, r.shape) for s in made.jacobian(*columns, *at)[0]]
        j = np.stack(slopes, axis=-1)
        return Sums(float(r @ r), j.T @ r, j.T @ j, len(r))

    return sums


@pytest.mark.slow
def test_no_fit_from_a_far_start_says_that_it_has_converged_where_it_has_not() -> None:
    """In memory: from NIST's farther starts, each ends where it is certified, or says what is wrong."""
    from gradgen.adapters.levenberg import CONVERGED, steps

    reached = 0
    for path in FILES:
        problem = read(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for state in steps(in_arrays(problem), np.array(problem.starts[0]), 1e-10):
                if state.queries > 400:
                    break
        if state.says == CONVERGED:
            reached += 1
            assert state.at.tolist() == pytest.approx(problem.certified, rel=1e-9), path
    assert reached >= 23


def test_where_squares_tell_no_more_steps_do() -> None:
    """Residuals of 1e-6, or of 1e-13, are differences of numbers around 1, whose rounding is in their squares: the last steps cannot be told by them."""
    from gradgen.adapters.levenberg import CONVERGED, ROUGH, steps

    for name in ("lanczos1", "lanczos2"):
        problem = read(next(path for path in FILES if path.stem == name))
        sums, start = in_arrays(problem), np.array(problem.starts[1])
        found = [*steps(sums, start, 1e-10)][-1]
        assert found.says == CONVERGED and found.away <= 1e-10
        assert found.at.tolist() == pytest.approx(problem.certified, rel=1e-10)
        # Nearer than rounding lets it come, no fit says that it has come.
        found = [*steps(sums, found.at, 1e-16)][-1]
        assert found.says == ROUGH.format(found.away) and 1e-16 < found.away < 1e-11


class Faulty:
    """A connection with a cursor alone, whose query of some number fails, or meets Ctrl-C, as in DuckDB."""

    def __init__(self, engine: Any, fails: int, interrupt: bool = False) -> None:
        self.engine, self.left, self.interrupt = engine, fails, interrupt
        self.description: Any = None

    def cursor(self) -> Any:
        faulty = self

        class Cursor:
            def execute(self, text: str, given: Any = None) -> None:
                faulty.left -= "CREATE " not in text  # of a macro
                if not faulty.left and faulty.interrupt:
                    with pytest.raises(KeyboardInterrupt):
                        signal.raise_signal(signal.SIGINT)
                    raise RuntimeError("Query interrupted")
                if not faulty.left:
                    raise OSError("the disk is gone\nLINE 1: WITH ...")
                faulty.engine.execute(text, given)
                self.description = faulty.engine.description

            def fetchall(self) -> Any:
                return faulty.engine.fetchall()

        return Cursor()


def test_a_query_that_dies_loses_nothing(engine: Any) -> None:
    points(engine, 100)
    whole = fit(engine, curve(), None, START)
    for fails in (4, whole.queries + 1):
        with pytest.raises(FitError) as failure:
            fit(Faulty(engine, fails), curve(), None, START)
        at = failure.value.fit
        assert at is not None and at.queries == fails - 2
        said = str(failure.value)
        assert said.startswith(
            f"query {fails - 1} failed (OSError: the disk is gone); "
        )
        assert "\n" not in said and f"a={at.parameters['a']!r}" in said
        assert isinstance(failure.value.__cause__, OSError)
        again = fit(engine, curve(), None, at)
        assert again.converged
        assert [*again.parameters.values()] == pytest.approx([*whole.parameters.values()], rel=1e-10)  # fmt: skip
    with pytest.raises(FitError, match="it was the first, at a=1.0, k=0.5") as failure:
        fit(Faulty(engine, 2), curve(), None, START)
    assert failure.value.fit is None
    assert fit(Faulty(engine, 999), curve(), None, START) == whole


@pytest.fixture(name="ctrl_c")
def _ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_the_best_so_far(engine: Any) -> None:
    points(engine, 100)
    whole = fit(engine, curve(), None, START)

    def report(one: Fit) -> None:
        if one.queries == 4:
            signal.raise_signal(signal.SIGINT)

    stopped = fit(engine, curve(), None, START, report=report)
    within = fit(Faulty(engine, 6, interrupt=True), curve(), None, START)
    assert stopped == within
    assert (stopped.queries, stopped.says, stopped.converged) == (4, "stopped by Ctrl-C", False)  # fmt: skip
    again = fit(engine, curve(), None, stopped)
    assert again.converged
    assert [*again.parameters.values()] == pytest.approx([*whole.parameters.values()], rel=1e-10)  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        fit(Faulty(engine, 2, interrupt=True), curve(), None, START)


def test_sqlite_ends_where_duckdb_does(engine: Any) -> None:
    points(engine, 300)
    whole = fit(engine, curve(), None, START)
    rows = engine.execute("SELECT t, y FROM data").fetchall()
    with contextlib.closing(sqlite3.connect(":memory:")) as lite:
        lite.execute("CREATE TABLE data (t REAL, y REAL)")
        lite.executemany("INSERT INTO data VALUES (?, ?)", [*rows, (None, 1.0)])
        found = fit(lite, curve(dialect="sqlite"), None, START)
        with pytest.raises(GradgenError, match="cannot be read: OperationalError: no"):
            fit(lite, curve(dialect="sqlite"), "nowhere", START)
    assert found.converged and (found.rows, found.left_out) == (300, 1)
    assert [*found.parameters.values()] == pytest.approx([*whole.parameters.values()], rel=1e-10)  # fmt: skip


def test_parameters_are_those_of_db_api() -> None:
    from gradgen.queries import query_of

    asked: dict[str, Any] = {"rows": "t", "target": "sql", "reduce": "sum", "proof": False}  # fmt: skip
    source = "sigmoid(t)*a"
    query = query_of(compile(source, dialect="postgres", **asked), "x.y")
    given = query.text % {"a": 2.5}  # as psycopg does
    assert "CAST(2.5 AS float8) AS a" in given and "FROM x.y\n" in given
    assert query.before and all("%" not in one for one in query.before)
    for dialect in ("snowflake", "bigquery"):
        with pytest.raises(GradgenError, match="takes those of a query otherwise"):
            query_of(compile(source, dialect=dialect, **asked))


LOGISTIC = "z = b0 + b1*x + b2*u + b3*x*u; softplus(z) - y*z"


def labelled(engine: Any, rows: int) -> None:
    engine.execute(f"""
        CREATE OR REPLACE TABLE visits AS
        SELECT x, u, (1/(1 + exp(-(0.5 - x + 0.8*u + 1.5*x*u))) > (i*0.7548776662466927) % 1)::INTEGER AS y
        FROM (SELECT i, 4*((i*0.6180339887498949) % 1) - 2 AS x, (i*0.5698402909980532) % 1 AS u FROM (SELECT range::DOUBLE AS i FROM range({rows})))
    """)


@pytest.mark.slow
def test_a_loss_is_minimised_by_scipy(engine: Any) -> None:
    labelled(engine, 2000)
    made = compile(LOGISTIC, inputs="x, u, y, b0, b1, b2, b3", rows="x, u, y", table="visits", target="sql", reduce="sum")  # fmt: skip
    start = {f"b{n}": 0.0 for n in range(4)}
    found = fit(engine, made, None, start)
    assert found.converged and found.rows == 2000
    x, u, y = engine.execute("SELECT x, u, y FROM visits").fetchnumpy().values()
    columns = np.stack([np.ones_like(x), x, u, x * u], axis=1)

    def loss(b: Any) -> Any:
        z = columns @ b
        value = np.logaddexp(0, z).sum() - y @ z
        return value, columns.T @ (1 / (1 + np.exp(-z)) - y)

    value, slopes = loss([*found.parameters.values()])
    assert found.value == pytest.approx(value, rel=1e-12)
    assert np.abs(slopes).max() < 1e-6 * 2000
    called = objective(engine, made, "visits")([0.1, 0.2, 0.3, 0.4])
    assert called[0] == pytest.approx(loss([0.1, 0.2, 0.3, 0.4])[0], rel=1e-12)
    assert called[1] == pytest.approx(loss([0.1, 0.2, 0.3, 0.4])[1], rel=1e-11)
    # The mean has the same minimum.
    mean = compile(LOGISTIC, inputs="x, u, y, b0, b1, b2, b3", rows="x, u, y", target="sql", reduce="mean")  # fmt: skip
    again = fit(engine, mean, "visits", start)
    assert [*again.parameters.values()] == pytest.approx([*found.parameters.values()], rel=1e-4)  # fmt: skip
    with pytest.raises(FitError) as failure:
        fit(Faulty(engine, 5), made, None, start)
    at = failure.value.fit
    assert at is not None and at.queries == 3
    assert fit(engine, made, None, at).value == pytest.approx(found.value, rel=1e-9)
    few = fit(engine, made, None, start, queries=4)
    assert (few.queries, few.says) == (4, "stopped after 4 queries")
    with pytest.raises(GradgenError, match="standard errors are of residuals"):
        _ = found.errors


def test_what_rows_leave_open_is_said(engine: Any) -> None:
    points(engine, 100)
    options: dict[str, Any] = {"rows": "t, y", "target": "sql", "reduce": "sum", "with_": "gauss_newton", "proof": False}  # fmt: skip
    for source, spare in (
        ("a*b*t - y", {"a", "b"}),
        ("a*t - y + 0*b", {"b"}),
        ("(a + b)*t + k - y", {"a", "b"}),
    ):
        inputs = ["t", "y", *(n for n in ("a", "b", "k") if n in source)]
        made = compile(source, inputs=inputs, **options)
        found = fit(engine, made, None, dict.fromkeys(inputs[2:], 1.0))
        assert not found.converged
        assert found.says.startswith("at rest, but the rows leave open ")
        assert {*found.says.partition(" open ")[2].split(", ")} == spare
        assert all(math.isinf(error) for error in found.errors.values())


@pytest.mark.filterwarnings("error:overflow:RuntimeWarning:gradgen")
@pytest.mark.parametrize(
    ("powers", "count"),
    [(9, 2), *(pytest.param(n, 80, marks=pytest.mark.slow) for n in (3, 9, 20, 70))],
)
def test_no_units_make_a_fit_say_that_it_has_converged_where_it_has_not(
    powers: int, count: int, engine: Any
) -> None:
    """Whatever powers of ten data are measured in, their line is the same in those units, or nothing is claimed."""
    rnd = random.Random(powers)
    options: dict[str, Any] = {"inputs": "t, y, a, b", "rows": "t, y", "target": "sql", "reduce": "sum", "proof": False}  # fmt: skip
    lines = compile("a*t + b - y", with_="gauss_newton", **options)
    losses = compile("(a*t + b - y)**2", **options)
    places = [(t, 2 * t - 3 + rnd.gauss(0, 0.5)) for t in range(1, 9)]
    slope, height = np.polyfit(*zip(*places), 1)
    ended = 0
    for _ in range(count):
        one, other = (10.0 ** rnd.randint(-powers, powers) for _ in "ty")
        engine.execute("CREATE OR REPLACE TABLE data (t DOUBLE, y DOUBLE)")
        engine.executemany(
            "INSERT INTO data VALUES (?, ?)", [(t * one, y * other) for t, y in places]
        )
        for made, close in ((lines, 1e-9), (losses, 1e-2)):
            try:
                found = fit(engine, made, None, {"a": 0.0, "b": 0.0})
            except GradgenError:
                continue
            got = found.parameters["a"] * one / other, found.parameters["b"] / other
            if found.converged:
                ended += 1
                assert got == pytest.approx((slope, height), rel=close), (one, other)
            assert "leave open" not in found.says
    assert ended > 0


@pytest.mark.parametrize(("one", "other"), [(1.0, 1e-170), (1e-170, 1.0)])
def test_squares_that_are_too_small_are_no_minimum(
    one: float, other: float, engine: Any
) -> None:
    engine.execute(f"CREATE TABLE data AS SELECT {one}::DOUBLE AS t, {other}::DOUBLE AS y")  # fmt: skip
    made = compile("a*t - y", inputs="t, y, a", rows="t, y", target="sql", reduce="sum", with_="gauss_newton", proof=False)  # fmt: skip
    found = fit(engine, made, None, {"a": 0.0})
    assert found.says == "the squares are too small for doubles: take other units"


def test_residuals_may_be_several_and_inputs_given(engine: Any) -> None:
    points(engine, 300)
    both = compile("u = a*t + b - y; v = s*(a - k)", outputs="u, v", inputs="t, y, a, b, s, k", wrt="a, b", rows="t, y", target="sql", reduce="sum", with_="gauss_newton", defaults={"k": 1.0})  # fmt: skip
    found = fit(engine, both, None, {"a": 0.0, "b": 0.0}, s=2.0)
    t, y = engine.execute("SELECT t, y FROM data").fetchnumpy().values()
    left = np.concatenate([np.stack([t, np.ones_like(t)], 1), np.tile([2.0, 0.0], (300, 1))])  # fmt: skip
    right = np.concatenate([y, np.full(300, 2.0)])
    wanted = np.linalg.lstsq(left, right)[0]
    assert [*found.parameters.values()] == pytest.approx(wanted.tolist(), rel=1e-9)
    # A linear problem is solved by a step and a half: damped, and whole.
    assert found.converged and found.queries <= 5


WRONG: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("nowhere", {}, "the table `nowhere` cannot be read: CatalogException: "),
    ("misspelt", {}, "has no column `t`; did you mean `tt`? it has tt, y"),
    ("texts", {}, "the column `t` of the table `texts` holds VARCHAR, and the query"),
    ("dates", {}, "the column `y` of the table `dates` holds DATE"),
    ("lists", {}, "the column `t` of the table `lists` holds"),
    ("empty", {}, "has no row without a NULL in t, y"),
    ("holes", {}, "has no row without a NULL in t, y"),
    ("infinite", {}, "at the start the value or a slope is no number"),
    ("data", {"k": math.nan}, "`k` is nan, which is no number to begin with"),
    ("data", {"k": None}, "`k` is None, which is no number to begin with"),
    ("data", {"k": 10**5000}, "`k` is too large, which is no number to begin with"),
    ("data", {"k": 1j}, "`k` is 1j, which is no number to begin with"),
    ("data", {"k": np.complex128(1)}, "which is no number to begin with"),
    ("data", {"q": 1.0}, "the query has no parameter `q`; it has a, k, b, w"),
)


@pytest.mark.parametrize(("table", "start", "says"), WRONG)
def test_what_does_not_fit_is_told_in_one_line(
    table: str, start: Mapping[str, Any], says: str, engine: Any
) -> None:
    engine.execute("""
        CREATE TABLE data AS SELECT 1.0 AS t, 2.0 AS y;
        CREATE TABLE misspelt AS SELECT 1.0 AS tt, 2.0 AS y;
        CREATE TABLE texts AS SELECT '1.0' AS t, 2.0 AS y;
        CREATE TABLE dates AS SELECT 1.0 AS T, DATE '2020-01-01' AS Y;
        CREATE TABLE lists AS SELECT [1.0] AS t, 2.0 AS y;
        CREATE TABLE empty AS SELECT * FROM data WHERE FALSE;
        CREATE TABLE holes AS SELECT NULL::DOUBLE AS t, 2.0 AS y;
        CREATE TABLE infinite AS SELECT 'inf'::DOUBLE AS t, 2.0 AS y;
    """)
    with pytest.raises(GradgenError, match=".") as refusal:
        fit(engine, curve(), table, {**START, **start})
    assert says in str(refusal.value) and "\n" not in str(refusal.value)


def test_what_is_no_fit_is_refused(engine: Any) -> None:
    points(engine, 10)
    for options, says in (
        (
            {"target": "python", "rows": (), "reduce": "", "with_": ()},
            "compile the formula with --target sql",
        ),
        ({"reduce": "", "with_": ()}, "without --by"),
        ({"by": "region"}, "without --by"),
        ({"with_": (), "rows": ()}, "there is nothing to fit"),
    ):
        with pytest.raises(GradgenError, match=says):
            fit(engine, curve(**options), None, START)
    with pytest.raises(GradgenError, match="`w` has no value: the start names all"):
        fit(engine, curve(), None, {"a": 1.0, "k": 1.0, "b": 1.0})
    with pytest.raises(GradgenError, match="`w` has no value: give it by its name"):
        fit(engine, curve(wrt="a, k, b"), None, {"a": 1.0, "k": 1.0, "b": 1.0})
    with pytest.raises(GradgenError, match="the start is a number for each parameter"):
        fit(engine, curve(), None, [1.0])  # type: ignore[arg-type]
    with pytest.raises(GradgenError, match="an objective is of one result, and no"):
        objective(engine, curve())
    fun = objective(engine, curve(with_=()))
    for wrong in ([1.0] * 3, [1.0] * 5, [[1.0] * 4], 1.0):
        with pytest.raises(GradgenError, match="the parameters are 4 numbers"):
            fun(wrong)


#: What is handed over in the wrong place.
MISTAKEN: tuple[tuple[str, Any, str], ...] = (
    ("table", 5, "a table is called by one line of text, as `orders` or"),
    ("table", Path("data"), "a table is called by one line of text, as `orders` or"),
    ("table", b"data", "a table is called by one line of text, as `orders` or"),
    ("start", "a", "the start is a number for each parameter by its name"),
    ("start", {"a": 1.0}, "`k` has no value: the start names all that is fitted"),
    ("start", {**START, "a": "1"}, "`a` is '1', which is no number to begin with"),
    ("start", {**START, "a": [1.0]}, "`a` is [1.0], which is no number to begin"),
    ("start", {**START, 1: 1.0}, "the query has no parameter `1`; it has a, k, b, w"),
    ("connection", "rows.duckdb", "the connection is one of DB-API (PEP 249), or a"),
    ("connection", None, "the connection is one of DB-API (PEP 249), or a Spark"),
    ("compiled", "a*exp(-k*t)", "the query is what gradgen.compile gives, not 'a*"),
    ("tolerance", "1", "`tolerance` is a number from 0 on, not '1'"),
    ("tolerance", math.nan, "`tolerance` is a number from 0 on, not nan"),
    ("queries", "5", "`queries` is how many may be run, not '5'"),
    ("queries", 0, "`queries` is how many may be run, not 0"),
    ("report", 3, "`report` is what is called after each query, as print, not 3"),
)


@pytest.mark.parametrize(("place", "value", "says"), MISTAKEN)
def test_what_is_of_the_wrong_type_is_told_in_one_line(
    place: str, value: Any, says: str, engine: Any
) -> None:
    points(engine, 10)
    given = {"connection": engine, "compiled": curve(), "table": None, "start": START}
    with pytest.raises(GradgenError, match=".") as refusal:
        fit(**{**given, place: value})
    assert says in str(refusal.value) and "\n" not in str(refusal.value)
    for wrong in ("ab", [1.0, 2.0, 3.0, "x"]):
        with pytest.raises(GradgenError, match="the parameters are numbers, not"):
            objective(engine, curve(with_=()))(wrong)


@pytest.mark.parametrize("scale", [1.0, pytest.param(1e-4, marks=pytest.mark.slow), 1e-8])  # fmt: skip
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e3])
def test_an_offset_hides_no_minimum(offset: float, scale: float, engine: Any) -> None:
    """What does not change of a loss may be 10**10 times what does."""
    engine.execute("CREATE TABLE data AS SELECT i/100.0 AS t, 3.0 + sin(i*i*0.37) AS y FROM range(200) r(i)")  # fmt: skip
    made = compile(f"{offset} + {scale}*(y - a - b*t)**2", inputs="t, y, a, b", rows="t, y", target="sql", reduce="sum", proof=False)  # fmt: skip
    found = fit(engine, made, None, {"a": 0.0, "b": 0.0})
    slope, height = np.polyfit(*engine.execute("SELECT t, y FROM data").fetchnumpy().values(), 1)  # fmt: skip
    got = found.parameters["a"], found.parameters["b"]
    assert found.converged and got == pytest.approx((height, slope), rel=1e-3, abs=2e-3)


def test_parameters_before_columns_have_their_defaults(engine: Any) -> None:
    points(engine, 50)
    made = compile("a*exp(-k*t) - y", wrt="a", rows="t, y", target="sql", reduce="sum", with_="gauss_newton", defaults={"k": 0.7})  # fmt: skip
    assert made.program.inputs == ("a", "k", "t", "y") and not made.notes
    assert "Defaults, which the caller has to give: k = 0.7." in made.source
    given = fit(engine, made, None, {"a": 1.0}, k=0.7)
    assert fit(engine, made, None, {"a": 1.0}) == given and given.converged


class Session:
    """What runs statements as Spark's sessions do, in DuckDB."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.said: list[str] = []

    def sql(self, text: str, args: Mapping[str, float] | None = None) -> Any:
        self.said.append(text)
        self.found = self.engine.execute(text, args or {})
        self.dtypes = [(n, str(t).lower()) for n, t, *_ in self.found.description]
        return self

    def collect(self) -> list[Any]:
        rows: list[Any] = self.found.fetchall()
        return rows


def test_a_session_runs_statements_one_by_one(engine: Any) -> None:
    points(engine, 200)
    made = compile("log1p((y - a*sigmoid(k*t))**2)", inputs="t, y, a, k", rows="t, y", target="sql", reduce="sum", proof=False)  # fmt: skip
    start = {"a": 1.0, "k": 0.1}
    session = Session(engine)
    assert fit(session, made, None, start) == fit(engine, made, None, start)
    begins = [text.lstrip("-").strip()[:1] for text in session.said]
    functions = [text for text in session.said if "MACRO" in text]
    assert len(functions) > 1 and all(text.count("MACRO") == 1 for text in functions)
    assert session.said.index(functions[-1]) == len(functions) and begins
    engine.execute("CREATE TABLE texts AS SELECT '1.0' AS t, 2.0 AS y")
    with pytest.raises(GradgenError, match="the column `t` of the table `texts` holds"):
        fit(session, made, "texts", start)


_FITS = """
import json, sys
import duckdb
from gradgen.adapters.sql import fit
from tests.languages.test_sql_fit import START, curve

path, log = sys.argv[1:]
lines = open(log).read().splitlines()
start = json.loads(lines[-1]) if lines else START
with duckdb.connect(path, read_only=True, config={"threads": 1}) as engine, open(log, "a") as written:
    def report(one):
        written.write(json.dumps(one.parameters) + "\\n")
        written.flush()
    print("ready", flush=True)
    found = fit(engine, curve(), None, start, report=report)
    print(json.dumps([found.says, found.parameters]), flush=True)
"""


@pytest.mark.slow
def test_a_fit_that_is_killed_goes_on_from_its_last_line(tmp_path: Path) -> None:
    path, log = tmp_path / "rows.duckdb", tmp_path / "log.jsonl"
    with duckdb.connect(str(path), config={"threads": 1}) as engine:
        points(engine, 2_000_000)
        whole = fit(engine, curve(), None, START)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    rnd = random.Random(1)
    log.write_text("")
    kills = lines = 0
    while kills < 10:
        command = [sys.executable, "-c", _FITS, str(path), str(log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(rnd.uniform(0, 1.5))
            process.kill()
            rest = process.stdout.read()
        kills += 1
        kept = log.read_text().splitlines()
        assert len(kept) >= lines and all(json.loads(line).keys() == START.keys() for line in kept)  # fmt: skip
        lines = len(kept)
        if rest:  # it had ended before
            log.write_text("")
            lines = 0
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    said, found = json.loads(done.stdout.splitlines()[-1])
    assert said == "converged"
    assert found == pytest.approx(dict(whole.parameters), rel=1e-9)


def test_the_readmes_logistic_regression_is_fitted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.test_adapters import worked  # here, as what is killed imports this file

    found = worked("duckdb", tmp_path)["fit"]
    lines = capsys.readouterr().out.splitlines()
    assert found.converged and len(lines) == found.queries < 40
    wanted = [-1.0, 0.5, 0.0, -0.4]
    assert [*found.parameters.values()] == pytest.approx(wanted, abs=0.1)


def test_a_fit_that_has_stopped_goes_on(engine: Any) -> None:
    points(engine, 50)
    found = fit(engine, curve(), None, START, queries=3)
    assert (found.queries, found.says) == (3, "stopped after 3 queries")
    while not found.converged:
        before = found.queries
        found = fit(engine, curve(), None, found, queries=3)
        assert before < found.queries <= before + 3
    whole = fit(engine, curve(), None, START)
    assert [*found.parameters.values()] == pytest.approx([*whole.parameters.values()], rel=1e-10)  # fmt: skip


def test_a_valley_is_followed_by_longer_and_shorter_steps() -> None:
    """Rosenbrock's, whose first steps gain nothing until they are damped."""
    from gradgen.adapters.levenberg import CONVERGED, Sums, steps

    def sums(at: Any) -> Sums:
        x, y = at
        r = np.array([10 * (y - x * x), 1 - x])
        j = np.array([[-20 * x, 10.0], [-1.0, 0.0]])
        return Sums(float(r @ r), j.T @ r, j.T @ j, 2)

    found = [*steps(sums, np.array([-1.2, 1.0]), 1e-10)]
    squares = [state.normal.sums.squares for state in found]
    assert squares == sorted(squares, reverse=True)
    assert len({*squares}) < len(squares)
    assert found[-1].says == CONVERGED and len(found) < 40
    assert found[-1].at.tolist() == pytest.approx([1.0, 1.0], rel=1e-9)


def test_of_very_many_parameters_some_are_named_that_rows_leave_open() -> None:
    from gradgen.adapters.levenberg import Normal, Sums

    one = Normal(Sums(1.0, np.ones(120), np.ones((120, 120)), 1000))
    assert one.open and all(math.isinf(error) for error in one.errors)
    known = Normal(Sums(1.0, np.ones(3), np.diag([1.0, 1e12, 1e-12]), 103))
    assert not known.open
    assert known.errors.tolist() == pytest.approx([0.1, 1e-7, 1e5])
