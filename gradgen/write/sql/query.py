"""The lines of value and gradient in; the levels of a query, each of which reads what those below have named, out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, count

from gradgen.passes.cost import Cost
from gradgen.write.bodies import Part, Piece, Viewer
from gradgen.write.lines import Text
from gradgen.write.spell import Leaf
from gradgen.write.sql.dialect import Dialect
from gradgen.write.sql.names import own
from gradgen.write.sql.normal import slopes_of
from gradgen.write.sql.parts import check_query, dialect_of, final, parts_of
from gradgen.write.sql.phases import GIVEN, Phases
from gradgen.write.view import Group, Groups, Item, Level, QueryModule, Stage
from gradgen.write.words.docstring import of_query

#: No stage has more pieces with those of its level in their places: engines put a copy there for each time that one is read.
_LARGEST = 60
#: What engines write out counts as so many pieces.
_COPIES = 15
#: The levels that stages stand on, and those of slopes.
_KINDS = ("stages", "gradients")


def levels(written: Iterable[Piece], macros: Container[object]) -> list[list[Text]]:
    """Return lines by levels, in order: a level ends where a text would be too large with those that it reads of it in their places.

    Args:
        written: lines, each with what it says in pieces.
        macros: the pieces that call what engines write out, with a copy of each operand wherever that is read.
    """
    found: list[list[Text]] = []
    sizes: dict[str, int] = {}
    back = False
    for text, pieces in written:
        assert text.line is not None
        read = [piece for piece in pieces if isinstance(piece, Leaf)]
        size = len(pieces) + sum(sizes.get(name, 0) for name in read)
        called = sum(piece in macros for piece in pieces)
        copied = called and not sizes.keys().isdisjoint(read)
        begins = back != (text.line.answers is not None)
        if not found or copied or size > _LARGEST or begins:
            found.append([])
            sizes, size = {}, len(pieces)
        size += _COPIES * called
        back = text.line.answers is not None
        found[-1].append(text)
        sizes[text.line.name] = size
    return found


def strict(written: Iterable[Piece]) -> list[list[Text]]:
    """Return lines by levels that read no name of their own level: each line stands on the first that it can stand on."""
    found: dict[tuple[bool, int], list[Text]] = {}
    heights: dict[str, int] = {}
    last = False
    for text, pieces in written:
        assert text.line is not None
        back = text.line.answers is not None
        if back != last:
            heights = {}
        last = back
        read = (piece for piece in pieces if isinstance(piece, Leaf))
        height = 1 + max((heights.get(name, -1) for name in read), default=-1)
        heights[text.line.name] = height
        found.setdefault((back, height), []).append(text)
    return [found[key] for key in sorted(found)]


def query(viewer: Viewer, formula: str, told: str) -> tuple[QueryModule, Cost]:
    """Return what the template shows of a query, and what its value and its gradient cost.

    Args:
        viewer: what knows the texts of the module.
        formula: what it computes.
        told: what the program says about itself.

    Raises:
        GradgenError: the program is no query.
    """
    program, bodies, target = viewer.program, viewer.bodies, viewer.target
    check_query(program, target)
    # The plain functions tell what the language cannot write.
    ahead, back = bodies.forward()[0], bodies.backward()[0]
    cost = Cost(ahead.operations, back.operations)
    dialect, table = dialect_of(target), target.table.casefold()
    base = next(n for n in ("inputs", "inputs_") if n != table)
    taken = {base, table}
    written = _of_sums if target.whole else _of_rows
    levels, slopes = written(viewer, base, taken)
    constants = viewer.declarations.lines(bodies.constants, bodies.read)
    notes = [c.text for c in constants if c.text.startswith(target.comment)]
    docstring = [
        *viewer.docstrings.module(formula, cost, told),
        *("", *of_query(viewer.docstrings, viewer.defaults)),
        *(note.removeprefix(f"{target.comment} ") for note in notes),
    ]
    known = parts_of(program, target)
    named = [_item(c) for c in constants if c.text not in notes]
    if target.whole:
        counted = f"(SELECT count(*) FROM {base}) AS {own('rows', dialect)}"
        texts = (*known["given"], counted)
        first = Level(_free(GIVEN, {base, table}), "", (*_plain(texts), *named))
        levels = (first, *levels)
    made = QueryModule(
        docstring=(*docstring,),
        helpers=viewer.files.helpers(bodies.said),
        base=base,
        inputs=(*_plain(known["inputs"]), *named),
        table=known["table"][0],
        where=known["where"],
        levels=(*levels,),
        results=(*final(program, target, slopes),),
        last=levels[-1].name if levels else base,
        groups=_groups(known, taken),
        fence=dialect.fence,
    )
    return made, cost


def _plain(texts: Iterable[str]) -> Iterator[Item]:
    return (Item((), text) for text in texts)


def _of_rows(
    viewer: Viewer, base: str, taken: set[str]
) -> tuple[Sequence[Level], Sequence[Sequence[str]]]:
    """Return levels of rows, and the slopes of each result as they are read in the end."""
    words = viewer.target.language.words.values()
    macros = {word.pieces[0] for word in words if word.helper}
    dialect = dialect_of(viewer.target)
    cut = partial(levels, macros=macros) if dialect.lateral else strict
    found, slopes = viewer.bodies.levels(cut)
    slopes, last = _last(viewer, slopes)
    parts = [*found, *([(True, last, ())] if last else [])]
    return [*_levels(parts, base, taken, dialect)], slopes


def _of_sums(
    viewer: Viewer, base: str, taken: set[str]
) -> tuple[Sequence[Level], Sequence[Sequence[str]]]:
    """Return levels of rows and of what all share, the last of which has the results, and the slopes as they are read there."""
    dialect = dialect_of(viewer.target)
    name = partial(_free, taken=taken)
    phases = Phases(viewer.bodies, dialect, base, name, strict)
    slopes, last = _last(viewer, [phases.slopes])
    found, source = phases.levels, phases.shared
    if last or found[-1].name != source:
        star = Item((), dialect.star.format(source))
        found.append(Level(name("results"), source, (star, *map(_item, last))))
    return found, slopes


def _groups(known: Mapping[str, tuple[str, ...]], taken: set[str]) -> Groups | None:
    """Return what a query has for groups, if there are any, by its parts and the names of its levels and its table."""
    keys = known["keys"]
    if not keys:
        return None
    return Groups(
        level=_free("sums", taken),
        keys=keys,
        columns=known["apart"][: len(keys)],
        apart=known["apart"],
        left=known["taken"][0],
        results=known["grouped"],
    )


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or that with the first number that makes it one that is not taken; it is from now on."""
    numbered = (f"{name}_{number}" for number in count(2))
    found = next(one for one in chain((name,), numbered) if one not in taken)
    taken.add(found)
    return found


def _last(
    viewer: Viewer, slopes: Sequence[Sequence[str]]
) -> tuple[Sequence[Sequence[str]], Sequence[Stage]]:
    """Return the slopes of each result as they are read in the end, and the lines that come before that: what is read often has a name."""
    program, target = viewer.program, viewer.target
    several = viewer.bodies.functions.rows
    lines = [] if several else [*viewer.unused(program.names[program.outputs[0][1]])]
    if not target.normal:
        return slopes, lines
    names = several.rows if several else slopes_of(program, target.by)
    read = [[*row] for row in slopes]
    for row, named in zip(read, names):
        for place, (text, name) in enumerate(zip(row, named)):
            if text and not text.isidentifier():
                lines.append(Stage(target.define(name, "=", text, False)))
                row[place] = name
    return read, lines


def _levels(
    parts: Sequence[Part], source: str, taken: set[str], dialect: Dialect
) -> Iterator[Level]:
    """Yield the levels, each on the one before it, with names that no other has, and not the table."""
    for back, stages, groups in parts:
        name = _free(_KINDS[back], taken)
        star = Item((), dialect.star.format(source))
        items = (star, *map(_item, stages), *_all(groups))
        yield Level(name, source, items)
        source = name


def _item(stage: Stage) -> Item:
    return Item(stage.above, stage.text, stage.comment)


def _all(groups: Sequence[Group]) -> Iterator[Item]:
    for group in groups:
        above = tuple(group.comment.split("\n")) if group.comment else ()
        for place, line in enumerate(group.lines):
            yield Item(() if place else above, line)
