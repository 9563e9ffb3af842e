"""The text of a Python module in; the same with its runs of plain assignments aside, and each of these by its kind, out."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

#: What may stand in a line of an assignment: nothing that quotes or hides what follows, but for a comment at its end.
_LINE = r"[\w .,()<>=!*/+-]*[\w()](?:  # [^\x00-\x1f\x7f]*)?\n"
#: What comes next in a line that goes on with an assignment.
_INNER = r"(?=    |\))"
#: Lines of one branch that are assignments or comments; an assignment goes on in what stands further in, or begins with a bracket.
_SAID = rf"(?:# [^\x00-\x1f\x7f]*\n|[A-Za-z_]\w* [-+]?= (?![A-Za-z_]\w* = ){_LINE}(?:\1{_INNER}{_LINE})*(?!\1{_INNER}))"
_RUN = re.compile(rf"^((?:    )+){_SAID}(?:\1{_SAID})*", re.ASCII | re.MULTILINE)
_BESIDE = re.compile(r"  #.*")
_PASS = re.compile(r"(?<![\w.])pass(?![\w.])")
#: A name, but for a module and what follows its point, or a number; and a number as gradgen writes it.
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*|[0-9][\w.]*(?:(?<=e)-[0-9]+)?)(?![\w.])", re.ASCII)  # fmt: skip
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e-?[0-9]+)?", re.ASCII)
_KEYWORDS = frozenset(keyword.kwlist)
#: What stands for a name and for a number in a kind.
NAME, DIGITS = "\0", "\1"
#: What stands between two assignments of a run, whose words have marks.
_BETWEEN = re.compile(rf"\n    (?={NAME})")

#: An assignment: its target, its kind, and the names and numbers in it; where it adds, the target is the first of them.
Assignment = tuple[str, int, Sequence[str]]


class Run(NamedTuple):
    """Assignments that follow each other in one branch.

    Attributes:
        text: they, without their comments.
        names: the names in them.
        numbers: the numbers in them.
        sets: the names that they assign to, and do not just add to.
        assignments: they, one by one.
    """

    text: str
    names: frozenset[str]
    numbers: frozenset[str]
    sets: frozenset[str]
    assignments: Sequence[Assignment]


class Aside(NamedTuple):
    """A module with one `pass` in the place of each run of plain assignments.

    Attributes:
        text: the module.
        runs: the runs, in order.
        kinds: what their assignments are, but for names and numbers.
    """

    text: str
    runs: Sequence[Run] = ()
    kinds: Sequence[str] = ()


@lru_cache(maxsize=1)  # it is asked of a module once to check it, and once to run it
def set_aside(text: str) -> Aside:
    """Return a module with its runs of plain assignments aside.

    A `pass` is a statement of its own and nothing else, so the shorter text is Python just where the longer one is.
    """
    head, begin, rest = text.partition("\ndef forward(")
    runs: list[str] = []

    def aside(match: re.Match[str]) -> str:
        further = len(match[1]) - 4
        lines = match.group().split("\n")
        if further:
            lines = [line[further:] for line in lines]
        run = "\n".join([line for line in lines if not line.startswith("    #")])
        run = _BESIDE.sub("", run) if "#" in run else run
        if not run:
            return match.group()
        runs.append(run)
        return f"{match[1]}pass\n"

    short = _RUN.sub(aside, rest)
    if short.count("pass") != len(runs) != len(_PASS.findall(short)):
        return Aside(text)
    kinds: dict[str, int] = {}
    taken = [_taken_apart(run, kinds) for run in runs]
    return Aside(head + begin + short, taken, [*kinds])


def _taken_apart(run: str, kinds: dict[str, int]) -> Run:
    """Return a run, each of its assignments by the number of its kind, which is among these or becomes one."""
    parts = _WORD.split(run.strip())
    marks = _marks(parts[1::2])
    if "" in marks.values():
        parts = _joined(parts, marks)
    same = {word: word for word in marks}  # of which each is kept once
    words = [*map(same.__getitem__, parts[1::2])]
    parts[1::2] = map(marks.__getitem__, words)
    found: list[Assignment] = []
    known: dict[str, tuple[int, int, bool]] = {}
    start = 0
    for kind in _BETWEEN.split("".join(parts)):
        told = known.get(kind)
        if told is None:
            number = kinds.setdefault(kind, len(kinds))
            count = kind.count(NAME) + kind.count(DIGITS)
            told = known[kind] = number, count, not kind.startswith(f"{NAME} = ")
        number, count, adds = told
        found.append((words[start], number, words[start + (not adds) : start + count]))
        start += count
    names = frozenset([word for word, mark in marks.items() if mark == NAME])
    adding = {number for number, _, adds in known.values() if adds}
    sets = frozenset([target for target, kind, _ in found if kind not in adding])
    numbers = frozenset([word for word, mark in marks.items() if mark == DIGITS])
    return Run(run, names, numbers, sets, found)


def _marks(words: Iterable[str]) -> dict[str, str]:
    """Return what stands for words in a kind; nothing for keywords, and for what is no number as gradgen writes it."""
    found = dict.fromkeys(words, NAME)
    numbers = [word for word in found if word[0].isdigit()]
    found |= {word: DIGITS if _NUMBER.fullmatch(word) else "" for word in numbers}
    found |= dict.fromkeys(_KEYWORDS & found.keys(), "")
    return found


def _joined(parts: Sequence[str], marks: dict[str, str]) -> list[str]:
    """Return words with what stands between them, in which those without marks are no words."""
    found = [parts[0]]
    for word, behind in zip(parts[1::2], parts[2::2]):
        if marks[word]:
            found += word, behind
        else:
            found[-1] += word + behind
    return found
