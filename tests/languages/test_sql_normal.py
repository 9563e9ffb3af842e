"""Queries of several results give their Jacobian, and those for least squares the sums of the normal equations."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any

import pytest

from gradgen.compiled import check_text
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import target_for
from gradgen.verify import verify
from gradgen.write.sql.dialects import DIALECTS
from gradgen.write.sql.normal import normal_of, slopes_of
from tests import generators
from tests.languages.test_arrays import near, plainly
from tests.languages.test_c_rows import explained
from tests.languages.test_sql import asked, filled

duckdb = pytest.importorskip("duckdb", minversion="2.0")


@pytest.fixture(name="engine")
def _engine() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as engine:
        yield engine


def seeds(count: int) -> list[list[float]]:
    return [[float(i == row) for i in range(count)] for row in range(count)]


def truth(twin: Compiled, point: Sequence[float]) -> list[tuple[list[float], float]]:
    """Return of each result its value and its slopes at a point, by the module in Python, each with how far they are known."""
    count = len(twin.program.outputs)
    found = []
    for place, upstream in enumerate(seeds(count)):
        values = plainly(twin.module, point, upstream)
        rooms = explained(twin.module, point, upstream)
        row = [values[place], *values[count:]]
        found.append((row, max([rooms[place], *rooms[count:]])))
    return found


def of_several(engine: Any, first: int, last: int, style: str) -> int:
    """Hold queries of random programs with several results to the same in Python, row by row and added up; return how many."""
    rnd = random.Random(5)
    count = 0
    for seed in range(first, last):
        one = generators.program(seed)
        names = [line.partition(" = ")[0] for line in one.text.splitlines()]
        outputs = [*dict.fromkeys([*one.outputs, names[-1], *rnd.sample(names, 1)])]
        outputs = [name for name in outputs if name.isidentifier()]
        options: dict[str, Any] = {"inputs": one.inputs, "outputs": outputs, "proof": False}  # fmt: skip
        try:
            twin = compile(one.text, ieee=True, **options)
            made = compile(one.text, target="sql", style=style, **options)
            half = -(-len(one.inputs) // 2)
            options |= {"target": "sql", "rows": one.inputs[:half], "reduce": "sum"}
            fitted = compile(one.text, style=style, with_="gauss_newton", **options)
        except GradgenError:
            continue
        count += 1
        points = [[rnd.uniform(-2, 2) for _ in one.inputs] for _ in range(8)]
        rows_agree(engine, made, twin, points)
        sums_agree(engine, fitted, twin, points)
    return count


def rows_agree(
    engine: Any, made: Compiled, twin: Compiled, points: Sequence[Sequence[float]]
) -> None:
    filled(engine, made.program.inputs, points)
    program = made.program
    columns = [program.names[v] for v in program.signature]
    found = {tuple(row[c] for c in columns): row for row in asked(engine, made)}
    for point in points:
        row = found[tuple(point)]
        for (_, value), names, (want, room) in zip(
            program.outputs, slopes_of(program), truth(twin, point)
        ):
            got = [row[name] for name in (program.names[value], *names)]
            assert all(near(g, w, 1e-12, room) for g, w in zip(got, want)), made.source


def sums_agree(
    engine: Any, made: Compiled, twin: Compiled, points: Sequence[Sequence[float]]
) -> None:
    """Hold the sums to those of the rows, where all rows share the parameters of the first."""
    program, columns = made.program, made.recipe.rows
    signature = program.signature
    shared = dict(zip(program.inputs, points[0]))
    points = [
        [at if name in columns else shared[name] for name, at in zip(program.inputs, p)]
        for p in points
    ]
    filled(engine, columns, [point[: len(columns)] for point in points])
    given = {program.names[v]: shared[t] for v, t in signature.items() if t not in columns}  # fmt: skip
    (row,) = asked(engine, made, **given)
    assert (row["rows"], row["left_out"]) == (len(points), 0)
    squares, right, left = normal_of(program)
    places = [1 + v for v in program.wrt]
    pairs = [(0, 0), *((0, p) for p in places)]
    pairs += combinations_with_replacement(places, 2)
    assert [*row][: len(pairs)] == [squares, *right, *left]
    each = [result for point in points for result in truth(twin, point)]
    for (i, j), got in zip(pairs, row.values()):
        terms = [found[i] * found[j] for found, _ in each]
        size = sum(map(abs, terms))
        room = sum(
            r * (abs(f[i]) + abs(f[j])) if math.isfinite(r) else math.inf
            for f, r in each
        )
        assert near(got, sum(terms), 1e-12, 1e-12 * size + room), made.source


def test_some_jacobians_and_their_sums_are_those_of_python(engine: Any) -> None:
    assert of_several(engine, 0, 2, "textbook") > 0


@pytest.mark.slow
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_many_jacobians_and_their_sums_are_those_of_python(
    style: str, engine: Any
) -> None:
    assert of_several(engine, 0, 45, style) > 30


def test_a_long_sum_in_a_jacobian_has_names_for_its_parts(engine: Any) -> None:
    text = " + ".join(f"sin({n}*x + y)*cos(x*y - {n})" for n in range(1, 12))
    source = f"u = {text}; v = u*x*dv_dx_1; dv_dx_1_ = x"
    options: dict[str, Any] = {"outputs": "u, v", "proof": False}
    made = compile(source, target="sql", **options)
    twin = compile(source, ieee=True, **options)
    rows_agree(engine, made, twin, [[0.3, 0.7, 1.5], [0.5, 0.25, -2.0]])


#: Names that a query's own could be taken for.
NAMES = (
    ("u = A*x; v = a*x**2", "x, A, a"),
    ("u = a*x; v = a_b*x; w = b_c*x - c*x", "x, a, a_b, b_c, c"),
    ("squares = a*x - jtr_a; v = jtj_a_a*x", "x, a, jtr_a, jtj_a_a"),
    ("du = da*x; u = a*x; u_da = da*x + b", "x, a, da, b"),
    ("a_dB = c*x; a = b_dC*x; f = a_db*a", "x, c, b_dC, a_db"),
    ("dU_dA = a*x**2; u = sin(dU_dA)*a; v = dU_dA*u", "x, a, b"),
    ("rows = order*x; left_out = x*Order_ - left", "x, order, Order_, left"),
)


@pytest.mark.parametrize(("source", "inputs"), NAMES)
def test_names_of_sums_are_apart_from_all_others(
    source: str, inputs: str, engine: Any
) -> None:
    outputs = [part.partition(" = ")[0] for part in source.split("; ")]
    options: dict[str, Any] = {"inputs": inputs, "outputs": outputs}
    twin = compile(source, ieee=True, **options)
    rnd = random.Random(1)
    points = [[rnd.uniform(1, 2) for _ in twin.program.inputs] for _ in range(5)]
    options |= {"target": "sql", "rows": "x", "reduce": "sum"}
    made = compile(source, with_="gauss_newton", **options)
    sums_agree(engine, made, twin, points)
    filled(engine, ["x"], [point[:1] for point in points])
    summed = compile(source, **options)
    program = summed.program
    given = dict(zip([program.names[v] for v in program.signature][1:], points[0][1:]))
    (row,) = asked(engine, summed, **given)
    assert len(row) == len({name.casefold() for name in row})
    for (_, value), names, place in zip(program.outputs, slopes_of(program), range(9)):
        each = [truth(twin, [p[0], *points[0][1:]])[place][0] for p in points]
        want = [math.fsum(column) for column in zip(*each)]
        want = [want[0], *(want[1 + v] for v in program.wrt)]
        got = [row[name] for name in (program.names[value], *names)]
        assert all(near(g, w, 1e-12) for g, w in zip(got, want))


def test_residuals_are_proven_verified_and_made_again(engine: Any) -> None:
    source = "u = a*exp(-k*t) - y; v = b*t - y"
    made = compile(source, outputs="u, v", inputs="t, y, a, k, b", rows="t, y", target="sql", reduce="sum", with_="gauss_newton")  # fmt: skip
    assert regenerate(made.recipe).source == made.source
    assert not made.unproven
    assert verify(made, samples=3).compared == 3
    assert "sum(u * u + v * v) AS squares,\n" in made.source
    assert "sum(0e0) AS jtj_a_b,\n" in made.source
    rest: tuple[Any, ...] = (("gauss_newton",), {}, {}, "")
    check_text(made.source, made.program, target_for(made.recipe), *rest)
    for wrong in ("jtj_a_b", "squares"):
        with pytest.raises(GradgenError, match="is not what a generated query must be"):
            text = made.source.replace(f" AS {wrong}", " AS other")
            check_text(text, made.program, target_for(made.recipe), *rest)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_has_the_sums_of_groups(dialect: str) -> None:
    """In a form that the dialect's parser takes."""
    sqlglot = pytest.importorskip("sqlglot")
    made = compile("u = a*exp(-k*t) - y; v = b*t - y", outputs="u, v", inputs="t, y, a, k, b", rows="t, y", target="sql", reduce="sum", with_="gauss_newton", by="Region, t", dialect=dialect, proof=False)  # fmt: skip
    text = "WITH\n" + made.source.partition("\nWITH\n")[2]
    tree = sqlglot.parse_one(text, dialect=None if dialect == "generic" else dialect)
    squares, right, left = normal_of(made.program, ["Region", "t"])
    names = ["Region", "t_", squares, *right, *left, "rows", "left_out"]
    assert [one.alias_or_name for one in tree.selects] == names
    assert len(tree.args["group"].expressions) == len(tree.args["order"].expressions) == 2  # fmt: skip
