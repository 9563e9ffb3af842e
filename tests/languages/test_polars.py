"""Functions of frames, run by Polars, give at every row what the same modules in Python give: at once, lazily, and streaming."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.compiled import check_text
from gradgen.core.table import ROWS
from gradgen.docs.pages import pages
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.targets import target_for
from gradgen.verify import verify
from tests import generators
from tests.conftest import LISTS, one_in
from tests.languages.databases import NAMES
from tests.languages.test_arrays import _CANCELLING, doubts, drawn, near, plainly
from tests.languages.test_c import cases, real
from tests.languages.test_c_rows import explained, lost

np = pytest.importorskip("numpy")
pl = pytest.importorskip("polars")
Points = Sequence[Sequence[float | None]]
Listed = Mapping[tuple[str, tuple[str, ...]], Points]


def frame_of(names: Sequence[str], points: Points) -> Any:
    columns = zip(*points) if points else [[] for _ in names]
    data = {name: [*column] for name, column in zip(names, columns)}
    return pl.DataFrame(data, schema=dict.fromkeys(names, pl.Float64))


def gives(row: Mapping[str, Any], made: Compiled) -> list[float]:
    """Return the value and the slopes of a row."""
    program = made.program
    values = [program.names[value] for _, value in program.outputs]
    return [row[n] for n in (*values, *(program.adjoints[v] for v in program.wrt))]


def asked(given: Any, how: str, function: Any) -> Any:
    """Return what a function gives of a frame, at once or lazily."""
    if how == "at once":
        return function(given)
    return function(given.lazy()).collect(engine="streaming" if how == "streaming" else "auto")  # fmt: skip


WAYS = ("at once", "lazily", "streaming")
#: Of so large quotients, which no exact number holds, Polars has no remainder.
_LARGE = 2.0**52


def no_remainder(made: Compiled, point: Sequence[float]) -> bool:
    """Whether a formula that is a remainder has none in Polars."""
    remainder = [step.op for step in made.program.steps][-1] == "mod"
    return remainder and not abs(point[0]) < _LARGE * abs(point[1])


def in_one_go(twin: Any, point: Sequence[float]) -> list[float]:
    """Return value and slopes of a plain module at a point."""
    value, found = twin.value_and_grad(*point)
    return [value, *found]


def differing(
    made: Compiled, twin: Compiled, points: Points, how: str
) -> Iterator[str]:
    """Yield where a module of frames is apart from one in Python, by more than the last digits of its functions explain."""
    names = made.program.inputs
    # Rows with a null in any column are left out.
    holes = [[None if n == name else 1.5 for n in names] for name in names]
    frame = frame_of(names, [*points, *holes])
    found = asked(frame, how, made.module.value_and_grad)
    assert asked(frame, how, made.module.left_out).item() == len(holes)
    assert found.drop(*slopes(made)).equals(asked(frame, how, made.module.forward))
    columns = [made.program.names[v] for v in made.program.signature]
    rows = {repr([row[c] for c in columns]): row for row in found.to_dicts()}
    assert found.height == len(points)
    for at in points:
        point = [float(x or 0.0) for x in at]
        got, want = gives(rows[repr(point)], made), in_one_go(twin.module, point)
        # Slopes add up in another order, which decides between inf and nan where infinities meet.
        got = [got[0], *(w if lost(g, w) else g for g, w in zip(got[1:], want[1:]))]
        if no_remainder(made, point):
            assert math.isnan(got[0])
        elif not all(near(g, w, 1e-12) for g, w in zip(got, want)):
            # Polars divides by a number by way of its inverse, so that operations are known to their last digits alone.
            pairs = zip(explained(twin.module, point, [1.0]), doubts(twin, point))
            rooms = [*map(max, pairs)]
            if not all(near(g, w, 1e-12, r) for g, w, r in zip(got, want, rooms)):
                yield f"{made.recipe.source} at {point}: {got}, not {want}"


def slopes(made: Compiled) -> list[str]:
    return [made.program.adjoints[v] for v in made.program.wrt]


def compared(listed: Listed, **options: Any) -> tuple[int, list[str]]:
    """Compare all that Polars can write; return how many that are, and what is apart."""
    count, found = 0, list[str]()
    for place, ((source, names), points) in enumerate(listed.items()):
        given: dict[str, Any] = {"inputs": names, "proof": False, **options}
        rnd = random.Random(source)  # its points are the same whatever else is listed
        try:
            made = compile(source, target="polars", **given)
            # Whose lines are in the same order.
            twin = compile(source, ieee=True, with_="value_and_grad", **given)
        except GradgenError as error:
            assert "please report" not in str(error)
            continue
        count += 1
        points = [*points, *drawn(names, "numpy", rnd)]
        if source not in _CANCELLING:
            found += [*differing(made, twin, points, WAYS[place % 3])][:1]
    return count, found


def with_inputs(step: int = 1) -> Listed:
    return dict([case for case in cases().items() if case[0][1]][::step])


#: So much of the lists is written: the rest calls functions such as lambertw, which Polars has not.
SHARE = 0.97


def test_some_listed_formulas_are_those_of_python() -> None:
    some = with_inputs(50)
    count, found = compared(some)
    assert not found
    assert count > SHARE * len(some)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_every_listed_formula_is_that_of_python(style: str) -> None:
    some = with_inputs(1 if style == "textbook" else 3)
    count, found = compared(some, style=style)
    assert not found
    assert count > SHARE * len(some)


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_real_formulas_are_those_of_python(name: str) -> None:
    some = dict([*real(name).items()][::5])
    count, found = compared(some)
    assert not found
    assert count > 0.95 * len(some)


def random_programs(first: int, last: int) -> None:
    made = [generators.program(seed) for seed in range(first, last)]
    listed: Listed = {(one.text, one.inputs): [] for one in made}
    count, found = compared(listed)
    assert not found
    assert count > 0.8 * len(made)


def test_random_programs_are_those_of_python() -> None:
    random_programs(0, 3)


@pytest.mark.slow
def test_many_random_programs_are_those_of_python() -> None:
    random_programs(3, 120)


@pytest.mark.slow
def test_every_operation_is_as_near_as_the_table_says() -> None:
    """Beside Python's own errors: both are within some units in the last place of the truth."""
    rnd = random.Random(1)
    count = 0
    for row in ROWS.values():
        if row.boolean or row.level or not row.sample:
            continue
        names = [n for i, n in enumerate("xyz"[: row.arity]) if i not in row.whole]
        args = ["2" if i in row.whole else "xyz"[i] for i in range(row.arity)]
        source = f"{row.name}({', '.join(args)})"
        options: dict[str, Any] = {"inputs": names, "proof": False}
        try:
            made = compile(source, target="polars", **options)
            twin = compile(source, ieee=True, **options).module
        except GradgenError:
            continue
        count += 1
        ranges = [s for i, s in enumerate(row.sample) if i not in row.whole]
        points = [[rnd.uniform(*r) for r in ranges] for _ in range(200)]
        frame = made.module.value_and_grad(frame_of(names, points))
        for found in frame.to_dicts():
            wanted = plainly(twin, [found[name] for name in names], [1.0])
            for place, (got, want) in enumerate(zip(gives(found, made), wanted)):
                units = 2 * row.ulp[min(place, 1)] + 2
                same = got == want or (math.isnan(got) and math.isnan(want))
                assert same or abs(got - want) <= units * 2**-52 * abs(want), source
    assert count > 85


def test_remainders_are_exact() -> None:
    made = compile("x % y", inputs="x, y", target="polars", proof=False).module
    signs = (1.0, -1.0)
    edges = (0.0, 0.3, 5.0, math.inf, math.nan)
    points = [[s * x, t * y] for s in signs for t in signs for x in edges for y in (0.1, 1.0, 3.0, math.inf)]  # fmt: skip
    points += [[k * y, y] for k in range(-50, 50) for y in (0.1, 0.3, -0.7)]
    rnd = random.Random(5)
    points += [[rnd.uniform(-1e6, 1e6), rnd.uniform(-3, 3)] for _ in range(500)]
    for row in made.value_and_grad(frame_of("xy", points)).to_dicts():
        for got, want in ((row["f"], row["x"] % row["y"]), (row["dy"], -(row["x"] // row["y"]))):  # fmt: skip
            assert got == want or (math.isnan(got) and math.isnan(want)), row


FORMULA = "a*exp(-k*t)*w if t > k else sqrt(k - t)*a + w**2"


@pytest.mark.parametrize(("reduce", "how"), one_in(4, [(r, h) for r in ("sum", "mean") for h in WAYS[::-1]]))  # fmt: skip
def test_sums_and_means_are_those_of_the_rows(reduce: str, how: str) -> None:
    made = compile(FORMULA, inputs="t, a, k, w", target="polars", rows="t, w", reduce=reduce)  # fmt: skip
    twin = compile(FORMULA, inputs="t, a, k, w", ieee=True).module
    rnd = random.Random(2)
    points = [[rnd.uniform(-2, 4), rnd.uniform(-2, 2)] for _ in range(40)]
    frame = frame_of("tw", [[None, 1.0], *points, [1.0, None]])
    each = [plainly(twin, (t, 1.5, 0.75, w), [1.0]) for t, w in points]
    parts = 1 if reduce == "sum" else len(points)
    f, _, da, dk, _ = (math.fsum(column) / parts for column in zip(*each))
    wanted = {"f": f, "da": da, "dk": dk, "rows": 40, "left_out": 2}
    row = asked(frame, how, lambda f: made.module.value_and_grad(f, a=1.5, k=0.75)).row(0, named=True)  # fmt: skip
    assert [*row] == [*wanted]
    assert all(near(row[name], wanted[name], 1e-12) for name in wanted)
    value = asked(frame, how, lambda f: made.module.forward(f, 1.5, 0.75)).row(0, named=True)  # fmt: skip
    assert value == {n: x for n, x in row.items() if n not in ("da", "dk")}
    assert [made.program.signature[v] for v in made.program.wrt] == ["a", "k"]
    # What is proven and verified is of the parameters too.
    assert not made.unproven
    assert verify(made, samples=5).compared == 5


def test_several_results_have_the_slopes_of_each() -> None:
    made = compile("u = x*k; v = exp(x); w = 3", inputs="x, k", outputs="u, v, w", target="polars", rows="x")  # fmt: skip
    (row,) = made.module.value_and_grad(frame_of("x", [[2.0]]), 3.0).to_dicts()
    e = math.exp(2.0)
    assert row == {"x": 2.0, "u": 6.0, "v": e, "w": 3.0, "du_dx": 3.0, "du_dk": 2.0, "dv_dx": e, "dv_dk": 0.0, "dw_dx": 0.0, "dw_dk": 0.0}  # fmt: skip


def test_rows_with_a_null_are_left_out_and_counted() -> None:
    points: Points = [[1.0, 2.0], [None, 2.0], [3.0, None], [None, None], [5.0, math.nan], [-1.0, 7.0]]  # fmt: skip
    frame = frame_of("xy", points)
    module = compile("y if x > 0 else k*x", target="polars", rows="x, y").module
    rows = module.value_and_grad(frame, 2).to_dicts()
    assert [(row["x"], row["f"]) for row in rows][::2] == [(1.0, 2.0), (-1.0, -2.0)]
    assert math.isnan(rows[1]["f"])
    assert module.left_out(frame).to_dicts() == [{"left_out": 3}]
    options: dict[str, Any] = {"target": "polars", "rows": "x, y"}
    summed = compile("y if x > 0 else k*x", reduce="sum", **options).module
    frame = frame_of("xy", [p for p in points if p != points[4]])
    assert summed.value_and_grad(frame, 2).to_dicts() == [{"f": 0.0, "dk": -1.0, "rows": 2, "left_out": 3}]  # fmt: skip
    # A null of another column matters to no row.
    other = frame.with_columns(z=pl.lit(None))
    assert summed.forward(other, 2).equals(summed.forward(frame, 2))
    none = frame.filter(pl.lit(False))
    assert summed.forward(none, 2).to_dicts() == [{"f": 0.0, "rows": 0, "left_out": 0}]
    mean = compile("y if x > 0 else k*x", reduce="mean", **options).module
    assert mean.forward(none, 2).to_dicts() == [{"f": None, "rows": 0, "left_out": 0}]


def test_whole_numbers_decimals_and_truths_are_doubles() -> None:
    data = pl.DataFrame({"x": [7], "y": ["0.1"], "z": [3000000000], "b": [True]})
    frame = data.with_columns(pl.col("x").cast(pl.Int8), pl.col("y").cast(pl.Decimal(3, 2)))  # fmt: skip
    source = "x*x*z*z/2 + y + 1/2 + x**2/3 + b"
    made = compile(source, inputs="x, y, z, b", target="polars")
    twin = compile(source, inputs="x, y, z, b")
    (row,) = made.module.value_and_grad(frame).to_dicts()
    assert gives(row, made) == [twin(7, 0.1, 3e9, 1), *twin.value_and_grad(7, 0.1, 3e9, 1)[1]]  # fmt: skip


def test_wrong_columns_and_numbers_are_refused_before_data_is_read() -> None:
    module = compile("x*y*k", target="polars", rows="x, y", reduce="sum").module
    read = list[int]()

    def noted(frame: Any) -> Any:
        read.append(1)
        return frame

    schema = {"x": pl.Float64, "y": pl.String, "z": pl.Float64}
    frame = pl.LazyFrame({n: [] for n in schema}, schema=schema).map_batches(noted)
    with pytest.raises(TypeError, match="^the column `y` holds String, and no numbers$"):  # fmt: skip
        module.value_and_grad(frame, 2.0)
    with pytest.raises(ValueError, match="^there is no column `y` among x, z$"):
        module.forward(frame.drop("y"), 2.0)
    good = frame.drop("y").rename({"z": "y"})
    arrays = np.array([1.0, 2.0]), np.complex64(1 + 2j), np.str_("2"), pl.Series([1.0])
    for wrong in (None, "2", b"2", [1.0], 10**400, 1 + 2j, *arrays):
        with pytest.raises(TypeError, match="^`k` is one number for all rows, not .+$"):
            module.forward(good, wrong)
    with pytest.raises(TypeError, match="^rows are in a frame of Polars, not in .*dict"):  # fmt: skip
        module.forward({"x": [1.0], "y": [1.0]}, 2.0)
    assert not read
    assert module.forward(good, 2.0).collect().height == 1 and read


#: Names that modules, and what they call, have another use for.
_OWN = ("taken", "frame", "self", "col", "pl", "Frame", "name", "math", "exprs", "len", "lambda_", "_inputs")  # fmt: skip


@pytest.mark.parametrize("name", one_in(11, [*_OWN, *NAMES]))
def test_names_stand_for_themselves(name: str) -> None:
    source = f"{name}**2*other + exp({name}/other)*{name}"
    inputs = f"{name}, other"
    twin = compile(source, inputs=inputs, ieee=True, proof=False).module
    wanted = plainly(twin, (1.5, 2.5), [1.0])
    options: dict[str, Any] = {"target": "polars", "proof": False}
    as_column = compile(source, inputs=inputs, rows=name, **options)
    (row,) = as_column.module.value_and_grad(frame_of([name], [[1.5]]), 2.5).to_dicts()
    assert all(near(g, w, 1e-12) for g, w in zip(gives(row, as_column), wanted))
    given = compile(source, inputs=inputs, rows="other", reduce="sum", **options)
    frame = frame_of(["other"], [[2.5], [None]])
    (row,) = given.module.value_and_grad(frame, 1.5).to_dicts()
    got = [row["f"], *(row[given.program.adjoints[v]] for v in given.program.wrt)]
    assert all(near(g, w, 1e-12) for g, w in zip(got, wanted))
    assert (row["rows"], row["left_out"]) == (1, 1)
    text = f"{name} = x**2; f = {name}*x"
    if name in {"rows", "left_out", *_OWN} - {"name", "exprs", "len", "lambda_"}:
        with pytest.raises(GradgenError, match="reserved for the module's own use"):
            compile(text, outputs=name, **options)
        return
    result = compile(text, outputs=name, **options)
    (row,) = result.module.value_and_grad(frame_of("x", [[3.0]])).to_dicts()
    assert gives(row, result) == [9.0, 6.0]


def test_names_that_differ_by_case_are_different_columns() -> None:
    made = compile("T*t + Dt", inputs="t, T, Dt", target="polars")
    (row,) = made.module.value_and_grad(frame_of(["t", "T", "Dt"], [[2.0, 3.0, 4.0]])).to_dicts()  # fmt: skip
    assert gives(row, made) == [10.0, 3.0, 2.0, 1.0]


def test_constants_have_their_names() -> None:
    made = compile("g = 9.81; order = 2*g; x*g + y**2*order", target="polars")
    assert "\nG = 9.81\n" in made.source
    (row,) = made.module.value_and_grad(frame_of("xy", [[2.0, 3.0]])).to_dicts()
    assert near(row["f"], 2 * 9.81 + 9 * 2 * 9.81, 1e-12)
    made = compile("x**(1/sqrt(2*pi))*erf(0.3)*max(sqrt(2), y)", target="polars")
    twin = compile(made.recipe.source).module
    (row,) = made.module.value_and_grad(frame_of("xy", [[2.0, 3.0]])).to_dicts()
    assert all(near(g, w, 1e-12) for g, w in zip(gives(row, made), plainly(twin, (2.0, 3.0), [1.0])))  # fmt: skip


#: Operations that a formula may have on constants alone, with operands for which they have a value.
_ON_CONSTANTS = [
    f"{row.name}({', '.join('2' if i in row.whole else repr(round(lo + 0.6 * (hi - lo), 2)) for i, (lo, hi) in enumerate(row.sample))})"
    for row in ROWS.values()
    if row.sample and not (row.boolean or row.level)
]


@pytest.mark.parametrize("constant", one_in(12, _ON_CONSTANTS))
def test_operations_on_constants_alone_stand_wherever_columns_do(constant: str) -> None:
    """Beside columns, in functions of their own, in choices, and under others that are on constants alone."""
    source = f"max(x, {constant})*y + exp(-abs({constant}))*x - sigmoid({constant})**x + ({constant} if x > y else y)"
    options: dict[str, Any] = {"inputs": "x, y", "proof": False}
    try:
        twin = compile(source, ieee=True, **options).module
        made = compile(source, target="polars", **options)
    except GradgenError as error:
        assert "is not what" not in str(error)
        return
    (row,) = made.module.value_and_grad(frame_of("xy", [[0.7, 0.4]])).to_dicts()  # fmt: skip
    wanted = plainly(twin, (0.7, 0.4), [1.0])
    assert all(near(g, w, 1e-12) for g, w in zip(gives(row, made), wanted)), source


@pytest.mark.parametrize("test", one_in(3, [f"{c} {op} a" for op in ("<", "<=", ">", ">=", "==", "!=") for c in ("2.5", "pi")]))  # fmt: skip
def test_constants_are_compared_with_numbers_that_rows_share(test: str) -> None:
    """Either way round, of nan as well."""
    constant, op, _ = test.split()
    turned = f"a {op.translate(str.maketrans('<>', '><'))} {constant}"
    frame = frame_of("x", [[1.0], [2.0], [4.0]])
    for source in (test, turned):
        made = compile(f"x if {source} else -a*x", rows="x", reduce="sum", target="polars", proof=False)  # fmt: skip
        for a in (1.0, 2.5, math.pi, 7.0, math.nan):
            value = math.pi if constant == "pi" else 2.5
            holds = {"<": value < a, "<=": value <= a, ">": value > a, ">=": value >= a, "==": value == a, "!=": value != a}[op]  # fmt: skip
            (row,) = made.module.value_and_grad(frame, a=a).to_dicts()
            wanted = (7.0, 0.0) if holds else (-7 * a, -7.0)
            assert all(near(g, w, 1e-12) for g, w in zip((row["f"], row["da"]), wanted)), (source, a)  # fmt: skip


def test_a_formula_without_inputs_is_the_same_for_all_rows() -> None:
    frame = frame_of("x", [[3.0], [None]])
    made = compile("sqrt(2*pi)", target="polars").module
    assert made.forward(frame).to_dicts() == [{"f": math.sqrt(2 * math.pi)}] * 2
    made = compile("sqrt(2*pi)", target="polars", reduce="mean").module
    assert made.forward(frame).to_dicts() == [{"f": math.sqrt(2 * math.pi), "rows": 2, "left_out": 0}]  # fmt: skip


def test_the_listing_of_the_page_is_what_is_written() -> None:
    seed = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
    made = compile(seed, target="polars", rows="x", reduce="sum", proof=False)
    listing = "def value_and_grad" + made.source.partition("\ndef value_and_grad")[2]
    assert f"```python\n{listing}```" in pages()["polars"].read_text("utf-8")


def test_defaults_are_those_of_the_functions() -> None:
    made = compile("x*k", target="polars", rows="x", defaults={"k": 2.5})
    assert made.module.forward(frame_of("x", [[2.0]]))["f"].item() == 5.0


def test_what_inputs_and_results_mean_is_said() -> None:
    made = compile("y = a*t  # height [m]", target="polars", rows="t", doc={"t": "time [s]", "a": "slope"})  # fmt: skip
    head = made.source.partition("import")[0]
    assert "\nInputs:\n    a: slope\n    t: time [s]\n\nResults:\n    y: height [m]\n" in head  # fmt: skip


def test_many_levels_are_one_query() -> None:
    lines = ["v0 = x + y", *(f"v{n + 1} = sin(v{n}) + v{n}*x" for n in range(30))]
    made = compile("\n".join(lines), name="f", target="polars", proof=False)
    twin = compile("\n".join(lines), name="f", ieee=True, with_="value_and_grad", proof=False)  # fmt: skip
    assert not [*differing(made, twin, [[0.25, 0.125]], "streaming")]


def test_files_are_read_as_streams(tmp_path: Path) -> None:
    source = "(a*exp(-k*t) - y)**2"
    made = compile(source, target="polars", rows="t, y", reduce="sum").module
    rnd = random.Random(3)
    points = [[rnd.uniform(0, 5), rnd.uniform(0, 2)] for _ in range(5000)]
    frame_of("ty", points).write_parquet(tmp_path / "data.parquet", row_group_size=500)
    lazy = made.value_and_grad(pl.scan_parquet(tmp_path / "data.parquet"), 1.5, 0.7)
    (row,) = lazy.collect(engine="streaming").to_dicts()
    twin = compile(source, inputs="a, k, t, y").module
    each = [plainly(twin, (1.5, 0.7, t, y), [1.0]) for t, y in points]
    wanted = [math.fsum(column) for column in zip(*each)]
    assert all(near(row[n], w, 1e-12) for n, w in zip(("f", "da", "dk"), wanted))
    rows = compile(source, target="polars", rows="t, y").module
    rows.value_and_grad(pl.scan_parquet(tmp_path / "data.parquet"), 1.5, 0.7).sink_parquet(tmp_path / "slopes.parquet")  # fmt: skip
    assert near(pl.read_parquet(tmp_path / "slopes.parquet")["da"].sum(), wanted[1], 1e-12)  # fmt: skip


def test_modules_have_the_form_of_black() -> None:
    import black

    for text in (whole().source, *[compile(s, inputs="x, k", target="polars", proof=False).source for s in ("1/(x + k)**2*log(x)", "x")]):  # fmt: skip
        assert black.format_str(text, mode=black.Mode()) == text


@pytest.mark.slow
def test_modules_have_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    path = tmp_path / "model.py"
    whole().write(path)
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(path)], cwd=tmp_path, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_check_update_and_build_know_modules_of_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "decay.py"
    options = ["compile", "a*exp(-k*t)", "--inputs", "t, a, k", "--target", "polars"]
    more = ["--rows", "t", "--reduce", "mean", "-o", str(path)]
    assert main([*options, *more, "--verify"]) == 0
    text = path.read_text(encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    path.write_text(text.replace("# reduce: mean", "# reduce: sum"))
    assert main(["check", str(path)]) == 1
    assert main(["update", str(path)]) == 0
    assert "col.f).sum()" in path.read_text(encoding="utf-8")
    path.write_text(text.replace(".mean()", ".max()"))
    assert main(["check", str(path)]) == 1
    path.unlink()
    listed = '[[tool.gradgen.modules]]\nsource = "a*exp(-k*t)"\ninputs = "t, a, k"\ntarget = "polars"\nrows = "t"\nreduce = "mean"\noutput = "decay.py"\n'
    (tmp_path / "pyproject.toml").write_text(listed)
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    assert path.read_text(encoding="utf-8") == text
    assert main(["diff", str(path), str(path)]) == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"with_": "jacobian"}, "has value and gradient; it has no jacobian"),
        ({"rows": "z"}, "no input is called `z`"),
        ({"reduce": "sum", "wrt": "x"}, "no gradient by the column `x`"),
        ({"table": "d"}, "a table is of --target sql"),
        ({"dialect": "spark"}, "a dialect is of --target sql"),
        ({"cache": "namedtuple"}, "a namedtuple is of Python alone"),
    ],
)
def test_what_is_no_module_of_frames_is_refused(
    options: dict[str, Any], says: str
) -> None:
    with pytest.raises(GradgenError, match=says) as refusal:
        compile("x*y", **{"target": "polars", **options})
    assert "\n" not in str(refusal.value)


def test_formulas_that_are_none_are_refused() -> None:
    for source, says in (
        ("sum(x*y)", "sum is over rows of data"),
        ("besselj(0, x)", "has no form in Polars"),
    ):
        with pytest.raises(GradgenError, match=says):
            compile(source, target="polars")
    with pytest.raises(GradgenError, match="each row has its own `f`"):
        compile("sum(x*y)*x", target="polars", rows="x")
    foreign = "from numpy import interp\nf = interp(x, 0, 1)"
    with pytest.raises(GradgenError):
        compile(foreign, target="polars")
    made = compile("x*y", target="polars")
    for call in (lambda: made(1.0, 2.0), lambda: made.backward, lambda: made.jacobian, lambda: made.trace(1.0, 2.0), lambda: made.test("m")):  # fmt: skip
        with pytest.raises(GradgenError, match=r"of frames|of no single point"):
            call()
    given: Any = frame_of("xy", [[2.0, 3.0]])
    found: Any = made.value_and_grad(given)
    assert found["dx"].item() == 3.0


#: What stands in a module, and what cannot stand in its place.
WRONG = (
    ("import polars as pl", "import polars as pl\nimport os"),
    ("from polars import col", "from os import system as col"),
    ("pl.DataFrame, pl.LazyFrame", "pl.DataFrame"),
    ("def forward(frame: Frame, k: float)", "def forward(frame: Frame, x: float)"),
    ("def forward(frame: Frame, k: float)", "def other(frame: Frame, k: float)"),
    ("def forward", "@print\ndef forward"),
    ("TypeError(", "print("),
    ("> -709.0", "> -708.0"),
    ('{"x": "x"}', '{"x": "y"}'),
    ('{"k": k}', "{}"),
    ("frame.with_columns(", "frame.select("),
    (
        "    frame = frame.with_columns(",
        "    frame.write_csv('x')\n    frame = frame.with_columns(",
    ),
    (
        "    frame = frame.with_columns(",
        "    frame = frame.head(3)\n    frame = frame.with_columns(",
    ),
    ("    return frame.select(", "    return frame.tail("),
    ("col.taken).then(col.f).sum()", "col.taken).then(col.f).max()"),
    ("col.taken).then(col.f).sum()", "col.taken).then(col.unknown).sum()"),
    ("col.taken.sum()", "col.x.sum()"),
    ("(~col.taken).sum()", "col.taken.sum()"),
    ("left_out=", "lost="),
    ("col.x.exp()", "col.x.map_batches(print)"),
    ("col.x.exp()", "col.x.exp().over(col.x)"),
    ("col.x.exp()", "col.x.exp"),
    ("col.x.exp()", "pl.read_csv(1.0)"),
    ("col.x.exp()", "pl.col.x"),
    ("col.x.exp()", "print(col.x)"),
    ("col.x.exp()", "(lambda: 1.0)()"),
    ("col.x.exp()", "'a'"),
    ("col.x.exp()", "k"),
    ("col.x.exp()", "[col.x]"),
    ("col.x.exp()", "col.x.exp(base=1.0)"),
    ("col.x.exp()", "col.thenx"),
    ("col.x.exp()", "math.pi"),
)


@cache
def whole() -> Compiled:
    """Return a module with all that modules have."""
    source = "2.5*exp(x)*k*sigmoid(x*k) if x > 0.5 else exp(x)*k"
    return compile(source, target="polars", rows="x", reduce="sum")


@pytest.mark.parametrize("number", one_in(2, range(len(WRONG))))
def test_no_other_text_can_get_in(number: int) -> None:
    made = whole()
    rest: tuple[Any, ...] = ((), {}, {}, "")

    def check(text: str) -> None:
        check_text(text, made.program, target_for(made.recipe), *rest)

    check(made.source)
    before, after = WRONG[number]
    head, mark, body = made.source.partition("\ndef forward")
    text = head.replace(before, after, 1) + mark + body
    if before not in head:
        text = head + (mark + body).replace(before, after, 1)
    assert text != made.source
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check(text)
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check(f"{made.source}\n\nprint(1)\n")
