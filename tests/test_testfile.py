"""The test beside a module passes, and fails when someone spoils a line of the module."""

from __future__ import annotations

import ast
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import compile, regenerate
from tests.conftest import compiled, formulas, one_in

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


def mutants(source: str, function: str) -> Iterator[str]:
    """Yield the module with one operator of a function changed, or one sign dropped."""
    for place in range(1000):
        tree = ast.parse(source)
        (body,) = (
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name == function
        )
        found = [
            node
            for node in ast.walk(body)
            if (isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPS)
            or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub))
        ]
        if place == len(found):
            return
        node = found[place]
        if isinstance(node, ast.UnaryOp):
            node.op = ast.UAdd()
        else:
            node.op = SWAPS[type(node.op)]()
        yield ast.unparse(tree)


def passes(module: str, test: str) -> bool:
    """Whether a test module's tests pass with this text of the module that it imports."""
    model = types.ModuleType("model")
    exec(module, model.__dict__)  # noqa: S102 - as an import would
    before = sys.modules.get("model")
    sys.modules["model"] = model
    try:
        tests: dict[str, object] = {"__name__": "test_model"}
        exec(test, tests)  # noqa: S102
        points = tests["POINTS"]
        assert isinstance(points, list) and points
        try:
            for point in points:
                tests["test_value_and_gradient"](*point)  # type: ignore[operator]
                rest = point if "weighted" in tests else point[:1]
                tests["test_gradient_matches_central_differences"](*rest)  # type: ignore[operator]
                if "jacobian" in tests:
                    tests["test_jacobian"](*point)  # type: ignore[operator]
        except (AssertionError, ArithmeticError, ValueError):
            return False
        return True
    finally:
        del sys.modules["model"]
        if before is not None:
            sys.modules["model"] = before


def test_comments_and_docstrings_of_any_text() -> None:
    text = (
        compile('"""Some \\x words."""\nu = x*y  # a """ and a \\x and a \\\'')
        .test("m")
        .source
    )
    scope = ast.parse(text)
    shown = ast.get_docstring(scope)
    assert shown is not None and "u = x*y  # a ''' and a \\x and a \\'" in shown


def test_every_spoiled_line_of_the_seed_is_caught() -> None:
    compiled = compile(SEED)
    test = compiled.test("model").source
    assert passes(compiled.source, test)
    spoiled = list(mutants(compiled.source, "backward"))
    assert len(spoiled) > 15
    for mutant in (*spoiled, *mutants(compiled.source, "forward")):
        assert not passes(mutant, test), mutant


@pytest.mark.parametrize(
    "text",
    ["x*y", "log(x)/y", "exp(-k*t)*a", "x if x > 1 else y**2", "3*x + 0*y", "gamma(x) + sqrt(y)", "1e-30*x*y", "pi + 2", "floor(3*x)"],
)  # fmt: skip
def test_the_test_passes(text: str) -> None:
    compiled = compile(text)
    assert passes(compiled.source, compiled.test("model").source)


def test_a_subset_of_the_gradient_is_tested_in_its_order() -> None:
    compiled = compile("x*y**2*z", wrt="z, x")
    test = compiled.test("model").source
    assert passes(compiled.source, test)
    assert not passes(compile("x*y**2*z", wrt="x, z").source, test)


def test_the_command_writes_both_and_keeps_both_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compile", SEED, "-o", "model.py", "--test"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "10 passed" in done.stdout, done.stdout
    path = Path("model.py")
    path.write_text(path.read_text().replace("**2)", "**3)", 1))
    assert main(["check", "."]) == 1
    assert main(["update", "."]) == 0 and main(["check", "."]) == 0
    found = read_artifact(Path("test_model.py").read_text())
    assert found is not None and found.recipe.tests == "model"
    assert regenerate(found.recipe).source == Path("test_model.py").read_text()
    Path("test_model.py").write_text(Path("test_model.py").read_text() + "# mine\n")
    before = Path("model.py").read_text()
    capsys.readouterr()
    assert main(["compile", "x*y", "-o", "model.py", "--test"]) == 2
    assert "test_model.py was edited by hand" in capsys.readouterr().err
    assert Path("model.py").read_text() == before


def test_what_cannot_be_tested_is_said() -> None:
    with pytest.raises(GradgenError, match="no point of the domain"):
        compile("log(x - 1000)").test("model")
    with pytest.raises(GradgenError, match="not a name"):
        compile("x").test("a b")
    assert main(["compile", "x", "--test"]) == 2


def test_a_test_of_very_many_inputs_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It holds fewer points, and compares some of the slopes with differences; all with mpmath's."""
    compiled = compile("+".join(f"x{i}*y{i}*{i % 7 + 2}" for i in range(30)))
    full = compiled.test("model").source
    assert "some of them" not in full and full.count("    (\n        (\n") == 5
    monkeypatch.setattr("gradgen.testfile._MOST_NUMBERS", 300)
    monkeypatch.setattr("gradgen.testfile._MOST_MOVES", 0)
    test = compiled.test("model").source
    assert test.count("    (\n        (\n") == 2
    assert "for number in (0, 20, 40):  # some of them" in test
    assert passes(compiled.source, test)
    for line in ("dx0 = ", "dy17 = "):
        place = compiled.source.index(line) + len(line)
        spoiled = compiled.source[:place] + "2.0 * " + compiled.source[place:]
        assert not passes(spoiled, test)


@pytest.mark.slow
def test_modules_and_tests_of_real_formulas_pass_every_tool(tmp_path: Path) -> None:
    """The lists lie beside the project on some machines."""
    count = 0
    for name in ("feynman", "fpbench", "symreg", "optim"):
        for row in formulas(name):
            made = compiled(row["expression"], row["variables"])
            assert made is not None, row["id"]
            made.write(tmp_path / f"m{count}.py")
            try:
                test = made.test(f"m{count}")
            except GradgenError as error:
                assert "no point of the domain" in str(error)
            else:
                test.write(tmp_path / f"test_m{count}.py")
            count += 1
    tests = len(list(tmp_path.glob("test_*.py")))
    print(f"{count} modules, {tests} tests")
    assert tests > 0.95 * count
    for command in (
        ["black", "--check", "-q", "."],
        ["ruff", "check", "--isolated", "-q", "."],
        ["mypy", "--strict", "--no-incremental", "."],
        ["pytest", "-q", "-x", "-p", "no:cacheprovider", "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (command, done.stdout[-3000:], done.stderr[-1000:])


def test_the_test_of_a_module_for_pytorch_passes() -> None:
    pytest.importorskip("torch")
    for text, outputs in (("x*exp(y)", ""), ("u = x*exp(y); v = u*x", "u, v")):
        options: dict[str, Any] = {"outputs": outputs} if outputs else {}
        made = compile(text, target="torch", with_="jacobian", **options)
        test = made.test("model").source
        model = types.ModuleType("model")
        exec(made.source, model.__dict__)  # noqa: S102 - as an import would
        sys.modules["model"] = model
        try:
            tests: dict[str, Any] = {"__name__": "test_model"}
            exec(test, tests)  # noqa: S102
            for point in tests["POINTS"]:
                tests["test_value_and_gradient"](*point)
                tests["test_jacobian"](*point)
                tests["test_gradient_matches_central_differences"](*point[: 2 if outputs else 1])  # fmt: skip
        finally:
            del sys.modules["model"]


#: Modules over rows, by their options.
_OVER_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("(y - a*exp(-b*t))**2", {"reduce": "sum"}),
    ("log(mean(exp(a*t)))*y/b", {}),
    ("u = y - a*exp(-b*t); v = y*mean(t) if t > 1 else t*a; w = a*sum(y)*b", {"outputs": "u, v, w"}),
    ("y - a*exp(-b*t)", {"wrt": "a, b", "with_": "jacobian"}),
]  # fmt: skip


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize(("text", "options"), one_in(2, _OVER_ROWS))
def test_the_test_of_a_module_over_rows_passes_and_sees_what_is_spoilt(
    text: str, options: dict[str, Any], target: str
) -> None:
    if target == "numpy":
        pytest.importorskip("scipy")
    elif "with_" in options:
        options = {**options, "with_": ""}
    made = compile(text, inputs="t, y, a, b", rows="t, y", target=target, **options)
    test = made.test("model")
    assert passes(made.source, test.source)
    for function in ("forward", "backward"):
        every = [*mutants(made.source, function)]
        assert every
        for mutant in every[:: 1 + len(every) // 6]:
            assert not passes(mutant, test.source), mutant
    again = read_artifact(test.source)
    assert again is not None and regenerate(again.recipe).source == test.source
