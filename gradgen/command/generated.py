"""Generated files in; what became of each out: made again from their own recipes, compared and, where it is wanted, written."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradgen.command.terminal import bar, failed, note, path_of
from gradgen.errors import GradgenError, printable, trouble
from gradgen.files.modules import modules_of

if TYPE_CHECKING:
    from gradgen.files.recipe import Recipe

#: A longer list gets a progress bar.
_FEW = 20


@dataclass(frozen=True)
class _File:
    """A generated file, and the folder that was given, if it was found in one."""

    path: Path
    folder: Path | None = None


def _files(names: Sequence[str]) -> tuple[list[_File], bool]:
    """Return the generated files that the arguments name, and whether all folders could be read."""
    from gradgen.files import artifact
    from gradgen.targets import SUFFIXES

    endings = (".py", *SUFFIXES)
    found: list[_File] = []
    readable = True
    for name in names:
        if not name:
            raise GradgenError("a path is empty; . is the current folder")
        path = path_of(name)
        try:
            inside = list(artifact.find(path, endings))
        except GradgenError as error:
            failed(str(error))
            readable = False
            continue
        if not inside:
            note(f"{name} holds no generated files")
        found += [_File(file, None if file == path else path) for file in inside]
    return found, readable


def _recipe_of(path: Path, recipe: Recipe) -> Recipe:
    """Return a file's recipe; a test's is that of its module, where that is found."""
    from gradgen.files.artifact import look

    for place in modules_of(path, recipe.tests) if recipe.tests else ():
        module = look(place).artifact
        if module is not None and not module.recipe.tests:
            return replace(module.recipe, tests=recipe.tests)
    return recipe


def check(options: argparse.Namespace) -> int:
    """Check files; print what each is, and where it is not ok, why."""
    from gradgen.files.artifact import State, compare, diff, look
    from gradgen.pipeline import regenerate

    templates = path_of(options.templates) if options.templates else None
    files, readable = _files(options.paths)
    worst = int(not readable)
    for path in (file.path for file in files):
        change = ""
        try:
            file = look(path)
            state = compare(file)
            status = state.value
            if state is State.FOREIGN and options.ours:
                continue
            if file.text is not None and file.artifact is not None:
                recipe = _recipe_of(path, file.artifact.recipe)
                made = regenerate(recipe, templates)
                ratio = 0.0 if recipe.tests else made.cost.ratio
                state = compare(file, made.source)
                status, change = state.value, diff(path, file.text, made.source)
                dear = options.max_ratio is not None and ratio > options.max_ratio
                if state is State.SAME and dear:
                    status, change = "costly", (
                        f"value and gradient together cost {ratio:.1f} times the value; "
                        f"allowed is {options.max_ratio:g} times\n"
                    )
        except Exception as error:  # noqa: BLE001
            # One bad file does not stop the others.
            status, change = "failed", f"{trouble(error)}\n"
        print(f"{status:8} {printable(str(path))}")
        print(change, end="")
        worst = max(worst, int(status != "ok"))
    return worst


def update(options: argparse.Namespace) -> int:
    from gradgen.files import artifact
    from gradgen.pipeline import regenerate

    templates = path_of(options.templates) if options.templates else None
    files, readable = _files(options.paths)
    worst = int(not readable)
    for file in files:
        path = file.path
        try:
            if file.folder is not None and artifact.leads_outside(path, file.folder):
                raise GradgenError(
                    f"{path} is a link that leads out of the folder; name the file itself"
                )
            found = artifact.guard(path, options.force)
            if found.text is None or found.artifact is None:
                raise GradgenError(f"{path} does not exist")
            recipe = _recipe_of(path, found.artifact.recipe)
            made = regenerate(recipe, templates, options.proof)
            changed = made.write(path, force=options.force)
        except Exception as error:  # noqa: BLE001
            print(f"refused  {printable(str(path))}")
            reason = trouble(error)
            where = "" if printable(str(path)) in reason else f"{path}: "
            print(f"gradgen: error: {printable(where)}{reason}", file=sys.stderr)
            worst = 1
            continue
        print(f"{'updated' if changed else 'ok':8} {printable(str(path))}")
        note_signature(path, found.text, made.source)
        if changed and made.unproven:
            note_unproven(path, made.unproven)
    return worst


def build(options: argparse.Namespace) -> int:
    from gradgen.command.project import FILE, entries, find_project, statuses

    start = path_of(options.project or ".")
    project = start if start.name == FILE else find_project(start)
    listed = entries(project)
    shown = len(listed) > _FEW and sys.stderr.isatty()
    worst = 0
    for done, entry in enumerate(listed):
        if shown:
            print(f"\r{bar(done, len(listed))}", end="", file=sys.stderr)
        for path, status, message in statuses(
            entry, not options.check, options.force, options.proof
        ):
            if shown:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            print(f"{status:8} {printable(str(path))}", flush=shown)
            good = status in ("ok", "written", "updated")
            if message and good:
                note_unproven(path, message)
            elif message:
                print(f"gradgen: error: {message}", file=sys.stderr)
            worst |= not good
    return int(worst)


def note_unproven(path: Path, reason: str) -> None:
    note(f"{path}: the module was not proven: {reason}")


def note_signature(path: Path, before: str, after: str) -> None:
    """Warn where callers that pass inputs by position would be misled."""
    old, new = (
        re.findall(
            r"(\w+): float",
            "".join(re.findall(r"def forward\((.*?)\)", text, re.DOTALL)),
        )
        for text in (before, after)
    )
    if before and old != new:
        note(
            f"{path}: the signature changes from ({', '.join(old)}) to ({', '.join(new)})"
        )
