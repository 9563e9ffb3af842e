"""Where a module lies decides what it is imported by; names that cannot be imported, or hide another module, are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradgen.command.main import main
from gradgen.files.modules import import_name, import_name_below, modules_of
from tests.conftest import ROOT

CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in (ROOT / "tests/cases/module_names.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package and a plain folder."""
    for name in ("pkg", "plain", "src/mylib/_gen", "tests"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("pkg", "src/mylib", "src/mylib/_gen"):
        (tmp_path / name / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "says"), CASES)
def test_every_name_is_written_or_refused_with_advice(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    code = main(["compile", "x*y", "-o", name])
    err = capsys.readouterr().err
    if says == "ok":
        assert (code, err) == (0, f"gradgen: note: wrote {name}\n")
        assert (here / name).exists()
        return
    assert code == 2 and says in err and err.count("\n") == 1
    assert not (here / name).exists()


def test_the_advice_is_accepted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _, says in CASES:
        if says.startswith("write `"):
            assert main(["compile", "x*y", "-o", says.split("`")[1]]) == 0, says


def test_a_module_is_not_written_over_what_it_imports(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "drag = function(aero.drag, derivative=aero.slope); f = drag(x)*y"
    inner = text.replace("aero.", "mylib._gen.aero.")
    for program, name in (
        (text, "aero.py"),
        (text, "plain/aero.py"),
        (inner, "src/mylib/_gen/aero.py"),
        (inner, "mylib.py"),
    ):
        assert main(["compile", program, "-o", name]) == 2
        assert "write `" in capsys.readouterr().err and not (here / name).exists()
    assert main(["compile", text, "-o", "aero_model.py"]) == 0
    assert main(["compile", inner, "-o", "src/mylib/_gen/drag.py"]) == 0


def test_names_from_packages(here: Path) -> None:
    for path, beside, below in (
        ("model.py", "model", "model"),
        ("plain/model.py", "model", "plain.model"),
        ("src/model.py", "model", "model"),
        ("src/plain/model.py", "model", "plain.model"),
        ("pkg/model.py", "pkg.model", "pkg.model"),
        ("pkg/__init__.py", "pkg", "pkg"),
        ("src/mylib/_gen/x.py", "mylib._gen.x", "mylib._gen.x"),
    ):
        assert import_name(Path(path)) == beside == import_name(here / path)
        assert import_name_below(here / path, here) == below


@pytest.mark.parametrize("listed", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_test_in_a_package_runs_and_stays_up_to_date(
    here: Path, capsys: pytest.CaptureFixture[str], listed: bool
) -> None:
    """By the command's --test, beside the module, and by a project's list, in its folder of tests."""
    module = here / "src/mylib/_gen/x.py"
    if listed:
        test = here / "tests/test_x.py"
        (here / "pyproject.toml").write_text(
            '[[tool.gradgen.modules]]\nsource = "x*sin(y)"\noutput = "src/mylib/_gen/x.py"\n'
            'test = "tests/test_x.py"\n[tool.pytest.ini_options]\npythonpath = ["src"]\n'
        )
        assert main(["build"]) == 0 and main(["build", "--check"]) == 0
    else:
        test = here / "src/mylib/_gen/test_x.py"
        assert main(["compile", "x*sin(y)", "-o", str(module), "--test"]) == 0
    assert "from mylib._gen.x import backward, forward" in test.read_text()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0 and "10 passed" in done.stdout, done.stdout

    # A changed recipe reaches the test too, wherever the two lie.
    module.write_text(
        module.read_text().replace("# source: x*sin(y)", "# source: x*cos(y)")
    )
    assert main(["check", str(test)]) == 1
    assert main(["update", "src", "tests"]) == 0
    assert "cos(y)" in test.read_text() and main(["check", "src", "tests"]) == 0
    assert list(modules_of(test, "mylib._gen.x"))[0 if not listed else -1] == module


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ('test = "../test_x.py"', "no .py file in the project"),
        ('test = "tests/test_x.txt"', "no .py file in the project"),
        ('test = "tests/test-x.py"', "write `test_x.py`"),
        ('test = "x.py"', "lists the output x.py twice"),
        ('test = "tests/../x.py"', "lists the output x.py twice"),
        ('test = "X.py"', "lists the output X.py twice, which is x.py on some systems"),
        ("test = 3", "true, false or a file"),
    ],
)  # fmt: skip
def test_where_a_projects_test_may_not_lie(
    here: Path, capsys: pytest.CaptureFixture[str], items: str, says: str
) -> None:
    (here / "pyproject.toml").write_text(
        f'[[tool.gradgen.modules]]\nsource = "x"\noutput = "x.py"\n{items}\n'
    )
    assert main(["build"]) == 2
    assert says in capsys.readouterr().err and not (here / "x.py").exists()


def test_help_in_every_way_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for argv in ([], ["help"], ["help", "help"]):
        assert main(argv) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] == texts[2] and "usage: gradgen" in texts[0]
    assert main(["help", "compile"]) == 0
    assert "usage: gradgen compile" in capsys.readouterr().out
    assert main(["help", "frob"]) == 2
    assert "no topic `frob`" in capsys.readouterr().err


def test_a_file_in_the_place_of_a_formula(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("foo.txt", "plain/a b.formula"):
        (here / name).write_text("x*y\n")
        for command in (["compile"], ["eval", "--at", "x=1"], ["verify"]):
            assert main([*command, name]) == 2
            quoted = f"'{name}'" if " " in name else name
            assert f"is a file; write -f {quoted}" in capsys.readouterr().err
    (here / "bar.txt").write_text("x*z\n")
    assert main(["diff", "foo.txt", "bar.txt"]) == 0
    assert "SIGNATURE CHANGES: (x, y) is now (x, z)" in capsys.readouterr().out
    (here / "bar.txt").unlink()
    # A formula is a formula, whatever lies around; and what is no file is no formula either.
    (here / "x").touch()
    (here / "2.5").touch()
    assert main(["compile", "x"]) == main(["compile", "2.5"]) == 0
    capsys.readouterr()
    assert main(["compile", "bar.txt"]) == 2
    assert "-f" not in capsys.readouterr().err


def test_what_was_written_is_said_in_one_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*argv: str) -> str:
        assert main(["compile", *argv]) == 0
        out, err = capsys.readouterr()
        assert out == ""
        return err

    assert said("x*y", "-o", "m.py") == "gradgen: note: wrote m.py\n"
    assert said("x*y", "-o", "m.py", "--test") == (
        "gradgen: note: unchanged: m.py; wrote test_m.py\n"
    )
    assert said("x*z", "-o", "m.py", "--test", "--inputs", "x, z").endswith(
        "gradgen: note: wrote m.py and test_m.py\n"
    )
    assert "note: wrote" not in said("x*z", "-o", "m.py", "--check", "--inputs", "x, z")
