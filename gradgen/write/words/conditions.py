"""What writes about a program in; what may raise, which slopes do not exist and where slopes jump, in words, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradgen.core.program import Step, Way
from gradgen.core.rows import ANY
from gradgen.passes.raising import Raising
from gradgen.write.words.values import Words


def raises(
    words: Words, notes: Mapping[str, str] | None = None, strict: bool = False
) -> list[str]:
    """Return what may raise for finite inputs: the error, the condition, and the stage in brackets; what somebody said first.

    Args:
        words: what writes about the program.
        notes: what is said of constants that have no value, by their texts.
        strict: whether a slope that does not exist raises.
    """
    entries: list[str] = []
    stated: list[str] = []
    program = words.program
    steps = program.steps
    made = {v for v in program.constants if steps[v].op != "const"}
    for value in program.lines:
        step = steps[value]
        if not (made or program.rows[step.op].raises):
            continue
        stage = words.line(value)
        for arg in step.args if made else ():
            error = words.facts.failure(arg) if arg in made else None
            if error is not None:
                shown, when = words.operand(arg), _reached(words, step, arg)
                said = (notes or {}).get(shown)
                why = f": {said}" if said else f", as {shown} has no value"
                among = stated if said else entries
                among.append(f"{error}: {when}{why} ({stage}).")
        for one in words.rules.raising(value, strict):
            where = "where" if one.rule.partial is None else "backward, where"
            entries.append(
                f"{one.rule.error}: {where} {_when(words, one, value)} ({stage})."
            )
    return [*reversed(stated), *entries]


def undefined(
    words: Words, settles: Callable[[Way], bool] = lambda way: False
) -> list[str]:
    """Return the slopes that do not exist somewhere and are nan there, with the conditions and the stages in brackets.

    Args:
        words: what writes about the program.
        settles: whether the operation of a way has all its slopes where the forward pass has a value.
    """
    entries = []
    program = words.program
    rows = {op: program.rows[op] for op in {program.steps[v].op for v in program.lines}}
    some = {op for op, row in rows.items() if any(rule.missing for rule in row.raises)}
    for value in program.lines if some else ():
        for one in words.rules.missing(value):
            if one.ways and all(map(settles, one.ways)):
                continue
            slope = f"the slope of {words.formula(value)}"
            if one.rule.partial != ANY:
                args = words.program.steps[value].args
                slope += f" by {words.operand(args[one.rule.partial or 0])}"
            entries.append(
                f"{slope} is nan where {_when(words, one, value)} ({words.line(value)})."
            )
    return entries


def kinks(
    words: Words, settles: Callable[[Way], bool] = lambda way: False
) -> list[str]:
    """Return the conventions of the program's kinks, with the stages in brackets.

    Args:
        words: what writes about the program.
        settles: whether the operation of a way is never at its kink where the forward pass has a value.
    """
    entries = []
    program = words.program
    told = {way.source for way in program.ways if way.alive}
    for value in program.lines:
        row = program.rows[program.steps[value].op]
        if not (row.kink or value in told):
            continue
        ways = words.rules.flowing.get(value, ())
        concerned = any(row.kink_partial in (None, way.place) for way in ways)
        still = [a == "" and i not in row.truths for i, a in enumerate(row.adjoints)]
        asked = [way for way in ways if row.kink_partial in (None, way.place)]
        apart = bool(asked) and all(map(settles, asked))
        if row.kink and not apart and (concerned or any(still) or row.flat):
            kink = words.tell(row.kink, value)
            if words.goes_by(value):
                # Of a choice whose arms have its own name.
                _, _, rule = kink.partition(": ")
                condition = words.operand(program.steps[value].args[0])
                kink = f"where {condition} changes: {rule}"
            entries.append(f"{kink} ({words.line(value)}).")
        for where in dict.fromkeys(map(words.held, ways)):
            if where:
                entries.append(
                    f"{words.formula(value)} where {where}: gradient 0 ({words.line(value)})."
                )
    return entries


def _reached(words: Words, step: Step, arg: int) -> str:
    """Return where a step reads an operand, in words."""
    if step.op != "where" or arg not in step.args[1:]:
        return f"where {words.guard(step.guard)}" if step.guard else "always"
    test, wanted = step.args[0], arg == step.args[1]
    # A choice tells its test itself; which branch that belongs to is told as everywhere.
    text = words.formula(test) if wanted and test in words.names else words.guard(((test, wanted),))  # fmt: skip
    return f"where {text}{f', if {words.guard(step.guard)}' if step.guard else ''}"


def _when(words: Words, one: Raising, value: int) -> str:
    """Return the condition under which a rule holds of a value, in words."""
    when = words.say(one.rule.when, value)
    texts = [words.guard(branch) for branch in one.branches]
    alive = {words.alive(way) for way in one.ways}
    if texts:
        when += f", if {' or '.join(texts)}"
    if len(alive) == 1 and (text := alive.pop()):
        when += f" and {text}" if texts else f", if {text}"
    return when
