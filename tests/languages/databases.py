"""Databases that tests run queries in, beside DuckDB: a PostgreSQL of their own, SQLite for the standard's words, and a local Spark."""

from __future__ import annotations

import csv
import glob
import io
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradgen.pipeline import Compiled
from gradgen.targets import target_for
from gradgen.write.sql.dialect import Dialect
from gradgen.write.sql.dialects import DIALECTS
from gradgen.write.sql.names import quoted, table_of

Row = Mapping[str, Any]
Point = Sequence[float | None]


#: Names of tables that would do harm if they were let.
TABLES = (
    "order",
    "Group By",
    'a"b',
    '"',
    'x"; DROP TABLE other; --',
    "x'; DROP TABLE other; --",
    "data; DROP TABLE other",
    "data -- ",
    "data /* ",
    "/* */ other",
    "größe",
    "表",
    "$x",
    "inputs",
    "stages",
    "sums",
    "gradients",
    "INPUTS",
    "read_csv('/etc/passwd')",
    "{{ table }}",
    "a\\b",
    "main.order",
    'main.a"."b',
)

#: Names of columns and parameters that SQL has another use for, or that are written in other letters.
NAMES = (
    *("select", "Order", "GROUP", "rows", "left_out", "rowid", "count", "sum", "data"),
    *("inputs", "stages", "gradients", "user", "current_date", "cast", "Exp"),
    *("größe", "变量", "ñ_1", "É", "_x", "TRUE_", "null", "end", "when", "case"),
)


class FailedError(Exception):
    """What a database says of a query that it does not run."""


def dialect_of(made: Compiled) -> Dialect:
    found = target_for(made.recipe).query
    assert found is not None
    return found


def statements(text: str) -> list[str]:
    """Return the statements of a file: no string holds a semicolon at the end of a line, and comments stand before statements."""
    code = "\n".join(
        line for line in text.splitlines() if not line.lstrip().startswith("--")
    )
    return [one for one in re.split(r";\n|;$", code) if one.strip()]


class Database:
    """A database."""

    dialect: Dialect

    def fill(self, table: str, names: Sequence[str], points: Sequence[Point]) -> None:
        """Make a table of doubles."""
        raise NotImplementedError

    def ask(self, made: Compiled, given: Mapping[str, float]) -> list[Row]:
        """Return what a query gives, row by row, by its parameters.

        Raises:
            FailedError: the database raises.
        """
        raise NotImplementedError

    def each(
        self, made: Compiled, names: Sequence[str], points: Sequence[Point]
    ) -> list[list[Row]]:
        """Return what a query gives of each point in a table by itself; nothing where the database raises."""
        found: list[list[Row]] = []
        for point in points:
            try:
                self.fill("data", names, [point])
                found.append(self.ask(made, {}))
            except FailedError:
                found.append([])
        return found


class Postgres(Database):
    """A server of its own in a folder, asked by psql."""

    dialect = DIALECTS["postgres"]

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}  # fmt: skip

    def start(self) -> None:
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "gradgen", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", data, "-o", options, "-l", str(self.folder / "log"), "-w", "start")  # fmt: skip

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def _run(self, program: str, *options: str) -> None:
        done = subprocess.run([self.programs / program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder, timeout=60, check=False, **self.user)  # type: ignore[call-overload] # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def fill(self, table: str, names: Sequence[str], points: Sequence[Point]) -> None:
        self.asked([filled(self.dialect, table, names, points)])

    def ask(self, made: Compiled, given: Mapping[str, float]) -> list[Row]:
        (rows,) = self.asked([_bound(made.source, given)])
        return rows

    def each(
        self, made: Compiled, names: Sequence[str], points: Sequence[Point]
    ) -> list[list[Row]]:
        *functions, query = statements(made.source)
        texts = [filled(self.dialect, "data", names, [point]) + f"{query};" for point in points]  # fmt: skip
        head = "".join(f"{one};\n" for one in functions)
        return self.asked([head + texts[0], *texts[1:]], stop=False)

    def asked(self, scripts: Sequence[str], stop: bool = True) -> list[list[Row]]:
        """Return what scripts give, of each a table."""
        script = "\n".join(f"\\echo @@\n{one}" for one in scripts)
        parts = self.told(script, stop).split("@@\n")[1:]
        return [[*map(_numbers, csv.DictReader(io.StringIO(part)))] for part in parts]

    def told(self, script: str, stop: bool = True) -> str:
        """Return what a script prints."""
        command = ["psql", "-X", "-q", "--csv", "-P", "null=NULL", "-h", str(self.folder), "-U", "gradgen", "-d", "postgres", "-v", f"ON_ERROR_STOP={int(stop)}", "-f", "-"]  # fmt: skip
        done = subprocess.run([self.programs / command[0], *command[1:]], input=script, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        if done.returncode:
            raise FailedError(done.stderr)
        return done.stdout


def filled(
    dialect: Dialect, table: str, names: Sequence[str], points: Sequence[Point]
) -> str:
    """Return the statements that make a table of doubles."""
    name = table_of(table, dialect)
    columns = ", ".join(f"{quoted(n, dialect)} double precision" for n in names)
    rows = ", ".join(f"({', '.join(map(_text, point))})" for point in points)
    return f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} ({columns});\n" + (
        f"INSERT INTO {name} VALUES {rows};\n" if points else ""
    )


def _text(value: float | None) -> str:
    return "NULL" if value is None else f"'{value!r}'"


def _bound(text: str, given: Mapping[str, float]) -> str:
    """Return a text with values for its parameters, as a driver puts them in."""
    for name, value in given.items():
        text = text.replace(f"%({name})s", f"'{value!r}'")
    return text


def _numbers(row: Mapping[str, str]) -> Row:
    return {
        key: None if text == "NULL" else float(text.replace("Infinity", "inf"))
        for key, text in row.items()
    }


class Lite(Database):
    """SQLite, which has the functions of the standard."""

    dialect = DIALECTS["sqlite"]

    def __init__(self) -> None:
        self.engine = sqlite3.connect(":memory:")

    def fill(self, table: str, names: Sequence[str], points: Sequence[Point]) -> None:
        name = table_of(table, self.dialect)
        columns = ", ".join(
            f"{quoted(n, self.dialect)} DOUBLE PRECISION" for n in names
        )
        self.engine.execute(f"DROP TABLE IF EXISTS {name}")
        self.engine.execute(f"CREATE TABLE {name} ({columns})")
        places = ", ".join("?" * len(names))
        self.engine.executemany(
            f"INSERT INTO {name} VALUES ({places})", [[*p] for p in points]
        )

    def ask(self, made: Compiled, given: Mapping[str, float]) -> list[Row]:
        try:
            done = self.engine.execute(made.source, dict(given))
            rows = done.fetchall()
        except sqlite3.Error as error:
            raise FailedError(str(error)) from None
        return [dict(zip([c[0] for c in done.description], row)) for row in rows]


class Spark(Database):
    """A Spark in this process."""

    dialect = DIALECTS["spark"]

    def __init__(self) -> None:
        sql = pytest.importorskip("pyspark.sql")
        make = sql.SparkSession.builder.master("local[1]")
        options = {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "OFF",
        }
        for key, value in options.items():
            make = make.config(key, value)
        self.engine = make.getOrCreate()
        #: The functions that it knows.
        self.made: set[str] = set()

    def fill(self, table: str, names: Sequence[str], points: Sequence[Point]) -> None:
        name = table_of(table, self.dialect)
        columns = ", ".join(quoted(n, self.dialect) for n in names)
        rows = (
            f"({', '.join(f'CAST({_text(x)} AS DOUBLE)' for x in point)})"
            for point in points
        )
        self.engine.sql(f"CREATE OR REPLACE TEMP VIEW {name} ({columns}) AS SELECT * FROM VALUES {', '.join(rows)}")  # fmt: skip

    def ask(self, made: Compiled, given: Mapping[str, float]) -> list[Row]:
        *functions, query = statements(made.source)
        try:
            for function in functions:
                if function not in self.made:
                    self.engine.sql(function)
                    self.made.add(function)
            return [
                row.asDict()
                for row in self.engine.sql(query, args=dict(given)).collect()
            ]
        except Exception as error:  # noqa: BLE001 - it has many kinds
            raise FailedError(str(error)[:2000]) from None


def postgres() -> Iterator[Postgres]:
    """Yield a server, or skip."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    program = found[-1] if found else shutil.which("initdb")
    if program is None:
        pytest.skip("there is no PostgreSQL")
    programs = Path(program).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="gradgen-"))
    server = Postgres(folder, programs)
    if server.user:
        shutil.chown(folder, "nobody", "nogroup")
    try:
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
