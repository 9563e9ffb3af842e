"""A named program and a target in; the text of its module out, laid out by the target's templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradgen.core.notation import term
from gradgen.core.program import Program
from gradgen.passes.blocks.join import ApartError
from gradgen.passes.constants import operations
from gradgen.passes.cost import Cost
from gradgen.write.blocks import Functions, choices_joined
from gradgen.write.bodies import Bodies, Body
from gradgen.write.compact.plan import plan
from gradgen.write.constants import Declarations
from gradgen.write.python.imports import import_lines, used_imports
from gradgen.write.target import Target
from gradgen.write.templates import Templates
from gradgen.write.view import FEW, JacobianView, Module, SingleView, Stage
from gradgen.write.words.comments import Comments, commented
from gradgen.write.words.docstring import Docstrings
from gradgen.write.words.values import Words

#: A longer row of a Jacobian has one name a line.
_ROW = 74
#: What imports the class of a cache with names; and that cache as a parameter.
NAMED_TUPLE = "from typing import NamedTuple"
_NAMED = "cache: Cache"
#: So often is an operation written out no more, but calls a helper.
_OFTEN = 4
#: So wide is a tuple of a cache that is a tuple of tuples.
_PACK = 76
#: So wide are outputs and a cache that stand on one line, and so much wider than the mean may a tuple be.
_RETURNED, _UNEVEN = 72, 8
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
    language = target.language.shortened(_frequent(program, target))
    target = replace(target, language=language)
    files = Templates(target, templates)
    shown = plan(program, target)

    def made(joins: Mapping[int, int]) -> Rendered:
        functions = Functions(shown, joins, target, "jacobian" in extras, limit)
        laid = functions.laid
        called = replace(laid.program, ways=program.ways)
        words = Words(called, laid.names, laid.holder)
        words.notes = meanings or {}
        docstrings = Docstrings(words, target, words.notes)
        viewer = _Viewer(words, functions, files, docstrings, defaults or {})
        module = viewer.view(formula, told, extras)
        cache = target.packed if module.packs else target.cache
        cache = _NAMED if module.named else cache
        return Rendered(files.module(module), viewer.cost, viewer.modules, cache)

    try:
        return made(choices_joined(shown, target))
    except ApartError:  # in a function whose branches are not those of `forward`
        return made({})


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
        read = cached = back.read & {*names}
        every: JacobianView | None = None
        slopes: Sequence[str] = ()
        if "jacobian" in extras:
            of_rows, cells, slopes = self.bodies.jacobian()
            cached = read | (of_rows.read & {*names} - {*self.inputs})
            every = self.jacobian(of_rows, cells, cached)
        single = self.single() if "value_and_grad" in extras else None
        of_all = every.operations if every else None
        self.cost = Cost(ahead.operations, back.operations, of_all)
        constants = self.declarations.lines(self.bodies.constants, self.bodies.read)
        helpers = self.files.helpers(self.bodies.said)
        outputs = tuple(names[value] for _, value in program.outputs)
        results = (*self.results(outputs),)
        cache = tuple(names[value] for value in sorted(cached))
        kept = {*outputs, *cache}
        named = self.target.named and bool(cache)
        packed = self.target.compact and self.target.is_python
        return Module(
            noqa=self.noqa(read, slopes),
            docstring=tuple(self.docstrings.module(formula, self.cost, told)),
            imports=self.imports(helpers, named),
            helpers=helpers,
            constants=(*constants,),
            inputs=(*self.inputs.values(),),
            parameters=parameters(program, self.target, self.defaults),
            defaults=tuple(self.defaulted()),
            outputs=outputs,
            results=results,
            forward_returns=_tuple_type(len(outputs)) if len(outputs) > 1 else "float",
            forward_summary=tuple(self.docstrings.forward(results, bool(cached))),
            backward_returns=_tuple_type(len(gradients)),
            backward_summary=tuple(self.docstrings.backward()),
            stages=stages,
            idle=(_without(ahead.idle, kept), _without(back.idle, gradients)),
            cache=cache,
            packs=_packs(cache, outputs) if packed and not named else (),
            named=named,
            unpacked=self.unpacked(cached, read),
            upstream=tuple(upstream.values()),
            unread=(ahead.unread, back.unread),
            unused=tuple(self.unused(", ".join(outputs))),
            groups=back.groups,
            gradients=(*gradients,),
            jacobian=every,
            single=single,
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
            returns=_rows_type(len(cells), width),
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

    def defaulted(self) -> Iterator[str]:
        """Yield the inputs that have defaults, with these."""
        for value, text in self.program.signature.items():
            if text in self.defaults:
                yield f"{self.program.names[value]} = {self.defaults[text]!r}"

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
            if any(f"{name}." in text for text in texts)
        ]
        if named:  # beside what comes with Python as well
            own = [line for line in lines if line.startswith("import ")]
            rest = [line for line in lines if line not in own]
            lines = ["\n".join([*own, NAMED_TUPLE]), *rest]
        return (*lines, *filter(None, ["\n".join(import_lines(self.modules))]))

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


def _without(names: Sequence[str], others: Container[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


def _tuple_type(count: int) -> str:
    if count > FEW:
        return "tuple[float, ...]"
    return f"tuple[{', '.join(['float'] * count) or '()'}]"


def _rows_type(rows: int, width: int) -> str:
    row = _tuple_type(width)
    return f"tuple[{', '.join([row] * rows) if rows <= FEW else f'{row}, ...'}]"


def _packs(cache: Sequence[str], outputs: Sequence[str]) -> tuple[int, ...]:
    """Return how many names stand in each tuple of a cache that is too long for one line: of about the same width each."""
    width = len(", ".join(cache))
    beside = len(", ".join(outputs)) + (len("(), ") if len(outputs) > 1 else 0)
    if width <= _PACK and width + beside <= _RETURNED:
        return ()
    rows = max(2, -(-width // _PACK))
    room = min(_PACK, max(-(-width // rows), len(max(cache, key=len))) + _UNEVEN)
    found, left = [0], room
    for name in cache:
        left -= len(name) + 2
        if left < -2:
            found.append(0)
            left = room - len(name) - 2
        found[-1] += 1
    return (*found,)


def _frequent(program: Program, target: Target) -> Container[str]:
    """Return the operations that a module would write out often."""
    found = Counter(
        step.op for step in program.steps if step.op in target.language.often
    )
    steps = program.steps
    kinds = Counter((steps[w.source].op, w.place) for w in program.ways if w.below is None)  # fmt: skip
    for (source, place), count in kinds.items():
        text = program.rows[source].adjoint(place, target.precise, target.strict)
        if isinstance(text, str) and text:
            said = {*operations(term(text))}
            found.update({op: count for op in target.language.often if op in said})
    return {op for op, count in found.items() if count >= _OFTEN}
