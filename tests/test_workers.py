"""Several processes make what one would, say it in the same order, and end as quietly."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Container
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.jobs import Answer, Outcome
from gradgen.command.main import main
from gradgen.command.workers import make_all, processes_for
from gradgen.pipeline import compile
from tests.conftest import ROOT, one_in


@dataclass(frozen=True)
class Echo:
    """A job that makes its number, or takes its process with it."""

    number: int
    dies: bool = False

    def recall(self, known: Container[str]) -> Answer | None:
        return None

    def make(self) -> Answer:
        if self.dies:
            os._exit(9)
        return Answer((Outcome("made", Path(str(self.number))),))

    def finish(self, made: Answer) -> Answer:
        return made

    def failed(self, reason: str) -> Answer:
        return Answer((Outcome("failed", Path(str(self.number)), reason),))


def test_what_is_made_comes_in_order_and_a_death_costs_one_job() -> None:
    jobs = [Echo(n, dies=n == 3) for n in range(9)]
    made = [answer.outcomes[0] for answer in make_all(jobs, 2)]
    assert [str(one.path) for one in made] == [*map(str, range(9))]
    assert [one.status for one in made] == ["made"] * 3 + ["failed"] + ["made"] * 5
    assert "has died" in made[3].change
    assert [*make_all([], 2)] == [] and len([*make_all(jobs[:2], 1)]) == 2


@pytest.mark.slow
def test_where_all_processes_have_died_the_rest_is_made_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = connection.wait

    def wait(connections: list[Any]) -> list[Any]:
        assert connections, "nobody is left to wait for"
        return real(connections)

    monkeypatch.setattr(connection, "wait", wait)
    for dead in ({0, 1}, {2, 5}, {6, 7}):
        jobs = [Echo(n, dies=n in dead) for n in range(9)]
        made = [answer.outcomes[0] for answer in make_all(jobs, 2)]
        assert [str(one.path) for one in made] == [*map(str, range(9))]
        assert {n for n, one in enumerate(made) if one.status == "failed"} == dead


def test_few_jobs_are_made_here() -> None:
    assert processes_for(0) == processes_for(3) == 1
    assert processes_for(3, 2) == 2 and processes_for(1, 9) == 1


def test_output_is_the_same_however_many_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(6):
        compile(f"x**{number + 2}").write(f"m{number}.py")
    for name, old, new in (
        ("m1.py", r"(# source: .*)", r"\1 + 1"),
        ("m3.py", r"return", r"pass; return"),
        ("m4.py", r"# digest", r"# mine"),
    ):
        path = Path(name)
        path.write_text(re.sub(old, new, path.read_text(), count=1))
    shutil.copytree(".", "copy")
    said = []
    for jobs in ("1", "3"):
        main(["check", ".", "--jobs", jobs])
        code = main(["update", "copy", "--jobs", jobs])
        shown = capsys.readouterr()
        said.append((code, shown.out, shown.err))
        shutil.rmtree("copy")
        shutil.copytree(".", "copy")
    assert said[0] == said[1] and "updated  copy/m1.py" in said[0][1]
    for wrong in ("0", "-1", "300"):
        assert main(["check", ".", "--jobs", wrong]) == 2
        assert "--jobs is a number" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("piped", [False, True])
def test_a_script_that_calls_is_not_run_again(tmp_path: Path, piped: bool) -> None:
    for number in range(3):
        compile(f"x**{number + 2}").write(tmp_path / f"m{number}.py")
    text = (
        "from gradgen.command.main import main\nprint('once')\n"
        f"raise SystemExit(main(['check', {str(tmp_path)!r}, '--jobs', '2']))\n"
    )
    script = tmp_path / "script.txt"
    script.write_text(text)
    run = subprocess.run(
        [sys.executable, "-" if piped else str(script)],
        check=False,
        input=text if piped else None,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (run.returncode, run.stderr) == (0, "")
    first, *lines = run.stdout.splitlines()
    assert first == "once" and [line[:3] for line in lines] == ["ok "] * 3


def interruptible() -> None:
    """Tests in the background of a script ignore interrupts, and so would the command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


#: Whether interrupts wait for a process that starts, and no longer.
WAITING = """
import signal
from gradgen.command.workers import _interrupts_waiting, _start

def waits():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

if __name__ == "__main__":
    with _interrupts_waiting():
        connection, worker = _start()
        during = waits()
    worker.kill()
    assert during and not waits()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no masks of signals")
def test_interrupts_wait_while_processes_start() -> None:
    subprocess.run([sys.executable, "-c", WAITING], check=True)


#: Runs the command, and says when interrupts are no longer Python's to report.
STARTED = """
import signal, sys
from gradgen.__main__ import _stop, run

if __name__ == "__main__":
    signal.signal(signal.SIGINT, _stop)
    print("started", flush=True)
    sys.exit(run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group")
@pytest.mark.parametrize("moment", one_in(3, [0.4, 0.1, 1.5]))
def test_an_interrupt_is_quiet_in_all_of_them(tmp_path: Path, moment: float) -> None:
    # So much that no machine is done with it by then.
    made = compile(" + ".join(f"sin(x{i})*y" for i in range(800)), proof=False)
    for number in range(200):
        (tmp_path / f"m{number}.py").write_text(made.source, encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, "-c", STARTED, "check", str(tmp_path), "--jobs", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=interruptible,  # noqa: PLW1509
    )
    assert run.stdout is not None and run.stdout.readline() == "started\n"
    time.sleep(moment)
    os.killpg(run.pid, signal.SIGINT)
    # The streams end when all that hold them have: no process is left behind.
    _, err = run.communicate(timeout=60)
    assert (run.returncode in (130, -signal.SIGINT)) and err == ""
