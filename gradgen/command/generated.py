"""Generated files in; what became of each, printed: made again from their own recipes, compared and, where it is wanted, written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradgen.command.jobs import Answer, Check, Job, Outcome, Update
from gradgen.command.show.pictures import Picture, illustrated
from gradgen.command.terminal import failed, note, path_of, show_progress
from gradgen.command.workers import make_all, processes_for
from gradgen.errors import GradgenError, printable
from gradgen.files.pictures import is_drawn

#: The most processes that work at once.
_MOST_JOBS = 256
#: What is remembered is written whenever so many files were made.
_OFTEN = 100


def _files(names: Sequence[str]) -> tuple[list[tuple[Path, Path | None]], bool]:
    """Return the generated files that the arguments name, with the pictures of some, each with the folder that it was found in, and whether all could be read."""
    from gradgen.files import artifact
    from gradgen.files.pictures import COMMENTS
    from gradgen.targets import SUFFIXES

    endings = (".py", *SUFFIXES, *COMMENTS)

    def wanted(path: Path) -> bool:
        ours = is_drawn if path.suffix in COMMENTS else artifact.is_generated
        return ours(path)

    found: list[tuple[Path, Path | None]] = []
    readable = True
    for name in names:
        if not name:
            raise GradgenError("a path is empty; . is the current folder")
        path = path_of(name)
        try:
            inside = list(artifact.find(path, endings, wanted))
        except GradgenError as error:
            failed(str(error))
            readable = False
            continue
        if not inside:
            note(f"{name} holds no generated files")
        found += [(file, None if file == path else path) for file in inside]
    return found, readable


def _templates(options: argparse.Namespace) -> Path | None:
    """Return the user's folder of templates, which must be there."""
    if options.templates is None:
        return None
    folder = path_of(options.templates)
    if not options.templates or not folder.is_dir():
        raise GradgenError(f"there is no folder of templates at {options.templates}")
    return folder


def check(options: argparse.Namespace) -> int:
    """Check files; print what each is, and where it is not ok, why."""
    ratio = options.max_ratio
    if ratio is not None and not ratio > 0:
        raise GradgenError("--max-ratio is a number above 0, such as 4")
    templates = _templates(options)
    files, readable = _files(options.paths)
    checks = [
        Check(path, templates, ratio, options.ours)
        for path, _ in files
        if not is_drawn(path)
    ]
    pictures = (Picture(path) for path, _ in files if is_drawn(path))
    jobs = [*illustrated(checks, pictures)]
    return _run(jobs, options, ("ok",)) or int(not readable)


def update(options: argparse.Namespace) -> int:
    """Make files again; print what became of each."""
    templates = _templates(options)
    files, readable = _files(options.paths)
    modules: list[Job] = [
        Update(path, folder, templates, options.proof, options.force)
        for path, folder in files
        if not is_drawn(path)
    ]
    # Of what the modules are by then.
    pictures = [Picture(path, writes=True) for path, _ in files if is_drawn(path)]
    worst = _run(modules, options, ("ok", "updated"))
    worst |= _run(pictures, options, ("ok", "updated"))
    return worst or int(not readable)


def build(options: argparse.Namespace) -> int:
    """Make the modules that a project lists; print what became of each file."""
    from gradgen.command.build import Build
    from gradgen.command.project import FILE, are_chained, entries, find_project

    start = path_of(options.project or ".")
    project = start if start.name == FILE else find_project(start)
    listed = entries(project)
    jobs = [
        Build(entry, not options.check, options.force, options.proof)
        for entry in listed
    ]
    return _run(jobs, options, ("ok", "written", "updated"), are_chained(listed))


def _run(
    jobs: Sequence[Job],
    options: argparse.Namespace,
    good: Sequence[str],
    chained: bool = False,
) -> int:
    """Do the jobs; print what became of their files, and return whether any is none of the good."""
    if options.jobs is not None and not 1 <= options.jobs <= _MOST_JOBS:
        raise GradgenError(f"--jobs is a number from 1 to {_MOST_JOBS}")
    worst = 0
    with show_progress() as progress:
        for done, answer in enumerate(_answers(jobs, options, chained), 1):
            for outcome in answer.outcomes:
                progress.clear()
                _show(outcome)
                worst |= outcome.status not in good
            progress.show(done, len(jobs))
    return int(worst)


def _show(outcome: Outcome) -> None:
    print(f"{outcome.status:8} {printable(str(outcome.path))}")
    print(outcome.change, end="", flush=sys.stderr.isatty())
    if outcome.error:
        print(f"gradgen: error: {outcome.error}", file=sys.stderr)
    for text in outcome.notes:
        note(text)


def _answers(
    jobs: Sequence[Job], options: argparse.Namespace, chained: bool
) -> Iterator[Answer]:
    """Yield what becomes of the jobs, in their order: as it is remembered, else made anew."""
    from gradgen.files.cache import Cache

    cache = Cache(options.cache and not chained)
    recalled = [job.recall(cache) for job in jobs]
    rest = [job for job, answer in zip(jobs, recalled) if answer is None]
    processes = 1 if chained else processes_for(len(rest), options.jobs)
    made = make_all(rest, processes)
    new = 0
    try:
        for job, answer in zip(jobs, recalled):
            if answer is None:
                answer = job.finish(next(made))
                cache.add(*answer.questions)
                new += 1
                if new % _OFTEN == 0:
                    cache.save()
            yield answer
    finally:
        made.close()
        cache.save()
