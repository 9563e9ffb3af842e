"""A picture that is drawn from a generated file beside it in; what became of it out: compared with a new one, and written if that is wanted."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from gradgen.command.jobs import Answer, Outcome
from gradgen.errors import GradgenError, trouble
from gradgen.files.artifact import State, diff, fingerprint, look, read
from gradgen.files.cache import key
from gradgen.files.pictures import origin, write


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

    def make(self) -> str | Answer:
        """Return the picture as it is to be."""
        from gradgen.command.formulas import compiled_file
        from gradgen.command.show.draw import drawn

        try:
            text = read(self.path) or ""
            module = self._module(text)
            found = origin(self.path, text)
            assert found is not None
            return drawn(compiled_file(module), found, self.path.suffix)
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
