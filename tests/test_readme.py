"""README and the pages are true: their examples are run, their listings today's output, and they list what the parser accepts."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradgen.command.arguments import COMMANDS
from gradgen.command.main import main
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.passes.forms.patterns import PATTERNS
from gradgen.pipeline import compile
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import CONSTANTS
from gradgen.read.programs import parse
from gradgen.read.sympy.table import CALLS
from gradgen.targets import TARGETS
from tests.conftest import ROOT, one_in
from tests.pages import FILES, README, blocks, page, played
from tests.reference import NAMES, PAGES
from tests.rows import called, constants
from tests.site import sources

#: The fields of the how-tos that show numbers.
FIELDS = ("quant", "robotics", "statistics", "chemistry", "control", "teaching", "learning", "geodesy")  # fmt: skip
SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


@pytest.mark.parametrize("topic", ["", "first_steps"])
def test_every_block_does_what_the_page_says(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numpy")
    assert played(page(topic) if topic else README, tmp_path, monkeypatch) >= 9


@pytest.mark.slow
@pytest.mark.parametrize("topic", FIELDS)
def test_how_tos_by_field_have_the_numbers_that_they_show(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("scipy")
    text = page(topic)
    assert played(text, tmp_path, monkeypatch) == len([*blocks(text)]) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_command_on_a_formula_is_accepted(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shells = [body for language, body in blocks(file.read_text("utf-8")) if language in ("sh", "console")]  # fmt: skip
    for line in "".join(shells).replace("\\\n", "").splitlines():
        line = line.removeprefix("$ ")
        if re.match(r'gradgen (compile|eval|draw|plot|verify) "', line):
            assert main(shlex.split(line, comments=True)[1:]) == 0, line


@pytest.mark.slow
def test_the_first_command_sets_up_what_compiles(tmp_path: Path) -> None:
    """The second is what `.ci/run` begins with."""
    first, second = [body for language, body in blocks(README) if language == "sh"]
    assert second in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tree = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=False, capture_output=True)  # fmt: skip
    if tree.returncode:
        pytest.skip("there is no list of files here to copy by")
    for name in tree.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    done = subprocess.run(["bash", "-c", first], cwd=tmp_path, check=False, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(compile(SEED).source)


@pytest.mark.parametrize("topic", PAGES)
def test_reference_pages_are_what_their_command_writes(topic: str) -> None:
    assert page(topic) == PAGES[topic](), "run `python -m tests.reference`"


@pytest.mark.parametrize("op", one_in(6, [op for op in NAMES if NAMES[op] and not ROWS[op].level]))  # fmt: skip
def test_languages_lack_what_their_page_says(op: str) -> None:
    row = ROWS[op]
    fixed = {} if row.truths else constants(row)[0]
    args = [str(fixed.get(i, "xyz"[i])) for i in range(row.arity)]
    args = [f"{arg} > 0" if i in row.truths else arg for i, arg in enumerate(args)]
    formula = f"{NAMES[op][0]}({', '.join(args)})" if NAMES[op][0] == op else called(row, args)  # fmt: skip
    formula = f"x if {formula} else z" if row.boolean else formula
    lines = [line for line in page("languages").splitlines() if line.startswith("| `")]
    assert len(lines) == len(TARGETS)
    for line in lines:
        target = line.split("`")[1]
        if f"`{op}`" in line.rpartition(" | ")[2]:
            with pytest.raises(GradgenError, match=f"(?i){op}"):
                compile(formula, target=target)
        else:
            assert compile(formula, target=target).source


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 180
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (version,) = re.findall(r'(?m)^version = "(.*)"$', project)
    assert f"version = {{{version}}}" in README


def test_a_site_has_all_pages_and_no_link_out_of_itself(tmp_path: Path) -> None:
    sources(tmp_path)
    files = [*tmp_path.rglob("*.md")]
    assert len(files) == len(FILES)
    for file in files:
        prose = re.sub(r"(?ms)^```.*?^```$|`[^`\n]+`", "", file.read_text("utf-8"))
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            assert "://" in link or (file.parent / link).exists(), (file, link)


@pytest.mark.slow
def test_sphinx_makes_the_site_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    command = [sys.executable, "-m", "tests.site", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "operations.html" in (tmp_path / "index.html").read_text("utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_link_leads_somewhere(file: Path) -> None:
    prose = re.sub(r"(?ms)^```.*?^```$|`[^`\n]+`", "", file.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not link.startswith("https://"):
            assert (file.parent / link).exists(), link


def test_readme_links_to_every_page() -> None:
    linked = re.findall(r"\]\(gradgen/docs/(\S+?)\)", README)
    assert {*linked} == {f"{f.parent.name}/{f.name}" for f in FILES[1:]}


def test_topics_are_told_from_commands_and_from_each_other() -> None:
    files = [*(ROOT / "gradgen" / "docs").rglob("*.md")]
    assert {*files} == {*FILES[1:]} and len({file.stem for file in files}) == len(files)
    assert not {file.stem for file in files} & {*COMMANDS}
    folders = [file.parent for file in files]
    assert max(folders.count(folder) for folder in folders) <= 13
    for file in files:
        title, blank, first, *_ = file.read_text("utf-8").split("\n")
        assert title.startswith("# ") and not blank and first


def test_help_prints_pages_and_says_which_are_near(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["help"]) == 0
    said = capsys.readouterr().out
    assert all(f"    {file.stem} " in said for file in FILES[1:])
    for topic in ("python_functions", "python-functions", "Python functions"):
        assert main(["help", topic]) == 0
        assert capsys.readouterr().out == page("python_functions")
    for wrong, near in (("kink", "did you mean kinks?"), ("PyTensor", "`gradgen help optimisers` speaks of it"), ("fit", "`gradgen help first_steps` speaks of it, and so do "), ("scipy", "`gradgen help first_steps`"), ("qqq", "see `gradgen help`")):  # fmt: skip
        assert main(["help", wrong]) == 2
        assert near in capsys.readouterr().err


def test_the_seeds_module_is_shown_as_it_is() -> None:
    source = compile(SEED).source
    assert f"```python\n{source}```" in page("first_steps")
    (listing,) = [body for _, body in blocks(README) if "def backward" in body]
    lines = [line for line in listing.splitlines() if line.strip() != "..."]
    rest = (line.removesuffix('"""') for line in source.splitlines())
    assert len(lines) > 30
    assert all(line.removesuffix('"""') in rest for line in lines)


def test_the_seeds_evaluation_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["eval", SEED, "--at", "x=3, y=-4"])
    assert f'--at "x=3, y=-4"\n{capsys.readouterr().out}```' in page("command")


def test_every_function_is_listed() -> None:
    section = page("formulas").split("The formula is kept")[0]
    listed = set(re.findall(r"`(\w+)`", section)) - set(CONSTANTS)
    assert listed == set(CALLS)


def test_the_verification_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["verify", SEED, "--range", "x=1:3, y=-5:-3"])
    assert f'--range "x=1:3, y=-5:-3"\n{capsys.readouterr().out}```' in page("proof")


def test_a_choice_is_shown_as_it_is() -> None:
    text = "0.1*x if x <= 1 else 0.1 + 0.3*(x - 1) if x <= 4 else 1 + 0.45*(x - 4)"
    source = compile(text, name="tax").source
    assert source.partition('needs."""\n')[2].partition("    return")[0] in page(
        "formulas"
    )
    assert "logx = math.log(x) if xgt0 else 0.0\n" in compile("log(x) if x > 0 else y").source  # fmt: skip


def test_every_composition_is_listed() -> None:
    section = page("formulas").split("And these, ")[1].split("The formula is kept")[0]
    for name, composition in COMPOSITIONS.items():
        assert f"`{name}({', '.join(composition.params)})`" in section


def test_every_pattern_is_listed() -> None:
    section = page("formulas").split("Naive forms are recognised")[1]
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


def test_the_python_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert compile("x * sigmoid(y)").value_and_grad(2.0, 0.0) == (1.0, (0.5, 0.5))


def test_the_shell_examples_are_accepted(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("shell")
    monkeypatch.chdir(folder)
    project = page("projects").split("```toml\n")[1].split("```")[0]
    (folder / "pyproject.toml").write_text(project)
    block = page("command").split("```sh\n")[1].split("```")[0]
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if not {"<", "|", "generated/"} & set(words):
            assert main(words[1:]) == 0, line
    assert parse("a*exp(-k*t)").text == "a*exp(-k*t)"


def test_the_commit_of_the_pre_commit_example_exists() -> None:
    (commit,) = re.findall(r"(?m)^    rev: ([0-9a-f]{40})\b", page("projects"))
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
    assert all(f"- id: {hook}" in found.stdout for hook in re.findall(r"(?m)^      - id: (\S+)", page("projects")))  # fmt: skip
