"""Assignments in, one after the other, under names that are free; the program that they make out, and which line each comes from."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.flow.conditions import Pairs
from gradgen.read.python.scope import Names
from gradgen.read.python.terms.cells import Cells
from gradgen.read.python.terms.value import ELSE, Value
from gradgen.read.reader import MAX_PROGRAM

WORD = re.compile(r"\b[^\W\d]\w*")
#: The lines of files that something comes from: what the file is called, where it is not the function's own, the line's number, its text.
Places: TypeAlias = "tuple[tuple[str, int, str], ...]"
#: Published limit: the statements of a function when its loops are unrolled.
MAX_STATEMENTS = 5_000


@dataclass
class Draft:
    """A program that is being written.

    Attributes:
        avoid: names that nothing is called by.
        told: which parameters are settled, in words.
        items: the assignments, each a name, a text and a comment.
        places: the file's lines that each comes from.
        at: those of what is added next.
        taken: the names in use, each with how many were made of it.
        written: the characters written out so far.
        constants: the names that are constants of the file.
        choices: of the names that `if` merges what its ways assign in, what they stand for in each way, and in the last.
        in_ways: the names that are assigned in one way of an `if`, each with its value.
        called: what each name is made of.
        known: all names that there ever were.
        cells: the lists, dicts and arrays that may change.
        nested: how many `for` of comprehensions are around.
        boxes: the names that stand for what may be one of numpy's arrays without axes, each with the call of a function that made it for
            the name alone, or -1.
    """

    avoid: frozenset[str] = frozenset()
    told: str = ""
    items: list[tuple[str, str, str]] = field(default_factory=list)
    places: list[Places] = field(default_factory=list)
    at: Places = (("", 1, ""),)
    taken: dict[str, int] = field(default_factory=dict)
    written: int = 0
    constants: set[str] = field(default_factory=set)
    choices: dict[str, tuple[Pairs, Value]] = field(default_factory=dict)
    in_ways: dict[str, Value] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    cells: Cells = field(default_factory=Cells)
    nested: int = 0
    boxes: dict[str, int] = field(default_factory=dict)

    def go_to(self, names: Names, *nodes: ast.AST) -> None:
        """Take note of the lines that what is added comes from."""
        lines = dict.fromkeys(getattr(node, "lineno", 1) for node in nodes)
        self.at = tuple((names.label, n, names.lines[n - 1]) for n in lines)

    def add(self, name: str, value: Value, comment: str = "") -> None:
        """Add an assignment to the program."""
        if len(self.items) >= MAX_STATEMENTS:
            raise self._has(f"{MAX_STATEMENTS} statements when its loops are unrolled")
        self.count(value)
        if value.boxed:
            shared = value.held or value.text in self.boxes
            self.boxes[name] = -1 if shared else self.cells.frame
        elif value.text in self.boxes or (value.binds == ELSE and self.boxes.keys() & {*WORD.findall(value.text)}):  # fmt: skip
            self.boxes[name] = -1
        self.items.append((name, value.text, comment))
        self.places.append(self.at)

    def may_box(self, value: Value) -> bool:
        """Whether a number may be one of numpy's arrays without axes, which is no scalar and no float."""
        one_of = value.binds == ELSE and not self.boxes.keys().isdisjoint(WORD.findall(value.text))  # fmt: skip
        return value.is_number and (value.boxed or value.text in self.boxes or one_of)

    def is_boxed(self, value: Value) -> bool:
        """Whether a number is certain to be one of numpy's arrays without axes, as one was made of it."""
        own = self.boxes.get(value.text, -1) != -1
        return own or (value.boxed and not value.held)

    def owns(self, name: str) -> bool:
        """Whether a name stands for one of numpy's arrays that was made for it where a function is called now."""
        return self.boxes.get(name) == self.cells.frame

    def first(self, name: str) -> str:
        """Return the name of which another is no more than a second one, as of x after y = np.asarray(x)."""
        texts = {each: text for each, text, _ in self.items}
        while name in texts:
            name = texts[name]
        return name

    def count(self, value: Value | list[Value]) -> None:
        """Count what is written out so far."""
        values = value if isinstance(value, list) else [value]
        self.written += sum(len(each.text) for each in values)
        if self.written > MAX_PROGRAM:
            raise self._has(f"{MAX_PROGRAM} characters when it is written out")

    def _has(self, more: str) -> GradgenError:
        """Return the refusal of a function that has more than may be, at the line that is read."""
        (file, line, text), *_ = self.at
        column = len(text) - len(text.lstrip())
        said = f"the function has more than {more}"
        return GradgenError(said, text, column, line, file)

    def fresh(self, name: str) -> str:
        """Return a name that the program has not assigned yet."""
        given = name
        name = f"{name}_" if name in self.avoid else name
        found = name
        while found in self.taken or found in self.avoid:
            self.taken[name] = self.taken.get(name, 0) + 1
            found = f"{name}{'_' if name[-1].isdigit() else ''}{self.taken[name]}"
        self.taken[found] = 1
        self.called[found] = given
        self.known.add(found)
        return found

    def rename(self, old: str, new: str) -> None:
        """Give what the program assigned another name; where `old` is a function's name as well, all is read again."""
        word = re.compile(rf"\b{old}\b")
        self.constants.discard(old)
        self.items = [
            (new if name == old else name, word.sub(new, text), comment)
            for name, text, comment in self.items
        ]

    def settle_constants(self) -> None:
        """Put constants first, and leave out those that nothing reads: their numbers are known where they are a loop's."""
        read: set[str] = set()
        kept = []
        for item, place in [*zip(self.items, self.places)][::-1]:
            name, text, _ = item
            if name not in self.constants or name in read:
                kept.append((item, place))
                read.update(WORD.findall(text))
        kept.reverse()
        kept.sort(key=lambda each: each[0][0] not in self.constants)
        self.items = [item for item, _ in kept]
        self.places = [place for _, place in kept]
