"""A program in; the same program out, with naive forms such as 1/(1 + exp(-x)) replaced by the accurate operation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from gradgen.ir import Const, Operand, Program, Ref, Step, drop_unused, verify
from gradgen.parse import parse
from gradgen.stage import Builder, stage

#: What people write, and the operation that means the same to rounding. Each holds wherever the left side has a value.
PATTERNS = (
    ("x*x", "x**2"),
    ("0 - x", "-x"),
    ("-x + y", "y - x"),
    ("1/(1 + exp(-x))", "sigmoid(x)"),
    ("1/(1 + exp(x))", "sigmoid(-x)"),
    ("exp(x)/(1 + exp(x))", "sigmoid(x)"),
    ("exp(-x)/(1 + exp(-x))", "sigmoid(-x)"),
    ("log(1 + exp(x))", "softplus(x)"),
    ("z*exp(x)/(1 + exp(x))", "z*sigmoid(x)"),
    ("z*exp(-x)/(1 + exp(-x))", "z*sigmoid(-x)"),
    ("1 - sigmoid(x)", "sigmoid(-x)"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    ("log(1 + x)", "log1p(x)"),
    ("log(1 - x)", "log1p(-x)"),
    ("log(exp(x) + exp(y))", "logaddexp(x, y)"),
    ("log(exp(x) + exp(y) + exp(z))", "logaddexp(x, y, z)"),
    ("log(exp(x) + exp(y) + exp(z) + exp(w))", "logaddexp(x, y, z, w)"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + erf(x)", "erfc(-x)"),
    ("max(x, x)", "x"),
    ("min(x, x)", "x"),
    ("log(sigmoid(x))", "logsigmoid(x)"),
    ("exp(x) - 1", "expm1(x)"),
    ("-1 + exp(x)", "expm1(x)"),
    ("1 - exp(x)", "-expm1(x)"),
    ("1 - cos(x)", "versin(x)"),
    ("cos(x) - 1", "-versin(x)"),
    ("versin(x)/x**2", "sinc(x/2)**2/2"),
    ("sin(x)/x", "sinc(x)"),
    ("z*versin(x)/x**2", "z*sinc(x/2)**2/2"),
    ("z*sin(x)/x", "z*sinc(x)"),
    ("log(x)/log(10)", "log10(x)"),
    ("log(x)/log(2)", "log2(x)"),
    ("z*log(x)/log(10)", "z*log10(x)"),
    ("z*log(x)/log(2)", "z*log2(x)"),
    ("sqrt(x**2 + y**2)", "hypot(x, y)"),
    ("sqrt(x**2)", "abs(x)"),
    ("x**(1/3)", "cbrt(x)"),
    ("sqrt(x**2 + y**2 + z**2)", "hypot(x, y, z)"),
    ("E**x", "exp(x)"),
    *(
        (naive.replace("t", scaled), f"norm_cdf({sign}x)")
        for scaled in ("x/sqrt(2)", "x*sqrt(1/2)", "x*0.7071067811865476")
        for sign, forms in (
            ("", ("erfc(-(t))/2", "0.5*erfc(-(t))")),
            ("-", ("erfc(t)/2", "0.5*erfc(t)")),
        )
        for naive in forms
    ),
)

_COMMUTATIVE = ("add", "mul")
#: How far down a product a sign is looked for.
_SIGN_DEPTH = 8


#: A rule: its outermost operation, the steps to find, and the steps to put in their place.
_Rule = tuple[str, Program, Program]


def recognise(program: Program) -> Program:
    """Replace every naive form by one step of the right operation, and drop the steps that nothing reads any more."""
    return verify(_replace(program, _rules()))


@cache
def _rules() -> tuple[_Rule, ...]:
    """Stage the patterns. The parts of a pattern are rewritten by the rules before it, as those of a formula will be."""
    rules: tuple[_Rule, ...] = ()
    for naive, accurate in PATTERNS:
        found, made = (
            stage(parse(text), inputs=("x", "y", "z", "w"))
            for text in (naive, accurate)
        )
        found = _replace(found, rules)
        outermost = found.step(found.outputs[0][1].index)
        assert outermost is not None
        rules = (*rules, (outermost.op, found, made))
    return rules


def _replace(program: Program, rules: tuple[_Rule, ...]) -> Program:
    builder = Builder(program.inputs)
    moved: list[Operand] = [Ref(i) for i in range(len(program.inputs))]
    for step in program.steps:
        args = tuple(
            moved[arg.index] if isinstance(arg, Ref) else arg for arg in step.args
        )
        moved.append(_rewrite(builder, Step(step.op, args), rules))
    outputs: list[tuple[str, Ref]] = []
    for name, ref in program.outputs:
        others = (other for _, other in outputs)
        outputs.append((name, builder.result(moved[ref.index], others)))
    named = [(text, moved[ref.index], note) for text, ref, note in program.given]
    given: dict[int, tuple[str, Ref, str]] = {}
    for text, value, note in named:
        if isinstance(value, Ref) and value.index >= len(program.inputs):
            given.setdefault(value.index, (text, value, note))
    return drop_unused(
        replace(
            program,
            steps=tuple(builder.steps),
            outputs=tuple(outputs),
            given=tuple(given.values()),
        )
    )


def _rewrite(builder: Builder, step: Step, rules: tuple[_Rule, ...]) -> Operand:
    """Return the value of `step`, by the first rule that matches it."""
    for op, naive, accurate in rules:
        if op != step.op:
            continue
        bound = _match(builder, naive, naive.outputs[0][1], step, {})
        if bound is not None:
            values: list[Operand] = [
                bound.get(i, Ref(i)) for i in range(len(accurate.inputs))
            ]
            for made in accurate.steps:
                args = tuple(
                    values[arg.index] if isinstance(arg, Ref) else arg
                    for arg in made.args
                )
                if made.op in ("copy", "neg"):
                    values.append(_signed(builder, made.op, args[0]))
                else:
                    # What one rule makes may be another's naive form: -cos(x) + 1 is 1 - cos(x).
                    values.append(_rewrite(builder, Step(made.op, args), rules))
            return values[-1]
    return builder.emit(step.op, *step.args)


def _signed(builder: Builder, op: str, value: Operand) -> Operand:
    """Return a copy or the negative of a value: what a rule makes holds no copy, and a sign goes into what can take it."""
    if op == "copy":
        return value
    return _negated(builder, value) or builder.emit("neg", value)


def _negated(builder: Builder, value: Operand, depth: int = 0) -> Operand | None:
    """Return -value without a sign: -(-a) = a, -(a - b) = b - a, -((-2)*a) = 2*a; None where there is nothing to turn."""
    if isinstance(value, Const):
        number = value.value
        return None if isinstance(number, str) or number > 0 else Const(-number)
    step = _step(builder, value)
    if step is None or depth == _SIGN_DEPTH:
        return None
    if step.op == "neg":
        return step.args[0]
    if step.op == "sub":
        return builder.emit("sub", *step.args[::-1])
    if step.op in ("mul", "div"):
        first, second = step.args
        turned = _negated(builder, first, depth + 1)
        if turned is not None:
            return builder.emit(step.op, turned, second)
        turned = _negated(builder, second, depth + 1)
        if turned is not None:
            return builder.emit(step.op, first, turned)
    return None


def _step(builder: Builder, value: Operand) -> Step | None:
    position = value.index - len(builder.inputs) if isinstance(value, Ref) else -1
    return builder.steps[position] if position >= 0 else None


def _match(
    builder: Builder, pattern: Program, at: Ref, step: Step, bound: dict[int, Operand]
) -> dict[int, Operand] | None:
    """Match the pattern's value `at` with `step`; return the variables' values. The recursion is as deep as the pattern."""
    wanted = pattern.step(at.index)
    if wanted is None or wanted.op != step.op:
        return None
    orders = [step.args]
    if step.op in _COMMUTATIVE:
        orders.append(step.args[::-1])
    for args in orders:
        found: dict[int, Operand] | None = bound
        for part, value in zip(wanted.args, args):
            found = (
                None
                if found is None
                else _match_operand(builder, pattern, part, value, found)
            )
        if found is not None:
            return found
    return None


def _match_operand(
    builder: Builder,
    pattern: Program,
    part: Operand,
    value: Operand,
    bound: dict[int, Operand],
) -> dict[int, Operand] | None:
    if isinstance(part, Const):
        return bound if part == value else None
    if part.index < len(pattern.inputs):
        if part.index in bound:
            return bound if bound[part.index] == value else None
        return {**bound, part.index: value}
    step = _step(builder, value)
    return None if step is None else _match(builder, pattern, part, step, bound)
