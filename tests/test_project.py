"""`gradgen build` makes what pyproject.toml lists, and says of each file what became of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradgen.command.main import main
from gradgen.command.terminal import bar
from gradgen.files.recipe import FORMAT
from gradgen.pipeline import compile

PROJECT = """
[project]
name = "mine"

[[tool.gradgen.modules]]
name = "level"
source = "a*exp(-k*t)"
inputs = ["t", "a", "k"]
wrt = "a, k"
output = "models/decay.py"
test = true

[[tool.gradgen.modules]]
source-file = "seed.txt"
output = "seed.py"
precise = true
as-written = true
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pyproject.toml that lists two modules."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "seed.txt").write_text("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[str], str]:
    code = main(["build", *argv])
    out, err = capsys.readouterr()
    return code, [line.split()[0] for line in out.splitlines()], err


def test_the_life_of_a_project(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "--check") == (1, ["missing"] * 3, "")
    assert run(capsys) == (0, ["written"] * 3, "")
    assert run(capsys) == (0, ["ok"] * 3, "") == run(capsys, "--check", str(project))
    text = (project / "models" / "decay.py").read_text()
    assert (
        text
        == compile("a*exp(-k*t)", name="level", inputs="t, a, k", wrt="a, k").source
    )
    assert "# precise: yes" in (project / "seed.py").read_text()

    seed = (project / "seed.py").read_text()
    (project / "seed.py").write_text(seed.replace(f", format {FORMAT}.", ".", 1))
    assert main(["build", "--check"]) == 1
    said = f"made by format 1; this is {FORMAT}: run update"
    assert capsys.readouterr().out.endswith(f"seed.py\n{said}\n")
    assert run(capsys) == (0, ["ok", "ok", "updated"], "")

    (project / "seed.txt").write_text("x*y")
    assert run(capsys, "--check") == (1, ["ok", "ok", "stale"], "")
    (project / "seed.py").write_text((project / "seed.py").read_text() + "# mine\n")
    assert run(capsys, "--check")[1] == ["ok", "ok", "edited"]
    code, words, err = run(capsys)
    assert (code, words) == (1, ["ok", "ok", "refused"]) and "--force" in err
    assert run(capsys, "--force") == (0, ["ok", "ok", "updated"], "")
    (project / "seed.py").write_text("x = 1\n")
    assert run(capsys, "--force")[1] == ["ok", "ok", "refused"]
    assert (project / "seed.py").read_text() == "x = 1\n"


def test_the_nearest_project_is_found(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    assert run(capsys)[0] == 0
    assert (project / "seed.py").exists()


def test_one_bad_formula_does_not_stop_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "seed.txt").write_text("x +")
    code, words, err = run(capsys)
    assert (code, words) == (1, ["written", "written", "failed"])
    assert "the expression ends" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lists no modules"),
        ("[tool.gradgen]\nmodules = 3", "lists no modules"),
        ("[tool.gradgen]\nmodule = []", "holds `modules` alone"),
        ("[[tool.gradgen.modules]]\noutput = 'a.py'", "needs `source` or `source-file`"),
        ("[[tool.gradgen.modules]]\nsource = 'x'", "has no `output`"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = '../a.py'", "no .py file in the project"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = '/tmp/a.py'", "no .py file in the project"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = 'a.txt'", "no .py file in the project"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = 3", "`output` that is not text"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = 'a.py'\ninput = 'x'", "known are"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = 'a.py'\nwrt = 3", "text or a list"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = 'a.py'\nprecise = 'no'", "true or false"),
        ("[[tool.gradgen.modules]]\nsource = 'x'\noutput = 'a.py'\n" * 2, "twice"),
        ("[tool", "cannot be read"),
    ],
)  # fmt: skip
def test_a_bad_project_is_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (project / "pyproject.toml").write_text(text)
    code, words, err = run(capsys)
    assert (code, words) == (2, []) and message in err and err.count("\n") == 1, err


def test_no_project_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "there is no pyproject.toml" in run(capsys)[2]
    assert "no folder" in run(capsys, "nowhere")[2]


def test_the_progress_bar() -> None:
    assert bar(0, 4, 8) == "[........] 0/4"
    assert bar(3, 4, 8) == "[######..] 3/4"


def test_the_hooks_name_commands_that_exist(
    root: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (root / ".pre-commit-hooks.yaml").read_text()
    entries = [
        line.split(": gradgen ")[1] for line in text.splitlines() if "entry:" in line
    ]
    assert entries == ["check --ours", "build --check"]
    assert run(capsys)[0] == 0
    (project / "own.py").write_text("x = 1\n")
    capsys.readouterr()
    assert main(["check", "--ours", "own.py", "seed.py"]) == 0
    assert capsys.readouterr().out.split() == ["ok", "seed.py"]
    (project / "seed.py").write_text((project / "seed.py").read_text() + "# mine\n")
    assert main(["check", "--ours", "own.py", "seed.py"]) == 1


def test_a_project_lists_functions_constants_and_jacobians(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "model.py").write_text('''
G = 9.81


def residual(x, y, z):
    """What is left over."""
    u = x * G + y  # scaled
    return u, u * z
''')
    listed = """
[[tool.gradgen.modules]]
source-file = "model.py:residual"
output = "residual.py"
with = "jacobian"
params = "y"
test = true

[[tool.gradgen.modules]]
source = "x*g + h"
const = { g = 9.81, h = 2 }
output = "weight.py"
"""
    (project / "pyproject.toml").write_text(listed)
    assert run(capsys) == (0, ["written"] * 3, "")
    assert run(capsys, "--check") == (0, ["ok"] * 3, "")
    text = (project / "residual.py").read_text()
    assert "def jacobian(\n    x: float, z: float, y: float\n)" in text
    assert "    u = Gx + y  # scaled\n" in text and "What is left over." in text
    assert "jacobian(*point)" in (project / "test_residual.py").read_text()
    assert main(["diff", "model.py:residual", "residual.py"]) == 0
    assert "with: nothing is now jacobian" in capsys.readouterr().out

    (project / "model.py").write_text("def residual(x):\n    y = x ^ 2\n    return y\n")
    code, words, err = run(capsys)
    assert (code, words) == (1, ["failed", "ok"])
    assert "line 2: `^` works on the bits" in err and "y = x ^ 2" in err
    (project / "pyproject.toml").write_text(listed.replace("{ g = 9.81, h = 2 }", "3"))
    assert "const` that is not a table of numbers" in run(capsys)[2]


def test_a_list_may_bear_a_mark_of_its_byte_order(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("\ufeff" + PROJECT, "\ufeff" + PROJECT.replace("\n", "\r\n")):
        (project / "pyproject.toml").write_bytes(text.encode())
        assert main(["build"]) == 0
        assert "decay.py" in capsys.readouterr().out
    assert main(["build", "--check"]) == 0


def test_what_failed_is_named_on_the_stream_of_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = (
        f'[[tool.gradgen.modules]]\nsource = "{text}"\noutput = "{name}.py"\n'
        for name, text in (("one", "a*("), ("two", "x*y"), ("three", "foo(x)"))
    )
    (tmp_path / "pyproject.toml").write_text("".join(entries))
    assert main(["build", str(tmp_path)]) == 1
    errors = [e for e in capsys.readouterr().err.splitlines() if "error: " in e]
    for error, name in zip(errors, ("one", "three"), strict=True):
        assert error.startswith(f"gradgen: error: {tmp_path / name}.py: ")
