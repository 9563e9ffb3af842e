"""Hostile projects, headers and folders: one line for what is wrong, the other files go on, and nothing else is touched."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files import artifact
from gradgen.files.recipe import MARKER, read_artifact
from gradgen.pipeline import compile
from tests.conftest import ROOT, many

MODULE = '[[tool.gradgen.modules]]\nsource = "x*y"\noutput = "{output}"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with a secret beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("hunter2 is the password\n")
    monkeypatch.chdir(folder)
    return folder


def ran(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Run a command that must stay calm; return its code and what it said."""
    code = main(argv)
    out, err = capsys.readouterr()
    assert "Traceback" not in err + out and "bug in gradgen" not in err + out, err
    return code, out, err


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return what lies in a folder: files with their bytes, all else by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    "text",
    [
        "tool = 3",
        "[[tool]]",
        "tool = 'x'",
        "tool = []",
        "tool.gradgen = 1",
        "tool.gradgen = []",
        "[[tool.gradgen]]",
        "[tool.gradgen]\nmodules = {}",
        "[tool.gradgen]\nmodules = [1]",
        "[tool.gradgen]\nmodules = [[]]",
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "{a=" * 5000 + "1" + "}" * 5000,
        "[" + "a." * 5000 + "a]",
        "a = 1\0",
        "\0",
        "a = '\x1b[31m'",
        "[tool.gradgen]\n\x1b[31m = 1",
        '[tool.gradgen]\n"\\u001b[31m" = 1',
        MODULE.format(output="a\\u0000.py"),
        MODULE.format(output="a\\u001b[31m.py"),
        MODULE.format(output="a\\n.py"),
        MODULE.format(output=""),
        MODULE.format(output="."),
        MODULE.format(output=".."),
        MODULE.format(output="/"),
        MODULE.format(output=".py"),
        MODULE.format(output="a/../../b.py"),
        MODULE.format(output="a.py") + 'test = ""\n',
        MODULE.format(output="a.py") + 'test = "\\u0000.py"\n',
        MODULE.format(output="a.py") + '"\\u0000" = 3\n',
        MODULE.format(output="a.py") + "inputs = [['x']]\n",
        MODULE.format(output="a.py") + "const = { g = [1] }\n",
        MODULE.format(output="a.py") + "const = { g = 1979-05-27 }\n",
        MODULE.format(output="a.py") + "name = nan\n",
        MODULE.format(output="math.py"),
        MODULE.format(output="my-model.py"),
    ],
    ids=lambda text: ascii(text)[-50:],
)  # fmt: skip
def test_a_hostile_project_is_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (project / "pyproject.toml").write_text(text)
    code, out, err = ran(capsys, "build")
    assert (code, out) == (2, "") and err.count("\n") == 1, err
    assert err.strip().isprintable() and len(err) < 600
    assert list(tree(project)) == ["pyproject.toml"]


@pytest.mark.parametrize(
    ("first", "second", "test"),
    [
        ("a.py", "a.py", False),
        ("a.py", "./a.py", False),
        ("a.py", "sub/../a.py", False),
        ("sub/a.py", "sub//a.py", False),
        ("a.py", "A.py", False),
        ("Sub/a.py", "sub/a.py", False),
        ("é.py", "e\\u0301.py", False),
        ("test_a.py", "a.py", True),
        ("a.py", "test_a.py", True),
        ("a.py", "link.py", False),
        ("a.py", "here/a.py", False),
    ],
)
def test_outputs_that_would_overwrite_each_other_are_refused(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    first: str,
    second: str,
    test: bool,
) -> None:
    (project / "link.py").symlink_to("a.py")
    (project / "here").symlink_to(".")
    wanted = "test = true\n" if test else ""
    listed = [MODULE.format(output=output) + wanted for output in (first, second)]
    (project / "pyproject.toml").write_text("".join(listed))
    code, out, err = ran(capsys, "build")
    assert (code, out) == (2, "") and "twice" in err and err.count("\n") == 1
    assert not (project / "a.py").exists()


def outside(project: Path) -> Path:
    """Make a folder beside the project, with a generated file in it."""
    folder = project.parent / "outside"
    folder.mkdir()
    compile("x + y").write(folder / "a.py")
    return folder


@pytest.mark.parametrize(
    "make",
    [
        lambda p: (p / "test_a.py").symlink_to("../outside/new.py"),
        lambda p: (p / "test_a.py").symlink_to("../outside/a.py"),
        lambda p: (p / "test_a.py").symlink_to("inside.py"),
        lambda p: (p / "test_a.py").symlink_to("test_a.py"),
        lambda p: (p / "a.py").symlink_to("../outside/new.py"),
        lambda p: (p / "a.py").symlink_to("../outside/a.py"),
        lambda p: (p / "a.py").symlink_to("nowhere/new.py"),
        lambda p: (p / "a.py").symlink_to("a.py"),
        lambda p: os.mkfifo(p / "a.py"),
        lambda p: os.mkfifo(p / "test_a.py"),
        lambda p: (p / "a.py").mkdir(),
        lambda p: (p / "test_a.py").symlink_to("/dev/full"),
    ],
)
def test_build_writes_through_no_link_that_leads_outside(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], object],
) -> None:
    folder = outside(project)
    (project / "pyproject.toml").write_text(
        MODULE.format(output="a.py")
        + "test = true\n"
        + MODULE.format(output="b.py").replace("*", "+")
    )
    make(project)
    before, mine = tree(folder), tree(project)
    for argv in (["build"], ["build", "--force"]):
        code, out, err = ran(capsys, *argv)
        assert code == 1 and out.count("refused ") == 1 == err.count("\n"), out + err
        assert "b.py" in tree(project)
    assert tree(folder) == before
    changed = {
        name for name, data in tree(project).items() if mine.get(name, 0) != data
    }
    assert changed <= {"a.py", "b.py", "test_a.py"}


def test_build_makes_no_folder_outside(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = outside(project)
    (project / "sub").symlink_to("../outside")
    for output in ("sub/b.py", "sub/new/b.py", "sub/../b.py"):
        (project / "pyproject.toml").write_text(MODULE.format(output=output))
        before = tree(project.parent)
        code, out, err = ran(capsys, "build")
        assert code == 1 and "leads outside the project" in err, out + err
        assert tree(project.parent) == before
    assert folder.is_dir()


def test_a_link_inside_the_project_is_followed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "real").mkdir()
    compile("x").write(project / "real" / "a.py")
    (project / "a.py").symlink_to("real/a.py")
    (project / "pyproject.toml").write_text(MODULE.format(output="a.py"))
    assert ran(capsys, "build")[0] == 0
    assert (project / "a.py").is_symlink()
    assert "x*y" in (project / "real" / "a.py").read_text()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../secret.txt", "outside the project"),
        ("/etc/passwd", "outside the project"),
        ("link.txt", "outside the project"),
        ("folder/../../secret.txt", "outside the project"),
        ("../secret.py:f", "outside the project"),
        (".env", "hidden"),
        (".git/config", "hidden"),
        ("hidden.txt", "hidden"),
        ("pipe.txt", "not a regular file"),
        ("pipe.py:f", "not a regular file"),
        ("/dev/zero", "outside the project"),
        ("zero.txt", "outside the project"),
        ("folder", "is a folder"),
        ("folder/", "is a folder"),
        ("", "is a folder"),
        ("huge.txt", "too large"),
        ("huge.py:f", "too large"),
        ("binary.txt", "not a text file"),
        ("absent.txt", "does not exist"),
        ("loop.txt", "cannot be read"),
        ("a\\u0000b.txt", "no path"),
        ("x" * 5000 + ".txt", "cannot be read"),
    ],
)
def test_a_source_file_is_a_small_regular_file_of_the_project(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    secret = project.parent / "secret.txt"
    (project.parent / "secret.py").write_text("hunter2 = 1\n")
    (project / "link.txt").symlink_to(secret)
    (project / ".env").write_text("hunter2 = 3\n")
    (project / "hidden.txt").symlink_to(".env")
    (project / "folder").mkdir()
    (project / "zero.txt").symlink_to("/dev/zero")
    (project / "loop.txt").symlink_to("loop.txt")
    (project / "binary.txt").write_bytes(b"hunter2\xff\0")
    for pipe in ("pipe.txt", "pipe.py"):
        os.mkfifo(project / pipe)
    for huge in ("huge.txt", "huge.py"):
        with open(project / huge, "wb") as stream:
            stream.truncate(1 << 40)
    (project / "pyproject.toml").write_text(
        f'[[tool.gradgen.modules]]\nsource-file = "{name}"\noutput = "a.py"\n'
        + MODULE.format(output="b.py")
    )
    code, out, err = ran(capsys, "build")
    assert code == 1 and out.split() == ["failed", "a.py", "written", "b.py"]
    assert says in err and err.count("\n") == 1 and "hunter2" not in err


def test_a_message_shows_the_offending_line_and_no_other(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "f.txt").write_text("hunter2 = 1*x\nf = hunter2 + \nhunter3 = 2\n")
    (project / "f.py").write_text(
        "hunter3 = 1\n\n\ndef f(x):\n    y = open(x)\n    return y\n\n\nhunter2 = 3\n"
    )
    for name in ("f.txt", "f.py:f"):
        (project / "pyproject.toml").write_text(
            f'[[tool.gradgen.modules]]\nsource-file = "{name}"\noutput = "a.py"\n'
        )
        code, _, err = ran(capsys, "build")
        assert code == 1 and "hunter3" not in err


#: What a header may hold, and much that it may not.
LINES = [
    "# source: x*y", "# source:", "#     u = x*y", "#     f = u + 1", "#", "# name: g", "# name:", "# name: ../q",
    "# inputs: x, y", "# inputs: y", "# inputs: ../q", "# wrt: x", "# outputs: u, f", "# as-written: yes", "# precise: no",
    "# expand: yes", "# target: scipy", "# target: ../q", "# with: jacobian", "# with: ../q", "# templates: custom",
    "# templates: /tmp", "# tests: ../q", "# tests: /etc/passwd", "# tests: a", "# tests:", "# tests: .", "# tests: a..b",
    "# tests: \x00", "# tests: " + "a." * 3000 + "a", "# tests: " + "q" * 5000, "# tests: class", "# tests: __init__",
    "# digest: 0", "# digest: \x1b[31m", "# evil: yes", "# \x1b[31m: x", "# source: \x00", "# source: " + "(" * 5000,
    "# source: " + "x+" * 200_000, "#     " + "y" * 300_000, "# inputs: " + "x," * 50_000, MARKER, "", "x = 1", "\x0c", "\r",
]  # fmt: skip


def headers(rnd: random.Random) -> str:
    """Return a random header, a file around it."""
    lines = rnd.choices(LINES, k=rnd.randrange(1, 9))
    if rnd.random() < 0.5:  # one line beside those that a header needs
        lines = ["# source: x*y", rnd.choice(LINES), "# digest: 0"]
    if rnd.random() < 0.3:
        lines.insert(
            rnd.randrange(len(lines) + 1),
            "# " + "".join(rnd.choices(string.printable, k=rnd.randrange(40))),
        )
    if rnd.random() < 0.8:
        lines.append("# digest: " + rnd.choice(["0", "e3b0c44298fc1c14", ""]))
    first = MARKER if rnd.random() < 0.95 else "# mine\n" + MARKER
    return "\n".join([first, *lines, rnd.choice(["", "import os\n"])])


@pytest.mark.parametrize(
    ("seed", "files"),
    [(0, 12), *(pytest.param(s, 40, marks=pytest.mark.slow) for s in range(many(60)))],
)
def test_a_hostile_header_is_one_line_and_the_other_files_go_on(
    project: Path, capsys: pytest.CaptureFixture[str], seed: int, files: int
) -> None:
    rnd = random.Random(seed)
    compile("x*y").write("a.py")
    compile("x*z").write("zz.py")
    for number in range(files):
        Path(f"h{number}.py").write_text(headers(rnd), "utf-8")
    before = tree(project.parent)
    for argv in (["check", "."], ["check", "--ours", "."], ["update", "."]):
        code, out, err = ran(capsys, *argv)
        assert code == 1
        shown = [line for line in out.splitlines() if line.endswith(".py")]
        statuses = [line for line in shown if line[0].isalpha()]
        assert statuses[0].split() == ["ok", "a.py"]
        assert statuses[-1].split() == ["ok", "zz.py"] and len(statuses) == files + 2
        for line in (out + err).splitlines():
            diff = line[:1] in ("+", "-", " ", "@")
            assert line.isprintable() and (diff or len(line) < 1000)
    after = tree(project.parent)
    changed = [name for name in before if before[name] != after[name]]
    assert set(before) == set(after)
    # What changed was a recipe in order, and its file gradgen's own and intact.
    for name in changed:
        assert (before[name] or b"").startswith(MARKER.encode())
        found = read_artifact((project.parent / name).read_text())
        assert found is not None and found.intact


@pytest.mark.parametrize("text", ["../q", "/etc/passwd", "a/b", "", "a..b", ".a", "a b", "a\x00", "2"])  # fmt: skip
def test_what_a_test_tests_is_a_module(text: str) -> None:
    header = f"{MARKER}\n# source: x\n# tests: {text}\n# digest: 0\n"
    with pytest.raises(GradgenError, match="`# tests:` names a module"):
        read_artifact(header)


def test_a_program_beside_its_source_line_is_damaged() -> None:
    """Its first line would be read as one with that."""
    with pytest.raises(GradgenError, match="the line below"):
        read_artifact(f"{MARKER}\n# source: x\n#     y = 1\n# digest: 0\n")


def test_an_endless_header_is_read_once(project: Path) -> None:
    lines = 300_000
    text = f"{MARKER}\n# source:\n" + "#     x\n" * lines + "# digest: 0\n"
    found = read_artifact(text)
    assert found is not None and found.recipe.source.count("\n") == lines - 1
    assert read_artifact("\n" * 5_000_000) is None


def test_a_folder_of_oddities(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pipes, loops of links, sockets, huge and unreadable files: each passed over or said, the good one checked."""
    compile("x*y").write("good.py")
    os.mkfifo("pipe.py")
    Path("loop.py").symlink_to("loop.py")
    Path("dangling.py").symlink_to("absent.py")
    Path("zero.py").symlink_to("/dev/zero")
    Path("up").symlink_to("..")
    Path("ring").symlink_to("ring")
    (project / "folder.py").mkdir()
    for name, start in (("huge.py", "x = 1"), ("marked", MARKER)):
        with open(name, "wb") as stream:
            stream.write(f"{start}\n".encode())
            stream.truncate(1 << 40)
    for argv in (["check", "."], ["update", "."]):
        code, out, _ = ran(capsys, *argv)
        assert (code, out.split()) == (0, ["ok", "good.py"])
    # What bears the mark is gradgen's, however large it has become: that is said.
    Path("marked").rename("marked.py")
    code, out, _ = ran(capsys, "check", ".")
    assert code == 1 and "marked.py is too large" in out
    Path("marked.py").unlink()
    for name in ("pipe.py", "loop.py", "zero.py", "huge.py", "ring", "dangling.py"):
        code, out, _ = ran(capsys, "check", name, "good.py")
        assert code == 1 and out.splitlines()[-1].split() == ["ok", "good.py"]
        assert ran(capsys, "update", name)[0] == 1


def test_update_of_a_folder_stays_in_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = outside(project)
    stale = (folder / "a.py").read_text().replace("# source: x + y", "# source: x - y")
    (folder / "a.py").write_text(stale)
    (project / "link.py").symlink_to(folder / "a.py")
    compile("x*y").write("good.py")
    code, out, err = ran(capsys, "update", ".")
    assert code == 1 and "leads out of the folder" in err
    assert out.splitlines()[0].split() == ["ok", "good.py"]
    assert (folder / "a.py").read_text() == stale
    assert ran(capsys, "update", "link.py")[0] == 0
    assert (folder / "a.py").read_text() == compile("x - y").source


def test_a_dangling_link_is_not_written_through(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("link.py").symlink_to("../new.py")
    for argv in (["compile", "x", "-o", "link.py"], ["compile", "x", "-o", "link.py", "--force"]):  # fmt: skip
        code, _, err = ran(capsys, *argv)
        assert code == 2 and "is a link to" in err and err.count("\n") == 1
    assert not (project.parent / "new.py").exists()


#: Values of every type that TOML knows, and some of each that mean harm.
VALUES = [
    "1", "-0.0", "nan", "inf", "true", "false", '""', '"x"', '"x*y"', '"a.py"', '"../a.py"', '"/a.py"', '"\\u0000"', '"f.txt"',
    '"x, y"', "[]", '["x"]', '["x", 1]', "[[]]", "{}", '{ g = "1" }', "{ g = 9.81 }", "{ g = {} }", '{ "a b" = 1 }',
    '{ "\\u0000" = 1 }', "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "0xdead", "1" + "0" * 300, '"' + "x" * 3000 + '"',
    '"a.py:f"', '"f.py:f"', '"jacobian"', '"scipy"', '"class"', '"tests/test_a.py"', '"test_a.py"', '"A.py"', '"sub/../a.py"',
]  # fmt: skip
KEYS = ["name", "source", "source-file", "output", "target", "inputs", "wrt", "outputs", "params", "with", "as-written", "expand",
        "precise", "test", "const", "evil", '""', '"\\u0000"', "output.x"]  # fmt: skip


def project_text(rnd: random.Random) -> str:
    """Return a random pyproject.toml: near to a right one, or far from it."""
    if rnd.random() < 0.1:
        key = rnd.choice(["tool", "tool.gradgen", "tool.gradgen.modules"])
        return f"{key} = {rnd.choice(VALUES)}\n"
    lines = []
    for number in range(rnd.randrange(1, 4)):
        lines.append("[[tool.gradgen.modules]]")
        items = {"source": '"x*y + g"', "output": f'"m{number}.py"'}
        for _ in range(rnd.choice([0, 1, 1, 2, 4])):
            items[rnd.choice(KEYS)] = rnd.choice(VALUES)
        if rnd.random() < 0.1:
            del items[rnd.choice([*items])]
        lines += [f"{key} = {value}" for key, value in items.items()]
    return "\n".join(lines)


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in range(1, many(60)))])  # fmt: skip
def test_random_projects_are_made_or_refused_in_lines(
    project: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    rnd = random.Random(seed)
    (project / "f.txt").write_text("x + y\n")
    (project / "f.py").write_text("def f(x):\n    return x\n")
    (project.parent / "a.py").write_text("mine\n")
    kept = tree(project.parent)
    codes = set()
    for _ in range(60):
        text = project_text(rnd)
        (project / "pyproject.toml").write_text(text)
        argv = rnd.choice([[], ["--check"], ["--force"]])
        code, out, err = ran(capsys, "build", *argv)
        codes.add(code)
        assert code in (0, 1, 2) and (code == 0 or err or argv), text
        assert code < 2 or (not out and err.count("\n") == 1), text
        for line in err.splitlines():
            assert line.isprintable() and len(line) < 1000, text
        for path in sorted(project.rglob("*.py")):
            known = f"project/{path.relative_to(project)}" in kept
            if path.is_file() and not known:
                found = read_artifact(path.read_text("utf-8"))
                assert found is not None and found.intact, text
                path.unlink()
        for name, data in kept.items():
            if data is not None:
                assert (project.parent / name).read_bytes() == data, text
    assert codes & {0, 1} and 2 in codes


def test_write_does_not_force_unless_told(project: Path) -> None:
    text = compile("x*y").source
    edited = text.replace("return f", "return 2.0 * f")
    Path("a.py").write_text(edited)
    with pytest.raises(GradgenError, match="edited by hand"):
        artifact.write(Path("a.py"), text)
    with pytest.raises(GradgenError, match="edited by hand"):
        artifact.guard(Path("a.py"))
    assert Path("a.py").read_text() == edited
    assert artifact.write(Path("a.py"), text, force=True)


def test_a_trouble_with_one_module_does_not_stop_the_build(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is: a bug, or a formula too large for the memory."""
    real: Any = compile

    def broken(source: str, **options: Any) -> Any:
        if source == "x*y":
            raise MemoryError
        return real(source, **options)

    monkeypatch.setattr("gradgen.pipeline.compile", broken)
    (project / "pyproject.toml").write_text(
        MODULE.format(output="a.py") + MODULE.format(output="b.py").replace("*", "+")
    )
    code, out, err = ran(capsys, "build")
    assert code == 1 and out.split() == ["failed", "a.py", "written", "b.py"]
    assert "not enough memory" in err


def test_the_projects_own_modules_are_still_ok() -> None:
    assert main(["check", "--ours", str(ROOT / "generated")]) == 0
