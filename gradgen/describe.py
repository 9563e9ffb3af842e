"""A named program in; the words about it out: its formula, its inputs, what may raise where, and its kinks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradgen.cost import Cost
from gradgen.flat import covered, held
from gradgen.ir import Const, Flow, Guard, Program, Ref, Step, evaluate, operations
from gradgen.ops import ANY, OPS, Raise
from gradgen.signs import number_of, signs
from gradgen.spell import FORMULA, Spelling, condition, constant, fill, operands, tests
from gradgen.statements import is_program

_WIDTH = 84
#: A longer list is cut short: the docstring of a large module is for reading too.
_LISTED = 24


def docstring(
    program: Program,
    formula: str,
    cost: Cost,
    words: str = "",
    spelling: Spelling = FORMULA,
) -> list[str]:
    """Return the lines of the module's docstring.

    Args:
        program: a program with flows and names.
        formula: the formula's text; empty if it is too long to show.
        cost: the operations of both passes.
        words: what the program says about itself, its paragraphs apart.
        spelling: how the lines are written, and so what raises.
    """
    names = program.names
    first = len(program.inputs)
    call = f"{_result(program)}({', '.join(names[:first])})"
    if len(program.outputs) > 1:
        call = f"({_result(program)})({', '.join(names[:first])})"
    shown = formula or f"an expression of {len(program.steps)} operations"
    if is_program(formula):
        many = len(program.outputs) > 1
        shown = f"the result{'s' if many else ''} of the program above"
    inputs = [
        n if n == text else f"{n} (`{text}` in the formula)"
        for n, text in zip(names, program.inputs)
    ]
    lines = _wrap(f"{call} = {shown}.")
    for paragraph in filter(None, words.split("\n\n")):
        lines += ["", *textwrap.wrap(paragraph.replace("\\", "\\\\"), _WIDTH)]
    lines += ["", *_wrap(f"Inputs: {', '.join(inputs) or 'none'}.")]
    foreign = [
        f"{module}.{name}"
        for op in dict.fromkeys(op for step in program.steps for op in operations(step))
        for module, name, _ in OPS[op].imports
    ]
    if foreign:
        lines += _wrap(f"Calls: {', '.join(dict.fromkeys(foreign))}.")
    if program.wrt != tuple(range(first)):
        asked = ", ".join(names[i] for i in program.wrt)
        lines += _wrap(f"Gradient: by {asked or 'no input'} only.")
    lines.append(
        f"Operations: {cost.forward} forward, {cost.backward} backward; "
        f"value and gradient together cost {cost.ratio:.1f} times the value."
    )
    if cost.jacobian is not None:
        lines += [
            f"The Jacobian's rows: {cost.jacobian} operation{'s' * (cost.jacobian != 1)} after the forward ones."
        ]
    ieee, strict = spelling.ieee, spelling.strict
    if ieee:
        lines.append(
            "Overflow and poles give inf, what has no value gives nan, as in C."
        )
    sections = (
        ("Raises", [] if ieee else raises(program, strict)),
        ("Undefined", [] if ieee or strict else undefined(program)),
        ("Kinks", kinks(program)),
    )
    for title, entries in sections:
        if entries:
            lines += ["", f"{title}:"]
            for entry in entries[:_LISTED]:
                lines += _wrap(entry, "    ")
        if len(entries) > _LISTED:
            lines.append(f"    ... and {len(entries) - _LISTED} more of these kinds.")
    return lines


def gradient_summary(program: Program) -> list[str]:
    """Return the lines of `backward`'s docstring: what it returns, and in which order."""
    result = _result(program)
    if len(program.outputs) > 1:
        return _product_summary(program)
    upstream = program.adjoints[program.outputs[0][1].index]
    slopes = ", ".join(f"d{result}/d{program.names[i]}" for i in program.wrt)
    if not slopes:
        return [f"Return (): no gradient of {result} is asked for."]
    text = f"Return ({slopes}), each times the upstream gradient {upstream}."
    if len(program.wrt) == 1:
        text = f"Return ({slopes},), times the upstream gradient {upstream}."
    lines = [text]
    if len(text) > _WIDTH - 6:
        order = ", ".join(program.names[i] for i in program.wrt)
        lines = [
            f"Return the gradient of {result}, times the upstream gradient {upstream}.",
            "",
            *_wrap(f"In this order: by {order}."),
        ]
    if any(flow.accumulate for flow in program.flows):
        lines += [""] if len(lines) == 1 else []
        lines += ["The gradients of a value that is used more than once add up: `+=`."]
    return lines


def rows_summary(program: Program) -> list[str]:
    """Return the lines of `jacobian`'s docstring."""
    outputs = _result(program)
    each = "one row, of" if len(program.outputs) == 1 else "one row for each of"
    order = ", ".join(program.names[i] for i in program.wrt)
    columns = f"In this order: by {order or 'no input'}."
    first = _wrap(f"Return the Jacobian: {each} {outputs}.", width=_WIDTH - 4)
    return [*first, "", *_wrap(columns)]


def _product_summary(program: Program) -> list[str]:
    """Return the same for several outputs: the vector-Jacobian product."""
    seeds = ", ".join(program.adjoints[ref.index] for _, ref in program.outputs)
    order = ", ".join(program.names[i] for i in program.wrt)
    text = f"Return the gradients of {_result(program)}, times their upstream gradients ({seeds}), summed."
    lines = _wrap(text, width=_WIDTH - 4)
    lines += ["", *_wrap(f"In this order: by {order or 'no input'}.")]
    if any(flow.accumulate for flow in program.flows):
        lines += ["The gradients of a value that is used more than once add up: `+=`."]
    return lines


def raises(program: Program, strict: bool = False) -> list[str]:
    """Return what may raise for finite inputs: the error, the condition, and the stage in brackets.

    Args:
        program: a program with flows and names.
        strict: whether a slope that does not exist raises.
    """
    entries = []
    flowing = _flowing(program)
    possible_signs = signs(program)
    for position, step in enumerate(program.steps):
        value = program.value(position)
        stage = program.names[value]
        for const in step.args:
            error = failure(const) if isinstance(const, Const) else None
            if isinstance(const, Const) and error is not None:
                shown = constant(const, FORMULA)
                when = "always"
                if step.guard:
                    when = f"where {condition(step.guard, program.names)}"
                entries.append(f"{error}: {when}, as {shown} has no value ({stage}).")
        for rule in OPS[step.op].raises:
            if rule.missing and not strict:
                continue
            when = _when(rule, value, program, flowing, possible_signs)
            where = "where" if rule.partial is None else "backward, where"
            if when:
                entries.append(f"{rule.error}: {where} {when} ({stage}).")
    return entries


def undefined(program: Program) -> list[str]:
    """Return the slopes that do not exist somewhere and are nan there, with the conditions and the stages in brackets."""
    entries = []
    flowing = _flowing(program)
    possible_signs = signs(program)
    for position, step in enumerate(program.steps):
        value = program.value(position)
        words = operands(step, program.names, FORMULA)
        for rule in OPS[step.op].raises:
            named = replace(rule, when=rule.missing)
            when = _when(named, value, program, flowing, possible_signs) if rule.missing else ""  # fmt: skip
            if when:
                slope = f"the slope of {fill(FORMULA.template(OPS[step.op]), words)}"
                if rule.partial != ANY:
                    slope += f" by {words[rule.partial or 0]}"
                entries.append(f"{slope} is nan where {when} ({program.names[value]}).")
    return entries


def _when(
    rule: Raise,
    value: int,
    program: Program,
    flowing: Mapping[int, Sequence[Flow]],
    possible_signs: Sequence[str],
) -> str:
    """Return the condition under which a rule holds of a value, in words; empty where it never does."""
    step = program.step(value)
    assert step is not None
    alive = ""
    if rule.partial is not None:
        open_ = [
            flow
            for flow in flowing.get(value, ())
            if rule.partial in (ANY, flow.partial) and not covered(program, flow)
        ]
        if not open_ or _rules_out(rule, open_, program):
            return ""
        alive = alive_text(open_, program)
    if not concerns(rule, step, program, possible_signs):
        return ""
    when = fill(rule.when, operands(step, program.names, FORMULA))
    branches: tuple[Guard, ...] = (step.guard,)
    if rule.partial is not None and step.active:
        branches = step.active
    possible = [b for b in branches if not excluded(when, b, program)]
    texts = [condition(b, program.names) for b in possible if b]
    if texts:
        when += f", if {' or '.join(texts)}"
    if alive:
        when += f", if {alive}" if not texts else f" and {alive}"
    return when if possible else ""


def kinks(program: Program) -> list[str]:
    """Return the conventions of the program's kinks, with the stages in brackets."""
    flowing = _flowing(program)
    entries = []
    for position, step in enumerate(program.steps):
        row, value = OPS[step.op], program.value(position)
        flows = flowing.get(value, [])
        concerned = any(row.kink_partial in (None, flow.partial) for flow in flows)
        words = operands(step, program.names, FORMULA)
        if row.kink and (concerned or row.flat or row.flat_by):
            entries.append(f"{fill(row.kink, words)} ({program.names[value]}).")
        call = fill(FORMULA.template(row), words)
        for where in dict.fromkeys(held(flow, program.names) for flow in flows):
            if where:
                entries.append(
                    f"{call} where {where}: gradient 0 ({program.names[value]})."
                )
    return entries


def failure(const: Const) -> str | None:
    """Return what a constant expression raises when the module runs, as log(0) does; None if it has a value."""
    try:
        evaluate(const)
    except (ArithmeticError, ValueError) as error:
        return type(error).__name__
    return None


def _flowing(program: Program) -> dict[int, list[Flow]]:
    """Return the flows that the backward pass takes, by the value they flow from."""
    found: dict[int, list[Flow]] = {}
    for flow in program.flows:
        found.setdefault(flow.source, []).append(flow)
    return found


def alive_text(flows: Sequence[Flow], program: Program) -> str:
    """Return the tests that all these lines make, in words; empty where they make none or not the same."""
    texts = {
        tests(flow.alive, program.names, FORMULA, program.adjoints[flow.source])
        for flow in flows
    }
    return texts.pop() if len(texts) == 1 else ""


def _rules_out(rule: Raise, flows: Sequence[Flow], program: Program) -> bool:
    """Whether these lines ask for a branch of their operand in which the rule's condition cannot hold."""
    for flow in flows:
        step, source = program.step(flow.into), program.step(flow.source)
        assert source is not None
        asked = [group[0] for group in flow.alive if len(group) == 1]
        taken = [t for t in asked if isinstance(t.other, bool) and step and step.op == "where" and step.args[0] == Ref(t.value)]  # fmt: skip
        if not taken or step is None:
            return False
        words = operands(source, program.names, FORMULA)
        arm = step.args[1 if taken[0].other else 2]
        words[flow.partial] = operands(replace(step, args=(arm,)), program.names, FORMULA)[0]  # fmt: skip
        branch = ((taken[0].value, bool(taken[0].other)),)
        if not excluded(fill(rule.when, words), branch, program):
            return False
    return True


def concerns(
    rule: Raise, step: Step, program: Program, possible: Sequence[str]
) -> bool:
    """Whether a rule's condition can hold for a step with these operands; `possible` are the values' signs."""
    compared = re.fullmatch(r"\{([0-9])\} (<=|<|=) 0", rule.when)
    if compared is not None:
        arg = step.args[int(compared[1])]
        wanted = {"<": "-", "<=": "-0", "=": "0"}[compared[2]]
        if isinstance(arg, Ref) and not set(wanted) & set(possible[arg.index]):
            return False
    if rule.variable is not None and isinstance(step.args[rule.variable], Const):
        return False
    zeros = re.findall(r"\{([0-9])\} = (?=(?:\{[0-9]\} = )*0$)", rule.when)
    given = [number_of(step.args[int(place)]) for place in zeros]
    if any(number < 0 or number > 0 for number in given):
        return False  # a constant is not 0
    if rule.step_only:
        return any(isinstance(a, Ref) and program.step(a.index) for a in step.args)
    if rule.exponent_below is not None:
        return not number_of(step.args[-1]) >= rule.exponent_below
    if rule.base_at_most is not None:
        return not number_of(step.args[0]) > rule.base_at_most
    return True


#: What a comparison rules out, by its sign and by the sign of what is ruled out.
_RULED_OUT = {
    "<": (">", ">=", "="),
    "<=": (">",),
    ">": ("<", "<=", "="),
    ">=": ("<",),
    "!=": ("=",),
    "==": ("<", ">"),
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def excluded(when: str, branch: Guard, program: Program) -> bool:
    """Whether a branch's own conditions rule out, in as many words, what a rule says."""
    signs = re.fullmatch(r"(\S+) (<|<=|>|>=|=) (\S+)", when)
    for index, wanted in branch:
        step = program.step(index)
        if signs is None or step is None or len(step.args) != 2:
            continue
        left, right = operands(step, program.names, FORMULA)
        text = FORMULA.template(OPS[step.op]).split(" ")[1]
        sign = text if wanted else _OPPOSITE.get(text, "")
        if (left, right) == (signs[1], signs[3]) and signs[2] in _RULED_OUT.get(
            sign, ()
        ):
            return True
    return False


def _result(program: Program) -> str:
    return ", ".join(program.names[ref.index] for _, ref in program.outputs)


def _wrap(text: str, indent: str = "", width: int = _WIDTH) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
