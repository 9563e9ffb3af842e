"""A module that a project lists in; what became of its files out: the module, and its test if the project wants one."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradgen.command.jobs import (
    Answer,
    Made,
    Outcome,
    outdated,
    signature_change,
    unproven,
)
from gradgen.command.project import Entry
from gradgen.errors import GradgenError, printable, trouble
from gradgen.files import artifact
from gradgen.files.artifact import File, State, compare, guard
from gradgen.files.cache import key
from gradgen.files.decode import decode_formula, decode_python
from gradgen.files.modules import check_imports, import_name
from gradgen.settings import GIVEN, READING

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled


@dataclass(frozen=True)
class Build:
    """A module of a project is made.

    Attributes:
        entry: the module.
        write: whether its files are written; else they are only compared.
        force: whether files that were edited by hand are overwritten.
        proof: whether the module is proven before it is written.
    """

    entry: Entry
    write: bool
    force: bool
    proof: bool

    def recall(self, known: Container[str]) -> Answer | None:
        try:
            digests = [self._guarded(path).digest for path in self.entry.files]
            question = self._question(self._follows_from(), digests, self._proven)
        except Exception:  # noqa: BLE001 - what it is will be said when it is made
            return None
        if question not in known:
            return None
        ok = State.SAME.value
        return Answer(tuple(Outcome(ok, path) for path in self.entry.files))

    @property
    def _proven(self) -> bool:
        return self.write and self.proof

    def _guarded(self, path: Path) -> File:
        """Return a file as it is, if it may be replaced."""
        if artifact.leads_outside(path, self.entry.folder):
            raise GradgenError(f"{path} leads outside the project, by a link")
        return guard(path, self.force or not self.write)

    def _follows_from(self) -> tuple[str, ...]:
        """Return what the files follow from: the entry, its formula's file, and what the module is imported by."""
        entry = self.entry
        file, _ = entry.source_file
        given = "source-file" in entry.options
        source = entry.read(file, artifact.fingerprint) if given else ""
        return repr(entry.options), source, import_name(entry.path), entry.tested

    @staticmethod
    def _question(follows: Sequence[str], digests: Sequence[str], proof: bool) -> str:
        """Return the question whether files are what an entry makes."""
        return key("entry", *follows, *digests, proof)

    def make(self) -> list[Made] | Answer:
        try:
            # What is read twice must be the same both times, or nothing is remembered.
            follows = self._follows_from()
            made = _made(self.entry, self._proven)
            lasting = follows == self._follows_from() and not made[0].followed
        except Exception as error:  # noqa: BLE001
            return self.failed(trouble(error))
        return [Made(one.source, one.unproven, follows, lasting) for one in made]

    def finish(self, made: list[Made] | Answer) -> Answer:
        if isinstance(made, Answer):
            return made
        outcomes, digests = [], []
        for path, one in zip(self.entry.files, made):
            try:
                outcome, digest = self._placed(path, one)
            except (GradgenError, OSError) as error:
                outcome, digest = Outcome("refused", path, error=trouble(error)), ""
            outcomes.append(outcome)
            digests.append(digest)
        proofs = {False, self._proven} if made[0].lasting and all(digests) else ()
        follows = made[0].beside
        questions = (self._question(follows, digests, proof) for proof in proofs)
        return Answer(tuple(outcomes), tuple(questions))

    def _placed(self, path: Path, made: Made) -> tuple[Outcome, str]:
        """Compare or write a file; return what became of it, and its digest where it is what it should be."""
        file = self._guarded(path)
        state = compare(file, made.source)
        if state is State.SAME or not self.write:
            digest = file.digest if state is State.SAME else ""
            change = outdated(file) if state is State.OLD else ""
            return Outcome(state.value, path, change), digest
        path.parent.mkdir(parents=True, exist_ok=True)
        artifact.write(path, made.source, force=self.force)
        status = "written" if state is State.MISSING else "updated"
        notes = [signature_change(path, file.text or "", made.source)]
        if made.unproven and path == self.entry.path:
            notes.append(unproven(path, made.unproven))
        outcome = Outcome(status, path, notes=tuple(filter(None, notes)))
        return outcome, artifact.fingerprint(made.source.encode())

    def failed(self, reason: str) -> Answer:
        shown = printable(str(self.entry.path))
        where = "" if shown in reason else f"{shown}: "
        return Answer((Outcome("failed", self.entry.path, error=f"{where}{reason}"),))


def _made(entry: Entry, proof: bool) -> list[Compiled]:
    """Return the module, and its test if the project wants one.

    Raises:
        GradgenError: the formula, an option or a file is not acceptable, or the module is wrong.
    """
    from gradgen.pipeline import compile
    from gradgen.sources import compile_function

    options = entry.options
    file, function = entry.source_file
    for item in READING:
        if item in options and not function:
            raise GradgenError(
                f"`{item}` says how a Python file is read; name a function in it, as model.py:residual"
            )
    given = {o.attribute: options[key] for key, o in GIVEN.items() if key in options}
    given["proof"] = proof
    if "source" in options:
        text = str(options["source"])
        if re.fullmatch(r"[\w./-]+\.(txt|py)(:\w+)?", text):
            raise GradgenError(f'a file is given as source-file = "{text}"')
        compiled = compile(text, **given)
    elif function:
        given |= {o.attribute: options.get(key) for key, o in READING.items()}
        text = entry.read(file, decode_python)
        place = entry.folder / file
        compiled = compile_function(
            text, function, file=place, within=entry.folder, **given
        )
    else:
        text = entry.read(file, decode_formula).strip()
        compiled = compile(text, **given)
    check_imports(entry.path, compiled.imports)
    tested = entry.tested
    return [compiled, compiled.test(tested)] if tested else [compiled]
