"""The dialects of SQL by name, one a file: what of each differs from the others, as data."""

from __future__ import annotations

from collections.abc import Mapping

from gradgen.write.sql.dialect import Dialect
from gradgen.write.sql.dialects import (
    bigquery,
    duckdb,
    generic,
    postgres,
    snowflake,
    spark,
    sqlite,
)

DUCKDB = duckdb.DIALECT
DIALECTS: Mapping[str, Dialect] = {
    room.DIALECT.name: room.DIALECT
    for room in (duckdb, spark, snowflake, bigquery, postgres, sqlite, generic)
}
