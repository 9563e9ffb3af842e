"""A named program and a target in; the text of its module out, laid out by the target's templates."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from gradgen.core.notation import term
from gradgen.core.program import Program
from gradgen.passes.blocks.join import ApartError
from gradgen.passes.constants import operations
from gradgen.passes.cost import Cost
from gradgen.passes.facts import rowwise
from gradgen.reserved import fields_of
from gradgen.write.arrays.handed import handed, signatures_over_rows
from gradgen.write.arrays.lists import of_lists
from gradgen.write.arrays.looped import of_rows
from gradgen.write.arrays.shapes import check_extras, form_of, of_column, shaping
from gradgen.write.arrays.summed import of_sums
from gradgen.write.blocks import Functions, choices_joined
from gradgen.write.bodies import Bodies, Body
from gradgen.write.compact.plan import plan
from gradgen.write.constants import Declarations
from gradgen.write.frames.functions import functions as of_frames
from gradgen.write.python.imports import import_lines, used_imports
from gradgen.write.sql.query import query
from gradgen.write.target import Target
from gradgen.write.templates import Templates
from gradgen.write.view import (
    FEW,
    Form,
    FramesModule,
    JacobianView,
    ListsModule,
    Module,
    Packs,
    QueryModule,
    RowsModule,
    SingleView,
    Stage,
    SumsModule,
)
from gradgen.write.words.comments import Comments, commented
from gradgen.write.words.docstring import Docstrings
from gradgen.write.words.values import Words

#: A longer row of a Jacobian has one name a line.
_ROW = 74
#: The annotation of an array; what functions bring into shape are tuples of any length.
ARRAY = "Array"
#: What imports the class of a cache with names; and that cache as a parameter.
_NAMED_TUPLE = "from typing import NamedTuple"
_ANY = "from typing import Any"
_NAMED = "cache: Cache"
#: So often is an operation written out no more, but calls a helper.
_OFTEN = 4
#: So wide is a line of a cache of several lines, and what is taken from one on one line.
_PACK = 76
#: So wide are outputs and a cache that stand on one line.
_RETURNED = 72
#: A tuple of more names is built by way of a list: CPython's STACK_USE_GUIDELINE.
_DISPLAYED = 30
#: No more is written for a formula that is text, so that none takes minutes: a module's lines repeat what they share.
MAX_WRITTEN = 600_000


@dataclass(frozen=True)
class Rendered:
    """A module's text without its header, its operations, what it imports: by module, the names here with those there, and its
    cache as a parameter.
    """

    text: str
    cost: Cost
    imports: Mapping[str, Mapping[str, str]]
    cache: str


def render(
    program: Program,
    target: Target,
    formula: str,
    templates: Path | None = None,
    extras: Container[str] = (),
    told: str = "",
    defaults: Mapping[str, float] | None = None,
    meanings: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> Rendered:
    """Return the module's text and what it costs and imports.

    Args:
        program: a program with flows and names.
        target: the output language.
        formula: what the module computes: a formula, or the statements of a program, one a line; empty where there is no text.
        templates: the user's folder of templates, which go before the built-in ones file by file.
        extras: the functions that the module has beside forward and backward: `jacobian`, `value_and_grad`.
        told: what the program says about itself.
        defaults: the values of the last inputs where a call leaves them out.
        meanings: what inputs and results mean, by their names in the formula, and constants without a value, by their text.
        limit: how many operations its lines may have, of which each line counts as some, and how many numbers the rows of its
            Jacobian, together.

    Raises:
        TooLargeError: there are more.
        GradgenError: a template of the user's is missing or broken.
    """
    check_extras(program, target, extras)
    language = target.language.shortened(_frequent(program, target))
    if target.adds:
        columns = (v for v, text in program.signature.items() if text in target.rows)
        language = of_column(language, program.names[next(columns)])
    target = replace(target, language=language)
    files = Templates(target, templates)
    shown = plan(program, target)
    rows = "jacobian" in extras or (target.selects and len(program.outputs) > 1)

    def made(joins: Mapping[int, int]) -> Rendered:
        functions = Functions(shown, joins, target, rows, limit)
        laid = functions.laid
        called = replace(laid.program, ways=program.ways)
        words = Words(called, laid.names, laid.holder)
        words.notes = meanings or {}
        docstrings = Docstrings(words, target, words.notes)
        viewer = _Viewer(words, functions, files, docstrings, defaults or {})
        if target.selects or (target.rows and not target.arrays):
            looped = _looped(viewer, formula, told, extras)
            used_imports(program, viewer.bodies.called, target)  # which C has none of
            return Rendered(files.module(looped), viewer.cost, viewer.modules, _cache(target))  # fmt: skip
        module = viewer.view(formula, told, extras)
        cache = target.packed if module.packs.nested else target.cache
        cache = _NAMED if module.fields else cache
        return Rendered(files.module(module), viewer.cost, viewer.modules, cache)

    try:
        return made(choices_joined(shown, target))
    except ApartError:  # in a function whose branches are not those of `forward`
        return made({})


def parameters(
    program: Program, target: Target, defaults: Mapping[str, float]
) -> tuple[str, ...]:
    """Return the parameters of `forward`, each with its type, and its default if it has one."""
    columns = target.rows if target.lists else ()
    return tuple(
        (
            f"{program.names[value]}: Sequence[float]"
            if text in columns
            else target.parameter(program.names[value], defaults.get(text))
        )
        for value, text in program.signature.items()
    )


def upstream_parameters(program: Program, target: Target) -> tuple[str, ...]:
    """Return the parameters of `backward` beside the cache: one may be 1; of several, none may be forgotten."""
    given = 1.0 if len(program.outputs) == 1 else None
    each = rowwise(program, target.rows if target.lists else ())
    return tuple(
        (
            f"{program.adjoints[value]}: Sequence[float]"
            if value in each
            else target.parameter(program.adjoints[value], given)
        )
        for _, value in program.outputs
    )


def _defaulted(program: Program, defaults: Mapping[str, float]) -> Iterator[str]:
    """Yield the inputs that have defaults, with these."""
    for value, text in program.signature.items():
        if text in defaults:
            yield f"{program.names[value]} = {defaults[text]!r}"


class _Viewer:
    """Works out every text of the module from the program."""

    def __init__(
        self,
        words: Words,
        functions: Functions,
        files: Templates,
        docstrings: Docstrings,
        defaults: Mapping[str, float],
    ) -> None:
        self.program = words.program
        self.docstrings = docstrings
        self.target = target = functions.target
        self.files = files
        self.defaults = defaults
        self.names = words.names
        chain = functions.chain
        self.declarations = Declarations(chain.steps, target)
        self.bodies = Bodies(functions, Comments(words, chain, target.language))
        self.inputs = self.bodies.inputs
        #: What `backward` reads for its shape.
        self.shapes = {*self.inputs} if target.arrays else set()
        self.cost = Cost(0, 0)
        self.modules: Mapping[str, Mapping[str, str]] = {}

    def view(self, formula: str, told: str, extras: Container[str]) -> Module:
        """Return what the templates show.

        Args:
            formula: what the module computes.
            told: what the program says about itself.
            extras: the functions that the module has beside forward and backward.
        """
        program, names = self.program, self.names
        ahead, stages = self.bodies.forward()
        back, upstream, gradients = self.bodies.backward()
        read = back.read & {*names} | self.shapes
        cached, every, slopes = self.rows(read, extras)
        single = self.single() if "value_and_grad" in extras else None
        of_all = every.operations if every else None
        self.cost = Cost(ahead.operations, back.operations, of_all)
        constants = self.declarations.lines(self.bodies.constants, self.bodies.read)
        form = form_of(self.target, program, self.inputs, names)
        helpers = self.files.helpers([*self.bodies.said, *shaping(form, extras)])
        outputs = tuple(names[value] for _, value in program.outputs)
        results = (*self.results(outputs),)
        cache = tuple(names[value] for value in sorted(cached))
        fields = (*fields_of(cache),) if self.target.named else ()
        packed = self.target.compact and self.target.is_python
        return Module(
            noqa=self.noqa(read, slopes),
            docstring=tuple(self.docstrings.module(formula, self.cost, told)),
            imports=self.imports(helpers, bool(fields)),
            helpers=helpers,
            constants=(*constants,),
            inputs=(*self.inputs.values(),),
            parameters=parameters(program, self.target, self.defaults),
            defaults=tuple(_defaulted(program, self.defaults)),
            outputs=outputs,
            results=results,
            forward_returns=_result_type(len(outputs), form.number),
            forward_summary=tuple(self.docstrings.forward(results, bool(cached))),
            backward_returns=_tuple_type(len(gradients), form.number),
            backward_summary=tuple(self.docstrings.backward()),
            stages=stages,
            idle=(
                _without(ahead.idle, outputs + cache),
                _without(back.idle, gradients),
            ),
            cache=cache,
            packs=_packs(cache, outputs, form) if packed and not fields else Packs(),
            fields=fields,
            unpacked=self.unpacked(cached, read),
            upstream=tuple(upstream.values()),
            unread=(ahead.unread, back.unread),
            unused=tuple(self.unused(", ".join(outputs))),
            groups=back.groups,
            gradients=(*gradients,),
            jacobian=every,
            single=single,
            form=form,
            few=len(cache) + len(self.inputs) if packed else FEW,
        )

    def single(self) -> SingleView:
        """Return what the templates show of the function for value and gradient at once."""
        body, stages, gradients = self.bodies.single()
        outputs = {self.names[value] for _, value in self.program.outputs}
        return SingleView(
            summary=tuple(self.docstrings.single()),
            stages=stages,
            groups=body.groups,
            gradients=tuple(gradients),
            unread=body.unread,
            idle=tuple(n for n in body.idle if n not in outputs | {*gradients}),
        )

    def rows(
        self, read: AbstractSet[int], extras: Container[str]
    ) -> tuple[AbstractSet[int], JacobianView | None, Sequence[str]]:
        """Return what the cache holds, and of the Jacobian, if there is one, what templates show and the names that it gives."""
        if "jacobian" not in extras:
            return read, None, ()
        body, _, cells = self.bodies.jacobian()
        found = self.bodies.functions.rows
        cached = read | (body.read & {*self.names} - {*self.inputs})
        return cached, self.jacobian(body, cells, cached), found.names if found else ()

    def jacobian(
        self, body: Body, cells: Sequence[tuple[str, ...]], cached: Collection[int]
    ) -> JacobianView:
        """Return what the templates show of the function for all rows.

        Args:
            body: its lines.
            cells: the rows.
            cached: what the cache holds.
        """
        width = len(self.program.wrt)
        returned = {name for row in cells for name in row}
        return JacobianView(
            returns=_rows_type(len(cells), width, self.target),
            summary=tuple(self.docstrings.jacobian()),
            cache=self.unpacked(cached, body.read - {*self.inputs}),
            groups=body.groups,
            rows=tuple(cells),
            unread=body.unread,
            idle=tuple(name for name in body.idle if name not in returned),
            stacked=(width > FEW and not self.target.compact)
            or any(len(", ".join(row)) > _ROW for row in cells),
            operations=body.operations,
        )

    def unused(self, outputs: str) -> Iterator[Stage]:
        """Yield the lines of gradients that nothing reaches, which are 0."""
        program, zero = self.program, self.target.language.digits(0.0)
        received = {way.into for way in program.ways}
        used = {arg for value in program.lines for arg in program.steps[value].args}
        for i in program.wrt:
            if i not in received:
                several = len(program.outputs) > 1
                flat, apart = ("are", "do") if several else ("is", "does")
                why = f"{flat} flat in" if i in used else f"{apart} not depend on"
                line = self.target.define(program.adjoints[i], "=", zero, False)
                yield commented(line, f"{outputs} {why} {program.names[i]}")

    def results(self, outputs: Sequence[str]) -> Iterator[str]:
        """Yield a free name for each output where that is handed over."""
        taken = {*self.program.names.values(), *self.program.adjoints.values()}
        taken |= self.target.reserved | self.target.avoided | {*self.bodies.constants}
        for name in outputs:
            found = f"{name}_out"
            while found in taken:
                found += "_"
            taken.add(found)
            yield found

    def unpacked(
        self, cached: Collection[int], read: Collection[int]
    ) -> tuple[str, ...]:
        """Return the names of what a function reads of the cache, with `_` for the rest; nothing where it reads nothing."""
        names = [self.program.names[v] if v in read else "_" for v in sorted(cached)]
        return tuple(names) if {*names} - {"_"} else ()

    def imports(self, helpers: Sequence[str], named: bool) -> tuple[str, ...]:
        """Return the lines that import what the lines and these helpers call, and what a cache with names is."""
        said = [*self.bodies.said, *self.declarations.said]
        self.modules = used_imports(self.program, self.bodies.called, self.target)
        texts = (*said, *helpers)
        lines = [
            line
            for name, line in self.target.imports
            if not name or any(f"{name}." in text for text in texts)
        ]
        if named:
            lines = with_named_tuple(lines)
        groups = ["\n".join(group) for group in _grouped(lines)]
        return (*groups, *filter(None, ["\n".join(import_lines(self.modules))]))

    def noqa(self, read: Collection[int], slopes: Sequence[str]) -> tuple[str, ...]:
        """Return the linter rules that the user's own names break: those names are kept all the same.

        Args:
            read: the values that `backward` reads of the cache.
            slopes: the names that `jacobian` gives.
        """
        program = self.program
        params = (
            *self.inputs.values(),
            *(program.adjoints[value] for _, value in program.outputs),
        )
        local = (
            *(program.names[value] for value in program.lines),
            *(program.names[value] for value in read),
            *program.adjoints.values(),
            *slopes,
        )
        return self.target.noqa(params, local, [*self.bodies.constants])


def _looped(
    viewer: _Viewer, formula: str, told: str, extras: Container[str]
) -> RowsModule | ListsModule | SumsModule | QueryModule | FramesModule:
    """Return what the templates show of functions in loops over rows, of a query, or of functions of frames."""
    target, program = viewer.target, viewer.program
    if target.query:
        selected, viewer.cost = query(viewer, formula, told)
        return selected
    if target.frames:
        frames, viewer.cost = of_frames(viewer, formula, told)
        return frames
    if target.loops:
        looped, viewer.cost = of_rows(viewer, formula, told, extras)
        return looped
    if target.sums:
        columns, *sets = handed(program, target)[:3]
        takes = signatures_over_rows(program, target, extras)
        summed, viewer.cost = of_sums(viewer, formula, told, takes, columns, sets)
        return summed
    given = parameters(program, target, viewer.defaults)
    seeds = (_cache(target), *upstream_parameters(program, target))
    module, viewer.cost = of_lists(viewer, formula, told, extras, given, seeds)
    return module


def _cache(target: Target) -> str:
    return _NAMED if target.named else target.cache


def with_named_tuple(lines: Sequence[str]) -> list[str]:
    """Return imports and that of `NamedTuple`, which stands beside what else comes from its module."""
    if _ANY not in lines:
        return [*lines, _NAMED_TUPLE]
    return [f"{_ANY}, NamedTuple" if line == _ANY else line for line in lines]


def _grouped(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield lines that stand together: imports of what comes with Python, all other imports, and what is no import."""
    groups: dict[int, list[str]] = {}
    for line in lines:
        word, _, package = line.partition(" ")
        own = package.partition(" ")[0].partition(".")[0] in sys.stdlib_module_names
        rank = 0 if own else 1 if word in ("import", "from") else 2
        groups.setdefault(rank, []).append(line)
    for rank in sorted(groups):
        yield groups[rank]


def _without(names: Sequence[str], others: Container[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


def _tuple_type(count: int, number: str) -> str:
    if count > FEW or number == ARRAY:
        return f"tuple[{number}, ...]"
    return f"tuple[{', '.join([number] * count) or '()'}]"


def _result_type(count: int, number: str) -> str:
    return number if count == 1 else _tuple_type(count, number)


def _rows_type(rows: int, width: int, target: Target) -> str:
    if target.rows:  # an array of the slopes of each result
        return _result_type(rows, ARRAY)
    row = _tuple_type(width, target.number)
    few = rows <= FEW and target.number != ARRAY
    return f"tuple[{', '.join([row] * rows) if few else f'{row}, ...'}]"


def _packs(cache: Sequence[str], outputs: Sequence[str], form: Form) -> Packs:
    """Return the lines of a cache that is too long for one."""
    width = len(", ".join(cache))
    beside = len(", ".join(outputs)) + (len("(), ") if len(outputs) > 1 else 0)
    if width + beside <= _RETURNED:
        return Packs()
    nested = form.arrays is not None or len(cache) > _DISPLAYED or beside > _RETURNED
    left = room = _PACK // 2 if nested and width <= _PACK else _PACK
    sizes = [0]
    for name in cache:
        if sizes[-1] and left < len(name):
            sizes.append(0)
            left = room
        sizes[-1] += 1
        left -= len(name) + 2
    return Packs((*sizes,), nested)


def _frequent(program: Program, target: Target) -> Container[str]:
    """Return the operations that a module would write out often."""
    found = Counter(
        step.op for step in program.steps if step.op in target.language.often
    )
    steps = program.steps
    kinds = Counter((steps[w.source].op, w.place) for w in program.ways if not w.below)  # fmt: skip
    for (source, place), count in kinds.items():
        text = program.rows[source].adjoint(place, target.precise, target.strict)
        if isinstance(text, str) and text:
            said = {*operations(term(text))}
            found.update({op: count for op in target.language.often if op in said})
    return {op for op, count in found.items() if count >= _OFTEN}
