"""A program and a target of frames in; the parts of its functions that hold names of the user's, as texts, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradgen.core.program import Program
from gradgen.write.sql.names import keys
from gradgen.write.sql.normal import normal_of, slopes_of
from gradgen.write.target import Target


def frame_parts(program: Program, target: Target) -> Mapping[str, tuple[str, ...]]:
    """Return what enters functions and the one that counts rows, what that gives, and the columns that rows keep."""
    names, columns = program.names, target.columns(program)
    signature = program.signature.items()
    read = [(names[v], text) for v, text in signature if text in columns]
    shared = [names[v] for v, text in signature if text not in columns]
    listed = ", ".join(f'"{name}": "{text}"' for name, text in read)
    given = ", ".join(f'"{name}": {name}' for name in shared)
    groups = keys(program, target.by)
    by = " ".join(f'("{name}", "{column}"),' for column, name in groups.items())
    by = by if len(groups) < 2 else by[:-1]  # as black has it
    grouped = f", ({by})" if by else ""
    listed_keys = ", ".join(f'"{name}"' for name in groups.values())
    selects = f"group_by({listed_keys}).agg" if by else "select"
    return {
        "entered": (f"_inputs(frame, {{{listed}}}, {{{given}}}{grouped})",),
        "alone": (f"_inputs(frame, {{{listed}}}, {{}})",),
        "counts": ("rows=col.taken.sum()", "left_out=(~col.taken).sum()"),
        "columns": tuple(f"{name}=col.{name}" for name, _ in read),
        "selects": (selects,),
        "ordered": (f".sort({listed_keys}, nulls_last=True)" if by else "",),
    }


def result(target: Target, name: str, text: str) -> str:
    """Return a result as a function gives it: of each row, or over those that have no null."""
    if target.whole:
        return f"{name}=pl.when(col.taken).then({text}).max()"
    if not target.in_one:
        return f"{name}={text}"
    return f"{name}=pl.when(col.taken).then({text}).{target.reduce}()"


def parameters_of(
    program: Program, target: Target, defaults: Mapping[str, float]
) -> tuple[str, ...]:
    """Return the parameters of functions: the frame, and the numbers that all rows share."""
    columns = target.columns(program)
    shared = [(program.names[v], t) for v, t in program.signature.items() if t not in columns]  # fmt: skip
    return (
        "frame: Frame",
        *(target.parameter(name, defaults.get(text)) for name, text in shared),
    )


def signatures_of_frames(
    program: Program, target: Target, defaults: Mapping[str, float]
) -> Mapping[str, Sequence[str]]:
    """Return the functions of a module, each with its parameters, what enters it and the names that it gives."""
    parts = frame_parts(program, target)
    given = parameters_of(program, target, defaults)
    values = [program.names[value] for _, value in program.outputs]
    slopes = [name for row in slopes_of(program, target.by) for name in row]
    squares, right, left = normal_of(program, target.by)
    found: dict[str, Sequence[str]] = {"forward": given, "value_and_grad": given}
    if target.normal:
        found["gauss_newton"] = given
    if not target.in_one:
        found["left_out"] = given[:1]
    return {
        **found,
        "functions": (*found,),
        "whole": ("max",) if target.whole else (),
        "selects": parts["selects"],
        "ordered": parts["ordered"],
        "entered": parts["entered"],
        "alone": parts["alone"],
        "fixed": parts["counts"] if target.in_one else parts["columns"],
        "values": values,
        "slopes": slopes,
        "normal": (squares, *right, *left),
    }
