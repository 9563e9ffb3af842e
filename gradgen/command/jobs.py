"""A generated file in; what became of it out: at once where that is remembered or plain to see, else from its recipe, made again.

A job is told apart into what takes long, which any process may do, and the rest. Nothing heavy is imported until something is made.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gradgen.errors import GradgenError, printable, trouble
from gradgen.files import artifact
from gradgen.files.artifact import File, State, compare, diff, look
from gradgen.files.cache import key
from gradgen.files.modules import modules_of
from gradgen.files.recipe import Recipe

if TYPE_CHECKING:
    from gradgen.compiled import Compiled


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        status: in one word.
        path: the file.
        change: what is shown below: how it would change, or why it failed.
        error: what went wrong, for the stream of errors.
        notes: what the reader should know.
    """

    status: str
    path: Path
    change: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What became of a job's files, and the questions that are answered by that, if all is well, for whoever asks again."""

    outcomes: tuple[Outcome, ...] = ()
    questions: tuple[str, ...] = ()


class Job(Protocol):
    """What is to be done with a file, or with several that belong together."""

    def recall(self, known: Container[str]) -> Answer | None:
        """Return what can be told at once, or None."""

    def make(self) -> Any:
        """Return what takes long to make, in this process or in another; it raises nothing."""

    def finish(self, made: Any) -> Answer:
        """Return what became of the files with what was made."""

    def failed(self, reason: str) -> Answer:
        """Return that nothing could be made."""


def _question(
    path: Path,
    digest: str,
    beside: tuple[str, ...],
    proof: bool,
    ratio: float | None = None,
) -> str:
    """Return the question whether a file is what its recipe makes.

    Args:
        path: the file; how its name ends says what language it is in.
        digest: that of the file.
        beside: of a test, those of the modules that were looked at in search of its own.
        proof: whether it is proven, too.
        ratio: what it may cost.
    """
    return key("file", path.suffix, digest, beside, proof, ratio)


def _recipe_of(file: File) -> tuple[Recipe, tuple[str, ...]]:
    """Return a file's recipe, with the digests of what else it follows from: a test's is that of its module, where that is found."""
    assert file.artifact is not None
    recipe = file.artifact.recipe
    beside = []
    for place in modules_of(file.path, recipe.tests) if recipe.tests else ():
        module = look(place)
        beside.append(module.digest)
        if module.artifact is not None and not module.artifact.recipe.tests:
            recipe = replace(module.artifact.recipe, tests=recipe.tests)
            break
    return recipe, tuple(beside)


def _check_suffix(path: Path, recipe: Recipe) -> None:
    """Refuse a file of one language whose recipe makes a module in another.

    Raises:
        GradgenError: it is such a file.
    """
    from gradgen.targets import TARGETS

    endings = {target.suffix for target in TARGETS.values()}
    wanted = TARGETS[recipe.target].suffix
    if path.suffix != wanted and path.suffix in endings:
        raise GradgenError(
            f"its recipe makes a {wanted} file, with the target {recipe.target}; call it {path.stem}{wanted}"
        )


@dataclass(frozen=True)
class Check:
    """A file is compared with what its recipe makes.

    Attributes:
        path: the file.
        templates: the folder of the user's templates, for files that were made with some.
        max_ratio: how many times as much as the value, value and gradient may cost together.
        ours: whether a file that gradgen did not write is passed over.
    """

    path: Path
    templates: Path | None = None
    max_ratio: float | None = None
    ours: bool = False

    def recall(self, known: Container[str]) -> Answer | None:
        try:
            file = look(self.path)
            state = compare(file)
            if state is State.FOREIGN and self.ours:
                return Answer()
            if state in (State.FOREIGN, State.MISSING):
                return Answer((Outcome(state.value, self.path),))
            if state is State.OLD:
                return Answer((Outcome(state.value, self.path, outdated(file)),))
            beside = _recipe_of(file)[1]
            question = _question(self.path, file.digest, beside, False, self.max_ratio)
        except Exception:  # noqa: BLE001 - what it is will be said when it is made
            return None
        ok = Outcome(State.SAME.value, self.path)
        return Answer((ok,)) if question in known else None

    def make(self) -> Answer:
        return self.compared()[0]

    def compared(self) -> tuple[Answer, Compiled | None]:
        """Return what became of the file and, where it is what its recipe makes, that."""
        try:
            return self._compared()
        except Exception as error:  # noqa: BLE001
            return self.failed(trouble(error)), None

    def _compared(self) -> tuple[Answer, Compiled | None]:
        from gradgen.pipeline import regenerate

        file = look(self.path)
        told = compare(file) in (State.MISSING, State.FOREIGN, State.OLD)
        if told or file.text is None:
            return self.recall(()) or Answer(), None
        recipe, beside = _recipe_of(file)
        made = regenerate(recipe, self.templates)
        _check_suffix(self.path, made.recipe)
        state = compare(file, made.source)
        if state is not State.SAME:
            change = diff(self.path, file.text, made.source)
            return Answer((Outcome(state.value, self.path, change),)), None
        ratio = 0.0 if recipe.tests else made.cost.ratio
        if self.max_ratio is not None and ratio > self.max_ratio:
            change = (
                f"value and gradient together cost {ratio:.1f} times the value; "
                f"allowed is {self.max_ratio:g} times\n"
            )
            return Answer((Outcome("costly", self.path, change),)), made
        ratios = {None, self.max_ratio} if not recipe.custom_templates else ()
        questions = (
            _question(self.path, file.digest, beside, False, most) for most in ratios
        )
        return Answer((Outcome(state.value, self.path),), tuple(questions)), made

    def finish(self, made: Answer) -> Answer:
        return made

    def failed(self, reason: str) -> Answer:
        return Answer((Outcome("failed", self.path, f"{reason}\n"),))


@dataclass(frozen=True)
class Made:
    """A text that was made for a file.

    Attributes:
        source: the text.
        unproven: why it was not proven, if that was tried in vain.
        beside: the digests of the other files that it follows from.
        lasting: whether it follows from nothing else.
    """

    source: str
    unproven: str = ""
    beside: tuple[str, ...] = ()
    lasting: bool = True


@dataclass(frozen=True)
class Update:
    """A file is made again.

    Attributes:
        path: the file.
        folder: the folder that was given, if the file was found in one.
        templates: the folder of the user's templates, for files that were made with some.
        proof: whether it is proven before it is written.
        force: whether it is overwritten if it was edited by hand.
    """

    path: Path
    folder: Path | None = None
    templates: Path | None = None
    proof: bool = True
    force: bool = False

    def recall(self, known: Container[str]) -> Answer | None:
        try:
            file = self._guarded()
            beside = _recipe_of(file)[1]
            question = _question(self.path, file.digest, beside, self.proof)
        except Exception:  # noqa: BLE001 - what it is will be said when it is made
            return None
        ok = Outcome(State.SAME.value, self.path)
        return Answer((ok,)) if question in known else None

    def _guarded(self) -> File:
        """Return the file as it is, if it may be replaced."""
        if self.folder and artifact.leads_outside(self.path, self.folder):
            raise GradgenError(
                f"{self.path} is a link that leads out of the folder; name the file itself"
            )
        file = artifact.guard(self.path, self.force)
        if file.artifact is None:
            raise GradgenError(f"{self.path} does not exist")
        return file

    def make(self) -> Made | Answer:
        try:
            recipe, beside = _recipe_of(self._guarded())
            from gradgen.pipeline import regenerate

            made = regenerate(recipe, self.templates, self.proof)
            _check_suffix(self.path, made.recipe)
        except Exception as error:  # noqa: BLE001
            return self.failed(trouble(error))
        return Made(made.source, made.unproven, beside, not recipe.custom_templates)

    def finish(self, made: Made | Answer) -> Answer:
        if isinstance(made, Answer):
            return made
        try:
            before = self._guarded()
            changed = artifact.write(self.path, made.source, force=self.force)
        except Exception as error:  # noqa: BLE001
            return self.failed(trouble(error))
        notes = [signature_change(self.path, before.text or "", made.source)]
        if changed and made.unproven:
            notes.append(unproven(self.path, made.unproven))
        status = "updated" if changed else State.SAME.value
        digest = (
            artifact.fingerprint(made.source.encode()) if changed else before.digest
        )
        proofs = {False, self.proof} if made.lasting else ()
        return Answer(
            (Outcome(status, self.path, notes=tuple(filter(None, notes))),),
            tuple(_question(self.path, digest, made.beside, proof) for proof in proofs),
        )

    def failed(self, reason: str) -> Answer:
        shown = printable(str(self.path))
        where = "" if shown in reason else f"{shown}: "
        return Answer((Outcome("refused", self.path, error=f"{where}{reason}"),))


def outdated(file: File) -> str:
    """Return what is shown below a file of an earlier format, of which all lines may be others now; empty for any other file."""
    said = file.artifact.outdated if file.artifact else ""
    return f"{said}\n" if said else ""


def unproven(path: Path, reason: str) -> str:
    """Return the note on a module that was not proven."""
    return f"{path}: the module was not proven: {reason}"


def signature_change(path: Path, before: str, after: str) -> str:
    """Return the note on what would mislead callers that pass inputs by position; empty where nothing would."""
    old, new = map(_signature, (before, after))
    if not before or old == new:
        return ""
    return (
        f"{path}: the signature changes from ({', '.join(old)}) to ({', '.join(new)})"
    )


def _signature(text: str) -> list[str]:
    """Return the inputs of a module, in the language that it is written in."""
    head = re.search(
        r"^(?:def|void|export function) forward\((.*?)\)",
        text,
        re.DOTALL | re.MULTILINE,
    )
    if head is None:
        return []
    # What C sets by a pointer or in an array is no input.
    found = (
        re.fullmatch(r"\s*(?:double )?(\w+)(?:: float.*)?\s*", part)
        for part in head[1].split(",")
    )
    return [part[1] for part in found if part]
