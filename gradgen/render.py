"""A named program and a target in; the text of its module out, laid out by the target's templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2

from gradgen.cost import CONSTANT, ONE, VARIABLE, Cost, operations
from gradgen.describe import docstring, gradient_summary
from gradgen.errors import GradgenError
from gradgen.ir import OVER, Const, Flow, Guard, Program, Ref, Step, denominator
from gradgen.names import quotient_parts
from gradgen.ops import OPS
from gradgen.spell import (
    FORMULA,
    OR,
    OVER_SHARED,
    OVER_TEXT,
    FlowText,
    bracket,
    condition,
    fill,
    flow_text,
    operand,
    operands,
    template_of,
)
from gradgen.targets import BUILTINS, Target

#: The column in which a backward comment gives its rule.
_RULE_COLUMN = 34
#: A longer list of names has one name a line, and a longer tuple's annotation says `tuple[float, ...]`.
_FEW = 4
#: A call of a function of names, or a quotient of names.
_CALL = re.compile(
    r"math\.\w+\([\w, ]*\)|(?<![\w./] )\b[^\W\d]\w* / [^\W\d]\w*\b(?! \*\*)"
)


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
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    forward_returns: str
    backward_returns: str
    backward_summary: tuple[str, ...]
    stages: tuple[Line, ...]
    cache: tuple[str, ...]
    upstream: tuple[str, ...]
    unused: tuple[Line, ...]
    groups: tuple[Group, ...]
    gradients: tuple[str, ...]
    few: int = _FEW


@dataclass(frozen=True)
class TestModule:
    """What the template of a test may show: points, values and gradients as texts."""

    __test__ = False

    module: str
    formula: str
    wrt: tuple[int, ...]
    points: tuple[tuple[tuple[str, ...], ...], ...]
    outputs: int = 1


def render_test(test: TestModule, target: Target, templates: Path | None = None) -> str:
    """Return the text of a test module, without its header, in the target's layout.

    Raises:
        GradgenError: a template of the user's is broken.
    """
    several = "_of_several" if test.outputs > 1 else ""
    name = f"test_module{several}.py.jinja"
    text = _fill(_chosen(target, templates), name, test=test)
    return target.layout_any(text)


def render(
    program: Program, target: Target, formula: str, templates: Path | None = None
) -> tuple[str, Cost]:
    """Return the module's text, without its header, and its operations.

    Args:
        program: a program with flows and names.
        target: the output language.
        formula: the formula's text for the docstring; empty if it is too long to show.
        templates: the user's folder of templates, which go before the built-in ones file by file.

    Raises:
        GradgenError: a template of the user's is missing or broken.
    """
    environment = _chosen(target, templates)
    viewer = _Viewer(program, target, formula, environment)
    text = _fill(environment, "module.py.jinja", module=viewer.view())
    return text, viewer.cost()


def _chosen(target: Target, templates: Path | None) -> jinja2.Environment:
    if templates is None:
        return _built_in(target.folder)
    return _environment(target.folder, templates)


def _fill(environment: jinja2.Environment, name: str, **view: object) -> str:
    try:
        return environment.get_template(name).render(**view)
    except (
        jinja2.TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise GradgenError(
            f"template {getattr(error, 'name', None) or name}: {error}"
        ) from None


def template_folder() -> Path:
    """Return the built-in templates: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _built_in(folder: str) -> jinja2.Environment:
    """Return the environment of the built-in templates; each is read and compiled once."""
    return _environment(folder, None)


def helpers(target: Target) -> Mapping[str, str]:
    """Return every function that a module may have to carry, by name, with its text."""
    return _helpers(target.folder)


@cache
def _helpers(folder: str) -> Mapping[str, str]:
    files = sorted((template_folder() / folder / "helpers").glob("*.py"))
    return {f"_{file.stem}": file.read_text("utf-8") for file in files}


def _environment(folder: str, templates: Path | None) -> jinja2.Environment:
    folders = [template_folder() / folder]
    if templates is not None:
        folders = [templates / folder, templates, *folders]
        if not any(
            (place / "module.py.jinja").is_file() or (place / "helpers").is_dir()
            for place in folders[:2]
        ):
            raise GradgenError(
                f"{templates} holds no templates; expected is {templates / folder / 'module.py.jinja'}"
            )
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


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
        #: Each kind of backward line is spelled once, with places for the names.
        self.texts: dict[tuple[str, int, tuple[Const | None, ...]], FlowText] = {}
        #: The values of the stages that are plain calls and evaluated always, by their text.
        self.calls: dict[str, int] = {}
        self.forward_cost = self.backward_cost = 0
        self.worth = {ref.index: ONE for _, ref in program.outputs}
        roles = {"num": "numerator", "den": "denominator"}
        parts = quotient_parts(program)
        self.comments = {ref.index: note for _, ref, note in program.given if note}
        self.roles = {value: roles[part] for value, part in parts.items()}

    def view(self) -> Module:
        program, names, adjoints = self.program, self.names, self.program.adjoints
        first = len(program.inputs)
        stages = tuple(self.stage(position) for position in range(len(program.steps)))
        groups = tuple(self.groups())
        received = {flow.into for flow in program.flows}
        used = {a.index for s in program.steps for a in s.args if isinstance(a, Ref)}
        outputs = tuple(names[ref.index] for _, ref in program.outputs)
        gradients = tuple(adjoints[i] for i in program.wrt)
        texts = [line.text for line in stages]
        texts += [text for group in groups for text in group.lines]
        helpers = self.helpers(texts)
        return Module(
            noqa=self.noqa(),
            docstring=tuple(docstring(program, self.formula, self.cost())),
            imports=tuple(
                line
                for name, line in self.target.imports
                if any(f"{name}." in text for text in (*texts, *helpers))
            ),
            helpers=helpers,
            inputs=names[:first],
            outputs=outputs,
            forward_returns=_tuple_type(len(outputs)) if len(outputs) > 1 else "float",
            backward_returns=_tuple_type(len(gradients)),
            backward_summary=tuple(gradient_summary(program)),
            stages=stages,
            cache=tuple(names[i] for i in sorted(self.read)),
            upstream=tuple(adjoints[ref.index] for _, ref in program.outputs),
            unused=tuple(
                Line(
                    f"{adjoints[i]} = 0.0",
                    f"{', '.join(outputs)} {'is flat in' if i in used else 'does not depend on'} {names[i]}",
                )
                for i in program.wrt
                if i not in received
            ),
            groups=groups,
            gradients=gradients,
        )

    def cost(self) -> Cost:
        """Return what the module costs; all its lines must be written."""
        return Cost(self.forward_cost, self.backward_cost)

    # Forward.

    def stage(self, position: int) -> Line:
        step = self.program.steps[position]
        row = OPS[step.op]
        value = self.program.value(position)
        spelling = self.target.spelling
        template = template_of(row, spelling)
        # The operation's name is worth a comment where the spelling does not show it.
        called = (
            FORMULA.template(row).startswith(f"{row.name}(")
            and row.name not in template
        )
        words = [self.roles.get(value, ""), row.name if called else ""]
        if value in self.comments:
            words = [self.comments[value]]
        comment = " ".join(filter(None, words))
        text = fill(template, operands(step, self.names, spelling))
        self.forward_cost += operations(text)[0]
        if not step.guard:
            self.calls[self.as_in_a_partial(step, text)] = value
        outside = "False" if row.boolean else "0.0"
        return Line(
            f"{self.names[value]} = {self.guarded(text, (step.guard,), outside)}",
            comment,
        )

    def as_in_a_partial(self, step: Step, text: str) -> str:
        """Return the text of a stage as a partial would have it: n * (1/d) is n / d there."""
        below = denominator(self.program, step)
        if below is None:
            return text
        above, _ = operands(step, self.names, self.target.spelling)
        return f"{above} / {operand(below, self.names, self.target.spelling)}"

    def guarded(self, text: str, branches: tuple[Guard, ...], outside: str) -> str:
        """Return an expression that is evaluated only in these branches."""
        if () in branches:
            return text
        where = " or ".join(condition(branch, self.names) for branch in branches)
        return f"{bracket(text, OR)} if {where} else {outside}"

    def helpers(self, texts: list[str]) -> tuple[str, ...]:
        """Return the helper functions that these lines call, and those that they call in turn."""
        known = {name for row in OPS.values() for name in row.helpers}
        loader = self.environment.loader
        assert loader is not None
        found: dict[str, str] = {}
        todo = list(texts)
        for called in todo:  # which grows by the helpers' own texts
            for name in re.findall(r"\b_(\w+)\(", called):
                if name in known and name not in found:
                    text, _, _ = loader.get_source(
                        self.environment, f"helpers/{name}.py"
                    )
                    found[name] = text.strip("\n")
                    todo.append(found[name])
        return tuple(found.values())

    # Backward.

    def groups(self) -> list[Group]:
        program, names = self.program, self.names
        found: list[Group] = []
        at = 0
        while at < len(program.flows):
            source = program.flows[at].source
            step = program.step(source)
            assert step is not None
            lines: list[str] = []
            rule = OPS[step.op].rule
            while at < len(program.flows) and program.flows[at].source == source:
                flow = program.flows[at]
                before = program.flows[at - 1] if lines else None
                lines.append(self.flow(flow, step, before))
                if flow.partial == OVER:
                    below = names[flow.into]
                    above = operands(step, names, FORMULA)[0]
                    rule = f"d({above}/{below})/d{below} = -{{out}}/{below}"
                at += 1
            comment = f"{names[source]} = "
            comment += fill(
                FORMULA.template(OPS[step.op]), operands(step, names, FORMULA)
            )
            note = fill(rule, operands(step, names, FORMULA), names[source])
            found.append(
                Group(
                    f"{comment.ljust(_RULE_COLUMN - 4)}    {note}" if note else comment,
                    tuple(lines),
                )
            )
        return found

    def flow(self, flow: Flow, step: Step, before: Flow | None) -> str:
        """Return the line of a flow; `before` is the flow above it from the same source."""
        constants = tuple(arg if isinstance(arg, Const) else None for arg in step.args)
        key = step.op, flow.partial, constants
        upstream = flow.source
        if flow.partial == OVER:
            text = OVER_TEXT
            if before is not None and not before.accumulate:
                text, upstream = OVER_SHARED, before.into
        else:
            text = self.texts.get(key) or flow_text(*key, self.target.spelling)
            self.texts[key] = text
        adjoints = self.program.adjoints
        values = [
            self.names[arg.index] if isinstance(arg, Ref) else "" for arg in step.args
        ]
        template = text.added if flow.accumulate else text.assigned
        filled = template.format(
            *values, out=self.names[flow.source], d=adjoints[upstream]
        )
        filled = _CALL.sub(self.known_call, filled)
        for place in text.reads:
            arg = step.args[place] if isinstance(place, int) else Ref(flow.source)
            if isinstance(arg, Ref) and re.search(
                rf"\b{self.names[arg.index]}\b", filled
            ):
                self.read.add(arg.index)
        count, worth = operations(
            filled, adjoints[upstream], self.worth.get(upstream, VARIABLE)
        )
        if flow.accumulate:
            count += VARIABLE in (worth, self.worth[flow.into])
            worth = max(worth, self.worth[flow.into], CONSTANT)
        self.worth[flow.into] = worth
        self.backward_cost += count
        if "(" in template or set(text.reads) - set(OPS[step.op].truths):
            # Else the gradient is only passed on, and is 0 outside the branches already.
            branches = step.active or (step.guard,)
            filled = self.guarded(filled, branches, "0.0")
            if () not in branches:
                self.read.update(i for branch in branches for i, _ in branch)
        operator = ("-=" if text.negative else "+=") if flow.accumulate else "="
        return f"{adjoints[flow.into]} {operator} {filled}"

    def known_call(self, call: re.Match[str]) -> str:
        """Return the stage that a call in a partial repeats, as cos(x) beside sin(x), or the call."""
        value = self.calls.get(call.group())
        if value is None:
            return call.group()
        self.read.add(value)
        return self.names[value]

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


def _has_capital(name: str) -> bool:
    return any(char.isalpha() and not char.islower() for char in name)


def _tuple_type(count: int) -> str:
    if count > _FEW:
        return "tuple[float, ...]"
    return f"tuple[{', '.join(['float'] * count) or '()'}]"
