"""A database, a compiled query and a start in; the fit over a table out: each step is one query over all rows, which stay where they are."""

from __future__ import annotations

import difflib
import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradgen.adapters.levenberg import CONVERGED, DAMPING, UNDETERMINED, Sums, steps
from gradgen.adapters.rows import Doubles
from gradgen.adapters.scipy import minimum
from gradgen.compiled import Compiled
from gradgen.errors import GradgenError, printable
from gradgen.queries import Query, Summed, query_of

#: What types of columns that are no numbers begin with; what a database does not name so it says itself.
_NO_NUMBERS = ("VARCHAR", "CHAR", "TEXT", "STRING", "NVARCHAR", "ENUM", "BLOB", "BYTE", "BINARY", "BIT", "DATE", "TIME", "INTERVAL", "UUID", "JSON", "STRUCT", "MAP", "LIST", "ARRAY", "UNION")  # fmt: skip
#: What PostgreSQL's drivers say for types of numbers, and for others.
_NUMBERS = (20, 21, 23, 700, 701, 1700)
_OTHERS = {16: "BOOLEAN", 17: "BYTEA", 25: "TEXT", 1042: "CHAR", 1043: "VARCHAR", 1082: "DATE", 1083: "TIME", 1114: "TIMESTAMP", 1184: "TIMESTAMPTZ"}  # fmt: skip
#: How queries for PostgreSQL have their parameters.
_STYLE = "pyformat"
#: So many columns of a table are listed.
_LISTED = 12


@dataclass(frozen=True)
class Fit:
    """Where a fit stands, or has ended; handed over as a start, it goes on from there.

    Attributes:
        parameters: the best ones so far, by the names of inputs.
        value: the sum of the squares there, or the loss.
        rows: how many rows it is of.
        left_out: how many others have a NULL.
        queries: how many queries have been run.
        says: why it has ended: "converged", or what stopped it; empty where it goes on.
        damping: that of the next step.
        covariance: that of the parameters, in their order, for residuals with one variance: s**2 * inv(J'J); None for a loss.
        away: how far the minimum is: the most that a whole step would move a parameter, as a share of it or of its standard error; None for a loss.
    """

    parameters: Mapping[str, float]
    value: float
    rows: int
    left_out: int
    queries: int
    says: str = ""
    damping: float = DAMPING
    covariance: Doubles | None = field(default=None, compare=False)
    away: float | None = field(default=None, compare=False)

    @property
    def converged(self) -> bool:
        return self.says == CONVERGED

    @property
    def errors(self) -> Mapping[str, float]:
        """The standard errors of the parameters; inf where the rows leave one open.

        Raises:
            GradgenError: it is the fit of a loss, whose curvature no query gives.
        """
        if self.covariance is None:
            raise GradgenError("standard errors are of residuals: compile them with --with gauss_newton")  # fmt: skip
        return dict(zip(self.parameters, np.sqrt(np.diag(self.covariance)).tolist()))

    def __str__(self) -> str:
        """One line, with all digits of the parameters."""
        left = f" ({self.left_out} left out)" if self.left_out else ""
        said = f" {self.says}" if self.says else ""
        return f"query {self.queries}: {self.value:.9g} over {self.rows} rows{left}, {_listed(self.parameters)}{said}"


class FitError(GradgenError):
    """A fit whose query has failed.

    Attributes:
        fit: where it stood, from where it can go on; None if that was its first query.
    """

    fit: Fit | None = None


def _listed(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())


def fit(
    connection: Any,
    compiled: Compiled,
    table: str | None,
    start: Mapping[str, float] | Fit,
    *,
    report: Callable[[Fit], object] | None = None,
    tolerance: float | None = None,
    queries: int = 200,
    **given: float,
) -> Fit:
    """Fit a formula to the rows of a table, all of which each query reads where they are.

    Of residuals (`with_="gauss_newton"`) the sum of the squares is minimised by Levenberg's and Marquardt's method, which has
    converged where the next step moves no parameter by more than `tolerance` (1e-10), relative to it or to its standard error; where rounding of
    the sums hides steps that are longer than that, it says so, and how long they are. Any
    other result is a loss, whose mean `scipy.optimize.minimize` gets (BFGS); its slopes
    end below `tolerance` (1e-6), also by parameters in units in which it bends by as much as it is.

    Args:
        connection: a connection of DB-API (PEP 249) to the database that the query is for, or a Spark session.
        compiled: the query, with `reduce`.
        table: the table; None for that of the query.
        start: the parameters by their names, or where an earlier fit stood.
        report: what is called after each query with where the fit stands: with `print`, one line each.
        tolerance: when it has converged.
        queries: it stops after so many.
        given: numbers for inputs that are neither columns nor fitted.

    Returns:
        The best fit that was reached; what stopped it, which may be Ctrl-C, `says`.

    Raises:
        GradgenError: the table, its columns or the parameters do not fit the query, or the start has no value.
        FitError: a query fails; its `fit` has the best parameters so far.
    """
    connection, query = _begun(connection, compiled, table)
    check_options(report, tolerance, queries)
    at, fixed = numbers(query, start, {**dict(compiled.recipe.defaults), **given})
    check_table(connection, query)
    runs = Runs(query, _asking(connection, query), f"the table `{query.table}`", fixed, report, queries)  # fmt: skip
    return fitted(runs, at, start, tolerance)


def fitted(
    runs: Runs, at: Doubles, start: Mapping[str, float] | Fit, tolerance: float | None
) -> Fit:
    """Return the best fit that is reached, by what gives the sums, from the parameters of a start."""
    if isinstance(start, Fit):
        runs.damping, runs.queries = start.damping, start.queries
        runs.most += start.queries
    with _interrupts() as asked:
        try:
            if runs.summed.normal:
                _squares(runs, at, 1e-10 if tolerance is None else tolerance)
            else:
                _loss(runs, at, 1e-6 if tolerance is None else tolerance)
        except (KeyboardInterrupt, FitError) as error:
            if not (asked or isinstance(error, KeyboardInterrupt)):
                raise
            if runs.best is None:
                raise KeyboardInterrupt from error
            return replace(runs.best, says="stopped by Ctrl-C")
    assert runs.best is not None
    return runs.best


def objective(
    connection: Any, compiled: Compiled, table: str | None = None, **given: float
) -> Callable[[Any], tuple[float, Doubles]]:
    """Return `fun(x)`, the sum or the mean over the table and its gradient, a query for each call: for `minimize(fun, x0, jac=True)`.

    Args:
        connection: as for `fit`.
        compiled: the query, with `reduce`, of one result.
        table: the table; None for that of the query.
        given: numbers for inputs that are neither columns nor among the parameters, which are in the order of `wrt`.

    Raises:
        GradgenError: the table, its columns or names do not fit the query; or, in a call, it fails.
    """
    connection, query = _begun(connection, compiled, table)
    if query.normal or query.results > 1:
        raise GradgenError("an objective is of one result, and no residuals: compile it without --with gauss_newton")  # fmt: skip
    start = dict.fromkeys(query.wrt, 0.0)
    _, fixed = numbers(query, start, {**dict(compiled.recipe.defaults), **given})
    check_table(connection, query)
    runs = Runs(query, _asking(connection, query), f"the table `{query.table}`", fixed)  # fmt: skip

    def fun(x: Any) -> tuple[float, Doubles]:
        try:
            at = np.asarray(x, np.float64)
        except (TypeError, ValueError):
            raise GradgenError(f"the parameters are numbers, not {_short(x)}") from None
        if at.shape != (len(query.wrt),):
            raise GradgenError(f"the parameters are {len(query.wrt)} numbers ({', '.join(query.wrt)}), not an array of the shape {at.shape}")  # fmt: skip
        value, *slopes = runs.row(at)
        return value, np.array(slopes)

    return fun


def check_table(connection: Any, query: Query) -> None:
    """Refuse a table that a query cannot read, before any of its rows is.

    Raises:
        GradgenError: it is missing, or lacks a column, or one is of another type.
    """
    try:
        _, described = _asked(connection, query.probe)
    except Exception as error:
        raise GradgenError(f"the table `{query.table}` cannot be read: {first_line(error)}") from error  # fmt: skip
    types = {column[0].casefold(): column[1] for column in described}
    names = [column[0] for column in described]
    for name in query.columns:
        if name.casefold() not in types:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean `{near[0]}`? " if near else ""
            listed = ", ".join(names[:_LISTED]) + ", ..." * (len(names) > _LISTED)
            raise GradgenError(f"the table `{query.table}` has no column `{name}`; {hint}it has {listed}")  # fmt: skip
        kind = _no_number(query, types[name.casefold()])
        if kind:
            raise GradgenError(f"the column `{name}` of the table `{query.table}` holds {kind[:40]}, and the query reads numbers")  # fmt: skip


def _no_number(query: Query, kind: Any) -> str:
    """Return what a type is called if it is none of numbers; empty where it is."""
    if query.dialect == "postgres" and isinstance(kind, int):
        return "" if kind in _NUMBERS else _OTHERS.get(kind, f"the type {kind}")
    name = str(kind).upper()
    return name if name.startswith(_NO_NUMBERS) or name.endswith("]") else ""


class _Session:
    """A Spark session as a connection: statements one by one, their parameters by name."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def execute(self, text: str, given: Mapping[str, float] | None = None) -> Any:
        """Run a statement, and return what has its rows."""
        args = {} if given is None else {"args": dict(given)}
        return _Frame(self.session.sql(text, **args))


class _Frame:
    """What a Spark session gives, with its rows as a cursor has them.

    Attributes:
        description: the names and the types of its columns.
    """

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.description = frame.dtypes

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return [tuple(row) for row in self.frame.collect()]


def _begun(connection: Any, compiled: Compiled, table: str | None) -> tuple[Any, Query]:
    """Return what runs statements, and the query.

    Raises:
        GradgenError: one is something else, or hands parameters over otherwise.
    """
    if not isinstance(compiled, Compiled):
        raise GradgenError(f"the query is what gradgen.compile gives, not {_short(compiled)}")  # fmt: skip
    query = query_of(compiled, table)
    if hasattr(connection, "execute") or hasattr(connection, "cursor"):
        style = _style(connection) if query.dialect == "postgres" else _STYLE
        if style != _STYLE:
            raise GradgenError(f"the query's parameters are by name, as %(a)s, which this driver takes with `{type(connection).__module__}.paramstyle = {_STYLE!r}` alone")  # fmt: skip
        return connection, query
    if not hasattr(connection, "sql"):
        raise GradgenError(f"the connection is one of DB-API (PEP 249), or a Spark session, not {_short(connection)}")  # fmt: skip
    return _Session(connection), query


def _style(connection: Any) -> str:
    """Return how a driver of DB-API takes parameters; as PostgreSQL's do where it does not say."""
    name = type(connection).__module__
    while name:
        style = getattr(sys.modules.get(name), "paramstyle", None)
        if style is not None:
            return str(style)
        name = name.rpartition(".")[0]
    return _STYLE


def check_options(report: Any, tolerance: Any, queries: Any) -> None:
    """Refuse options of another type.

    Raises:
        GradgenError: one is.
    """
    if report is not None and not callable(report):
        raise GradgenError(f"`report` is what is called after each query, as print, not {_short(report)}")  # fmt: skip
    if tolerance is not None and not (_finite(tolerance) and tolerance >= 0):
        raise GradgenError(f"`tolerance` is a number from 0 on, not {_short(tolerance)}")  # fmt: skip
    if isinstance(queries, bool) or not isinstance(queries, int) or queries < 1:
        raise GradgenError(f"`queries` is how many may be run, not {_short(queries)}")


def _short(value: Any) -> str:
    return printable(repr(value))[:60]


def _asking(
    connection: Any, query: Query
) -> Callable[[Mapping[str, float]], Sequence[Any]]:
    """Return what gives the row of a query, by its parameters; what the query calls is made first."""
    before = [*query.before]

    def ask(given: Mapping[str, float]) -> Sequence[Any]:
        while before:
            _run(connection, before[0])
            del before[0]
        rows, _ = _asked(connection, query.text, given)
        row: Sequence[Any] = rows[0]
        return row

    return ask


class Runs:
    """Asks for sums again and again, and keeps the best that they gave.

    Attributes:
        best: where the fit stands.
        queries: how many have been run.
        damping: that of the first step.
    """

    def __init__(
        self,
        summed: Summed,
        ask: Callable[[Mapping[str, float]], Sequence[Any]],
        where: str,
        fixed: Mapping[str, float],
        report: Callable[[Fit], object] | None = None,
        most: int = 0,
    ) -> None:
        self.summed = summed
        self.ask = ask
        self.where = where
        self.fixed = fixed
        self.report = report
        self.most = most
        self.best: Fit | None = None
        self.queries = 0
        self.damping = DAMPING
        self.rows = self.left_out = 0

    def row(self, at: Doubles) -> list[float]:
        """Return what the query gives at a point, but for the counts.

        Raises:
            GradgenError: there is no row to add up.
            FitError: the query fails.
        """
        summed = self.summed
        values = {**self.fixed, **dict(zip(summed.wrt, at.tolist()))}
        given = {summed.given[name]: value for name, value in values.items()}
        self.queries += 1
        try:
            *found, self.rows, self.left_out = self.ask(given)
        except Exception as error:
            where = f"the best parameters so far are {_listed(self.best.parameters)}: go on from the error's `fit`" if self.best else f"it was the first, at {_listed(values)}"  # fmt: skip
            failed = FitError(f"query {self.queries} failed ({first_line(error)}); {where}")  # fmt: skip
            failed.fit = self.best
            raise failed from error
        if not self.rows:
            raise GradgenError(f"{self.where} has no row without a NULL in {', '.join(summed.columns)}")  # fmt: skip
        # Where engines have no nan, a sum of what has no value is NULL.
        return [math.nan if value is None else float(value) for value in found]

    def stands(self, at: Doubles, value: float, says: str, **more: Any) -> None:
        """Note where the fit stands, and report it."""
        where = dict(zip(self.summed.wrt, at.tolist()))
        if not says and self.queries >= self.most:
            says = f"stopped after {self.queries} queries"
        counts = int(self.rows), int(self.left_out), self.queries
        self.best = Fit(where, value, *counts, says, **more)
        if self.report is not None:
            self.report(self.best)


def _squares(runs: Runs, at: Doubles, tolerance: float) -> None:
    """Minimise a sum of squares."""
    width = len(at)
    upper = np.triu_indices(width)

    def sums(at: Doubles) -> Sums:
        squares, *rest = runs.row(at)
        left = np.empty((width, width))
        left[upper] = left.T[upper] = rest[width:]
        return Sums(squares, np.array(rest[:width]), left, runs.rows * runs.summed.results)  # fmt: skip

    for state in steps(sums, at, tolerance, runs.damping):
        squares = state.normal.sums.squares
        if not state.normal.sums.finite:
            raise _no_start(squares)
        says = state.says
        if says == UNDETERMINED:
            says += " " + ", ".join(
                runs.summed.wrt[place] for place in state.normal.open
            )
        runs.stands(
            state.at,
            squares,
            says,
            damping=state.damping,
            covariance=state.normal.covariance,
            away=state.away,
        )
        if runs.best is not None and runs.best.says:
            return


class _EnoughError(Exception):
    """So many queries have been run as may be."""


def _loss(runs: Runs, at: Doubles, tolerance: float) -> None:
    """Minimise the mean of a loss."""
    if runs.summed.results > 1:
        raise GradgenError("a loss is one result; of several residuals, compile it with --with gauss_newton")  # fmt: skip

    def mean(at: Doubles) -> tuple[float, Doubles]:
        value, *slopes = runs.row(at)
        if runs.best is None and not np.isfinite([value, *slopes]).all():
            raise _no_start(value)
        if runs.best is None or value <= runs.best.value:
            runs.stands(at.copy(), value, "")
        else:
            runs.stands(np.array([*runs.best.parameters.values()]), runs.best.value, "")
        assert runs.best is not None
        if runs.best.says:
            raise _EnoughError
        count = 1 if runs.summed.mean else runs.rows
        return value / count, np.array(slopes) / count

    try:
        end, value, stopped = minimum(mean, at, tolerance)
    except _EnoughError:
        return
    assert runs.best is not None
    if stopped:
        runs.best = replace(runs.best, says=stopped)
        return
    count = 1 if runs.summed.mean else runs.rows
    where = dict(zip(runs.summed.wrt, end.tolist()))
    runs.best = replace(runs.best, parameters=where, value=value * count, says=CONVERGED)  # fmt: skip


def _no_start(value: float) -> GradgenError:
    return GradgenError(f"at the start the value or a slope is no number (the value is {value}): begin where all rows have one, or leave out those that have none")  # fmt: skip


def numbers(
    query: Summed, start: Mapping[str, float] | Fit, given: Mapping[str, float]
) -> tuple[Doubles, Mapping[str, float]]:
    """Return the parameters to begin with, and the inputs that stay.

    Raises:
        GradgenError: a name is none, or a value is missing or no number.
    """
    at = start.parameters if isinstance(start, Fit) else start
    if not isinstance(at, Mapping):
        raise GradgenError("the start is a number for each parameter by its name, or where an earlier fit stood")  # fmt: skip
    known = {**given, **at}
    for name, value in known.items():
        if name not in query.given:
            raise GradgenError(f"the query has no parameter `{name}`; it has {', '.join(query.given)}")  # fmt: skip
        if not _finite(value):
            what = "too large" if isinstance(value, int) else repr(value)[:60]
            raise GradgenError(f"`{name}` is {what}, which is no number to begin with")  # fmt: skip
    for name in query.given:
        if name not in (at if name in query.wrt else known):
            raise GradgenError(f"`{name}` has no value: {'the start names all that is fitted' if name in query.wrt else 'give it by its name'}")  # fmt: skip
    first = np.array([float(at[name]) for name in query.wrt])
    return first, {n: float(known[n]) for n in query.given if n not in query.wrt}


def _finite(value: object) -> bool:
    """Whether a value is a number that a double can hold."""
    try:
        real = isinstance(value, (int, float, np.integer, np.floating))
        return real and math.isfinite(value)  # type: ignore[arg-type]
    except (OverflowError, TypeError):  # a whole or a complex one
        return False


def _asked(
    connection: Any, text: str, given: Mapping[str, float] | None = None
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the rows of a query, and what a database says of its columns."""
    cursor = _run(connection, text, given)
    described = cursor.description
    return cursor.fetchall(), described


def _run(connection: Any, text: str, given: Mapping[str, float] | None = None) -> Any:
    """Run a statement, and return what has its rows."""
    # DuckDB's cursors know nothing of what a connection has registered, so that its own `execute` goes before.
    cursor = connection if hasattr(connection, "execute") else connection.cursor()
    found = cursor.execute(text, given) if given else cursor.execute(text)
    return found if hasattr(found, "fetchall") else cursor


def first_line(error: Exception) -> str:
    """Return what an engine says of an error, without the query that it shows below."""
    lines = str(error).strip().splitlines() or [""]
    return printable(f"{type(error).__name__}: {lines[0]}")[:300]


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Note Ctrl-C in the list that it yields: engines make another error of it."""
    asked: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):  # fmt: skip
        yield asked
        return

    def note(number: int, frame: Any) -> None:
        asked.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
