"""What the tests share."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile

# Tests put other rules in the place of gradgen's own, which no cache may answer for or remember.
os.environ["GRADGEN_NO_CACHE"] = "1"
ROOT = Path(__file__).resolve().parent.parent
#: Formulas with gold values, beside the project on the machines that have them; not part of it.
DATA = ROOT.parent / "shared" / "data"
#: The lists of real formulas; those of `cases/equations/` are part of the project.
LISTS = ("equations", "feynman", "fpbench", "symreg", "optim")


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return ROOT


def listed(name: str) -> list[dict[str, Any]]:
    """Return the entries of a list in `tests/cases/`."""
    lines = (ROOT / "tests" / "cases" / f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in lines.splitlines()]


def formulas(name: str) -> list[dict[str, str]]:
    """Return a list of formulas, or skip the test where the data is absent; "equations" are those of `cases/equations/`."""
    if name == "equations":
        from tests.equations import equations

        return [{"id": one.name, "expression": one.text.replace("; ", "\n"), "variables": ";".join(one.ranges)} for one in equations()]  # fmt: skip
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"the formulas of {name} are not on this machine")
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def many(count: int) -> int:
    """Return how many random cases a slow test takes: of so many a quarter, but all of them where the environment says GRADGEN_TESTS=all."""
    return count if os.environ.get("GRADGEN_TESTS") == "all" else count // 4


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """Return a test's parameters: one in so many runs by default, the others with `-m slow`."""
    return [
        pytest.param(
            *(case if isinstance(case, (list, tuple)) else [case]),
            marks=[pytest.mark.slow] if place % step else [],
        )
        for place, case in enumerate(cases)
    ]


@cache
def compiled(expression: str, inputs: str) -> Compiled | None:
    """Return the module of a formula of the lists, which several tests look at; None where it is refused."""
    try:
        return compile(expression, inputs=inputs.replace(";", ","))
    except GradgenError:
        return None


def gold(name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the gold values by formula; of the equations, the points."""
    if name == "equations":
        from tests.equations import equations

        return {one.name: [{"point": dict(zip(one.ranges, at))} for at in one.points(3)] for one in equations()}  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (DATA / f"{name}_gold.jsonl").read_text().splitlines():
        row = json.loads(line)
        found[row["id"]].append(row)
    return found


def meta(name: str) -> dict[str, dict[str, Any]]:
    """Return what is known of each formula."""
    rows = [
        json.loads(line)
        for line in (DATA / f"{name}_meta.jsonl").read_text().splitlines()
    ]
    return {row["id"]: row for row in rows}
