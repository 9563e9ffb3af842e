"""A program whose forward lines are in blocks in; the values that are called as the choice between them, as nothing else reads them, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradgen.core.program import Program
from gradgen.passes.blocks.order import Piece


class ApartError(Exception):
    """The arms of a choice that go by its name do not stand in its branches."""


def check_apart(pieces: Sequence[Piece]) -> None:
    """Check that no two pieces in branches that may both be taken give the same name a value.

    Raises:
        ApartError: two do.
    """
    given: dict[str, list[dict[int, bool]]] = {}
    for piece in pieces:
        if piece.line.sign != "=":
            continue
        path = dict(piece.path)
        for other in given.setdefault(piece.line.name, []):
            if all(other.get(asked, holds) is holds for asked, holds in path.items()):
                raise ApartError
        given[piece.line.name].append(path)


def joined(program: Program, pieces: Sequence[Piece]) -> Mapping[int, int]:
    """Return the choices by their arms: `y = exp(x)` in a branch, and not `expx = exp(x)` and `y = expx`.

    Args:
        program: a named program.
        pieces: its forward lines in their branches.
    """
    kept = {value for _, value, _ in program.given}
    kept |= {value for _, value in program.outputs}
    reads = Counter(name for piece in pieces for name in piece.reads)
    own: dict[int, list[Piece]] = {}
    for piece in pieces:
        own.setdefault(piece.line.total, []).append(piece)
    found: dict[int, int] = {}
    for piece in pieces:
        total, value = piece.line.total, piece.value
        if program.steps[total].op != "where" or value in kept or value not in own:
            continue
        once = reads[program.names[value]] == 1
        depth = len(piece.path)
        whole = len(own[value]) > 1  # all arms of a choice
        beside = all(
            one.path[:depth] == piece.path and (whole or len(one.path) == depth)
            for one in own[value]
        )
        if depth and once and beside:
            found[value] = total
    for value in reversed([*found]):
        found[value] = found.get(found[value], found[value])
    return found


def renamed(program: Program, joins: Mapping[int, int]) -> Program:
    """Return a program in which values have the names of the choices between them."""
    if not joins:
        return program
    names, adjoints = dict(program.names), dict(program.adjoints)
    for value, choice in joins.items():
        names[value], adjoints[value] = names[choice], adjoints[choice]
    return replace(program, names=names, adjoints=adjoints)
