"""The README is true: its examples are today's output, and it lists what the parser accepts."""

from __future__ import annotations

import re
import subprocess

import pytest

from gradgen.command.main import main
from gradgen.passes.branches.needs import MAX_STEPS
from gradgen.passes.forms.patterns import PATTERNS
from gradgen.pipeline import compile
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import CONSTANTS
from gradgen.read.programs import parse
from gradgen.read.reader import MAX_NESTING
from gradgen.read.sympy.expand import MAX_NODES, MAX_TERMS
from gradgen.read.sympy.table import CALLS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def test_the_seeds_module_is_shown_as_it_is() -> None:
    assert f"```python\n{compile(SEED).source}```" in README


def test_the_seeds_evaluation_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["eval", SEED, "--at", "x=3, y=-4"])
    assert f'--at "x=3, y=-4"\n{capsys.readouterr().out}```' in README


def test_every_function_is_listed() -> None:
    section = README.split("## What a formula may hold")[1].split(
        "The formula is kept"
    )[0]
    listed = set(re.findall(r"`(\w+)`", section)) - set(CONSTANTS)
    assert listed == set(CALLS)


def test_the_verification_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["verify", SEED, "--range", "x=1:3, y=-5:-3"])
    assert f'--range "x=1:3, y=-5:-3"\n{capsys.readouterr().out}```' in README


def test_a_choice_is_shown_as_it_is() -> None:
    text = "0.1*x if x <= 1 else 0.1 + 0.3*(x - 1) if x <= 4 else 1 + 0.45*(x - 4)"
    source = compile(text, name="tax").source
    assert source.partition('needs."""\n')[2].partition("    return")[0] in README
    assert "logx = math.log(x) if xgt0 else 0.0\n" in compile("log(x) if x > 0 else y").source  # fmt: skip


def test_every_composition_is_listed() -> None:
    section = README.split("And these, ")[1].split("The formula is kept")[0]
    for name, composition in COMPOSITIONS.items():
        assert f"`{name}({', '.join(composition.params)})`" in section


def test_every_pattern_is_listed() -> None:
    section = README.split("Naive forms are recognised")[1].split("## Names")[0]
    shown = {re.sub(r"\s", "", text) for text in re.findall(r"`([^`]+)`", section)}
    quiet = {
        "x*x",
        "1+x-1",
        "1-x-1",
        "1-(1-x)",
        "1-(1+x)",
        "-x+y",
        "E**x",
        "1/(1+exp(x))",
        "exp(-x)/(1+exp(-x))",
        "versin(x)/x**2",
        "max(x,x)",
        "min(x,x)",
        "-1+exp(x)",
        "1/tanh(x/y)-y/x",
        *("".join(naive.split()) for naive, made in PATTERNS if "norm_cdf" in made),
    }  # variants and trivia
    assert {re.sub(r"\s", "", naive) for naive, _ in PATTERNS} - quiet <= shown


def test_the_limits_are_stated() -> None:
    assert (
        f"nest {MAX_NESTING} deep" in README
        and "100 000 characters" in README
        and "400 characters" in README
        and f"at most {MAX_TERMS} terms and {MAX_NODES:_} parts".replace("_", " ")
        in README
        and f"{MAX_STEPS[0]} stages for\n  each operation and {MAX_STEPS[1]} more"
        in README
    )


def test_the_python_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert compile("x * sigmoid(y)").value_and_grad(2.0, 0.0) == (1.0, (0.5, 0.5))


def test_the_shell_examples_are_accepted(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shlex

    folder = tmp_path_factory.mktemp("shell")
    monkeypatch.chdir(folder)
    project = README.split("```toml\n")[1].split("```")[0]
    (folder / "pyproject.toml").write_text(project)
    block = README.split("### On the command line\n\n```sh\n")[1].split("```")[0]
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if not {"<", "|", "generated/"} & set(words):
            assert main(words[1:]) == 0, line
    assert parse("a*exp(-k*t)").text == "a*exp(-k*t)"


def test_the_commit_of_the_pre_commit_example_exists() -> None:
    (commit,) = re.findall(r"(?m)^    rev: ([0-9a-f]{40})\b", README)
    git = ["git", "-C", str(ROOT)]
    whole = [*git, "rev-parse", "--is-shallow-repository"]
    try:
        known = subprocess.run(whole, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no history here to look at")
    if not (ROOT / ".git").exists() or known.stdout.strip() != "false":
        pytest.skip("the history is not here, or not whole")
    hooks = [*git, "show", f"{commit}:.pre-commit-hooks.yaml"]
    found = subprocess.run(hooks, check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert all(f"- id: {hook}" in found.stdout for hook in re.findall(r"(?m)^      - id: (\S+)", README))  # fmt: skip
