"""Jobs in; what each makes out, in their order: made by several processes, or by this one where there are few."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import types
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from gradgen.command.jobs import Job

#: A process takes as long to start as so many modules take to be made.
_WORTH = 8
_INTERRUPTED = 130
_DIED = "the process that worked on it has died, as of a lack of memory"


def processes_for(count: int, wanted: int | None = None) -> int:
    """Return how many processes work on so many jobs: by default one a core, where there is enough to do."""
    if os.environ.get("GRADGEN_TRACEBACK"):
        return 1  # a traceback is that of the process that prints it
    if wanted is not None:
        return max(1, min(wanted, count))
    with contextlib.suppress(AttributeError):
        return max(1, min(len(os.sched_getaffinity(0)), count // _WORTH))
    return max(1, min(os.cpu_count() or 1, count // _WORTH))


def make_all(jobs: Sequence[Job], processes: int) -> Generator[Any, None, None]:
    """Yield what jobs make, in their order."""
    workers: dict[Any, BaseProcess] = {}
    try:
        if processes > 1:
            with contextlib.suppress(OSError), _interrupts_waiting():
                for _ in range(processes):
                    connection, worker = _start()
                    workers[connection] = worker
        yield from (
            _shared(jobs, [*workers]) if workers else (job.make() for job in jobs)
        )
    finally:
        for connection, worker in workers.items():
            connection.close()
            worker.terminate()


def _shared(jobs: Sequence[Job], idle: list[Any]) -> Iterator[Any]:
    """Yield what jobs make, each in the first process that is free for it."""
    from multiprocessing.connection import wait

    busy: dict[Any, int] = {}
    made: dict[int, Any] = {}
    given = 0
    for place, job in enumerate(jobs):
        while place not in made:
            while idle and given < len(jobs):
                connection = idle.pop()
                busy[connection] = given
                with contextlib.suppress(OSError):  # it has died, which is heard below
                    connection.send(jobs[given])
                given += 1
            if not busy:  # no process is left
                made[place] = job.make()
                given = max(given, place + 1)
                break  # there is nothing to wait for
            ready: list[Any] = wait([*busy])
            for connection in ready:
                number = busy.pop(connection)
                try:
                    made[number] = connection.recv()
                    idle.append(connection)
                except (EOFError, OSError):
                    made[number] = jobs[number].failed(_DIED)
        yield made.pop(place)


def _start() -> tuple[Any, BaseProcess]:
    """Start a process that makes what it is sent. It begins anew, with nothing of this one, on every system."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_serve, args=(theirs,), daemon=True)
    # The script that called would be run once more by each.
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        worker.start()
    finally:
        sys.modules["__main__"] = script
    theirs.close()
    return ours, worker


@contextlib.contextmanager
def _interrupts_waiting() -> Iterator[None]:
    """Let interrupts wait. Processes that start meanwhile let them wait until they are ready to end without a word."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    # It lets interrupts through when it starts.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Any) -> None:
    """Make what is sent, until nothing more comes, or nobody is there to take it."""
    gc.set_threshold(1_000_000, 20, 20)
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with contextlib.suppress(EOFError, OSError):
        while True:
            job: Job = connection.recv()
            connection.send(job.make())
