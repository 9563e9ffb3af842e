"""`gradgen diff` says in words what changed, and calls out what callers must follow."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradgen.command.changes import explain
from gradgen.command.main import main
from gradgen.pipeline import compile


def words(old: str, new: str) -> list[str]:
    return list(explain(compile(old), compile(new)))


def test_nothing() -> None:
    assert words("x*y", "x*y") == []


def test_stages() -> None:
    lines = words("sin(x*y)/z", "sin(x*y)**2/z")
    assert lines[:2] == ["formula: sin(x*y)/z", "     is: sin(x*y)**2/z"]
    assert "stages: 2 of 3 stay as they are" in lines
    assert "  added:   sinxy = sin(xy)" in lines
    assert "  changed: num = sin(xy) is now sinxy**2" in lines
    assert not any("CHANGES" in line for line in lines)


def test_a_signature_is_called_out() -> None:
    lines = words("x*y", "x*y*log(w)")
    assert (
        "SIGNATURE CHANGES: (x, y) is now (w, x, y): w is added; callers must follow"
        in lines
    )
    assert "raises now: ValueError: where w <= 0 (logw)." in lines
    one, other = compile("x*y", inputs="x, y"), compile("x*y", inputs="y, x", wrt="y")
    lines = list(explain(one, other))
    assert any("the order is another" in line for line in lines)
    assert any(line.startswith("GRADIENT CHANGES") for line in lines)


def test_options() -> None:
    lines = list(
        explain(compile("tanh(x)"), compile("tanh(x)", precise=True, name="g"))
    )
    assert "precise: no is now yes" in lines and "name: f is now g" in lines


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.py"
    compile("x*y").write(path)
    assert main(["diff", str(path), "x*y + 1"]) == 0
    assert "  added:   xy = x * y" in capsys.readouterr().out
    stdin = type("Stdin", (), {"buffer": io.BytesIO(path.read_bytes())})
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["diff", "-", str(path)]) == 0
    assert capsys.readouterr().out == "nothing changed\n"
    assert main(["diff", str(path), str(tmp_path / "none.py")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_check_can_hold_a_formula_to_a_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.py"
    compile("x*y*z*w").write(path)
    assert main(["check", str(path), "--max-ratio", "4"]) == 0
    assert main(["check", str(path), "--max-ratio", "1.5"]) == 1
    assert "allowed is 1.5 times" in capsys.readouterr().out


@pytest.mark.parametrize(
    "old, new, words",
    [
        # What a result is called stands in a program, and not in its recipe.
        ("u = x; v = u*2", "v = x*2", ""),
        ("u = x; v = u*2", "u = x; w = u*2", "name: v is now w"),
        ("x*2", "v = x*2", "name: f is now v"),
        ("v = x*2", "u = x\nx*2", "name: v is now f"),
    ],
)
def test_results_go_by_the_names_that_they_have(old: str, new: str, words: str) -> None:
    lines = [*explain(compile(old), compile(new))]
    assert [line for line in lines if line.startswith("name: ")] == [words] * bool(
        words
    )


def test_results_that_become_several_are_named() -> None:
    lines = [*explain(compile("x*2"), compile("u = x*2; v = u*x", outputs="u, v"))]
    assert "outputs: f is now u, v" in lines
