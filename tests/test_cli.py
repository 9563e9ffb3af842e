"""The command as a user runs it: output, exit codes, and one clear line for every mistake."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from gradgen.command.main import main
from gradgen.pipeline import compile
from gradgen.targets import TARGETS

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Run the command in this process."""
    code = main(argv)
    out, err = capsys.readouterr()
    return code, out, err


def test_compile_prints_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "compile", SEED) == (0, compile(SEED).source, "")


def test_compile_writes_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "model.py"
    wrote, same = (
        f"gradgen: note: {what} {path}\n" for what in ("wrote", "unchanged:")
    )
    assert run(capsys, "compile", "x*y", "-o", str(path)) == (0, "", wrote)
    assert run(capsys, "compile", "x*y", "-o", str(path)) == (0, "", same)
    assert path.read_text() == compile("x*y").source
    assert run(capsys, "compile", "x*y", "-o", "-")[1] == compile("x*y").source


def test_every_option_reaches_the_compiler(capsys: pytest.CaptureFixture[str]) -> None:
    argv = [
        "compile",
        "1/(1 + exp(-y))*x",
        "--name",
        "g",
        "--inputs",
        "y, x",
        "--wrt",
        "x",
        "--as-written",
    ]
    made = compile(
        "1/(1 + exp(-y))*x", name="g", inputs="y, x", wrt="x", as_written=True
    ).source
    assert run(capsys, *argv)[1] == made
    assert (
        run(
            capsys,
            "compile",
            "--name=g",
            "--inputs=y, x",
            "--wrt=x",
            "--as-written",
            "--",
            argv[1],
        )[1]
        == made
    )


@pytest.mark.parametrize(
    "text", ["-x**2", "-x", "-omega*t", "-rf", "-h*nu", "--x", "-o*2", "-1"]
)
def test_an_expression_may_start_with_a_minus(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert run(capsys, "compile", "--", text) == (0, compile(text).source, "")
    if text not in ("--x",):
        assert run(capsys, "compile", text, "--name", "g") == (
            0,
            compile(text, name="g").source,
            "",
        )


def test_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x*y\n")))
    assert run(capsys, "compile", "-") == (0, compile("x*y").source, "")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    assert run(capsys, "compile", "-") == (
        2,
        "",
        "gradgen: error: standard input is not UTF-8 text\n",
    )


def test_a_note_tells_how_e_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "compile", "E*x")
    assert (
        code == 0
        and "math.e" in out
        and err.startswith("gradgen: note: `E` is read as Euler's number")
    )
    assert run(capsys, "compile", "E*x", "--inputs", "E, x")[2] == ""


def test_errors_are_one_line_and_a_caret(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "compile", "x^2") == (
        2,
        "",
        "gradgen: error: `^` is not a power here; write `**`\n  x^2\n   ^\n",
    )


@pytest.mark.parametrize(
    "argv",
    [
        ["frob"],
        ["compile"],
        ["compile", "x", "y"],
        ["compile", "x", "--nmae", "g"],
        ["compile", "x", "-o"],
        ["compile", "-o", "--", "x"],
        ["compile", "x", "--check"],
        ["compile", "x", "--diff"],
        ["compile", "x", "-o", "class.py"],
        ["compile", "x", "-o", "/nowhere/at/all.py"],
        ["compile", "x", "--name", "1x"],
        ["compile", "x", "--wrt", "y"],
        ["compile", "x", "--templates", "/nowhere"],
        ["eval", "x"],
        ["eval", "x", "--at", "x"],
        ["eval", "x", "--at", "y=3"],
        ["eval", "x", "--at", "x=1, y=2"],
        ["eval", "x", "--at", "x=z"],
        ["eval", "x", "--at", "x=1, x=2"],
        ["eval", "log(x)", "--at", "x=-1"],
        ["eval", "x", "--at", "x=log(-1)"],
        ["eval", "x", "--at", "x=1/0"],
        ["check"],
        ["update"],
    ],
)
def test_bad_usage_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert err.startswith("gradgen: error: ") and len(err.splitlines()) in (1, 3)


def test_check_and_diff_write_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "model.py"
    assert run(capsys, "compile", "x*y", "-o", str(path), "--check")[0] == 1
    assert not path.exists()
    run(capsys, "compile", "x*y", "-o", str(path))
    assert run(capsys, "compile", "x*y", "-o", str(path), "--check") == (0, "", "")
    assert run(capsys, "compile", "x + y", "-o", str(path), "--check") == (1, "", "")
    code, out, _ = run(capsys, "compile", "x + y", "-o", str(path), "--diff")
    assert code == 0 and "-    f = x * y" in out and "+    f = x + y" in out
    assert path.read_text() == compile("x*y").source


def test_eval_works_the_seed_through(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "eval", SEED, "--at", "x=3, y=-4")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["stage", "expression", "value", "gradient"]
    assert [line.split()[0] for line in lines[1:]] == [
        "x",
        "y",
        "sigy",
        "num",
        "sigx",
        "xpy",
        "xpysqr",
        "den",
        "invden",
        "f",
    ]
    assert lines[1].split() == ["x", "input", "3.0", "2.0595697955721652"]
    assert lines[-1].split() == ["f", "num", "*", "invden", "1.5456448841066441", "1.0"]
    assert (
        len({line.index(word) for line, word in zip(lines[:2], ("value", "3.0"))}) == 1
    )


def test_eval_reads_constants(capsys: pytest.CaptureFixture[str]) -> None:
    assert "1.0" in run(capsys, "eval", "sin(x)", "--at", "x=pi/2")[1].splitlines()[2]


def test_eval_reads_commas_inside_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "eval", "x + ﬁ", "--at", "x=hypot(3, 4), ﬁ=1")[1]
    assert "5.0" in out.splitlines()[2] and "6.0" in out.splitlines()[-1]


def test_eval_names_the_stage_without_a_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "logx = math.log(x)" in run(capsys, "eval", "log(x) + 1", "--at", "x=0")[2]


def test_the_life_of_a_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, text in (("a", "x*y"), ("b", "sin(x)"), ("c", "exp(x)")):
        run(capsys, "compile", text, "-o", str(tmp_path / f"{name}.py"))
    (tmp_path / "own.py").write_text("x = 1\n")
    assert run(capsys, "check", str(tmp_path))[:2] == (
        0,
        "".join(f"ok       {tmp_path}/{n}.py\n" for n in "abc"),
    )

    a, b = tmp_path / "a.py", tmp_path / "b.py"
    a.write_text(a.read_text().replace("# source: x*y", "# source: x/y"))
    b.write_text(b.read_text().replace("math.cos", "math.sin"))
    code, out, _ = run(
        capsys,
        "check",
        str(tmp_path),
        str(tmp_path / "own.py"),
        str(tmp_path / "none.py"),
    )
    assert code == 1
    status = {
        line.split()[-1]: line[:8].strip()
        for line in out.splitlines()
        if line[:1].isalpha()
    }
    assert [
        status[str(tmp_path / f"{n}.py")] for n in ("a", "b", "c", "own", "none")
    ] == [
        "stale",
        "edited",
        "ok",
        "not ours",
        "missing",
    ]
    assert "+    f = x / y" in out

    code, out, err = run(capsys, "update", str(tmp_path))
    assert (
        code == 1
        and f"updated  {a}" in out
        and f"refused  {b}" in out
        and "edited by hand" in err
    )
    assert run(capsys, "update", "--force", str(tmp_path))[0] == 0
    assert run(capsys, "check", str(tmp_path))[0] == 0
    assert a.read_text() == compile("x/y").source


@pytest.mark.parametrize(
    "argv, said",
    [
        # An option of other commands is not this one's, nor is what resembles it.
        (
            ["compile", "x", "--jobs", "3"],
            "no option --jobs here; it is one of check, update, build (",
        ),
        (
            ["check", ".", "--force"],
            "no option --force here; it is one of compile, draw, plot, explain, update, build (",
        ),
        (["update", ".", "--forc"], "no option --forc; did you mean --force? ("),
        (["compile", "x", "--const", "g"], 'as in --const "g=9.81"'),
        (["verify", "x", "--range", "x"], 'as in --range "x=1:3"'),
        (["eval", "x", "--at", "x"], 'as in --at "x=3, y=-4"'),
        (["check", ".", "--max-ratio", "nan"], "--max-ratio is a number above 0"),
        (["check", ".", "--max-ratio=-1"], "--max-ratio is a number above 0"),
        (["check", ".", "--templates", "missing"], "no folder of templates at missing"),
        (["update", ".", "--templates", ""], "no folder of templates at"),
        (["compile", "missing.c"], "missing.c does not exist"),
        (["verify", "missing.js"], "missing.js does not exist"),
        (["diff", "missing.c", "x"], "missing.c does not exist"),
    ],
)
def test_hints_are_those_of_the_command(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *argv)
    assert code == 2 and out == "" and said in err.splitlines()[-1]


def test_formulas_of_a_diff_may_start_with_a_minus(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = run(capsys, "diff", "(-x)", "2*x")
    assert plain[0] == 0
    out = run(capsys, "diff", "-x", "2*x")[1]
    assert out == plain[1].replace("(-x)", "-x")
    assert run(capsys, "diff", "2*x", "-x")[0] == 0
    assert run(capsys, "diff", "--", "-x", "-x") == (0, "nothing changed\n", "")


@pytest.mark.parametrize("target", ["python", "c", "javascript"])
def test_a_generated_file_is_no_formula(
    target: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / f"a{TARGETS[target].suffix}"
    run(capsys, "compile", "x*y", "--target", target, "-o", str(path))
    for words in (["compile", str(path)], ["verify", "-f", str(path)]):
        code, _, err = run(capsys, *words)
        assert code == 2 and f"gradgen verify {path}" in err, err
    assert run(capsys, "update", str(path))[0] == 0
    assert run(capsys, "verify", str(path))[0] == 0


@pytest.mark.parametrize("target", ["python", "c", "javascript"])
@pytest.mark.parametrize("others", ["", "*p1*p2*p3*p4*p5*p6"])
def test_a_changed_signature_is_called_out_in_every_language(
    target: str, others: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / f"a{TARGETS[target].suffix}"
    more = "".join(f", {name}" for name in others.split("*") if name)
    options = ["--target", target, "-o", str(path), "--with", "jacobian"]
    two = ["u = x*y; v = u*x", "--outputs", "u, v"]
    assert "signature changes" not in run(capsys, "compile", *two, *options)[2]
    note = f"{path}: the signature changes from (x, y) to (y, x{more})\n"
    wanted = ["--inputs", f"y, x{more}"]
    err = run(capsys, "compile", f"x*y{others}", *wanted, *options)[2]
    assert note in err
    assert "signature changes" not in run(capsys, "compile", "x", *wanted, *options)[2]
    # `build` says so, too.
    entry = f'source = "x"\ninputs = "x{more}"\noutput = "{path.name}"\n'
    file = tmp_path / "pyproject.toml"
    file.write_text(f'[[tool.gradgen.modules]]\n{entry}target = "{target}"\n')
    note = f"{path}: the signature changes from (y, x{more}) to (x{more})\n"
    assert note in run(capsys, "build", str(tmp_path))[2]
    assert "signature changes" not in run(capsys, "build", str(tmp_path))[2]


def test_a_changed_signature_is_called_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.py"
    run(capsys, "compile", "x*y", "--inputs", "y, x", "-o", str(path))
    note = f"gradgen: note: {path}: the signature changes from (y, x) to (x, y)\n"
    note += f"gradgen: note: wrote {path}\n"
    assert run(capsys, "compile", "x*y + 1", "-o", str(path)) == (0, "", note)
    path.write_text(path.read_text().replace("# source: x*y + 1", "# source: x*z + 1"))
    assert "(x, y) to (x, z)" in run(capsys, "update", str(path))[2]


def test_a_folder_without_generated_files_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    note = f"gradgen: note: {tmp_path} holds no generated files\n"
    assert run(capsys, "check", str(tmp_path)) == (0, "", note)


def test_near_options_are_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean --inputs?" in run(capsys, "compile", "x", "--input", "x")[2]


def test_a_recipe_that_is_no_formula_fails_its_check_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.py"
    run(capsys, "compile", "x*y", "-o", str(path))
    path.write_text(
        path.read_text().replace("# source: x*y", "# source: __import__('os')")
    )
    code, out, _ = run(capsys, "check", str(path))
    assert code == 1 and out.startswith("failed ")
    assert run(capsys, "update", str(path))[0] == 1


def test_custom_templates_must_be_named_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    templates, path = tmp_path / "t", tmp_path / "a.py"
    templates.mkdir()
    (templates / "module.py.jinja").write_text("x = 1\n")
    run(capsys, "compile", "x*y", "-o", str(path), "--templates", str(templates))
    assert run(capsys, "check", str(path))[0] == 1
    assert run(capsys, "check", str(path), "--templates", str(templates))[0] == 0


HEAVY = "import sys; from gradgen.command.main import main\ntry:\n    main({argv})\nexcept SystemExit:\n    pass\nassert not {{'sympy', 'black', 'jinja2'}} & set(sys.modules), 'heavy'"


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["frob"],
        ["compile", "x", "y"],
        *(
            pytest.param(argv, marks=pytest.mark.slow)
            for argv in (["compile", "--help"], ["eval", "--help"], [], ["compile"], ["--version"])
        ),
    ],
)  # fmt: skip
def test_help_and_usage_errors_answer_without_loading_sympy(argv: list[str]) -> None:
    subprocess.run(
        [sys.executable, "-c", HEAVY.format(argv=argv)], check=True, capture_output=True
    )


#: What a short formula does without: what lays out long lines, what reads Python functions, and what SymPy loads for its first sum.
UNUSED = """
import sys
from gradgen.command.main import main
main(["compile", "x*y"])
spared = "black", "gradgen.sources", "sympy.tensor.tensor", "importlib.metadata", "multiprocessing"
assert "sympy" in sys.modules and not {*spared} & {*sys.modules}, "heavy"
main(["compile", "a_name_that_goes_on_and_on_to_the_end*another_one_that_goes_on_and_on_to_the_end"])
assert "black" in sys.modules
"""


def test_a_short_formula_loads_what_it_needs() -> None:
    subprocess.run([sys.executable, "-c", UNUSED], check=True, capture_output=True)


@pytest.mark.parametrize("command", ["compile", "eval", "check", "update"])
def test_help_shows_a_real_example(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"\n  gradgen {command} " in capsys.readouterr().out


def test_python_dash_m_and_a_closed_pipe() -> None:
    command = f"{sys.executable} -m gradgen compile 'x*y' | head -1"
    done = subprocess.run(
        command, shell=True, check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("# Code generated") and done.stderr == ""


def test_greek_names_in_an_ascii_locale() -> None:
    command = [sys.executable, "-X", "utf8=0", "-m", "gradgen", "compile", "α + β"]
    done = subprocess.run(
        command,
        env={"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii"},
        check=True,
        capture_output=True,
    )
    assert done.stdout.decode() == compile("α + β").source


def test_eval_shows_conditions_and_what_was_not_evaluated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["eval", "log(x) if x > 0 else y", "--at", "x=-1, y=2"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()[3:]] == [
        ["xgt0", "x", ">", "0", "False", "-"],
        ["logx", "log(x)", "if", "xgt0", "-", "-"],
        ["f", "logx", "if", "xgt0", "else", "y", "2.0", "1.0"],
    ]


def test_targets_and_precision_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compile", "besselj(1, x)"]) == 2
    assert "compile with --target scipy" in capsys.readouterr().err
    assert main(["compile", "besselj(1, x)", "--target", "scipy"]) == 0
    assert "from scipy import special" in capsys.readouterr().out
    assert main(["compile", "tanh(x)", "--precise"]) == 0
    out = capsys.readouterr().out
    assert "# precise: yes" in out and "_tanh_slope(x)" in out
