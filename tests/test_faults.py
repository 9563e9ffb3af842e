"""Kills, full disks, forbidden folders and rival writers: the old text or the new, and nothing left behind."""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files import artifact
from gradgen.files.atomic import open_temporary
from gradgen.pipeline import compile

OLD, NEW = compile("x*y").source, compile("x*y + 1").source


def forked(action: Callable[[], int]) -> int:
    """Start a child that does something and exits with its result; return its process number."""
    child = os.fork()
    if child:
        return child
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os._exit(action())
    finally:
        os._exit(99)


def result(child: int) -> int:
    """Wait for a child; return its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A generated file."""
    path = tmp_path / "model.py"
    path.write_text(OLD)
    return path


def only(path: Path) -> bool:
    return os.listdir(path.parent) == [path.name]


@pytest.mark.slow
def test_two_hundred_kills(root: Path, tmp_path: Path) -> None:
    """An update of a folder, killed at random moments: every file is old or new, and the next run removes the leftovers."""
    stale, folder = tmp_path / "stale", tmp_path / "folder"
    shutil.copytree(root / "generated", stale, ignore=shutil.ignore_patterns("*.svg"))
    # A third of them, for an update must be short to be killed often.
    for path in [*sorted(stale.glob("*.py"))[::3], *sorted(stale.glob("*.py"))[1::3]]:
        path.unlink()
    for path in stale.glob("*.py"):
        text = re.sub(
            r"(?m)^(# source: )(.*)$", r"\1(\2) + 1", path.read_text(), count=1
        )
        # A program gets another comment.
        path.write_text(re.sub(r"(?m)^(#     \w+ = .*)$", r"\1  # new", text, count=1))
    old = {path.name: path.read_text() for path in sorted(stale.glob("*.py"))}
    shutil.copytree(stale, folder)
    # What this process has computed once, those that it forks need not.
    assert main(["update", str(folder)]) == 0
    new = {name: (folder / name).read_text() for name in old}
    assert all(old[name] != new[name] for name in old)
    for name, text in old.items():
        (folder / name).write_text(text)
    start = time.perf_counter()
    assert result(forked(lambda: main(["update", str(folder)]))) == 0
    whole = time.perf_counter() - start
    assert all((folder / name).read_text() == new[name] for name in old)

    rnd = random.Random(0)
    between = leftovers = 0
    for _ in range(200):
        for name, text in old.items():
            (folder / name).write_text(text)
        child = forked(lambda: main(["update", str(folder)]))
        time.sleep(rnd.uniform(0, 1.1 * whole))
        os.kill(child, signal.SIGKILL)
        result(child)
        states = []
        for name, before in old.items():
            text = (folder / name).read_text()
            assert text in (before, new[name]), name
            states.append(text == new[name])
        between += any(states) and not all(states)
        leftovers += any(path.name.endswith(".tmp") for path in folder.iterdir())
    assert between > 50
    print(
        f"200 kills: {between} amid the files, {leftovers} with a temporary file left"
    )
    assert result(forked(lambda: main(["update", str(folder)]))) == 0
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in stale.iterdir()
    }
    assert all((folder / name).read_text() == new[name] for name in old)


@pytest.mark.parametrize("call", ["fsync", "fchmod", "chmod", "replace", "open"])
def test_a_kill_at_each_step(
    model: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def write() -> int:
        monkeypatch.setattr(os, call, die)
        return int(artifact.write(model, NEW))

    assert result(forked(write)) in (-signal.SIGKILL, 1)
    assert model.read_text() in (OLD, NEW)
    artifact.write(model, NEW)
    assert model.read_text() == NEW and only(model)


def test_a_temporary_file_in_use_is_no_leftover(model: Path) -> None:
    handle, temporary = open_temporary(model.parent)
    artifact.write(model, NEW)
    assert temporary.exists()
    os.close(handle)
    artifact.write(model, NEW)
    assert only(model)


def test_what_only_looks_like_a_leftover_is_left_and_stops_nothing(model: Path) -> None:
    os.mkfifo(model.parent / ".gradgen-0123456789abcdef.tmp")
    (model.parent / ".gradgen-mine.tmp").write_text("mine")
    assert artifact.write(model, NEW)
    assert len(os.listdir(model.parent)) == 3


def test_a_folder_that_cannot_be_read_fails_the_check(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = model.parent / "locked"
    locked.mkdir()
    locked.chmod(0)

    def check() -> int:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        return main(["check", "."])

    here = os.getcwd()
    model.parent.chmod(0o755)
    os.chdir(model.parent)
    try:
        assert result(forked(check)) == 1
    finally:
        os.chdir(here)
        locked.chmod(0o755)


def test_a_full_disk(model: Path) -> None:
    def write() -> int:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        return main(["compile", "x*y + 1", "-o", str(model)])

    assert result(forked(write)) == 2
    assert model.read_text() == OLD and only(model)


def test_a_folder_that_may_not_be_written(model: Path) -> None:
    def write() -> int:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        return main(["compile", "x*y + 1", "-o", "model.py"])

    model.parent.chmod(0o555)
    model.chmod(0o644)
    here = os.getcwd()
    os.chdir(model.parent)
    try:
        assert result(forked(write)) == 2
    finally:
        os.chdir(here)
        model.parent.chmod(0o755)
    assert model.read_text() == OLD and only(model)


def test_what_is_no_file_is_refused_and_left(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)
    for path in (
        pipe,
        Path("/dev/null"),
        Path("/dev/full"),
        Path("/proc/self/mem.py/x"),
    ):
        with pytest.raises(GradgenError):
            artifact.write(path, NEW)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(GradgenError, match="leave the file out or call it `-`"):
        artifact.write(pipe, NEW)
    with pytest.raises(GradgenError, match="is a folder"):
        artifact.write(tmp_path, NEW)
    with pytest.raises(GradgenError):
        artifact.write(tmp_path / "a\0b.py", NEW)
    with pytest.raises(GradgenError, match="make its folder first"):
        artifact.write(tmp_path / "missing" / "a.py", NEW)


def test_a_link_to_nowhere_makes_no_folder(tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to("nowhere/real.py")
    with pytest.raises(GradgenError):
        artifact.write(link, NEW)
    assert link.is_symlink() and only(link)


def test_many_writers_at_once_leave_one_whole_file(model: Path) -> None:
    texts = [compile(f"x*y + {i}").source for i in range(8)]
    errors = []

    def write(text: str) -> None:
        for _ in range(20):
            try:
                artifact.write(model, text)
            except GradgenError as error:
                errors.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for _ in range(200):
        assert model.read_text() in (OLD, *texts)
    for thread in threads:
        thread.join()
    assert not errors and model.read_text() in texts and only(model)


#: Runs the command, interrupted as it loads the module of that number, or as it reaches a function.
INTERRUPTED = """
import os, signal, sys
from gradgen.__main__ import run

def interrupt(*_, **__): os.kill(os.getpid(), signal.SIGINT)

def watch(event, args):
    global left
    if event == "import":
        left -= 1
        left or interrupt()

class Last:
    def __del__(self): interrupt()

where = sys.argv.pop(1)
if where == "a destructor":
    import gradgen.pipeline
    real = gradgen.pipeline.differentiate
    gradgen.pipeline.differentiate = lambda *args, **options: (Last(), real(*args, **options))[1]
elif where.isdigit():
    left = int(where)
    sys.addaudithook(watch)
else:
    module, _, name = where.rpartition(".")
    setattr(__import__(module, fromlist=[name]), name, interrupt)
sys.exit(run())
"""


@pytest.mark.parametrize(
    "where",
    [
        *(str(n) for n in (1, 200)),
        "gradgen.pipeline.differentiate",
        "os.fsync",
        "a destructor",
        *(pytest.param(str(n), marks=pytest.mark.slow) for n in range(2, 640, 23)),
    ],
)
def test_an_interrupt_is_quiet(model: Path, where: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, where, "compile", "x/y", "-o", str(model)],
        check=False,
        capture_output=True,
        text=True,
        # Tests in the background of a script ignore interrupts, and so would the command.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert model.read_text() == OLD
    artifact.write(model, NEW)
    assert only(model)


def test_where_interrupts_are_ignored_they_stay_so(model: Path) -> None:
    """As those of a command in the background of a shell."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "5", "compile", "x/y", "-o", str(model)],
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert done.returncode == 0 and model.read_text() == compile("x/y").source


def test_the_command_begins_before_anything_is_loaded() -> None:
    """Until then, an interrupt is Python's to report."""
    program = (
        "import os, sys; before = {*sys.modules}; import gradgen.__main__; "
        "print(sorted({*sys.modules} - before))"
    )
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "['__future__', 'gradgen', 'gradgen.__main__']\n"
