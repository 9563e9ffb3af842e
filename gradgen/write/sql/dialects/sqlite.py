"""SQLite: the standard's words, and levels that it keeps."""

from __future__ import annotations

from dataclasses import replace

from gradgen.write.sql.dialects import generic

DIALECT = replace(
    generic.DIALECT,
    name="sqlite",
    engine="SQLite, built with its mathematical functions,",
    since="3.35",
    header=(
        *generic.DIALECT.header,
        "LIMIT -1 keeps a level from being written out once for each name that reads it.",
    ),
    fence="LIMIT -1 OFFSET 0",
)
