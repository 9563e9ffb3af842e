"""A picture that is drawn from a generated file beside it in, with that file or alone; what became of it out: compared with a new one, and written if that is wanted."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradgen.command.jobs import Answer, Check, Job, Outcome
from gradgen.errors import GradgenError, trouble
from gradgen.files.artifact import State, diff, fingerprint, look, read
from gradgen.files.cache import key
from gradgen.files.pictures import origin, write

if TYPE_CHECKING:
    from gradgen.compiled import Compiled


@dataclass(frozen=True)
class Picture:
    """A picture is drawn again.

    Attributes:
        path: the file.
        writes: whether it is written where it would change.
    """

    path: Path
    writes: bool = False

    def recall(self, known: Container[str]) -> Answer | None:
        try:
            question = self._question(read(self.path) or "")
        except Exception:  # noqa: BLE001 - what it is will be said when it is drawn
            return None
        ok = Outcome(State.SAME.value, self.path)
        return Answer((ok,)) if question in known else None

    def _question(self, text: str) -> str:
        """Return the question whether a picture is what its module's circuit is."""
        return key("picture", fingerprint(text.encode()), look(self._module(text)).digest)  # fmt: skip

    def _module(self, text: str) -> Path:
        found = origin(self.path, text)
        if found is None:
            raise GradgenError(f"{self.path} is not drawn from a generated file")
        return self.path.with_name(found.module)

    def make(self, compiled: Compiled | None = None) -> str | Answer:
        """Return the picture as it is to be, of a module that is made already or of the one in the file."""
        from gradgen.command.formulas import compiled_file
        from gradgen.command.show.draw import drawn

        try:
            text = read(self.path) or ""
            module = self._module(text)
            found = origin(self.path, text)
            assert found is not None
            compiled = compiled or compiled_file(module)
            return drawn(compiled, found, self.path.suffix)
        except Exception as error:  # noqa: BLE001
            return self.failed(trouble(error))

    def finish(self, made: str | Answer) -> Answer:
        if isinstance(made, Answer):
            return made
        try:
            text = read(self.path) or ""
            questions = (self._question(made),)
            if text == made:
                return Answer((Outcome(State.SAME.value, self.path),), questions)
            if not self.writes:
                change = diff(self.path, text, made)
                return Answer((Outcome(State.STALE.value, self.path, change),))
            write(self.path, made)
        except Exception as error:  # noqa: BLE001
            return self.failed(trouble(error))
        return Answer((Outcome("updated", self.path),), questions)

    def failed(self, reason: str) -> Answer:
        return Answer((Outcome("failed", self.path, f"{reason}\n"),))


@dataclass(frozen=True)
class Illustrated:
    """A file is compared with what its recipe makes, and the pictures that are drawn from it with what that looks like.

    Attributes:
        check: the file.
        pictures: the pictures.
    """

    check: Check
    pictures: tuple[Picture, ...]

    def recall(self, known: Container[str]) -> Answer | None:
        answers = [job.recall(known) for job in self._jobs]
        return None if None in answers else _together(filter(None, answers))

    def make(self) -> tuple[Answer, Sequence[str | Answer]]:
        answer, compiled = self.check.compared()
        return answer, [picture.make(compiled) for picture in self.pictures]

    def finish(self, made: tuple[Answer, Sequence[str | Answer]]) -> Answer:
        answer, pictures = made
        found = [p.finish(text) for p, text in zip(self.pictures, pictures)]
        return _together([answer, *found])

    def failed(self, reason: str) -> Answer:
        return _together(job.failed(reason) for job in self._jobs)

    @property
    def _jobs(self) -> Sequence[Job]:
        return self.check, *self.pictures


def illustrated(
    checks: Sequence[Check], pictures: Iterable[Picture]
) -> Iterator[Check | Illustrated | Picture]:
    """Yield files, each with the pictures that are drawn from it, and the rest of the pictures."""
    drawn: dict[Path, list[Picture]] = {check.path: [] for check in checks}
    rest: list[Picture] = []
    for picture in pictures:
        found = origin(picture.path, read(picture.path) or "")
        module = picture.path.with_name(found.module) if found else None
        drawn.get(module, rest).append(picture) if module else rest.append(picture)
    for check in checks:
        own = (*drawn[check.path],)
        yield Illustrated(check, own) if own else check
    yield from rest


def _together(answers: Iterable[Answer]) -> Answer:
    """Return several answers as one."""
    answers = [*answers]
    outcomes = [outcome for answer in answers for outcome in answer.outcomes]
    questions = [question for answer in answers for question in answer.questions]
    return Answer((*outcomes,), (*questions,))
