"""`gradgen eval`: its tables and its JSON say what the module computes, and its colours are for terminals alone."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.command.terminal import is_coloured
from gradgen.pipeline import compile
from gradgen.targets import TARGETS

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
