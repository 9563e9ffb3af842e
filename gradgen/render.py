"""A named program and a target in; the text of its module out, laid out by the target's templates."""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import jinja2

from gradgen.differentiate import partial, to_sympy
from gradgen.errors import GradgenError
from gradgen.ir import Const, Flow, Operand, Program, Ref, Step
from gradgen.ops import OPS, real
from gradgen.recognise import drop_unused
from gradgen.spell import (
    FORMULA,
    POWER,
    Spelling,
    bracket,
    constant,
    expression,
    fill,
    operand,
)
from gradgen.targets import BUILTINS, Target

_WIDTH = 88
#: The column in which a backward comment gives its rule.
_RULE_COLUMN = 38
#: Beyond these counts a list in the docstring or in an annotation is cut short.
_LISTED = 24
_ANNOTATED = 8


@dataclass(frozen=True)
class Line:
    """One assignment, with its comment."""

    text: str
    comment: str = ""


@dataclass(frozen=True)
class Group:
    """The backward lines that answer one forward line, under one comment."""

    comment: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """Everything a template may show. It holds text only; all decisions are made before."""

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    library: str
    helpers: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    backward_returns: str
    backward_summary: str
    stages: tuple[Line, ...]
    cache: tuple[str, ...]
    upstream: tuple[str, ...]
    unused: tuple[Line, ...]
    groups: tuple[Group, ...]
    gradients: tuple[str, ...]


def render(
    program: Program, target: Target, formula: str, templates: Path | None = None
) -> str:
    """Return the module's text, without its header.

    Args:
        program: a program with flows and names.
        target: the output language.
        formula: the formula's text for the docstring; empty if it is too long to show.
        templates: the user's folder of templates, which go before the built-in ones file by file.

    Raises:
        GradgenError: a template of the user's is missing or broken.
    """
    environment = _environment(target, templates)
    view = _Viewer(program, target, formula, environment).view()
    try:
        text = environment.get_template("module.py.jinja").render(module=view)
    except (
        jinja2.TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise GradgenError(
            f"template {getattr(error, 'name', None) or 'module.py.jinja'}: {error}"
        ) from None
    return text


def template_folder() -> Path:
    """Return the built-in templates: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def _environment(target: Target, templates: Path | None) -> jinja2.Environment:
    folders = [template_folder() / target.folder]
    if templates is not None:
        if not templates.is_dir():
            raise GradgenError(f"there is no folder of templates at {templates}")
        folders = [templates / target.folder, templates, *folders]
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@dataclass(frozen=True)
class FlowText:
    """A backward line's right-hand side, with places for the names: `{out}`, `{0}`, `{1}` and the upstream gradient `{d}`.

    `assigned` holds its own sign; `added` is without the sign, which turns += into -=.
    """

    assigned: str
    added: str
    negative: bool
    reads: tuple[int | None, ...]


def _flow_text(
    op: str, position: int, constants: tuple[Const | None, ...], spelling: Spelling
) -> FlowText:
    """Spell `partial * upstream`: without a factor 1, with signs folded and reciprocals as divisions."""
    row = OPS[op]
    places = tuple(const or Ref(0) for const in constants)
    names = [
        f"{{{i}}}" if const is None else constant(const, spelling)
        for i, const in enumerate(constants)
    ]
    guarded = row.spelled_partial(position)
    if guarded is not None:
        text = fill(guarded, names, "{out}")
        product = fill("{0} * {1}", [text, "{d}"])
        return FlowText(product, product, False, _places(product))

    program = drop_unused(partial(op, position, places))
    inputs = ["{out}", *names]
    at: Operand = program.outputs[0][1]
    negative = False
    while True:
        step = program.step(at.index) if isinstance(at, Ref) else None
        if step is not None and step.op == "copy":
            at = step.args[0]
        elif step is not None and step.op == "neg":
            at, negative = step.args[0], not negative
        elif (
            isinstance(at, Const)
            and not at.args
            and not isinstance(at.value, str)
            and at.value < 0
        ):
            at, negative = Const(-at.value), not negative
        else:
            break
    sign = "-" if negative else ""
    factor = expression(program, spelling, inputs, at)
    if isinstance(at, Const) and at.value == 1:
        added, assigned = "{d}", f"{sign}{{d}}"
    elif step is not None and step.op == "inv":
        added = fill(
            "{0} / {1}", ["{d}", expression(program, spelling, inputs, step.args[0])]
        )
        assigned = sign + added
    elif isinstance(at, Const) and factor.startswith("1.0 / "):
        added = f"{{d}} / {factor.removeprefix('1.0 / ')}"
        assigned = sign + added
    else:
        added = fill("{0} * {1}", [factor, "{d}"])
        assigned = (
            fill("{0} * {1}", [f"-{bracket(factor, POWER)}", "{d}"])
            if negative
            else added
        )
    return FlowText(assigned, added, negative, _places(added))


def _places(text: str) -> tuple[int | None, ...]:
    """Return the operands that a text reads: argument positions, and None for the operation's own value."""
    found = dict.fromkeys(re.findall(r"\{(out|[0-9])\}", text))
    return tuple(None if place == "out" else int(place) for place in found)


class _Viewer:
    """Works out every text of the module from the program."""

    def __init__(
        self,
        program: Program,
        target: Target,
        formula: str,
        environment: jinja2.Environment,
    ) -> None:
        self.program = program
        self.target = target
        self.formula = formula
        self.environment = environment
        self.names = program.names
        self.read: set[int] = set()
        self.uses: dict[int, int] = {}
        #: Each kind of backward line is spelled once, with places for the names.
        self.texts: dict[tuple[str, int, tuple[Const | None, ...]], FlowText] = {}
        self.explained = False

    def view(self) -> Module:
        program, names, adjoints = self.program, self.names, self.program.adjoints
        first = len(program.inputs)
        stages = tuple(self.stage(position) for position in range(len(program.steps)))
        groups = tuple(self.groups())
        received = {flow.into for flow in program.flows}
        outputs = tuple(names[ref.index] for _, ref in program.outputs)
        gradients = tuple(adjoints[i] for i in program.wrt)
        rows = [OPS[step.op] for step in program.steps]
        library = self.target.library
        texts = [line.text for line in stages] + [
            text for group in groups for text in group.lines
        ]
        helpers = tuple(
            self.helper(h)
            for h in dict.fromkeys(h for row in rows for h in row.helpers)
        )
        return Module(
            noqa=self.noqa(),
            docstring=tuple(self.docstring(outputs[0])),
            library=(
                library
                if any(f"{library}." in text for text in (*texts, *helpers))
                else ""
            ),
            helpers=helpers,
            inputs=names[:first],
            outputs=outputs,
            backward_returns=_tuple_type(len(gradients)),
            backward_summary=self.backward_summary(outputs[0]),
            stages=stages,
            cache=tuple(names[i] for i in sorted(self.read)),
            upstream=tuple(adjoints[ref.index] for _, ref in program.outputs),
            unused=tuple(
                Line(
                    f"{adjoints[i]} = 0.0",
                    f"{outputs[0]} does not depend on {names[i]}",
                )
                for i in program.wrt
                if i not in received
            ),
            groups=groups,
            gradients=gradients,
        )

    # Forward.

    def operands(self, step: Step, spelling: Spelling) -> list[str]:
        return [operand(arg, self.names, spelling) for arg in step.args]

    def stage(self, position: int) -> Line:
        step = self.program.steps[position]
        row = OPS[step.op]
        name = self.names[self.program.value(position)]
        spelling = self.target.spelling
        template = spelling.template(row)
        # The operation's name is worth a comment where the spelling does not show it.
        called = (
            FORMULA.template(row).startswith(f"{row.name}(")
            and row.name not in template
        )
        words = [
            {"num": "numerator", "den": "denominator"}.get(name, ""),
            row.name if called else "",
        ]
        comment = " ".join([f"({position + 1})", *filter(None, words)])
        return Line(
            f"{name} = {fill(template, self.operands(step, spelling))}", comment
        )

    def helper(self, name: str) -> str:
        loader = self.environment.loader
        assert loader is not None
        text, _, _ = loader.get_source(self.environment, f"helpers/{name}.py")
        return text.strip("\n")

    # Backward.

    def groups(self) -> list[Group]:
        program, names = self.program, self.names
        for flow in program.flows:
            self.uses[flow.into] = self.uses.get(flow.into, 0) + 1
        found: list[Group] = []
        at = 0
        while at < len(program.flows):
            source = program.flows[at].source
            step = program.step(source)
            assert step is not None
            lines = []
            summed = ""
            while at < len(program.flows) and program.flows[at].source == source:
                flow = program.flows[at]
                lines.append(self.flow(flow, step))
                if flow.accumulate:
                    summed = summed or names[flow.into]
                    uses = self.uses[flow.into]
                at += 1
            row = OPS[step.op]
            comment = f"({source - len(program.inputs) + 1}) {names[source]} = "
            comment += fill(FORMULA.template(row), self.operands(step, FORMULA))
            note = row.rule.format(*self.operands(step, FORMULA), out=names[source])
            if summed and not note and not self.explained:
                self.explained = True
                note = f"{summed} is used {'twice' if uses == 2 else f'{uses} times'}: its gradients add up"
            found.append(
                Group(
                    f"{comment.ljust(_RULE_COLUMN - 4)}    {note}" if note else comment,
                    tuple(lines),
                )
            )
        return found

    def flow(self, flow: Flow, step: Step) -> str:
        constants = tuple(arg if isinstance(arg, Const) else None for arg in step.args)
        key = step.op, flow.partial, constants
        text = self.texts.get(key)
        if text is None:
            text = self.texts[key] = _flow_text(*key, self.target.spelling)
        for place in text.reads:
            arg = Ref(flow.source) if place is None else step.args[place]
            if isinstance(arg, Ref):
                self.read.add(arg.index)
        values = [
            self.names[arg.index] if isinstance(arg, Ref) else "" for arg in step.args
        ]
        template = text.added if flow.accumulate else text.assigned
        filled = template.format(
            *values, out=self.names[flow.source], d=self.program.adjoints[flow.source]
        )
        operator = ("-=" if text.negative else "+=") if flow.accumulate else "="
        return f"{self.program.adjoints[flow.into]} {operator} {filled}"

    # Words.

    def noqa(self) -> tuple[str, ...]:
        """Return the linter rules that the user's own names break: those names are kept all the same."""
        first = len(self.program.inputs)
        params = (
            *self.names[:first],
            *(self.program.adjoints[ref.index] for _, ref in self.program.outputs),
        )
        local = (
            *self.names[first:],
            *(self.names[i] for i in self.read),
            *self.program.adjoints,
        )
        codes = {
            "A001": any(n in BUILTINS for n in local),
            "A002": any(n in BUILTINS for n in params),
            "E741": any(n in ("l", "O", "I") for n in (*params, *local)),
            "N803": any(map(_has_capital, params)),
            "N806": any(map(_has_capital, local)),
        }
        found = [code for code, needed in codes.items() if needed]
        # RUF100 would complain where one of these rules is not even switched on.
        return (*found, "RUF100") if found else ()

    def backward_summary(self, result: str) -> str:
        upstream = self.program.adjoints[self.program.outputs[0][1].index]
        slopes = ", ".join(f"d{result}/d{self.names[i]}" for i in self.program.wrt)
        text = f"Return ({slopes}), each times the upstream gradient {upstream}."
        if not self.program.wrt:
            return f"Return (): {result} has no inputs."
        if len(text) > _WIDTH - 10:
            return f"Return the gradient of {result}, times the upstream gradient {upstream}."
        return text

    def docstring(self, result: str) -> list[str]:
        program, names = self.program, self.names
        first = len(program.inputs)
        call = f"{result}({', '.join(names[:first])})"
        formula = self.formula or f"an expression of {len(program.steps)} operations"
        lines = _wrap(f"{call} = {formula}.", "    ")
        inputs = [
            n if n == text else f"{n} (`{text}` in the formula)"
            for n, text in zip(names, program.inputs)
        ]
        lines += ["", *_wrap(f"Inputs: {', '.join(inputs) or 'none'}.", "    ")]
        if program.wrt != tuple(range(first)):
            lines += _wrap(
                f"Gradient: by {', '.join(names[i] for i in program.wrt) or 'no input'} only.",
                "    ",
            )
        for title, entries in (("Raises", self.raises()), ("Kinks", self.kinks())):
            if entries:
                lines += ["", f"{title}:"]
                for entry in entries[:_LISTED]:
                    lines += _wrap(f"    {entry}.", "        ")
                if len(entries) > _LISTED:
                    lines.append(
                        f"    ... and {len(entries) - _LISTED} more of these kinds."
                    )
        return lines

    def raises(self) -> list[str]:
        """Return what may raise where: `error: where condition (stage)`."""
        entries = []
        flowing = {flow.source for flow in self.program.flows}
        for position, step in enumerate(self.program.steps):
            value = self.program.value(position)
            words = self.operands(step, FORMULA)
            for rule in OPS[step.op].raises:
                fed = any(
                    isinstance(arg, Ref) and self.program.step(arg.index)
                    for arg in step.args
                )
                if (rule.backward and value not in flowing) or (
                    rule.step_only and not fed
                ):
                    continue
                if (
                    rule.exponent_below is not None
                    and not _exponent(step) < rule.exponent_below
                ):
                    continue
                where = "backward, where" if rule.backward else "where"
                entries.append(
                    f"{rule.error}: {where} {rule.when.format(*words)} ({position + 1})"
                )
        return entries

    def kinks(self) -> list[str]:
        flowing = {flow.source for flow in self.program.flows}
        return [
            f"{OPS[step.op].kink.format(*self.operands(step, FORMULA))} ({position + 1})"
            for position, step in enumerate(self.program.steps)
            if OPS[step.op].kink and self.program.value(position) in flowing
        ]


def _has_capital(name: str) -> bool:
    return any(char.isalpha() and not char.islower() for char in name)


def _exponent(step: Step) -> float:
    exponent = step.args[-1]
    return real(to_sympy(exponent)) if isinstance(exponent, Const) else math.nan


def _tuple_type(count: int) -> str:
    if count > _ANNOTATED:
        return "tuple[float, ...]"
    return f"tuple[{', '.join(['float'] * count) or '()'}]"


def _wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH - 4,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
