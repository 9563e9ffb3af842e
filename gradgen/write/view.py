"""What templates may show: texts only; all decisions are made before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

#: A longer list of names has one name a line, and a longer tuple's annotation says `tuple[float, ...]`.
FEW = 4


class Stage(NamedTuple):
    """One assignment, with its comment: beside it, or in lines above it."""

    text: str
    comment: str = ""
    above: tuple[str, ...] = ()
    #: What these are indented by, as the assignment is already.
    indent: str = ""


class Group(NamedTuple):
    """The backward lines that answer one forward line, under one comment, which may have several lines; or, without a comment,
    what begins or ends a branch.
    """

    comment: str
    lines: tuple[str, ...]
    #: What the comment is indented by, as the lines are already.
    indent: str = ""


@dataclass(frozen=True)
class JacobianView:
    """The texts of the function that returns all rows: lines before the rows, and the lines of each row."""

    returns: str
    summary: tuple[str, ...]
    cache: tuple[str, ...]
    groups: tuple[Group, ...]
    rows: tuple[tuple[str, ...], ...]
    unread: tuple[str, ...]
    idle: tuple[str, ...]
    stacked: bool
    operations: int


@dataclass(frozen=True)
class SingleView:
    """The texts of the function for value and gradient at once: stages, lines that answer them, and what it returns."""

    summary: tuple[str, ...]
    stages: tuple[Stage, ...]
    groups: tuple[Group, ...]
    gradients: tuple[str, ...]
    unread: tuple[str, ...]
    idle: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """Everything a template of a module may show."""

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    #: The declarations of constants with names.
    constants: tuple[Stage, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    defaults: tuple[str, ...]
    outputs: tuple[str, ...]
    #: Names for what is set instead of returned, by output.
    results: tuple[str, ...]
    forward_returns: str
    forward_summary: tuple[str, ...]
    backward_returns: str
    backward_summary: tuple[str, ...]
    stages: tuple[Stage, ...]
    #: What lines assign and nothing reads, as a function leaves it out: of `forward`, and of `backward`.
    idle: tuple[tuple[str, ...], tuple[str, ...]]
    cache: tuple[str, ...]
    unpacked: tuple[str, ...]
    #: Of a cache that is a tuple of tuples, how many names each of these has; empty of any other.
    packs: tuple[int, ...]
    #: Whether the cache is a class, whose parts go by their names.
    named: bool
    upstream: tuple[str, ...]
    #: Parameters that no line reads: of `forward`, and of `backward`.
    unread: tuple[tuple[str, ...], tuple[str, ...]]
    unused: tuple[Stage, ...]
    groups: tuple[Group, ...]
    gradients: tuple[str, ...]
    jacobian: JacobianView | None = None
    single: SingleView | None = None
    few: int = FEW

    def packed(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return what the cache holds, or is taken apart into, in its packs."""
        rest = iter(names)
        return tuple(tuple(islice(rest, size)) for size in self.packs)


@dataclass(frozen=True)
class TestModule:
    """What the template of a test may show: points, values and gradients as texts."""

    __test__ = False

    module: str
    formula: str
    wrt: tuple[int, ...]
    points: tuple[tuple[tuple[str, ...], ...], ...]
    outputs: int = 1
    rows: bool = False
    #: Of very many slopes, the places of those that are compared with central differences; else all are.
    checked: tuple[int, ...] = ()
