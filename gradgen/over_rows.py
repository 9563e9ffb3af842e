"""A formula or its program, and which inputs are columns of data, in; the same as it is over rows, or why it cannot be, out."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import sympy as sp

from gradgen.core.program import Program, Step
from gradgen.errors import GradgenError
from gradgen.passes.facts import rowwise
from gradgen.read.formula import Formula
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.table import NODES
from gradgen.read.sympy.unroll import unroll
from gradgen.settings import Settings
from gradgen.targets import ROWS, TARGETS, target_for
from gradgen.write.languages.c_sums import ROWS_SUMS
from gradgen.write.target import Target


def is_over_rows(settings: Settings, program: Program) -> bool:
    """Whether rows are added up in a module: in C, in queries and of frames only if the formula does."""
    in_formula = settings.target == ROWS.name or TARGETS[settings.target].selects
    return bool(settings.rows) and (not in_formula or bool(_adding(program)))


def _adds_results(settings: Settings) -> bool:
    """Whether the formula's results are to be added up over rows, in the formula."""
    selects = TARGETS[settings.target].selects
    return bool(settings.reduce and settings.rows) and not selects


def _adding(program: Program) -> list[Step]:
    """Return the steps that make one number of all rows."""
    adding = {op for op, row in program.rows.items() if row.level == "whole"}
    return [step for step in program.steps if step.op in adding]


def of_each(program: Program, settings: Settings) -> list[bool]:
    """Return whether each result of a module of arrays is of every element or row, and not one number for all."""
    each = rowwise(program, settings.rows)
    outputs = [value for _, value in program.outputs]
    return [
        value in each if settings.rows else not settings.reduce for value in outputs
    ]


def adds_rows(program: Program) -> str:
    """Return what a program adds rows up by; empty where it adds up none."""
    return next((step.op for step in _adding(program)), "")


def target_of(settings: Settings, program: Program) -> Target:
    """Return the language of a module of this program.

    Raises:
        GradgenError: it has no such lines.
    """
    if not is_over_rows(settings, program):
        return target_for(settings)
    if TARGETS[settings.target].selects:
        return replace(target_for(settings), whole=True)
    return target_for(settings, ROWS_SUMS if settings.target == ROWS.name else None)


def columns_of(settings: Settings, program: Program) -> Sequence[str]:
    """Return the inputs that are columns of data, where rows are added up."""
    return settings.rows if is_over_rows(settings, program) else ()


def of_all(expr: sp.Basic, settings: Settings) -> sp.Basic:
    """Return a result as the sum or the mean over rows that is asked for."""
    if not _adds_results(settings):
        return expr
    return unevaluated(NODES[settings.reduce], expr)  # type: ignore[arg-type]


def all_of(
    named: Sequence[tuple[str, sp.Basic]], results: Sequence[str], settings: Settings
) -> tuple[list[tuple[str, sp.Basic]], list[str]]:
    """Return names with what they stand for, some in terms of others, and the names of results: as sums or means over rows, if those are asked for."""
    if not _adds_results(settings):
        return [*named], [*results]
    found = dict(named)
    ends = {f"{name} of all": of_all(found[name], settings) for name in results}
    return [*named, *ends.items()], [*ends]


def reduced(formula: Formula, settings: Settings) -> Formula:
    """Return a formula whose results are the sums or the means over rows that are asked for."""
    if not _adds_results(settings):
        return formula
    assignments = formula.assignments
    results = settings.outputs or [a.name for a in assignments[-1:]]
    return replace(
        formula,
        expr=of_all(formula.expr, settings),
        staged=None,
        assignments=tuple(
            replace(a, expr=of_all(a.expr, settings)) if a.name in results else a
            for a in assignments
        ),
    )


def by_parameters(program: Program, settings: Settings) -> Program:
    """Return a program whose gradient is by what all rows share, where a query adds up the rows: by a column each row has its own.

    Raises:
        GradgenError: the gradient by a column is asked for.
    """
    target = TARGETS[settings.target]
    adds = settings.reduce or adds_rows(program)
    if not (adds and target.selects):
        return program
    columns = settings.rows or program.inputs
    for name in settings.wrt or ():
        if name in columns:
            raise GradgenError(
                f"the {adds} over rows has no gradient by the column `{name}`: each row has its own; leave {'one of --reduce and' * bool(settings.reduce)} --wrt {name} out"
            )
    wrt = [v for v in program.wrt if program.signature[v] not in columns]
    return replace(program, wrt=tuple(wrt))


def check_rows(program: Program, settings: Settings) -> Program:
    """Return a program if all its columns are inputs, and all that it adds up differs from row to row.

    Raises:
        GradgenError: one is none, or something is the same for all rows, or there are none.
    """
    for column in settings.rows:
        if column not in program.inputs:
            raise GradgenError(
                f"no input is called `{column}`, which is to be a column; the inputs are {', '.join(program.inputs) or '(none)'}"
            )
    whole = _adding(program)
    if not whole:
        return program
    if not settings.rows:
        raise GradgenError(_without(whole[0].op, settings))
    each = rowwise(program, settings.rows)
    results = [program.steps[value] for _, value in program.outputs]
    if TARGETS[settings.target].selects:
        _check_one(program, settings, each)
    for step in whole:
        if step.args[0] not in each and settings.reduce and step in results:
            raise GradgenError(
                f"--reduce {settings.reduce} is over rows, and the result is one number for all of them already"
            )
        if step.args[0] not in each:
            raise GradgenError(
                f"{step.op} is over rows, and what it is given here is the same for all of them: no column of --rows ({_listed(settings.rows)}) is in it"
            )
    return program


def _check_one(program: Program, settings: Settings, each: Container[int]) -> None:
    """Hold a formula that adds up rows in a query or of a frame to give one number for all of them.

    Raises:
        GradgenError: it gives another, or is added up again.
    """
    by = adds_rows(program)
    if settings.reduce:
        raise GradgenError(
            f"{by}(...) adds rows up in the formula, and --reduce {settings.reduce} adds up what comes of it: write {settings.reduce}(...) around it instead, and leave --reduce out"
        )
    if len(program.outputs) > 1:
        raise GradgenError(
            f"a formula with {by}(...) has one result in {settings.target}, and there are several; --target numpy, jax, torch, c and python have all of them"
        )
    ((name, value),) = program.outputs
    if value in each:
        raise GradgenError(
            f"each row has its own `{name}`, which {by}(...) of all rows is in: in {settings.target} the result is one number, as sum(...) or mean(...) around it gives; --target numpy, jax, torch, c and python have each row's"
        )


def check_all_rowwise(program: Program, columns: Sequence[str], what: str) -> None:
    """Hold the results of a program that adds up nothing to be of each row.

    Raises:
        GradgenError: one is a number that all rows share.
    """
    each = rowwise(program, columns) if columns else ()
    for name, value in program.outputs:
        if columns and value not in each:
            raise GradgenError(
                f"`{name}` is one number for all rows, as no column is in it, and {what} of results that each row has: leave it or --rows out"
            )


def for_few_rows(results: Sequence[sp.Basic], settings: Settings) -> list[sp.Basic]:
    """Return results in terms of the numbers in a few rows, as many of each as rows have their own."""
    whole = [(f"result {i}", of_all(one, settings)) for i, one in enumerate(results)]
    return [result for _, result in unroll(whole, [], settings.rows)[0]]


def _without(op: str, settings: Settings) -> str:
    """Return what to say of a sum over rows where there are none."""
    if not (TARGETS[settings.target].is_python or settings.target == ROWS.name):
        takers = ", ".join(["python", "c", *(t.name for t in TARGETS.values() if t.arrays or t.selects)])  # fmt: skip
        return f"{op} is over rows of data, which are of --target {takers} with --rows; a sum over an index is Sum(x**k, (k, 0, 10))"
    return f'{op} is over rows of data: name the inputs that are columns, as in --rows "x, y"; a sum over an index is Sum(x**k, (k, 0, 10))'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
