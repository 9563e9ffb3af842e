"""The Jacobian's function gives the rows that `backward` gives one by one, and does what rows have in common once."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from gradgen.core.rows import Row
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.targets import black_python
from tests.rows import ALL, called, has_text
from tests.test_programs import random_program


def function(compiled: Compiled) -> str:
    """Return the text of the module's `jacobian`."""
    return compiled.source[compiled.source.index("def jacobian") :]


def rows(compiled: Compiled, point: list[float]) -> list[tuple[float, ...]]:
    """Return the Jacobian by one backward pass for each row."""
    _, cache = compiled.forward(*point)
    count = len(compiled.program.outputs)
    return [
        compiled.backward(cache, *(float(i == row) for i in range(count)))
        for row in range(count)
    ]


def agree(got: Any, expected: Any) -> None:
    for mine, theirs in zip(got, expected, strict=True):
        scale = max([abs(x) for x in theirs], default=0.0)
        assert mine == pytest.approx(theirs, rel=1e-13, abs=1e-13 * scale)


@pytest.mark.parametrize("text", ["a/(b + c)/(d + e)", "x/y**65*(x*y)**-70", "y**(-300)/x"])  # fmt: skip
def test_a_slope_that_is_a_reciprocal_spares_divisions(text: str) -> None:
    body = re.sub(" *#.*", "", function(compile(text, with_="jacobian")))
    reciprocals = re.findall(r"= 1\.0 / (\w+)\n", body)
    assert reciprocals
    for below in reciprocals:
        assert len(re.findall(rf"/ {below}\b", body)) == 1


def test_rows_share_what_lies_below_one_value() -> None:
    compiled = compile(
        "s = exp(x)*sin(y) + x*y; u = sigmoid(s); v = s**2 + y",
        outputs="u, v",
        with_="jacobian",
    )
    assert function(compiled) == '''\
def jacobian(x: float, y: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the Jacobian: one row for each of u, v.

    In this order: by x, y.
    """
    _, cache = forward(x, y)
    (
        _,
        _,
        expx,
        _,
        prodsiny,
        s,
        u,
    ) = cache
    # Shared by rows: the slopes of s.
    # xy = x * y
    ds_dx = y
    ds_dy = x
    # siny = sin(y)
    ds_dy += math.cos(y) * expx
    # expx = exp(x)
    ds_dx += prodsiny
    # The row of u.
    # u = sigmoid(s)                    d sigmoid = (1 - u) * u
    du_ds = (1.0 - u) * u
    # s = prodsiny + xy
    du_dx = ds_dx * du_ds
    du_dy = ds_dy * du_ds
    # The row of v.
    # v = ssqr + y
    dv_dy = 1.0
    # ssqr = s**2
    dv_ds = 2.0 * s
    # s = prodsiny + xy
    dv_dx = ds_dx * dv_ds
    dv_dy += ds_dy * dv_ds
    return ((du_dx, du_dy), (dv_dx, dv_dy))
'''
    agree(compiled.module.jacobian(0.3, -0.7), rows(compiled, [0.3, -0.7]))
    assert compiled.cost.jacobian == 12


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_every_operation_as_an_output_and_below_two(row: Row) -> None:
    if row.boolean or row.truths or not has_text(row) or row.name == "copy":
        pytest.skip("no value, no text in Python, or a choice")
    names = [f"a{i}" for i in range(row.arity)]
    args = [
        "2" if i in row.whole or (row.exponent and i == row.arity - 1) else name
        for i, name in enumerate(names)
    ]
    text = called(row, args)
    compiled = compile(
        # Of 1/a0 and a0, the product alone would leave but rounding errors.
        f"w = {text}; u = exp(-w**2); v = 3 - w*(a0 + 1)",
        inputs=names,
        outputs="w, u, v",
        wrt=[
            arg
            for place, arg in enumerate(args)
            if row.adjoint(place) is not None and arg.startswith("a")
        ],
        with_="jacobian",
    )
    rnd = random.Random(row.name)
    for _ in range(5):
        point = [rnd.uniform(low, high) for low, high in row.sample]
        agree(compiled.jacobian(*point), rows(compiled, point))


@pytest.mark.parametrize("name", ["reprojection", "arm_kinematics", "rigid_body", "gaussian_mixture", "hodgkin_huxley"])  # fmt: skip
def test_examples_cost_less_than_row_by_row(root: Path, name: str) -> None:
    found = read_artifact((root / "generated" / f"{name}.py").read_text())
    assert found is not None
    compiled = compile(
        found.recipe.source,
        inputs=found.recipe.inputs,
        outputs=found.recipe.outputs,
        with_="jacobian",
    )
    rnd = random.Random(name)
    for _ in range(5):
        point = [rnd.uniform(0.3, 2.0) for _ in compiled.program.inputs]
        agree(compiled.jacobian(*point), rows(compiled, point))
    alone = sum(
        compile(
            found.recipe.source,
            inputs=compiled.program.inputs,
            outputs=[output],
        ).cost.backward
        for output, _ in compiled.program.outputs
    )
    assert compiled.cost.jacobian is not None
    assert compiled.cost.jacobian <= alone


def test_the_residuals_of_bundle_adjustment_cost_no_more_than_recorded(
    root: Path,
) -> None:
    found = read_artifact((root / "generated" / "reprojection.py").read_text())
    assert found is not None
    cost = regenerate(found.recipe).cost
    assert cost.jacobian is not None
    # CasADi 3.8's best: 264, by two reverse sweeps and its own cse.
    assert cost.forward + cost.jacobian <= 257


def arm() -> tuple[str, list[str]]:
    """Return the pose of a UR5 and its entries' names: six matrices after Denavit and Hartenberg, multiplied entry by entry."""
    lines: list[str] = []
    pose = [["1", "0", "0", "0"], ["0", "1", "0", "0"], ["0", "0", "1", "0"]]
    table = [(0.089159, 0, 1), (0, -0.425, 0), (0, -0.39225, 0), (0.10915, 0, 1), (0.09465, 0, -1), (0.0823, 0, 0)]  # fmt: skip
    for joint, (d, a, turn) in enumerate(table, start=1):
        c, s = f"c{joint}", f"s{joint}"
        lines += [f"{c} = cos(q{joint})", f"{s} = sin(q{joint})"]
        second = ["0", "0", str(turn)] if turn else [f"-{s}", c, "0"]
        third = [s, f"-{c}", "0"] if turn == 1 else [f"-{s}", c, "0"] if turn else ["0", "0", "1"]  # fmt: skip
        columns = [[c, s, "0"], second, third, [f"{a}*{c}", f"{a}*{s}", str(d)] if a else ["0", "0", str(d)]]  # fmt: skip
        after = []
        for place, row in enumerate(pose):
            entries = []
            for number, column in enumerate(columns):
                parts = [f"({x})*({y})" for x, y in zip(row, column) if "0" not in (x, y)]  # fmt: skip
                parts += [row[3]] * (number == 3 and row[3] != "0")
                entries.append(f"t{joint}{place}{number}" if parts else "0")
                lines += [f"{entries[-1]} = {' + '.join(parts)}"] * bool(parts)
            after.append(entries)
        pose = after
    return "\n".join(lines), [entry for row in pose for entry in row]


def test_an_arm_of_six_joints_costs_no_more_than_forward_mode() -> None:
    text, outputs = arm()
    inputs = [f"q{i}" for i in range(1, 7)]
    made = compile(text, inputs=inputs, outputs=outputs, with_="jacobian")
    point = [0.3, -1.1, 0.7, 0.2, -0.5, 1.3]
    agree(made.jacobian(*point), rows(made, point))
    # With all joints at 0 it is stretched out along -x: a2 + a3, -d4 - d6, d1 - d5.
    pose, _ = made.forward(*[0.0] * 6)
    assert (pose[3], pose[7], pose[11]) == pytest.approx((-0.81725, -0.19145, -0.005491))  # fmt: skip
    assert made.cost.jacobian is not None
    # CasADi 3.8's best: forward mode.
    assert made.cost.forward + made.cost.jacobian <= 385


def test_an_output_below_another_is_made_once() -> None:
    compiled = compile("r = x**2 + y**2; u = exp(r)", outputs="r, u", with_="jacobian")
    text = function(compiled)
    assert len(re.findall(r"dr_dx = ", text)) == 1
    assert "du_dx = dr_dx * u" in text
    agree(compiled.jacobian(0.5, -2.0), rows(compiled, [0.5, -2.0]))


def test_a_sum_and_a_difference_share_their_parts() -> None:
    compiled = compile(
        "a = sin(x); b = cos(y); u = a + b; v = a - b",
        outputs="u, v",
        with_="jacobian",
    )
    text = function(compiled)
    assert "dv_dx = da_dx" in text and "dv_dy = -db_dy" in text
    assert compiled.cost.jacobian == 2
    agree(compiled.jacobian(0.5, -2.0), rows(compiled, [0.5, -2.0]))


def test_what_no_row_depends_on_and_what_is_constant() -> None:
    compiled = compile("u = x + 2*y; v = z", outputs="u, v", with_="jacobian")
    assert compiled.jacobian(1.0, 2.0, 3.0) == ((1.0, 2.0, 0.0), (0.0, 0.0, 1.0))
    assert "cache" not in function(compiled)
    constant = compile("2", inputs="x", with_="jacobian")
    assert constant.jacobian(1.0) == ((0.0,),)
    assert compile("2", with_="jacobian").jacobian() == ((),)


def test_one_output_is_one_row() -> None:
    compiled = compile("x*sigmoid(y)", with_="jacobian")
    assert compiled.jacobian(2.0, 0.0) == ((0.5, 0.5),)
    assert compile("x*sigmoid(y)").jacobian(2.0, 0.0) == ((0.5, 0.5),)


def test_no_slope_takes_a_name_that_is_there() -> None:
    compiled = compile("u = x*x*du_dx*df_dx; f = u*x", outputs="u, f", with_="jacobian")
    agree(compiled.jacobian(2.0, 3.0, 5.0), rows(compiled, [2.0, 3.0, 5.0]))


def test_a_huge_denominator_has_its_slope() -> None:
    compiled = compile("w = 1/x; u = y*w; v = z*w", outputs="u, v", with_="jacobian")
    u, v = compiled.jacobian(1e160, 1e150, 1e140)
    assert u == (-1e-170, 1e-160, 0.0) and v == (-1e-180, 0.0, 1e-160)


@pytest.mark.parametrize("count", [12, pytest.param(40, marks=pytest.mark.slow)])
def test_the_cache_is_what_backward_reads(count: int) -> None:
    for seed in range(count):
        text, outputs = random_program(seed)
        without = compile(text, inputs="x, y, z", outputs=outputs)
        compiled = compile(text, inputs="x, y, z", outputs=outputs, with_="jacobian")
        # Rows may read values that backward does not; its lines, and those of forward, stay as they are.
        ours, both = (
            [
                line
                for line in c.source.splitlines()
                if line.startswith("    ") and "=" in line and "cache" not in line
            ]
            for c in (without, compiled)
        )
        assert ours == both[: len(ours)]
        assert black_python(compiled.source) == compiled.source
        point = [random.Random(seed + i).uniform(-2, 2) for i in range(3)]
        agree(compiled.jacobian(*point), rows(compiled, point))


@pytest.mark.slow
def test_five_hundred_random_jacobians() -> None:
    for seed in range(500):
        text, outputs = random_program(seed + 1000)
        compiled = compile(text, inputs="x, y, z", outputs=outputs, with_="jacobian")
        point = [random.Random(seed + i).uniform(-2, 2) for i in range(3)]
        agree(compiled.jacobian(*point), rows(compiled, point))


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(GradgenError, match="cannot be made with `hessian`; known is"):
        compile("x", with_="hessian")


def test_the_recipe_records_it() -> None:
    compiled = compile("u = x*y; v = x/y", outputs="u, v", with_="jacobian")
    assert "\n# with: jacobian\n" in compiled.source
    found = read_artifact(compiled.source)
    assert found is not None and regenerate(found.recipe).source == compiled.source


@pytest.mark.parametrize("name", ["_", "jacobian", "cache", "forward", "df_dx", "f", "math", "float", "l", "d"])  # fmt: skip
def test_inputs_of_any_name(name: str) -> None:
    compiled = compile(f"{name}**2*x + y", with_="jacobian", inputs=[name, "x", "y"])
    assert compiled.jacobian(3.0, 5.0, 7.0) == ((30.0, 9.0, 1.0),)


def test_two_slopes_that_would_share_a_name_have_two() -> None:
    text = "f = 2*g_dh + h*h\nf_dg = 3*h*h + g_dh**2"
    compiled = compile(text, outputs="f, f_dg", inputs="g_dh, h", with_="jacobian")
    assert compiled.jacobian(3.0, 5.0) == ((2.0, 10.0), (6.0, 30.0))
    rows = compile(text, outputs="f_dg, f", inputs="h, g_dh").jacobian(5.0, 3.0)
    assert rows == ((30.0, 6.0), (10.0, 2.0))
