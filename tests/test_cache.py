"""What was found right is not made again, whatever else is edited, damaged or hostile: then it is."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

import gradgen.pipeline
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files import cache
from gradgen.files.cache import Cache, cache_folder, key
from gradgen.files.version import tool_fingerprint
from gradgen.pipeline import compile
from gradgen.write import templates
from gradgen.write.target import template_folder
from tests.conftest import one_in

PROJECT = """
[[tool.gradgen.modules]]
source = "x*y"
output = "a.py"
test = true

[[tool.gradgen.modules]]
source-file = "b.txt"
output = "b.py"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and a cache folder of its own beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv(cache.SWITCH)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "b.txt").write_text("x + y\n")
    assert main(["build", "--no-cache"]) == 0
    return folder


Run = Callable[..., tuple[int, list[str], int]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What runs a command and returns its code, its words, and how many formulas it compiled."""
    real, count = gradgen.pipeline.generate, 0

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return real(*args, **options)

    monkeypatch.setattr(gradgen.pipeline, "generate", counted)

    def run(*argv: str) -> tuple[int, list[str], int]:
        nonlocal count
        count = 0
        capsys.readouterr()
        code = main(argv)
        lines = capsys.readouterr().out.splitlines()
        found = (re.fullmatch(r"([a-z]+) +\S+\.py", line) for line in lines)
        return code, [match[1] for match in found if match], count

    return run


def answers() -> Path:
    """The file of the answers of this version."""
    folder = cache_folder()
    assert folder is not None
    (found,) = folder.glob("answers-*")
    return found


ALL = ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("argv", "made"),
    [(["check", "."], 3), (["update", "."], 3), (["build"], 2), (["build", "--check"], 2)],
)  # fmt: skip
def test_what_was_right_is_not_made_again(
    here: Path, ran: Run, argv: list[str], made: int
) -> None:
    assert ran(*argv) == (0, ALL, made)
    assert ran(*argv) == (0, ALL, 0)
    assert ran(*argv, "--no-cache") == (0, ALL, made)
    copy = here / "inner"
    copy.mkdir()
    shutil.copy("b.py", copy / "c.py")
    # The same bytes have the same answer, wherever they are.
    assert argv[0] == "build" or ran(argv[0], "inner") == (0, ["ok"], 0)


def test_a_file_that_is_called_as_one_of_another_language_is_refused(
    here: Path, ran: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["compile", "x*y", "--target", "c", "-o"]
    assert main([*options, "model.c"]) == 0 and main(["check", "model.c"]) == 0
    shutil.copy("model.c", "model.py")
    shutil.copy("b.py", "b.js")
    for command in ("check", "update"):
        for file, other in (("model.py", "model.c"), ("b.js", "b.py")):
            before = Path(file).read_bytes()
            capsys.readouterr()
            assert main([command, file]) == 1
            assert f"call it {other}" in "".join(capsys.readouterr())
            assert Path(file).read_bytes() == before
    # A recipe that was edited to make another language's module does not make it here.
    text = Path("b.py").read_text().replace("# digest", "# target: c\n# digest")
    Path("b.py").write_text(text)
    assert main(["update", "b.py"]) == 1 and Path("b.py").read_text() == text


def test_what_is_proven_is_right_and_not_the_other_way_round(
    here: Path, ran: Run
) -> None:
    assert ran("check", ".") == (0, ALL, 3)
    assert ran("update", ".", "--no-proof") == (0, ALL, 0)
    assert ran("update", ".") == (0, ALL, 3)
    assert ran("update", ".") == (0, ALL, 0)
    assert ran("build", "--check") == (0, ALL, 2)
    assert ran("build") == (0, ALL, 2) and ran("build") == (0, ALL, 0)
    assert ran("check", ".", "--max-ratio", "9") == (0, ALL, 3)
    assert ran("check", ".", "--max-ratio", "9") == (0, ALL, 0)
    assert ran("check", ".", "--max-ratio", "0.5")[1] == ["costly", "costly", "ok"]
    assert ran("check", ".", "--max-ratio", "0.5")[2] == 2


def test_what_was_just_written_is_right(here: Path, ran: Run) -> None:
    for name in ("a.py", "b.py"):
        Path(name).write_text(re.sub("(# source: .*)", r"\1 + z", Path(name).read_text()))  # fmt: skip
    assert ran("update", ".") == (0, ["updated"] * 3, 3)
    assert ran("update", ".") == ran("check", ".") == (0, ALL, 0)
    Path("b.py").unlink()
    assert ran("build", "--force")[1] == ["updated", "updated", "written"]
    assert ran("build") == ran("build", "--check") == (0, ALL, 0)


def test_an_edited_file_is_made_again(here: Path, ran: Run) -> None:
    ran("update", ".")
    module, test = Path("a.py").read_text(), Path("test_a.py").read_text()
    Path("a.py").write_text(module.replace("x * y", "x * y * 1"))
    assert ran("check", ".") == (1, ["edited", "ok", "ok"], 2)  # and its test
    assert ran("check", ".")[2] == 1  # what failed is remembered by nobody
    Path("a.py").write_text(module.replace("# source: x*y", "# source: x*y + 1"))
    assert ran("check", ".")[:2] == (1, ["stale", "ok", "stale"])
    Path("a.py").write_text(module)
    assert ran("check", ".") == (0, ALL, 0)
    Path("test_a.py").write_text(test + "\n")
    assert ran("check", ".") == (1, ["ok", "ok", "edited"], 1)
    # The module that a test belongs to is gone: its own header holds the same recipe.
    Path("test_a.py").write_text(test)
    Path("a.py").unlink()
    assert ran("check", "test_a.py") == (0, ["ok"], 1)


def test_an_edited_source_or_project_is_made_again(here: Path, ran: Run) -> None:
    ran("build")
    Path("b.txt").write_text("x + y  # the same\n")
    assert ran("build", "--check")[1:] == (["ok", "ok", "stale"], 1)
    Path("b.txt").write_text("x + y\n")
    for old, new in (("test = true", 'test = "tests/test_a.py"'), ('"b.py"', '"c.py"')):
        Path("pyproject.toml").write_text(PROJECT.replace(old, new))
        assert "missing" in ran("build", "--check")[1]
    Path("pyproject.toml").write_text(PROJECT + "precise = true\n")
    assert ran("build", "--check")[1:] == (["ok", "ok", "stale"], 1)
    Path("pyproject.toml").write_text(PROJECT)
    assert ran("build") == (0, ALL, 0)
    # In a package, the test imports the module by another name.
    Path("__init__.py").touch()
    assert ran("build", "--check")[1:] == (["ok", "stale", "ok"], 2)


def test_one_module_made_from_the_file_of_another(here: Path, ran: Run) -> None:
    Path("pyproject.toml").write_text(
        '[[tool.gradgen.modules]]\nsource-file = "a.txt"\noutput = "b.py"\n'
        '[[tool.gradgen.modules]]\nsource-file = "b.py:twice"\noutput = "c.py"\n'
    )
    Path("a.txt").write_text("x*y")
    # Such a function is not what gradgen writes, but what it would read if a template wrote it.
    assert ran("build")[1] == ["updated", "failed"]
    assert ran("build")[1] == ["ok", "failed"]


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def file_for_folder(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("mine")


@pytest.mark.parametrize(
    "damage",
    [
        pipe,
        lambda path: path.write_bytes(os.urandom(5000)),
        lambda path: path.write_text(path.read_text()[:40]),
        lambda path: os.truncate(path, 1 << 40),
        lambda path: path.parent.chmod(0o777),
        lambda path: path.symlink_to(shutil.move(path, Path("copy").absolute())),
        file_for_folder,
        *(
            pytest.param(damage, marks=pytest.mark.slow)
            for damage in (
                lambda path: path.unlink(),
                lambda path: shutil.rmtree(path.parent),
                lambda path: path.write_bytes(b""),
                lambda path: path.write_text("gradgen answers 2\n" + path.read_text()),
                lambda path: path.write_text(path.read_text().upper()),
                lambda path: path.unlink() or path.mkdir(),
                lambda path: path.parent.symlink_to(shutil.move(path.parent, Path("other").absolute())),
            )
        ),
    ],
)  # fmt: skip
def test_a_damaged_cache_answers_nothing_and_does_no_harm(
    here: Path, ran: Run, damage: Callable[[Path], object]
) -> None:
    assert ran("check", ".")[2] == 3
    path = answers()
    damage(path)
    precious = [p for p in (Path("copy"), path.parent) if p.is_file()]
    before = [p.read_bytes() for p in precious]
    assert ran("check", ".") == (0, ALL, 3)
    assert ran("check", ".")[:2] == (0, ALL)
    assert [p.read_bytes() for p in precious] == before


@pytest.mark.parametrize(
    "place", one_in(2, ["/dev/null", "/proc/self", "a\nb", "a.py"])
)
def test_where_nothing_can_be_kept_everything_is_made(
    here: Path, ran: Run, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    place = str(here / place) if place == "a.py" else place
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("HOME", "/nonexistent")
    assert ran("check", ".") == ran("check", ".") == (0, ALL, 3)
    assert not Path("a\nb").exists() and not Path("/nonexistent").exists()


def test_it_can_be_switched_off(
    here: Path, ran: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(cache.SWITCH, "1")
    assert ran("check", ".") == ran("check", ".") == (0, ALL, 3)
    monkeypatch.delenv(cache.SWITCH)
    assert ran("update", ".", "--no-cache") == (0, ALL, 3)
    assert not (tmp_path / "cache").exists()


def test_a_link_or_a_name_that_leads_outside_is_refused_still(
    here: Path, ran: Run, tmp_path: Path
) -> None:
    assert ran("build")[0] == ran("update", ".")[0] == 0
    shutil.copy("b.txt", tmp_path)
    Path("b.txt").unlink()
    Path("b.txt").symlink_to(tmp_path / "b.txt")
    assert ran("build")[1] == ["ok", "ok", "failed"]
    Path("b.txt").unlink()
    shutil.copy(tmp_path / "b.txt", ".")
    shutil.move("b.py", tmp_path)
    Path("b.py").symlink_to(tmp_path / "b.py")
    assert ran("build")[1] == ["ok", "ok", "refused"]
    assert ran("update", ".")[1] == ["ok", "refused", "ok"]
    test = Path("test_a.py").read_text()
    Path("test_a.py").write_text(test.replace("# tests: a", "# tests: ../a"))
    for _ in range(2):
        assert ran("check", "test_a.py")[1] == ["failed"]


def test_templates_of_the_users_are_no_part_of_what_is_remembered(
    here: Path, ran: Run, root: Path
) -> None:
    shutil.copytree(root / "templates", "mine")
    made = compile("x*y", templates="mine")
    Path("d.py").write_text(made.source)
    for _ in range(2):
        assert ran("check", "d.py", "--templates", "mine") == (0, ["ok"], 1)
        assert ran("update", "d.py", "--templates", "mine") == (0, ["ok"], 1)


def test_answers_and_versions_are_bounded(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_ANSWERS", 10)
    keys = [key(n) for n in range(12)]
    first = Cache()
    first.add(*keys[:10])
    first.save()
    second = Cache()
    assert keys[0] in second
    second.add(*keys[10:])
    second.save()
    # What was asked for stays; what was not, and is oldest, goes.
    assert [k in Cache() for k in keys] == [True, False, False, *[True] * 9]
    folder = answers().parent
    for number in range(20):
        name = f"answers-{key(number)}.txt"
        (folder / name).write_text("old")
        os.utime(folder / name, (number, number))
    (folder / "mine.txt").write_text("mine")
    third = Cache()
    third.add(key("new"))
    third.save()
    assert len(list(folder.glob("answers-*"))) == cache._VERSIONS
    assert key("new") in Cache() and (folder / "mine.txt").exists()
    assert oct(folder.stat().st_mode)[-3:] == "700"


def test_two_runs_at_once_keep_what_both_found(here: Path) -> None:
    one, other = Cache(), Cache()
    one.add(key(1))
    other.add(key(2))
    one.save()
    other.save()
    assert key(1) in Cache() and key(2) in Cache()


def test_sources_edited_during_a_run_are_no_answer(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Cache()
    one.add(key(1))
    with monkeypatch.context() as patch:
        patch.setattr(cache, "tool_fingerprint", lambda: "another")
        one.save()
    assert key(1) not in Cache()
    two = Cache()
    two.add(key(2))
    two.save()
    assert key(2) in Cache() and key(1) not in Cache()


def test_every_source_template_and_library_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gradgen"
    for name in ("gradgen/core/table.py", "templates/python/module.py.jinja"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("one")
    seen = {tool_fingerprint(package)}
    for name in ("gradgen/core/table.py", "templates/python/module.py.jinja", "gradgen/new.py"):  # fmt: skip
        (tmp_path / name).write_text("two")
        seen.add(tool_fingerprint(package))
    (tmp_path / "gradgen/core/table.py").rename(tmp_path / "gradgen/core/rows.py")
    seen.add(tool_fingerprint(package))
    (tmp_path / "gradgen/core/__pycache__").mkdir()
    (tmp_path / "gradgen/core/__pycache__/rows.pyc").write_text("bytes")
    assert tool_fingerprint(package) in seen
    monkeypatch.setattr("importlib.metadata.version", lambda _: "99")
    seen.add(tool_fingerprint(package))
    monkeypatch.setattr(sys, "version", "4.0")
    seen.add(tool_fingerprint(package))
    assert len(seen) == 7 and "" not in seen
    assert tool_fingerprint(tmp_path / "no" / "gradgen") == ""


@pytest.mark.slow
def test_an_edit_of_a_rule_shows_at_once_and_heavy_libraries_stay_away(
    here: Path, root: Path, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("gradgen", "templates"):
        shutil.copytree(root / name, checkout / name, ignore=ignored)
    report = (
        "import sys; from gradgen.command.main import main; code = main({argv}); "
        "print(*sorted({{'sympy', 'mpmath', 'jinja2', 'black'}} & set(sys.modules))); sys.exit(code)"
    )

    def check(*argv: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", report.format(argv=[*argv])],
            env={**os.environ, "PYTHONPATH": str(checkout)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        *lines, loaded = done.stdout.splitlines()
        words = [
            line.split()[0] for line in lines if re.fullmatch(r"[a-z]+ .*py", line)
        ]
        return done.returncode, [*words, "heavy" if loaded else "light"]

    assert check("check", ".") == (0, [*ALL, "heavy"])
    assert check("check", ".") == (0, [*ALL, "light"])
    assert check("update", ".", "--no-proof") == (0, [*ALL, "light"])
    assert check("build", "--check") == (0, [*ALL, "heavy"])
    assert check("build", "--check") == (0, [*ALL, "light"])
    template = checkout / "templates" / "python" / "module.py.jinja"
    text = template.read_text()
    template.write_text(
        text.replace("{{ module.docstring", "Edited: {{ module.docstring")
    )
    code, words = check("check", ".")
    assert code == 1 and words[:2] == ["stale", "stale"] and words[-1] == "heavy"
    template.write_text(text)
    assert check("check", ".") == (0, [*ALL, "light"])


@pytest.mark.parametrize(
    ("platform", "variables", "place"),
    [
        ("linux", {}, ".cache/gradgen"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, ".cache/gradgen"),
        ("darwin", {}, "Library/Caches/gradgen"),
        ("win32", {}, "AppData/Local/gradgen/Cache"),
    ],
)
def test_the_folder_is_the_systems_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str,
    variables: dict[str, str], place: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == tmp_path / place
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    if platform == "win32":
        assert cache_folder() == tmp_path / "local/gradgen/Cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "gradgen"


@pytest.fixture
def compiled_anew(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], tuple[str, int]]]:
    """What writes a module as a new process does, and returns it with how many templates Jinja compiled."""
    real, count = jinja2.Environment._generate, 0

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return real(*args, **options)

    monkeypatch.setattr(jinja2.Environment, "_generate", counted)
    folder = cache_folder()
    assert folder is not None
    shutil.rmtree(folder, ignore_errors=True)

    def run() -> tuple[str, int]:
        nonlocal count
        count = 0
        templates._built_in.cache_clear()
        return compile("exp(x)*y + exp(x)").source, count

    yield run
    templates._built_in.cache_clear()


def kept() -> Path:
    """The one template that is kept."""
    folder = cache_folder()
    assert folder is not None
    (path,) = (folder / "templates").iterdir()
    return path


def test_a_template_is_compiled_once_for_all_runs(
    compiled_anew: Callable[[], tuple[str, int]],
) -> None:
    text, count = compiled_anew()
    assert count == 1 and compiled_anew() == (text, 0)
    assert oct(kept().parent.stat().st_mode)[-3:] == "700"
    kept().parent.chmod(0o777)  # where others could have put something
    assert compiled_anew() == (text, 1)


def test_a_damaged_template_is_compiled_anew(
    compiled_anew: Callable[[], tuple[str, int]],
) -> None:
    text, _ = compiled_anew()
    whole = kept().read_bytes()
    draw = random.Random(0)
    wrongs = [b"", b"\0", whole[:64], whole[:-1], whole + b"x", whole[64:]]
    for _ in range(6):
        at = draw.randrange(len(whole))
        wrongs.append(whole[:at] + bytes([whole[at] ^ draw.randrange(1, 256)]) + whole[at + 1 :])  # fmt: skip
    for wrong in wrongs:
        kept().write_bytes(wrong)
        assert compiled_anew() == (text, 1)
        assert kept().read_bytes() == whole


def test_an_edited_template_or_another_jinja_is_compiled_anew(
    here: Path,
    compiled_anew: Callable[[], tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, _ = compiled_anew()
    real = jinja2.FileSystemLoader.get_source

    def edited(*args: Any) -> Any:
        source, *rest = real(*args)
        return source.replace("def forward(", "def onward("), *rest

    with monkeypatch.context() as patch:
        patch.setattr(jinja2.FileSystemLoader, "get_source", edited)
        with pytest.raises(GradgenError, match="onward"):
            compiled_anew()
    other = here / "compiler.py"
    other.write_text("")
    assert compiled_anew() == (text, 1) and compiled_anew() == (text, 0)
    monkeypatch.setattr(jinja2.compiler, "__file__", str(other))
    assert compiled_anew() == (text, 1)


def test_the_users_templates_are_not_kept(
    here: Path, compiled_anew: Callable[[], tuple[str, int]]
) -> None:
    text, _ = compiled_anew()
    source = template_folder() / "python" / "module.py.jinja"
    own = here / "mine" / "python"
    own.mkdir(parents=True)
    shutil.copy(source, own)
    assert compile("x*y", templates=own.parent).forward(2.0, 3.0)[0] == 6.0
    assert compiled_anew() == (text, 0)
    assert kept().is_file()  # the built-in one, alone
