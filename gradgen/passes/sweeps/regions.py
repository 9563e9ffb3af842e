"""A program's ways in; the values below which the rows of its Jacobian share their work out."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

from gradgen.core.program import Program, Way


def shared_regions(
    program: Program,
    ways: Mapping[int, Sequence[Way]],
    results: Container[int],
    price: Callable[[Way, bool], int],
) -> list[tuple[int, set[int]]]:
    """Return the values below which rows share their work, each with the values whose ways are gone once for it.

    The region of a value is what it dominates: all that rows reach through it alone. Sharing pays where the region's
    ways, once for each row, cost more than once alone and a product for each row and way out.

    Args:
        program: a program with ways.
        ways: the ways by source, in order.
        results: the values of the outputs.
        price: the operations of a way whose upstream gradient is a variable or, alone, 1.
    """
    rows, below = _dominated(program, ways)
    saved: dict[int, int] = {}
    chosen = set()
    exits: dict[int, set[int]] = {}
    costs: dict[int, tuple[int, int, int]] = {}  # of each way; ways; values
    barred: set[int] = set()
    for head in reversed([*ways]):
        inner = below.get(head, ())
        out = max((exits[value] for value in inner), key=len, default=set())
        for value in inner:
            out |= exits.pop(value)
        out |= {way.into for way in ways[head]}
        out -= set(inner)
        exits[head] = out
        each = sum(price(way, False) for way in ways[head])
        alone = sum(price(way, True) for way in ways[head])
        lower, count, size = (
            sum(costs[value][place] for value in inner) for place in range(3)
        )
        costs[head] = each + lower, count + len(ways[head]), size + 1
        # 1/d**2 may have no double where the whole slope has one; and the head's own slope tells no branches.
        tells = any(way.moving for way in ways[head])
        if program.steps[head].op == "inv" or tells or barred.intersection(inner):
            barred.add(head)
        sums = costs[head][1] - (costs[head][2] - 1) - len(out)
        often = rows[head].bit_count() - (head in results)
        saving = often * (each + lower + sums - len(out))
        saving -= 0 if head in results else alone + lower + sums
        rest = sum(saved[value] for value in inner)
        saved[head] = rest
        if saving > 0 and saving >= rest and head not in barred:
            saved[head] = saving
            chosen.add(head)
    return list(_regions(ways, chosen, below))


def _dominated(
    program: Program, ways: Mapping[int, Sequence[Way]]
) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Return the rows that reach each value, a bit each, and the values that each immediately dominates."""
    results = sorted({value for _, value in program.outputs})
    rows = {value: 1 << place for place, value in enumerate(results)}
    inputs = set(program.signature)
    root = len(program.steps)
    above = dict.fromkeys(results, root)  # the immediate dominators
    depth = {root: 0}
    below: dict[int, list[int]] = {}
    for source, out in ways.items():
        depth[source] = depth[above[source]] + 1
        below.setdefault(above[source], []).append(source)
        for value in dict.fromkeys(way.into for way in out):
            rows[value] = rows.get(value, 0) | rows[source]
            at, other = above.get(value, source), source
            while value not in inputs and at != other:
                if depth[at] < depth[other]:
                    at, other = other, at
                at = above[at]
            above[value] = at
    return rows, below


def _regions(
    ways: Mapping[int, object], chosen: set[int], below: Mapping[int, Sequence[int]]
) -> list[tuple[int, set[int]]]:
    """Return the outermost of the chosen values, each with all that it dominates."""
    found = []
    covered: set[int] = set()
    for head in ways:
        if head in chosen and head not in covered:
            region = {head}
            todo = [head]
            while todo:
                inner = below.get(todo.pop(), ())
                region.update(inner)
                todo += inner
            covered |= region
            found.append((head, region))
    return found
