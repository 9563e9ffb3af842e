"""A named program and a target in; the text of its module out, laid out by the target's templates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

import jinja2

from gradgen.core import program as core
from gradgen.core.build import steps_of
from gradgen.core.derive import Chain
from gradgen.core.program import Program, Way
from gradgen.errors import GradgenError, TooLargeError
from gradgen.passes.cost import Cost
from gradgen.passes.functions import backward, forward
from gradgen.passes.jacobian import Jacobian, jacobian
from gradgen.passes.names import quotient_parts
from gradgen.reserved import BUILTINS
from gradgen.write.imports import import_lines, used_imports
from gradgen.write.languages.formula import FORMULA
from gradgen.write.lines import Writer
from gradgen.write.spell import Speller
from gradgen.write.target import Target
from gradgen.write.words import Words

#: The column in which a backward comment gives its rule.
_RULE_COLUMN = 34
#: A call of a helper.
_CALLED = re.compile(r"\b(\w+)\(")
#: What the lines of a Jacobian make.
_BLOCKS = {
    "row": "The row",
    "column": "The column",
    "shared": "Shared by rows: the slopes",
}
#: A longer list of names has one name a line, and a longer tuple's annotation says `tuple[float, ...]`.
_FEW = 4
#: A longer row of a Jacobian has one name a line.
_ROW = 74
#: No more operations are written for a formula that is text, so that none takes minutes: a module's lines repeat what they share.
MAX_WRITTEN = 500_000


class Line(NamedTuple):
    """One assignment, with its comment."""

    text: str
    comment: str = ""


class Group(NamedTuple):
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
    unread: tuple[str, ...]
    stacked: bool
    operations: int


@dataclass(frozen=True)
class Module:
    """Everything a template may show. It holds text only; all decisions are made before."""

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    defaults: tuple[str, ...]
    outputs: tuple[str, ...]
    #: Names for what is set instead of returned, by output.
    results: tuple[str, ...]
    forward_returns: str
    backward_returns: str
    backward_summary: tuple[str, ...]
    stages: tuple[Line, ...]
    cache: tuple[str, ...]
    unpacked: tuple[str, ...]
    upstream: tuple[str, ...]
    #: Parameters that no line reads: of `forward`, and of `backward`.
    unread: tuple[tuple[str, ...], tuple[str, ...]]
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


@dataclass(frozen=True)
class Rendered:
    """A module's text without its header, its operations, and what it imports: by module, the names here with those there."""

    text: str
    cost: Cost
    imports: Mapping[str, Mapping[str, str]]


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
    limit: int | None = None,
) -> Rendered:
    """Return the module's text and what it costs and imports.

    Args:
        program: a program with flows and names.
        target: the output language.
        formula: what the module computes, in words if its text is long; empty if it is too long to show.
        templates: the user's folder of templates, which go before the built-in ones file by file.
        rows: whether the module has a function for the whole Jacobian.
        words: what the program says about itself.
        defaults: the values of the last inputs where a call leaves them out.
        limit: how many operations its lines may have, and how many numbers the rows of its Jacobian, together.

    Raises:
        TooLargeError: there are more.
        GradgenError: a template of the user's is missing or broken.
    """
    environment = _chosen(target, templates)
    viewer = _Viewer(program, target, formula, environment, words, defaults or {})
    viewer.limit = limit
    name = f"module{target.suffix}.jinja"
    text = _fill(environment, name, module=viewer.view(rows))
    return Rendered(text, viewer.cost, viewer.modules)


def _chosen(target: Target, templates: Path | None) -> jinja2.Environment:
    if templates is None:
        return _built_in(target.folder, target.suffix)
    return _environment(target.folder, target.suffix, templates)


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
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _built_in(folder: str, suffix: str) -> jinja2.Environment:
    """Return the environment of the built-in templates; each is read and compiled once."""
    return _environment(folder, suffix, None)


def helpers(target: Target) -> Mapping[str, str]:
    """Return every function that a module may have to carry, by name, with its text."""
    texts = _files(target).items()
    return {target.helper.format(name): text for name, text in texts}


def _files(target: Target) -> Mapping[str, str]:
    return _helpers(target.folder, target.suffix)


@cache
def _helpers(folder: str, suffix: str) -> Mapping[str, str]:
    files = sorted((template_folder() / folder / "helpers").glob(f"*{suffix}"))
    return {file.stem: file.read_text("utf-8") for file in files}


def _environment(
    folder: str, suffix: str, templates: Path | None
) -> jinja2.Environment:
    folders = [template_folder() / folder]
    module = f"module{suffix}.jinja"
    if templates is not None:
        folders = [templates / folder, templates, *folders]
        if not any(
            (place / module).is_file() or (place / "helpers").is_dir()
            for place in folders[:2]
        ):
            raise GradgenError(
                f"{templates} holds no templates; expected is {templates / folder / module}"
            )
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def parameters(
    program: Program, target: Target, defaults: Mapping[str, float]
) -> tuple[str, ...]:
    """Return the parameters of `forward`, each with its type, and its default if it has one."""
    return tuple(
        target.parameter(program.names[value], defaults.get(text))
        for value, text in program.signature.items()
    )


def upstream_parameters(program: Program, target: Target) -> tuple[str, ...]:
    """Return the parameters of `backward` beside the cache: one may be 1; of several, none may be forgotten."""
    given = 1.0 if len(program.outputs) == 1 else None
    return tuple(
        target.parameter(program.adjoints[value], given) for _, value in program.outputs
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
        self.docstring = words
        self.environment = environment
        self.words = Words(program, target.listed, target.quoted, target.returns)
        self.chain = Chain(
            steps_of(program),
            (*program.lines, *program.signature),
            target.precise,
            target.strict,
        )
        self.writer = Writer(self.chain, target.language, target.ieee)
        self.rows: Jacobian | None = None
        self.cost = Cost(0, 0)
        self.modules: Mapping[str, Mapping[str, str]] = {}
        self.inputs = {value: program.names[value] for value in program.signature}
        roles = {"num": "numerator", "den": "denominator"}
        parts = quotient_parts(program)
        self.comments = {value: note for _, value, note in program.given if note}
        self.roles = {value: roles[part] for value, part in parts.items()}
        self.limit: int | None = None
        self.cells = 0

    def hold(self) -> None:
        """Hold the module to its limit.

        Raises:
            TooLargeError: what is written of it so far is more.
        """
        written = self.writer.kinds.written + self.cells
        if self.limit is not None and written > self.limit:
            raise TooLargeError(
                f"the module would be too large: its lines have more than {self.limit} operations; split it into several"
            )

    def view(self, rows: bool) -> Module:
        program, names, adjoints = (
            self.program,
            self.program.names,
            self.program.adjoints,
        )
        stages = [
            Line(text, self.remark(line))
            for line, text in self.lines(forward(program, self.chain), self.inputs)
        ]
        cost = self.writer.cost
        unread = self.unread(self.inputs)
        upstream, answers = backward(program, self.chain)
        self.writer.start(upstream)
        known = {**names, **upstream}
        groups = tuple(self.groups(answers, known))
        read = cached = self.writer.read & {*names}
        still = self.unread(upstream)
        costs = cost, self.writer.cost
        every = None
        if rows:
            every = self.jacobian()
            cached = read | (self.writer.read & {*names} - {*self.inputs})
            every = replace(
                every, cache=self.unpacked(cached, self.writer.read - {*self.inputs})
            )
        received = {way.into for way in program.ways}
        used = {arg for value in program.lines for arg in program.steps[value].args}
        outputs = tuple(names[value] for _, value in program.outputs)
        gradients = tuple(adjoints[value] for value in program.wrt)
        helpers = self.helpers()
        zero = self.target.language.digits(0.0)
        self.cost = Cost(*costs, every.operations if every else None)
        return Module(
            noqa=self.noqa(read),
            docstring=tuple(
                self.words.docstring(
                    self.shown(),
                    self.cost,
                    self.docstring,
                    self.target.infinite,
                    self.target.strict,
                )
            ),
            imports=self.imports(helpers),
            helpers=helpers,
            inputs=tuple(self.inputs.values()),
            parameters=parameters(program, self.target, self.defaults),
            defaults=tuple(
                f"{names[value]} = {self.defaults[text]!r}"
                for value, text in program.signature.items()
                if text in self.defaults
            ),
            outputs=outputs,
            results=tuple(self.results(outputs)),
            forward_returns=_tuple_type(len(outputs)) if len(outputs) > 1 else "float",
            backward_returns=_tuple_type(len(gradients)),
            backward_summary=tuple(self.words.backward_summary()),
            stages=tuple(stages),
            cache=tuple(names[value] for value in sorted(cached)),
            unpacked=self.unpacked(cached, read),
            upstream=tuple(upstream.values()),
            unread=(unread, still),
            unused=tuple(
                Line(
                    self.target.define(adjoints[i], "=", zero, False),
                    f"{', '.join(outputs)} {'is flat in' if i in used else 'does not depend on'} {names[i]}",
                )
                for i in program.wrt
                if i not in received
            ),
            groups=groups,
            gradients=gradients,
            jacobian=every,
        )

    def unread(self, given: Mapping[int, str]) -> tuple[str, ...]:
        """Return those names of given values that no line of the function has read."""
        return tuple(n for value, n in given.items() if value not in self.writer.read)

    def results(self, outputs: Sequence[str]) -> Iterator[str]:
        """Yield a free name for each output where that is handed over."""
        taken = {*self.program.names.values(), *self.program.adjoints.values()}
        taken |= self.target.reserved | self.target.avoided
        for name in outputs:
            found = f"{name}_out"
            while found in taken:
                found += "_"
            taken.add(found)
            yield found

    def shown(self) -> str:
        """Return what the module computes, for its docstring."""
        count = len(self.program.lines)
        return self.formula or f"an expression of {count} operations"

    def remark(self, line: core.Line) -> str:
        """Return the comment beside a forward line: the user's, or what the operation is called."""
        value = line.total
        if value in self.comments:
            return self.comments[value]
        role, op = self.roles.get(value, ""), self.program.steps[value].op
        if op in FORMULA.words:
            return role
        # The operation's name is worth a comment where the spelling does not show it.
        row, word = self.program.rows[op], self.target.language.words.get(op)
        if word is not None:
            literal = "".join(p for p in word.pieces if isinstance(p, str))
        else:
            # Of a function of the program's own, a call of another module shows it.
            body = row.body if isinstance(row.body, str) else row.body.op
            literal = body if not row.own or row.imports else ""
        called = "" if row.name in literal else row.name
        return " ".join(filter(None, [role, called]))

    def helpers(self) -> tuple[str, ...]:
        """Return the helper functions that the lines call, and those that they call in turn."""
        loader = self.environment.loader
        assert loader is not None
        known = {self.target.helper.format(name): name for name in _files(self.target)}
        found: dict[str, str] = {}
        todo = [*self.writer.speller.said]
        for text in todo:  # which grows by the helpers' own texts
            for called in _CALLED.findall(text):
                if called in known and called not in found:
                    file = f"helpers/{known[called]}{self.target.suffix}"
                    source, _, _ = loader.get_source(self.environment, file)
                    found[called] = source.strip("\n")
                    todo.append(found[called])
        if self.target.callees_first:
            return tuple(_callees_first(found))
        return tuple(found.values())

    def imports(self, helpers: Sequence[str]) -> tuple[str, ...]:
        """Return the lines that import what the lines and these helpers call."""
        said = (*self.writer.speller.said, *helpers)
        self.modules = used_imports(self.program, self.writer.speller.said)
        for module, names in self.modules.items():
            if not self.target.is_python:
                name = f"{module}.{next(iter(names.values()))}"
                raise GradgenError(
                    f"{name} is a Python function, which a module in {self.target.name} cannot call"
                )
        lines = [
            line
            for name, line in self.target.imports
            if any(f"{name}." in text for text in said)
        ]
        return (*lines, *filter(None, ["\n".join(import_lines(self.modules))]))

    def lines(
        self, lines: Sequence[core.Line], names: Mapping[int, str]
    ) -> Iterator[tuple[core.Line, str]]:
        """Yield each line of a function with its text."""
        again = {line.name for line in lines if line.sign != "="}
        for line, text in self.writer.lines(lines, names):
            changes = line.name in again
            defined = self.target.define(line.name, line.sign, text, changes)
            self.hold()
            yield line, defined

    # Backward.

    def groups(
        self, lines: Sequence[core.Line], names: Mapping[int, str]
    ) -> Iterator[Group]:
        for source, group in groupby(
            self.lines(lines, names), lambda pair: pair[0].answers
        ):
            assert source is not None
            yield Group(self.comment(source), tuple(text for _, text in group))

    def comment(self, source: int) -> str:
        """Return a forward line, and its rule where that is not obvious, as a backward comment has them."""
        words, names = self.words, self.program.names
        step = self.program.steps[source]
        rule = words.say(self.program.rows[step.op].rule, source)
        quotient = self.quotients.get(source)
        if quotient is not None:
            into = names[quotient.into]
            above = words.operand(step.args[0]) if step.op == "div" else "1"
            text = f"-{names[source]}/{into}"
            if quotient.below is not None:
                bare = quotient._replace(branch=None, alive=(), moving=False, steep=False)  # fmt: skip
                one = self.chain.steps.const(1)
                slope, negative = self.chain.tidy.signless(
                    self.chain.partial(bare, one)
                )
                text = Speller(self.chain.steps, FORMULA).text(slope, names)
                text = ("-" * negative + text).replace(" ", "")
            rule = f"d({above}/{words.operand(step.args[-1])})/d{into} = {text}"
        text = f"{names[source]} = {words.formula(source)}"
        return f"{text.ljust(_RULE_COLUMN - 4)}    {rule}" if rule else text

    @cached_property
    def quotients(self) -> Mapping[int, Way]:
        """The ways from a quotient to its denominator or past it, by the quotient; the first of each."""
        found: dict[int, Way] = {}
        for way in self.program.ways:
            over = self.program.steps[way.source].op == "div" and way.place == 1
            if way.below is not None or over:
                found.setdefault(way.source, way)
        return found

    def unpacked(
        self, cached: Collection[int], read: Collection[int]
    ) -> tuple[str, ...]:
        """Return the names of what a function reads of the cache, with `_` for the rest; nothing where it reads nothing."""
        names = [self.program.names[v] if v in read else "_" for v in sorted(cached)]
        return tuple(names) if {*names} - {"_"} else ()

    def jacobian(self) -> JacobianView:
        """Return the texts of the function for all rows; those of the other two are written before."""
        program, names = self.program, self.program.names
        self.cells = len(program.outputs) * len(program.wrt)
        self.hold()
        taken = self.target.reserved | self.target.avoided
        self.rows = jacobian(
            program, self.chain, self.writer.count, taken, self.target.infinite
        )
        self.writer.start({})
        groups: list[Group] = []
        every = [line for block in self.rows.blocks for line in block.lines]
        texts = self.lines(every, names)
        for block in filter(lambda block: block.lines, self.rows.blocks):
            groups.append(Group(f"{_BLOCKS[block.kind]} of {names[block.head]}.", ()))
            of_block = islice(texts, len(block.lines))
            for source, group in groupby(of_block, lambda pair: pair[0].answers):
                assert source is not None
                lines = tuple(text for _, text in group)
                groups.append(Group(self.comment(source), lines))
        zero = self.target.language.digits(0.0)
        rows = tuple(tuple(name or zero for name in row) for row in self.rows.rows)
        width = len(program.wrt)
        return JacobianView(
            returns=_rows_type(len(rows), width),
            summary=tuple(self.words.rows_summary()),
            cache=(),
            groups=tuple(groups),
            rows=rows,
            unread=self.unread(self.inputs),
            stacked=width > _FEW or any(len(", ".join(row)) > _ROW for row in rows),
            operations=self.writer.cost,
        )

    def noqa(self, read: Collection[int]) -> tuple[str, ...]:
        """Return the linter rules that the user's own names break: those names are kept all the same."""
        program = self.program
        if not self.target.is_python:
            return ()
        params = (
            *self.inputs.values(),
            *(program.adjoints[value] for _, value in program.outputs),
        )
        local = (
            *(program.names[value] for value in program.lines),
            *(program.names[value] for value in read),
            *program.adjoints.values(),
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


def _callees_first(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield functions so that each stands after those that it calls."""
    todo = [*texts][::-1]
    open_: set[str] = set()
    done: set[str] = set()
    while todo:
        name = todo[-1]
        called = [n for n in _CALLED.findall(texts[name]) if n in texts]
        missing = [n for n in called if n not in done | open_ | {name}]
        open_.add(name)
        if missing:
            todo += missing
            continue
        todo.pop()
        if name not in done:
            done.add(name)
            yield texts[name]


def _has_capital(name: str) -> bool:
    if name.isascii():
        return not name.islower() and name.lower() != name
    return any(char.isalpha() and not char.islower() for char in name)


def _tuple_type(count: int) -> str:
    if count > _FEW:
        return "tuple[float, ...]"
    return f"tuple[{', '.join(['float'] * count) or '()'}]"


def _rows_type(rows: int, width: int) -> str:
    row = _tuple_type(width)
    return f"tuple[{', '.join([row] * rows) if rows <= _FEW else f'{row}, ...'}]"
