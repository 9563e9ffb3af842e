"""The functions in C of a module over rows of data in, each row by itself; what templates show of them, in one loop each, out."""

from __future__ import annotations

from collections.abc import Container, Sequence

from gradgen.passes.cost import Cost
from gradgen.write.arrays.handed import Handed, handed, signatures_over_rows
from gradgen.write.bodies import Body, Viewer
from gradgen.write.view import LoopView, RowsModule, Stage
from gradgen.write.words.docstring import over_rows, slopes_over_rows


def of_rows(
    viewer: Viewer, formula: str, told: str, extras: Container[str]
) -> tuple[RowsModule, Cost]:
    """Return what templates show of a module, and what it costs.

    Args:
        viewer: what knows the texts of the module.
        formula: what it computes.
        told: what the program says about itself.
        extras: the functions that it has beside forward.
    """
    program, bodies = viewer.program, viewer.bodies
    found = handed(program, viewer.target)
    signatures = signatures_over_rows(program, viewer.target, extras)
    outputs = [program.names[value] for _, value in program.outputs]
    values = [*zip(found.results, outputs)]
    ahead, stages = bodies.forward()
    summary = viewer.docstrings.forward(found.results, False)
    forward = _view(viewer, found, signatures["forward"], summary, ahead, stages, values)  # fmt: skip
    single, every = None, ahead.operations
    if "value_and_grad" in signatures:
        body, stages, gradients = bodies.single()
        sets = [*values, *zip(found.slopes, gradients)]
        unused = (*viewer.unused(outputs[0]),)
        summary = over_rows(viewer.docstrings, [*found.results, *found.slopes])
        single = _view(viewer, found, signatures["value_and_grad"], summary, body, stages, sets, unused=unused)  # fmt: skip
        every = body.operations
    jacobian = None
    if "jacobian" in signatures:
        body, lines, cells = bodies.jacobian(ahead=True)
        summary = slopes_over_rows(viewer.docstrings, found.rows)
        jacobian = _view(viewer, found, signatures["jacobian"], summary, body, lines, (), [*zip(found.rows, cells)])  # fmt: skip
    helpers = viewer.files.helpers(bodies.said)
    constants = viewer.declarations.lines(bodies.constants, bodies.read)
    cost = Cost(ahead.operations, every - ahead.operations)
    module = RowsModule(
        docstring=tuple(viewer.docstrings.module(formula, cost, told)),
        declared=(*viewer.target.declares([*bodies.said, *helpers]),),
        helpers=helpers,
        constants=(*constants,),
        forward=forward,
        single=single,
        jacobian=jacobian,
    )
    return module, cost


def _view(
    viewer: Viewer,
    found: Handed,
    signature: Sequence[str],
    summary: Sequence[str],
    body: Body,
    stages: Sequence[Stage],
    sets: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, Sequence[str]]] = (),
    unused: Sequence[Stage] = (),
) -> LoopView:
    """Return what templates show of a function that sets arrays to what these names stand for, and others to rows of slopes."""
    said = {text for _, text in sets} | {text for _, cells in rows for text in cells}
    read = {*viewer.bodies.inputs.values()} - {*body.unread} | said
    columns = {x: column for x, column in found.columns.items() if x in read}
    # What comes in where it is first read takes no room across the calls before that, which leave vectors in memory alone.
    lines: list[Stage] = []
    for stage, names in zip(stages, body.first):
        lines += (Stage(f"const double {x} = {columns.pop(x)}[row];") for x in names if x in columns)  # fmt: skip
        lines.append(stage)
    return LoopView(
        (*summary,),
        (*signature,),
        tuple(found.columns.get(x, x) for x in body.unread if x not in said),
        (*columns.items(),),
        (*lines, *unused),
        body.groups,
        tuple(x for x in body.idle if x not in said),
        (*sets,),
        tuple((name, (*cells,)) for name, cells in rows),
    )
