"""Forward lines in; the same, with each choice in the branch around all lines that read it, out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradgen.core.program import Line
from gradgen.passes.blocks.paths import Path, Paths, both, either
from gradgen.passes.functions import named_below


class Placed(NamedTuple):
    """A line with the branch that it belongs to.

    Attributes:
        line: the line.
        value: what it says.
        path: the branch outside which that is 0, or not read.
        names: what is called how in it.
        raised: whether it is a condition that stands outside of the branch that it belongs to.
        bound: whether it is 0 outside of the branch only as it must not be read there by the names that it has.
    """

    line: Line
    value: int
    path: Path
    names: Mapping[int, str]
    raised: bool = False
    bound: bool = False


def sunk(
    placed: Sequence[Placed], results: Collection[int], paths: Paths
) -> list[Placed]:
    """Return forward lines, with each choice in the branch around all lines that read it."""
    needed: dict[int, Path | None] = {}
    first: dict[int, int] = {}
    found: list[tuple[int, int, Placed]] = []
    made = {one.line.total for one in placed if one.line.answers is None}
    known: set[int] = set()
    for place, one in reversed([*enumerate(placed)]):
        path, total, at = one.path, one.line.total, place
        ahead = one.line.answers is None and total not in results
        if ahead and not path and paths.steps[one.value].op == "where":
            path = needed.get(total) or path
            at = first.get(total, place) if path else place
        found.append((at, place, one._replace(path=path)))
        for value, branch in _reads(one, path, paths):
            needed[value] = either(needed.get(value), branch)
            first[value] = min(at, first.get(value, at))
        # What a branch asks stands before it.
        asked = named_below(paths.steps, (c for c, _ in path), made, known)
        needed.update((value, ()) for value in asked)
    # Behind the conditions of its branch, which the first line that reads it is.
    return [one for _, _, one in sorted(found, key=lambda key: key[:2])]


def _reads(one: Placed, path: Path, paths: Paths) -> Iterator[tuple[int, Path | None]]:
    """Yield what a line in a branch reads, each with the branch in which it does."""
    todo: list[tuple[int, Path | None]] = [(one.value, path)]
    seen: set[tuple[int, Path | None]] = set()
    while todo:
        value, branch = at = todo.pop()
        if at in seen:
            continue  # what choices in choices share
        seen.add(at)
        op, args, _, _ = paths.steps[value]
        if value in one.names:
            yield value, branch
        elif op == "where":
            todo.append((args[0], branch))
            for place in (1, 2):
                taken = paths.taken(args[0], place == 1, one.names)
                todo.append((args[place], both(branch, taken)))
        else:
            todo += [(arg, branch) for arg in args]
