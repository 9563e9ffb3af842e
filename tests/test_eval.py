"""`gradgen eval`: its tables and its JSON say what the module computes, and its colours are for terminals alone."""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.command.terminal import is_coloured
from gradgen.pipeline import compile
from gradgen.targets import TARGETS
from gradgen.trace_rows import RowsTrace
from tests.conftest import one_in
from tests.languages.test_rows import COLUMNS, NUMBERS, Drawn, flat

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def evaluated(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    assert main(["eval", *argv]) == 0
    return capsys.readouterr().out


def read(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    return json.loads(evaluated(capsys, *argv, "--json"))


def test_the_backward_table(capsys: pytest.CaptureFixture[str]) -> None:
    plain = evaluated(capsys, SEED, "--at", "x=3, y=-4")
    out = evaluated(capsys, SEED, "--at", "x=3, y=-4", "--backward")
    assert out.startswith(plain + "\nbackward\nline ")
    row = next(line for line in out.splitlines() if "sigx by x" in line)
    assert row.split("  ")[0] == "dx +="
    assert "(1 - sigx) * sigx  0.045176659730912 " in row
    assert row.endswith("-0.03576154781265359  1.5474253467325334")
    assert len(out.partition("\nbackward\n")[2].splitlines()) == 13


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = "r = sqrt(x**2 + y**2)\nphi = atan2(y, x)\nz = r*phi if x > 0 else r"
    options = ["--outputs", "r, phi, z"]
    data = read(capsys, text, "--at", "x=1.5, y=0.5", *options, "--digits")
    compiled = compile(text, outputs="r, phi, z")
    rows = compiled.jacobian(1.5, 0.5)
    assert data["inputs"] == ["x", "y"] and data["outputs"] == ["r", "phi", "z"]
    stages = {one["name"]: one for one in data["forward"]}
    values, _ = compiled.forward(1.5, 0.5)
    assert [stages[name]["value"] for name in data["outputs"]] == [*values]
    for name, row in zip(data["outputs"], rows):
        found = [stages[i]["gradients"][name] for i in ("x", "y")]
        assert found == pytest.approx([*row], rel=1e-14)
        totals: dict[str, float] = {}
        for line in data["backward"][name]:
            assert line["local"] * line["comes_in"] == pytest.approx(line["brings"])
            totals[line["adjoint"]] = line["total"]
        assert [totals["dx"], totals["dy"]] == found
    assert stages["x"]["expression"] is None and stages["xgt0"]["value"] is True
    assert math.isclose(sum(one["share"] or 0 for one in data["forward"]), 1)


def test_json_has_no_infinities(capsys: pytest.CaptureFixture[str]) -> None:
    data = read(capsys, "1/x", "--at", "x=0", "--ieee")
    assert [one["value"] for one in data["forward"]] == [0.0, "inf"]
    data = read(capsys, "x*y if x > 0 else y/x", "--at", "x=3, y=-4")
    left = next(one for one in data["forward"] if one["name"] == "ybyx")
    assert left["value"] is None and left["gradients"] == {"f": None}


def test_a_generated_file_is_evaluated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = str(tmp_path / "seed.py")
    assert main(["compile", SEED, "-o", file]) == 0
    plain = evaluated(capsys, SEED, "--at", "x=3, y=-4")
    assert evaluated(capsys, file, "--at", "x=3, y=-4") == plain
    Path(file).write_text(Path(file).read_text() + "# by hand\n")
    assert main(["eval", file, "--at", "x=3, y=-4"]) == 2
    assert "is not what its recipe makes" in capsys.readouterr().err


def test_what_has_no_value_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ((), ("--backward",), ("--json",)):
        assert main(["eval", "1/x", "--at", "x=0", *more]) == 2
        assert "there is no value at this point" in capsys.readouterr().err
    assert main(["eval", "x*y", "--at", "x=1; y=2"]) == 2
    assert "--at has commas between values" in capsys.readouterr().err
    assert main(["eval", "sqrt(x)", "--at", "x=0", "--backward"]) == 2
    assert "there is no gradient at this point" in capsys.readouterr().err


def test_colours_are_for_terminals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    plain = evaluated(capsys, "x*y", "--at", "x=2, y=3", "--backward")
    assert "\x1b" not in plain
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    out = evaluated(capsys, "x*y", "--at", "x=2, y=3", "--backward")
    assert "\x1b[32m6.0" in out and "\x1b[31m" in out
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as here:
            here.setenv(name, value)
            assert not is_coloured()
            assert evaluated(capsys, "x*y", "--at", "x=2, y=3", "--backward") == plain


@pytest.mark.parametrize("target", ["c", "javascript", "sql"])
def test_modules_in_other_languages_have_values_and_circuits_too(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are those of the same program in Python."""
    text = "x*sin(y) if x > 0 else y**2"
    path = tmp_path / f"model{TARGETS[target].suffix}"
    compile(text, target=target).write(path)
    found = []
    for words in ([text], [str(path)]):
        for command in ("eval", "draw"):
            assert main([command, *words, "--at", "x=3, y=-4"]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1] and "2.27" in found[0]


def test_over_rows_lists_are_taken_and_each_row_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text, rows = "exp(a*x)/sum(exp(a*x))*y", ["--rows", "x, y"]
    at = ["--at", "x=[0.5, -1, hypot(3, 4)], y=1, 2, 3, a=-1/2"]
    point: Any = ([0.5, -1.0, 5.0], [1.0, 2.0, 3.0], -0.5)
    made = compile(text, inputs="x, y, a", rows="x, y")
    value, cache = made.forward(*point)
    slopes = made.backward(cache, [1.0] * 3)
    for target in ("python", "c", "numpy"):
        every = ["--inputs", "x, y, a", *rows, *at, "--target", target, "--json"]
        data = json.loads(evaluated(capsys, text, *every))
        forward = {stage["name"]: stage for stage in data["forward"]}
        assert forward["f"]["value"] == pytest.approx(value, rel=1e-15)
        for name, given, slope in zip("xya", point, slopes):
            assert forward[name]["value"] == given
            assert forward[name]["gradients"]["f"] == pytest.approx(slope, rel=1e-14)
        last = {line["adjoint"]: line["total"] for line in data["backward"]["f"]}
        assert last["da"] == forward["a"]["gradients"]["f"]
    shown = evaluated(capsys, "mean(x)*y", *rows, "--at", "x=[1, 2], y=[3, 4]")
    assert "x      input       [1.0, 2.0]  [3.5, 3.5]\n" in shown
    assert evaluated(capsys, "x*y", *rows, "--at", "x=[], y=[]").endswith("[]     []\n")
    many = [float(n) for n in range(1000)]
    every = ["x*y", "--rows", "x", "--at", f"x={many}, y=2"]
    shown = evaluated(capsys, *every, "--backward")
    assert "[0.0, 2.0, 4.0, 6.0, ..., 1998.0]" in shown
    assert max(map(len, shown.splitlines())) < 250
    data = json.loads(evaluated(capsys, *every, "--json"))
    assert data["forward"][0]["value"] == many


@pytest.mark.parametrize("seed", one_in(8, range(40)))
def test_random_formulas_over_rows_come_to_what_their_module_does(seed: int) -> None:
    rnd = random.Random(seed)
    drawn = Drawn(rnd, rnd.randint(2, 6))
    numbers = {name: [rnd.uniform(-2, 2) for _ in range(5)] for name in COLUMNS}
    numbers |= {name: rnd.uniform(-2, 2) for name in NUMBERS}  # type: ignore[misc]
    for ieee in (False, True):
        made = compile(drawn.text, inputs=(*COLUMNS, *NUMBERS), rows=COLUMNS, ieee=ieee, proof=False)  # fmt: skip
        tracer = RowsTrace(made.program, made.recipe)
        values = tracer.forward(numbers)
        value, cache = made.forward(*numbers.values())
        assert flat([values[made.program.outputs[0][0]]]) == flat([value])
        slopes = tracer.backward(values)
        wanted = made.backward(cache, [1.0] * 5 if drawn.rows else 1.0)
        found = [slopes[made.program.adjoints[v]] for v in made.program.wrt]
        assert flat(found) == pytest.approx(flat(wanted), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["x*y", "--rows", "x, y", "--at", "x=[1, 2], y=[3]"], "x has 2, y has 1"),
        (["x*y", "--rows", "x", "--at", "x=[1, 2], y=[3]"], "`y` is one number here"),
        (["x*y", "--at", "x=[1, 2], y=3"], "`x` is one number here"),
        (["x*y", "--rows", "x, y", "--at", "x=[1, 2]"], "no value for `y`"),
        (["x*y", "--rows", "x, y", "--at", "x=[1, z], y=[1, 2]"], "z"),
        (["x*y", "--rows", "x, y", "--at", "x=[1, , 2], y=[1, 2]"], ""),
        (["x*y", "--rows", "x, y", "--at", "x=[1, y=2]"], "the list of `x` has one"),
        (
            ["x*y", "--rows", "x, y", "--at", "x=[1, 2, y=[3, 4]"],
            "the list of `x` has one",
        ),
        (["x*y", "--rows", "x, y", "--at", "x=1, 2], y=3"], "the list of `x` has one"),
        (["x*y", "--rows", "x, y", "--at", "x=[1], y=1]"], "the list of `y` has one"),
        (["log(x)", "--rows", "x", "--at", "x=[1, 0]"], "f = math.log(x)"),
        (["x", "--rows", "x", "--at", "x=[1, 0]", "--digits"], "over rows"),
    ],
)
def test_what_cannot_be_evaluated_over_rows_is_refused_in_a_line(
    capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    assert main(["eval", *argv]) == 2
    error = capsys.readouterr().err
    assert said in error and "bug" not in error and "Traceback" not in error


@pytest.mark.parametrize("command", ["draw", "explain", "verify"])
def test_what_takes_no_rows_says_who_does(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "x*y", "--at", "x=[1, 2], y=3"]) == 2
    assert "lists, of columns, are for gradgen eval" in capsys.readouterr().err
