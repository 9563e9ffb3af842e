"""The lines of value and gradient in; functions from frames to frames, each a level of columns after the other, out."""

from __future__ import annotations

from collections.abc import Sequence

from gradgen.passes.cost import Cost
from gradgen.write.bodies import Part, Viewer
from gradgen.write.frames.parts import frame_parts, parameters_of, result
from gradgen.write.sql.normal import (
    check_normal,
    normal_of,
    normal_sums,
    slopes_of,
)
from gradgen.write.sql.query import strict
from gradgen.write.view import FrameFunction, FramesModule, Item, Stage
from gradgen.write.words.frames import of_frames, returned


def functions(viewer: Viewer, formula: str, told: str) -> tuple[FramesModule, Cost]:
    """Return what the template shows of a module, and what its value and its gradient cost.

    Args:
        viewer: what knows the texts of the module.
        formula: what it computes.
        told: what the program says about itself.

    Raises:
        GradgenError: the program adds rows up in its formula.
    """
    program, bodies, target = viewer.program, viewer.bodies, viewer.target
    check_normal(program, target)
    ahead, back = bodies.forward()[0], bodies.backward()[0]
    cost = Cost(ahead.operations, back.operations)
    names = [program.names[value] for _, value in program.outputs]
    values = [(name, f"col.{name}") for name in names]
    parts, slopes = bodies.levels(strict)
    zero = target.language.digits(0.0)
    listed = zip(slopes_of(program, target.by), slopes)
    given = [(n, text or zero) for row in listed for n, text in zip(*row)]
    rest = [] if bodies.functions.rows else [*viewer.unused(names[0])]
    plain = [_items(part) for part in parts if not part[0]]
    every = [*map(_items, parts), *filter(None, [(*map(_item, rest),)])]
    made = [
        _function(viewer, "forward", plain, values),
        _function(viewer, "value_and_grad", every, [*values, *given]),
    ]
    if target.normal:
        made.append(_normal(viewer, every, slopes))
    if not target.in_one:
        made.append(_count(viewer))
    helpers = viewer.files.helpers([*bodies.said, "_inputs("])
    constants = viewer.declarations.lines(bodies.constants, bodies.read)
    docstring = [
        *viewer.docstrings.module(formula, cost, told),
        *of_frames(viewer.docstrings),
    ]
    module = FramesModule(
        noqa=viewer.noqa([*program.names], ()),
        docstring=(*docstring,),
        imports=viewer.imports(helpers, False),
        helpers=helpers,
        constants=(*constants,),
        functions=(*made,),
    )
    return module, cost


def _function(
    viewer: Viewer,
    name: str,
    levels: Sequence[Sequence[Item]],
    gives: Sequence[tuple[str, str]],
) -> FrameFunction:
    program, target = viewer.program, viewer.target
    parts = frame_parts(program, target)
    results = [result(target, *one) for one in gives]
    if target.in_one:
        results += parts["counts"]
    else:
        results = [*parts["columns"], *results]
    return FrameFunction(
        name=name,
        parameters=parameters_of(program, target, viewer.defaults),
        summary=(*returned(viewer.docstrings, name),),
        entered=parts["entered"][0],
        taken="" if target.in_one else "col.taken",
        levels=tuple([(*level,) for level in levels]),
        results=(*results,),
        selects=parts["selects"][0],
        ordered=parts["ordered"][0],
    )


def _normal(
    viewer: Viewer,
    levels: Sequence[Sequence[Item]],
    slopes: Sequence[Sequence[str]],
) -> FrameFunction:
    """Return the function that gives the sums of least squares; slopes that no column is have one here, as they are read often."""
    program, target = viewer.program, viewer.target
    assert target.called is not None
    several = viewer.bodies.functions.rows
    named = several.rows if several else slopes_of(program, target.by)
    read, added = [[*row] for row in slopes], []
    for row, names in zip(read, named):
        for place, (text, name) in enumerate(zip(row, names)):
            if text and not text.removeprefix("col.").isidentifier():
                added.append(Item((), target.define(name, "=", text, False)))
                row[place] = target.called(name)
    squares, right, left = normal_of(program, target.by)
    sums = zip((squares, *right, *left), normal_sums(program, read, target))
    every = [*levels, *filter(None, [(*added,)])]
    return _function(viewer, "gauss_newton", every, [*sums])


def _count(viewer: Viewer) -> FrameFunction:
    """Return the function that counts what the others leave out."""
    parts = frame_parts(viewer.program, viewer.target)
    return FrameFunction(
        name="left_out",
        parameters=("frame: Frame",),
        summary=("Return how many rows have a null in a column that is read.",),
        entered=parts["alone"][0],
        taken="",
        levels=(),
        results=parts["counts"][1:],
        selects="select",
        ordered="",
    )


def _items(part: Part) -> tuple[Item, ...]:
    _, stages, groups = part
    found = [*map(_item, stages)]
    for group in groups:
        above = tuple(group.comment.split("\n")) if group.comment else ()
        for place, line in enumerate(group.lines):
            found.append(Item(() if place else above, line))
    return (*found,)


def _item(stage: Stage) -> Item:
    return Item(stage.above, stage.text, stage.comment)
