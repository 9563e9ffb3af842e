"""The proof that is shipped: it passes right modules, catches every spoiled line, and says where it looked."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gradgen import verify as proof
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.verify import verify

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def test_a_right_module_passes() -> None:
    report = verify(compile(SEED))
    assert report.passed() and report.compared == 50
    assert [row.what for row in report.rows] == ["f", "df/dx", "df/dy", "gradient"]
    assert all(0 <= row.relative < 1e-10 and row.where for row in report.rows)


def spoiled(source: str) -> list[str]:
    """Return the module with one operator changed, for each operator of its stages and backward lines."""
    found = []
    start = source.index("def forward")
    for match in re.finditer(r" [-+*/] | [-+]?= |-\(", source[start:]):
        at = start + match.start()
        line = source[source.rindex("\n", 0, at) + 1 : source.index("\n", at)]
        code = line.partition("  #")[0]
        inside = at - source.rindex("\n", 0, at) - 1 < len(code)
        if "def " in line or line.lstrip().startswith(("#", '"""')) or not inside:
            continue
        old = match.group()
        new = {" + ": " - ", " - ": " + ", " * ": " / ", " / ": " * ", "-(": "(", " += ": " -= ", " -= ": " += "}.get(old)  # fmt: skip
        if new is not None:
            found.append(source[:at] + new + source[at + len(old) :])
    return found


@pytest.mark.parametrize("text", [SEED, "log(x)*y if x > 0 else sqrt(y - x)*x**3"])
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_every_spoiled_operator_is_caught(text: str, every: int) -> None:
    compiled = compile(text)
    mutants = spoiled(compiled.source)
    assert len(mutants) > 8
    for source in mutants[::every]:
        assert not verify(replace(compiled, source=source)).passed(), source


def test_points_outside_the_domain_are_said_to_be() -> None:
    report = verify(compile("log(x)"))
    assert report.passed() and report.outside > 5
    assert any("outside the domain" in line for line in report.lines())
    nowhere = verify(compile("log(x - 10)"))
    assert not nowhere.passed() and "--range" in list(nowhere.lines())[-1]
    assert verify(compile("log(x - 10)"), ranges={"x": (11, 12)}).passed()


def test_at_a_kink_the_value_alone_is_compared() -> None:
    report = verify(compile("abs(x)"), points=[(0.0,), (2.0,)])
    assert (report.compared, report.kinks) == (2, 1) and report.passed()


def test_an_exception_where_the_truth_has_a_value_fails() -> None:
    report = verify(compile("exp(x)/exp(x - 1)"), points=[(1000.0,)])
    assert not report.passed() and "OverflowError at x=1000.0" in report.raised[0]


def test_saturated_adjoints_show() -> None:
    assert not verify(compile("sigmoid(x)"), points=[(40.0,)]).passed()
    assert verify(compile("sigmoid(x)", precise=True), points=[(40.0,)]).passed()


def test_formulas_without_inputs_and_with_few() -> None:
    assert verify(compile("3")).passed()
    assert verify(compile("x*y", wrt="y")).passed()
    assert verify(compile("x*pi*E + y", inputs="x, y, E")).passed()


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["verify", SEED, "--samples", "5"]) == 0
    first = capsys.readouterr().out
    assert main(["verify", SEED, "--samples", "5"]) == 0
    assert capsys.readouterr().out == first and "5 points compared" in first
    assert main(["verify", "sigmoid(x)", "--at", "x=40", "--at", "x=1"]) == 1
    assert "2 points compared" in capsys.readouterr().out
    assert main(["verify", "sigmoid(x)", "--at", "x=40", "--tolerance", "1"]) == 0
    assert main(["verify", "log(x - 10)", "--range", "x=11:4*pi"]) == 0
    path = tmp_path / "m.py"
    assert main(["compile", "tanh(x)*y", "--wrt", "y", "-o", str(path)]) == 0
    capsys.readouterr()
    assert main(["verify", str(path)]) == 0
    assert "df/dy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["verify", "x", "--samples", "0"], "from 1 to"),
        (["verify", "x", "--samples", "many"], "invalid int"),
        (["verify", "x", "--tolerance", "-1"], "1e-10"),
        (["verify", "x", "--range", "x=3"], "x=1:3"),
        (["verify", "x", "--range", "y=1:3"], "no range of an input"),
        (["verify", "x", "--range", "x=1:"], "empty"),
        (["verify", "x", "--range", "x=3:1"], "downwards"),
        (["verify", "x", "--at", "x=1", "--range", "x=1:3"], "not both"),
        (
            ["verify", "x", "--verify"],
            "no option --verify here; it is one of compile (see",
        ),
        (["verify", "x", "--range", "x=1:y"], "not among the inputs"),
        (["verify", "x", "--at", "y=3"], "no value for `x`"),
        (["verify", "absent.py"], "does not exist"),
        (["verify", "x", "--target", "fortran"], "known are python, scipy"),
        (["verify"], "no expression"),
    ],
)
def test_what_the_command_refuses(
    args: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    error = capsys.readouterr().err
    assert hint in error and "Traceback" not in error


def test_a_file_is_run_only_as_its_recipe_makes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, witness = tmp_path / "m.py", tmp_path / "witness"
    main(["compile", "x*y", "-o", str(path)])
    path.write_text(path.read_text() + f"\nopen({str(witness)!r}, 'w')\n")
    assert main(["verify", str(path)]) == 2
    assert "is not run" in capsys.readouterr().err and not witness.exists()
    path.write_text(f"open({str(witness)!r}, 'w')\n")
    assert main(["verify", str(path)]) == 2
    assert "not generated by gradgen" in capsys.readouterr().err
    assert not witness.exists()


def test_compile_verifies_before_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.py"
    assert main(["compile", "x*y", "--verify", "-o", str(path)]) == 0 and path.exists()
    before = path.read_text()
    assert main(["compile", "log(x - 10)", "--verify", "-o", str(path)]) == 1
    assert path.read_text() == before
    assert "fails its verification" in capsys.readouterr().err


@pytest.mark.parametrize("text", [pytest.param("zeta(x)", marks=pytest.mark.slow), "trigamma(x)", "polygamma(3, x)", "beta(x, y)", "binomial(x, y)", "digamma(x)"])  # fmt: skip
def test_the_stated_domain_counts(text: str) -> None:
    report = verify(compile(text), samples=5)
    assert report.passed() and report.raised == []


def test_what_was_not_compared_shows_no_error() -> None:
    lines = list(verify(compile("sqrt(x)"), points=[(0.0,)]).lines())
    assert lines[2].split() == ["df/dx", "-", "-", "-"]
    with pytest.raises(GradgenError, match="has 1 values"):
        verify(compile("sqrt(x)"), points=[(0.0, 1.0)])


def test_what_has_no_text_cannot_be_verified() -> None:
    compiled = compile("x")
    bare = replace(compiled, recipe=replace(compiled.recipe, source=""))
    with pytest.raises(GradgenError, match="written out"):
        verify(bare)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["abs(x)", "--at", "x=0"], 1),
        (["abs(x)", "--at", "x=0", "--at", "x=1"], 0),
        (["floor(x)*y", "--range", "x=1e300:1e308"], 1),
        (["floor(x)", "--at", "x=2"], 1),
        (["x", "--range", "x=1e300:1e308"], 0),
        (["3"], 0),
        (["x*y", "--wrt", ""], 0),
        (["u = x*y; v = abs(x + y)", "--outputs", "u, v", "--at", "x=1, y=-1"], 1),
        (["u = x*y; v = abs(y)", "--outputs", "u, v", "--at", "x=1, y=0"], 1),
    ],
)
def test_where_no_gradient_was_compared_nothing_is_proven(
    argv: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *argv]) == code
    said = "compared; name other points" in capsys.readouterr().out
    assert said == bool(code)


def test_where_one_slope_is_missing_the_others_are_compared() -> None:
    compiled = compile("abs(x)*y + z**3")
    points = [(0.0, 2.0, 3.0)]
    report = verify(compiled, points)
    assert report.kinks == 1 and max(row.relative for row in report.rows) < 1e-15
    assert [row.met for row in report.rows] == [True, False, True, True, True]
    assert not report.passed() and list(report.lines())[-1].startswith(
        "df/dx: not compared"
    )
    points.append((1.0, 0.0, 0.0))
    assert verify(compiled, points).passed()
    spoiled_line = compiled.source.replace("dz = 3.0 * ", "dz = 3.5 * ")
    assert spoiled_line != compiled.source
    assert not verify(replace(compiled, source=spoiled_line), points).passed()


def test_a_large_formula_is_compared_at_fewer_points_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = compile("+".join(f"x{i}*y{i}" for i in range(60)))
    monkeypatch.setattr(proof, "_WORK", 1000)
    report = verify(compiled)
    assert report.passed() and report.compared == report.few < 10
    lines = list(report.lines())
    assert "fewer points than the usual 50" in lines[-1]
    assert verify(compiled, samples=12).compared == 12
    assert not any(
        "fewer points" in line for line in verify(compiled, samples=2).lines()
    )
    # Of many slopes the report shows those that matter, of many inputs the first.
    assert len(lines) < 60 and "slopes more" in lines[-3]
    assert all(line.count("=") <= 20 for line in lines)
    assert any(line.startswith("gradient ") for line in lines)


def test_the_worst_slope_of_many_is_shown() -> None:
    compiled = compile("+".join(f"x{i}*{i + 2}" for i in range(90)))
    spoiled_line = compiled.source.replace("dx77 = 79.0 * ", "dx77 = 79.5 * ")
    assert spoiled_line != compiled.source
    report = verify(replace(compiled, source=spoiled_line), samples=2)
    assert not report.passed()
    assert any(line.startswith("df/dx77 ") for line in report.lines())


def test_progress_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[tuple[int, int]] = []
    verify(compile("log(x)"), samples=5, progress=lambda *step: steps.append(step))
    assert [step for step in dict.fromkeys(steps) if step[0]] == [(i, 5) for i in range(1, 6)]  # fmt: skip
    steps.clear()
    verify(compile("x"), [(1.0,), (2.0,)], progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]
    assert main(["verify", "x"]) == 0
    assert capsys.readouterr().err == ""


def test_on_a_terminal_progress_is_a_bar_that_goes_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradgen.command.terminal._MOMENT", -1.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["verify", "x*y", "--samples", "3"]) == 0
    err = capsys.readouterr().err
    assert "[####################..........] 2/3" in err and err.endswith("\r\x1b[K")


def test_on_a_terminal_long_work_says_that_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()

    def slow(*_: object, **__: object) -> None:
        assert told.wait(10)
        raise GradgenError("no")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            if "compiling" in text:
                told.set()
            return super().write(text)

    monkeypatch.setattr("gradgen.command.terminal._MOMENT", 0.0)
    monkeypatch.setattr("gradgen.pipeline.compile", slow)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", screen := Terminal())
        assert main(["compile", "x*y"]) == 2
    wanted = "\rcompiling: 0 s\r\x1b[Kgradgen: error: no\n"
    assert screen.getvalue() == wanted
    told.set()
    assert main(["compile", "x*y"]) == 2
    assert capsys.readouterr().err == "gradgen: error: no\n"


def test_a_range_of_no_input_is_refused() -> None:
    with pytest.raises(GradgenError, match="`z` has a range and is no input"):
        verify(compile("x*y"), ranges={"z": (0.0, 1.0)})
