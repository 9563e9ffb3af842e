"""A function that a program declares in; its row of the table out: its text, and one for each partial derivative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gradgen.adjoints import differentiate
from gradgen.core import program as core
from gradgen.cost import operations as operations_of
from gradgen.definitions import Definition
from gradgen.describe import concerns, excluded
from gradgen.errors import GradgenError
from gradgen.flat import covered, flatten
from gradgen.formula import Formula
from gradgen.guard import guard
from gradgen.ir import (
    Const,
    Flow,
    Program,
    Ref,
    asked,
    drop_unused,
    operations,
)
from gradgen.ops import ANY, OPS, Op, Raise
from gradgen.recognise import recognise
from gradgen.signs import signs
from gradgen.spell import (
    AND,
    FORMULA,
    OR,
    PRODUCT,
    SUM,
    Spelling,
    bracket,
    condition,
    expression,
    fill,
    flow_text,
    negated,
    operands,
    over_text,
    tests,
)
from gradgen.stage import stage
from gradgen.targets import TARGETS

#: A longer line is not for reading.
_LONGEST = 160


def declare(formula: Formula) -> list[str]:
    """Put a program's own functions into the table, under names that no other program's functions have.

    Returns:
        The names of those that are too long for one stage.

    Raises:
        GradgenError: a function has no derivative.
    """
    long = []
    for definition in formula.functions:
        if not definition.key:
            continue
        OPS.own[definition.key] = row = _row(definition)
        if definition.body is not None and _is_long(row):
            long.append(definition.name)
    return long


def _is_long(row: Op) -> bool:
    """Whether a line of a function would be long, or its slopes much dearer than in stages of their own."""
    value, *slopes = (
        re.sub(r"\{(\w+)\}", r"_\1", text or "")
        for text in (row.python or row.scipy, *row.python_partials)
    )
    if max(map(len, (value, *slopes))) > _LONGEST:
        return True
    forward, *backward = (
        operations_of(text, dearest=True)[0] for text in (value, *slopes)
    )
    return sum(backward) > 4 * forward + 2 * len(backward) + 2


def imported(program: Program) -> dict[str, dict[str, str]]:
    """Return what a program's functions import: by module, the names here with the names there."""
    partials: dict[int, list[int]] = {}
    for flow in program.flows:
        partials.setdefault(flow.source, []).append(flow.partial)
    found: dict[str, dict[str, str]] = {}
    for index, step in enumerate(program.steps, len(program.inputs)):
        for op in operations(step):
            row = OPS[op]
            texts: list[str | None] = [row.python or row.scipy]
            if op == step.op and row.imports:
                for place in partials.get(index, ()):
                    texts += row.python_partials[place : place + 1]
                    texts += row.precise_partials[place : place + 1]
            # A slope that nobody asks for is not imported.
            called = {
                word for text in texts for word in re.findall(r"\w+(?=\()", text or "")
            }
            for module, name, local in row.imports:
                if local in called:
                    found.setdefault(module, {})[local] = name
    return {module: dict(sorted(found[module].items())) for module in sorted(found)}


def used_imports(
    program: core.Program, said: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return what a module's lines call of other modules: by module, the names here with the names there.

    Args:
        program: the program.
        said: the literal parts of its lines.
    """
    called = {word for text in said for word in re.findall(r"\w+(?=\()", text)}
    found: dict[str, dict[str, str]] = {}
    for row in program.rows.values():
        for module, name, local in row.imports:
            # A slope that nobody asks for is not imported.
            if local in called:
                found.setdefault(module, {})[local] = name
    return {module: dict(sorted(found[module].items())) for module in sorted(found)}


def import_lines(modules: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the lines that import them."""
    return [
        f"from {module} import "
        + ", ".join(
            name if name == local else f"{name} as {local}"
            for local, name in names.items()
        )
        for module, names in modules.items()
    ]


def _row(definition: Definition) -> Op:
    places = [f"{{{i}}}" for i in range(definition.arity)]
    name = definition.name
    blank = Op(
        name,
        definition.node,
        tuple(lambda out, *args: out for _ in places),
        name + "".join(places),
        "",
        (0.0, 0.0),
        ((-9.0, 9.0),) * len(places),
        role=name,
    )
    if definition.body is None:
        imports = []
        texts = []
        for dotted, local in zip(definition.callables, definition.locals):
            module, _, attribute = dotted.rpartition(".")
            imports.append((module, attribute, local))
            texts.append(f"{local}({', '.join(places)})")
        return replace(
            blank,
            python=texts[0],
            python_partials=tuple(texts[1:]),
            imports=tuple(imports),
        )
    program = stage(Formula("", definition.body), definition.params, name=name)
    if not definition.as_written:
        program = recognise(program)
    used = [op for step in program.steps for op in operations(step)]
    found = {
        target.name: expression(program, target.spelling, places)
        for target in TARGETS.values()
        if all(target.spelling.template(OPS[op]) for op in used)
    }
    best = TARGETS["python" if "python" in found else "scipy"].spelling
    try:
        partials, precise, strict = (
            tuple(_partials(program, spelling))
            for spelling in (
                best,
                replace(best, precise=True),
                replace(best, strict=True),
            )
        )
        inside = flatten(differentiate(guard(program)))
    except GradgenError as error:
        raise GradgenError(f"{name}: {error.message}") from None
    rows = [OPS[step.op] for step in program.steps]
    return replace(
        blank,
        python=found.get("python", ""),
        scipy=found.get("scipy", "") if "python" not in found else "",
        python_partials=partials,
        precise_partials=precise,
        strict_partials=tuple(s if s != p else None for s, p in zip(strict, partials)),
        raises=tuple(_raises(inside)),
        kink="; ".join(_kinks(inside)),
        imports=tuple(dict.fromkeys(i for row in rows for i in row.imports)),
        flat=not inside.flows,
    )


#: A slope of sqrt put into that of a square.
_HALVES = re.compile(r"2\.0 \* ([\w{}]+) \* \(0\.5 / ([\w{}]+)\)")


def _partials(program: Program, spelling: Spelling) -> list[str]:
    """Return the partials' texts; of a choice, the choice between those of its branches."""
    _, result = program.outputs[0]
    step = program.step(result.index)
    assert step is not None
    if step.op != "where":
        guarded = guard(drop_unused(program))
        return _chained(flatten(differentiate(guarded, False)), spelling)
    count = len(program.inputs)
    places = [f"{{{i}}}" for i in range(count)]
    where = bracket(expression(program, spelling, places, step.args[0]), OR)
    branches = []
    for arg in step.args[1:]:
        if isinstance(arg, Ref) and arg.index >= count:
            branches.append(_partials(replace(program, outputs=(("", arg),)), spelling))
        else:
            branches.append(["1.0" if arg == Ref(i) else "0.0" for i in range(count)])
    return [
        one if one == other else f"{bracket(one, OR)} if {where} else {other}"
        for one, other in zip(*branches)
    ]


def _chained(program: Program, spelling: Spelling) -> list[str]:
    """Return the partials' texts: the backward lines, each put into the next."""
    texts = _texts(program, spelling)
    result = program.outputs[0][1].index
    texts[result] = "{out}"
    #: The slopes so far, without their signs; 1 has no text.
    slopes = {result: ""}
    negative = {result: False}
    for flow in program.flows:
        step = program.step(flow.source)
        assert step is not None
        constants = tuple(arg if isinstance(arg, Const) else None for arg in step.args)
        values = [texts[a.index] if isinstance(a, Ref) else "" for a in step.args]
        if flow.below is not None:
            inner = program.step(flow.below)
            assert inner is not None
            constants = tuple(a if isinstance(a, Const) else None for a in inner.args)
            values = [texts[a.index] if isinstance(a, Ref) else "" for a in inner.args]
            values.append(texts[flow.below])
            line = over_text(inner.op, flow.partial, constants, spelling)
        else:
            own = replace(spelling, precise=spelling.precise or step.precise)
            line = flow_text(step.op, flow.partial, constants, own)
        upstream = slopes[flow.source]
        template = line.added if upstream else line.alone[1]
        passed = template in ("{d}", "1.0")
        made = upstream
        if not passed:
            made = fill(template, values, texts[flow.source], upstream)
            made = _HALVES.sub(r"\1 / \2", made)
        branches, gates = asked(step, flow, bool(upstream))
        where = tests(gates, texts, spelling, upstream)
        if () not in branches and not passed:
            taken = " or ".join(condition(branch, texts) for branch in branches)
            where = (
                f"{bracket(taken, AND)} and {bracket(where, AND)}" if where else taken
            )
        if where:
            made = f"{bracket(made, OR)} if {where} else 0.0"
        minus = line.negative != negative[flow.source]
        if flow.accumulate:
            before = slopes[flow.into] or "1.0"
            if negative[flow.into]:
                before = negated(before)
            made = f"{bracket(before, SUM)} {'-' if minus else '+'} {bracket(made or '1.0', PRODUCT)}"
            minus = False
        slopes[flow.into], negative[flow.into] = made, minus
    found = []
    for place in range(len(program.inputs)):
        text = slopes.get(place, "0.0") or "1.0"
        found.append(negated(text) if negative.get(place) else text)
    return found


def _texts(program: Program, spelling: Spelling) -> list[str]:
    """Return every value as an expression of the parameters, which are places to fill."""
    places = [f"{{{i}}}" for i in range(len(program.inputs))]
    return [
        expression(program, spelling, places, Ref(value))
        for value in range(len(places) + len(program.steps))
    ]


def _raises(program: Program) -> list[Raise]:
    """Return what the stages inside raise, in terms of the parameters."""
    texts = _texts(program, FORMULA)
    named = replace(program, names=tuple(texts))
    possible = signs(program)
    flowing: dict[int, list[Flow]] = {}
    for flow in program.flows:
        flowing.setdefault(flow.source, []).append(flow)
    found = []
    for position, step in enumerate(program.steps):
        flows = flowing.get(program.value(position), ())
        words = operands(step, texts, FORMULA)
        branch = ""
        if step.guard:
            branch = f", if {condition(step.guard, texts)}"
        for rule in OPS[step.op].raises:
            if concerns(rule, step, program, possible) and not rule.step_only:
                when = fill(rule.when, words)
                if excluded(when, step.guard, named):
                    continue
                open_ = (f for f in flows if rule.partial in (ANY, f.partial))
                if rule.partial is not None and all(
                    covered(program, flow) for flow in open_
                ):
                    continue
                partial = None if rule.partial is None else ANY
                missing = fill(rule.missing, words) + branch if rule.missing else ""
                found.append(Raise(rule.error, when + branch, partial, missing=missing))
    return found


def _kinks(program: Program) -> list[str]:
    texts = _texts(program, FORMULA)
    found = []
    for step in program.steps:
        row = OPS[step.op]
        if row.kink:
            found.append(fill(row.kink, operands(step, texts, FORMULA)))
    return found
