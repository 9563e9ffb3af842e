"""A named program and a target in; the text of its module out, laid out by the target's templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path

import jinja2

from gradgen.cost import CONSTANT, ONE, VARIABLE, Cost, operations
from gradgen.describe import docstring, gradient_summary, rows_summary
from gradgen.errors import GradgenError
from gradgen.ieee import HELPERS
from gradgen.ir import Flow, Program, Ref, Step, is_over
from gradgen.jacobian import Jacobian, jacobian
from gradgen.lines import Lines
from gradgen.names import quotient_parts
from gradgen.ops import OPS
from gradgen.own import import_lines
from gradgen.spell import FORMULA, fill, operands
from gradgen.targets import BUILTINS, Target

#: The column in which a backward comment gives its rule.
_RULE_COLUMN = 34
#: A longer list of names has one name a line, and a longer tuple's annotation says `tuple[float, ...]`.
_FEW = 4
#: A longer row of a Jacobian has one name a line.
_ROW = 74


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
class JacobianView:
    """The texts of the function that returns all rows: lines before the rows, and the lines of each row."""

    returns: str
    summary: tuple[str, ...]
    cache: tuple[str, ...]
    groups: tuple[Group, ...]
    rows: tuple[tuple[str, ...], ...]
    stacked: bool


@dataclass(frozen=True)
class Module:
    """Everything a template may show. It holds text only; all decisions are made before."""

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
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
    jacobian: JacobianView | None = None
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
    rows: bool = False
    #: Of very many slopes, the places of those that are compared with central differences; else all are.
    checked: tuple[int, ...] = ()


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
    program: Program,
    target: Target,
    formula: str,
    templates: Path | None = None,
    rows: bool = False,
    words: str = "",
    defaults: Mapping[str, float] | None = None,
) -> tuple[str, Cost]:
    """Return the module's text, without its header, and its operations.

    Args:
        program: a program with flows and names.
        target: the output language.
        formula: the formula's text for the docstring; empty if it is too long to show.
        templates: the user's folder of templates, which go before the built-in ones file by file.
        rows: whether the module has a function for the whole Jacobian.
        words: what the program says about itself.
        defaults: the values of the last inputs where a call leaves them out.

    Raises:
        GradgenError: a template of the user's is missing or broken.
    """
    environment = _chosen(target, templates)
    viewer = _Viewer(program, target, formula, environment, words, defaults or {})
    text = _fill(environment, "module.py.jinja", module=viewer.view(rows))
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


def parameters(program: Program, defaults: Mapping[str, float]) -> tuple[str, ...]:
    """Return the parameters of `forward`, each with its type, and its default if it has one."""
    return tuple(
        f"{name}: float = {defaults[text]!r}" if text in defaults else f"{name}: float"
        for name, text in zip(program.names, program.inputs)
    )


class _Viewer:
    """Works out every text of the module from the program."""

    def __init__(
        self,
        program: Program,
        target: Target,
        formula: str,
        environment: jinja2.Environment,
        words: str,
        defaults: Mapping[str, float],
    ) -> None:
        self.defaults = defaults
        self.program = program
        self.target = target
        self.formula = formula
        self.words = words
        self.environment = environment
        self.names = program.names
        self.lines = Lines(program, target)
        self.rows: Jacobian | None = None
        self.forward_cost = self.backward_cost = 0
        self.worth = {ref.index: ONE for _, ref in program.outputs}
        roles = {"num": "numerator", "den": "denominator"}
        parts = quotient_parts(program)
        self.quotients: dict[int, Flow] = {}
        for flow in program.flows:
            if flow.below is not None or is_over(program, flow):
                self.quotients.setdefault(flow.source, flow)
        self.comments = {ref.index: note for _, ref, note in program.given if note}
        self.roles = {value: roles[part] for value, part in parts.items()}

    def view(self, rows: bool) -> Module:
        program, names, adjoints = self.program, self.names, self.program.adjoints
        first = len(program.inputs)
        stages = tuple(self.stage(position) for position in range(len(program.steps)))
        groups = tuple(self.groups())
        received = {flow.into for flow in program.flows}
        used = {a.index for s in program.steps for a in s.args if isinstance(a, Ref)}
        outputs = tuple(names[ref.index] for _, ref in program.outputs)
        gradients = tuple(adjoints[i] for i in program.wrt)
        texts = [line.text for line in stages]
        every = self.jacobian() if rows else None
        texts += _texts(groups)
        texts += _texts(every.groups if every else ())
        helpers = self.helpers(texts)
        return Module(
            noqa=self.noqa(),
            docstring=tuple(
                docstring(
                    program,
                    self.formula,
                    self.cost(),
                    self.words,
                    self.target.spelling,
                )
            ),
            imports=(
                *(
                    line
                    for name, line in self.target.imports
                    if any(f"{name}." in text for text in (*texts, *helpers))
                ),
                *filter(None, ["\n".join(import_lines(program))]),
            ),
            helpers=helpers,
            inputs=names[:first],
            parameters=parameters(program, self.defaults),
            outputs=outputs,
            forward_returns=_tuple_type(len(outputs)) if len(outputs) > 1 else "float",
            backward_returns=_tuple_type(len(gradients)),
            backward_summary=tuple(gradient_summary(program)),
            stages=stages,
            cache=tuple(names[i] for i in sorted(self.lines.read)),
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
            jacobian=every,
        )

    def cost(self) -> Cost:
        """Return what the module costs; all its lines must be written."""
        rows = None if self.rows is None else self.rows.operations
        return Cost(self.forward_cost, self.backward_cost, rows)

    # Forward.

    def stage(self, position: int) -> Line:
        step = self.program.steps[position]
        row = OPS[step.op]
        value = self.program.value(position)
        # The operation's name is worth a comment where the spelling does not show it.
        called = FORMULA.template(row).startswith(
            f"{row.name}("
        ) and row.name not in self.lines.template(step)
        words = [self.roles.get(value, ""), row.name if called else ""]
        if value in self.comments:
            words = [self.comments[value]]
        text = self.lines.stage(position)
        self.forward_cost += operations(text, dearest=step.op in OPS.own)[0]
        return Line(f"{self.names[value]} = {text}", " ".join(filter(None, words)))

    def helpers(self, texts: list[str]) -> tuple[str, ...]:
        """Return the helper functions that these lines call, and those that they call in turn."""
        known = {name for row in OPS.values() for name in row.helpers} | {*HELPERS}
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

    def groups(self) -> Iterator[Group]:
        for source, flows in groupby(self.program.flows, lambda flow: flow.source):
            step = self.program.step(source)
            assert step is not None
            lines: list[str] = []
            before: Flow | None = None
            for flow in flows:
                lines.append(self.flow(flow, step, before))
                before = flow
            yield Group(self.comment(source), tuple(lines))

    def comment(self, source: int) -> str:
        """Return a forward line, and its rule where that is not obvious, as a backward comment has them."""
        program, names = self.program, self.names
        step = program.step(source)
        assert step is not None
        words = operands(step, names, FORMULA)
        rule = OPS[step.op].rule
        if source in self.quotients:
            flow = self.quotients[source]
            into = names[flow.into]
            above = words[0] if step.op == "div" else "1"
            text = "-{out}/" + into
            if flow.below is not None:
                text = self.lines.term(
                    flow, replace(step, guard=(), active=()), ""
                ).assigned
                text = re.sub(r"math\.|\.0\b|\b_(?=[a-z]+\()", "", text).replace(
                    " ", ""
                )
            rule = f"d({above}/{words[-1]})/d{into} = {text}"
        text = f"{names[source]} = {fill(FORMULA.template(OPS[step.op]), words)}"
        note = fill(rule, words, names[source])
        return f"{text.ljust(_RULE_COLUMN - 4)}    {note}" if note else text

    def jacobian(self) -> JacobianView:
        """Return the texts of the function for all rows; those of the other two are written before."""
        taken = self.target.reserved | self.target.avoided
        self.rows = jacobian(self.program, self.lines, taken)
        groups: list[Group] = []
        for (row, head), blocks in groupby(self.rows.blocks, lambda b: (b.row, b.head)):
            what = "Shared by rows: the slopes" if row is None else "The row"
            groups.append(Group(f"{what} of {self.names[head]}.", ()))
            groups += [Group(self.comment(b.source), b.lines) for b in blocks]
        read = set(re.findall(r"[^\W\d]\w*", "\n".join(_texts(groups))))
        first = len(self.program.inputs)
        cached = sorted(self.lines.read)
        needed = [self.names[i] if i >= first else "" for i in cached]
        rows, width = self.rows.rows, len(self.program.wrt)
        return JacobianView(
            returns=_rows_type(len(rows), width),
            summary=tuple(rows_summary(self.program)),
            cache=(
                tuple(name if name in read else "_" for name in needed)
                if read & {*needed}
                else ()
            ),
            groups=tuple(groups),
            rows=rows,
            stacked=width > _FEW or any(len(", ".join(row)) > _ROW for row in rows),
        )

    def flow(self, flow: Flow, step: Step, before: Flow | None) -> str:
        """Return the line of a flow; `before` is the flow above it from the same source."""
        adjoints = self.program.adjoints
        upstream, shared = flow.source, False
        over = is_over(self.program, flow)
        if over and before is not None and not before.accumulate:
            upstream, shared = before.into, True
        term = self.lines.term(flow, step, adjoints[upstream], shared)
        filled = term.added if flow.accumulate else term.assigned
        count, worth = operations(
            filled,
            adjoints[upstream],
            self.worth.get(upstream, VARIABLE),
            step.op in OPS.own,
        )
        if flow.accumulate:
            count += VARIABLE in (worth, self.worth[flow.into])
            worth = max(worth, self.worth[flow.into], CONSTANT)
        self.worth[flow.into] = worth
        self.backward_cost += count
        operator = ("-=" if term.negative else "+=") if flow.accumulate else "="
        return f"{adjoints[flow.into]} {operator} {filled}"

    def noqa(self) -> tuple[str, ...]:
        """Return the linter rules that the user's own names break: those names are kept all the same."""
        first = len(self.program.inputs)
        params = (
            *self.names[:first],
            *(self.program.adjoints[ref.index] for _, ref in self.program.outputs),
        )
        local = (
            *self.names[first:],
            *(self.names[i] for i in self.lines.read),
            *self.program.adjoints,
            *(self.rows.names if self.rows else ()),
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


def _texts(groups: Iterable[Group]) -> Iterator[str]:
    """Yield the lines of groups."""
    for group in groups:
        yield from group.lines


def _has_capital(name: str) -> bool:
    return any(char.isalpha() and not char.islower() for char in name)


def _tuple_type(count: int) -> str:
    if count > _FEW:
        return "tuple[float, ...]"
    return f"tuple[{', '.join(['float'] * count) or '()'}]"


def _rows_type(rows: int, width: int) -> str:
    row = _tuple_type(width)
    return f"tuple[{', '.join([row] * rows) if rows <= _FEW else f'{row}, ...'}]"
