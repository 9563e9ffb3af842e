"""A named program in; the words about it out: its formula, its inputs, what may raise where, and its kinks."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence

from gradgen.cost import Cost
from gradgen.ir import Const, Guard, Operand, Program, Ref, Step, evaluate, operations
from gradgen.ops import ANY, OPS, Raise
from gradgen.spell import FORMULA, condition, constant, fill, operands
from gradgen.statements import is_program

_WIDTH = 84
#: A longer list is cut short: the docstring of a large module is for reading too.
_LISTED = 24


def docstring(program: Program, formula: str, cost: Cost, words: str = "") -> list[str]:
    """Return the lines of the module's docstring.

    Args:
        program: a program with flows and names.
        formula: the formula's text; empty if it is too long to show.
        cost: the operations of both passes.
        words: what the program says about itself, its paragraphs apart.
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
    sections = (
        ("Raises", raises(program)),
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


def raises(program: Program) -> list[str]:
    """Return what may raise for finite inputs: the error, the condition, and the stage in brackets."""
    entries = []
    flowing = _flowing(program)
    possible_signs = signs(program)
    for position, step in enumerate(program.steps):
        value = program.value(position)
        stage = program.names[value]
        words = operands(step, program.names, FORMULA)
        for const in step.args:
            error = failure(const) if isinstance(const, Const) else None
            if isinstance(const, Const) and error is not None:
                shown = constant(const, FORMULA)
                when = "always"
                if step.guard:
                    when = f"where {condition(step.guard, program.names)}"
                entries.append(f"{error}: {when}, as {shown} has no value ({stage}).")
        for rule in OPS[step.op].raises:
            where = "where"
            if rule.partial is not None:
                partials = flowing.get(value, set())
                if not (partials if rule.partial == ANY else rule.partial in partials):
                    continue
                where = "backward, where"
            if concerns(rule, step, program, possible_signs):
                when = fill(rule.when, words)
                branches: tuple[Guard, ...] = (step.guard,)
                if rule.partial is not None and step.active:
                    branches = step.active
                possible = [b for b in branches if not excluded(when, b, program)]
                texts = [condition(b, program.names) for b in possible if b]
                if texts:
                    when += f", if {' or '.join(texts)}"
                if possible:
                    entries.append(f"{rule.error}: {where} {when} ({stage}).")
    return entries


def kinks(program: Program) -> list[str]:
    """Return the conventions of the program's kinks, with the stages in brackets."""
    flowing = _flowing(program)
    entries = []
    for position, step in enumerate(program.steps):
        row, value = OPS[step.op], program.value(position)
        partials = flowing.get(value, set())
        concerned = (
            partials if row.kink_partial is None else row.kink_partial in partials
        )
        if row.kink and (concerned or row.flat):
            words = operands(step, program.names, FORMULA)
            entries.append(f"{fill(row.kink, words)} ({program.names[value]}).")
    return entries


def failure(const: Const) -> str | None:
    """Return what a constant expression raises when the module runs, as log(0) does; None if it has a value."""
    try:
        evaluate(const)
    except (ArithmeticError, ValueError) as error:
        return type(error).__name__
    return None


def _flowing(program: Program) -> dict[int, set[int]]:
    """Return the partials that the backward pass takes, by the value they flow from."""
    found: dict[int, set[int]] = {}
    for flow in program.flows:
        found.setdefault(flow.source, set()).add(flow.partial)
    return found


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
    given = [_number(step.args[int(place)]) for place in zeros]
    if any(number < 0 or number > 0 for number in given):
        return False  # a constant is not 0
    if rule.step_only:
        return any(isinstance(a, Ref) and program.step(a.index) for a in step.args)
    if rule.exponent_below is not None:
        return not _number(step.args[-1]) >= rule.exponent_below
    if rule.base_at_most is not None:
        return not _number(step.args[0]) > rule.base_at_most
    return True


#: Operations whose values are never negative, in double precision where they may come to 0.
_NOT_NEGATIVE = ("sqr", "abs", "exp", "exp2", "hypot", "hypot3", "sigmoid", "softplus", "relu", "norm_cdf")  # fmt: skip
_ANY_SIGN = "-0+"


def signs(program: Program) -> list[str]:
    """Return the signs that each value may have, as far as that follows from how it is made: some of `-0+`."""
    found = [_ANY_SIGN] * len(program.inputs)
    for step in program.steps:
        args = [
            found[arg.index] if isinstance(arg, Ref) else _sign(_number(arg))
            for arg in step.args
        ]
        found.append(_signs_of(step, args))
    return found


def _signs_of(step: Step, args: Sequence[str]) -> str:
    if step.op in _NOT_NEGATIVE:
        return "0+"
    if step.op == "powi" and _number(step.args[1]) % 2 == 0:
        return "0+"
    if step.op == "cosh":
        return "+"
    if step.op == "sqrt":
        return "+" if args[0] == "+" else "0+"
    if step.op in ("copy", "inv"):
        return args[0]
    if step.op == "neg":
        return _opposite(args[0])
    if step.op == "where":
        return "".join(sign for sign in _ANY_SIGN if sign in args[1] + args[2])
    if step.op in ("add", "sub"):
        one, other = args[0], args[1] if step.op == "add" else _opposite(args[1])
        sums = {a if b in (a, "0") else b if a == "0" else _ANY_SIGN for a in one for b in other}  # fmt: skip
        return "".join(sign for sign in _ANY_SIGN if sign in "".join(sums))
    if step.op in ("mul", "div"):
        # A small product may come to 0.
        one, other = args
        products = {"+" if a == b else "-" for a in one for b in other if "0" not in a + b}  # fmt: skip
        return "".join(sign for sign in _ANY_SIGN if sign in {*products, "0"})
    return _ANY_SIGN


def _opposite(signs: str) -> str:
    return signs.translate(str.maketrans("+-", "-+"))[::-1]


def _sign(value: float) -> str:
    return "+" if value > 0 else "-" if value < 0 else "0" if value == 0 else _ANY_SIGN


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


def _number(arg: Operand) -> float:
    """Return a constant operand as a double, nan where it is not known."""
    try:
        return evaluate(arg) if isinstance(arg, Const) else math.nan
    except (ArithmeticError, ValueError):
        return math.nan


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
