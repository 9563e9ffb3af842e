"""The functions of a module over rows of data in; their texts in loops over lists out."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradgen.core.program import Line
from gradgen.passes.constants import constants_in
from gradgen.passes.cost import Cost
from gradgen.passes.facts import rowwise
from gradgen.reserved import fields_of
from gradgen.write.arrays.loops import APPENDS, Lines, Loop, Looped, Placed
from gradgen.write.bodies import Bodies, Viewer
from gradgen.write.view import ListsFunction, ListsModule
from gradgen.write.words.comments import Comments, commented
from gradgen.write.words.values import Words

#: The line of a list that a loop fills.
_EMPTY = "{}: list[float] = []"
_INDENT = "    "


class Texts(NamedTuple):
    """The functions of a module, what they cost, of `forward` and of `backward`, and what the cache holds, with its types."""

    functions: Sequence[ListsFunction]
    forward: int
    backward: int
    cache: Sequence[tuple[str, str]]


class Lists:
    """Writes the functions of one module."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.functions = bodies.functions
        self.program = program = bodies.program
        self.target = bodies.target
        self.names = program.names
        self.rowwise = rowwise(program, self.target.rows)
        seeds = zip(self.functions.upstream, program.outputs)
        self.columns = [v for v in program.signature if v in self.rowwise]
        #: The inputs, and the upstream gradients, that are lists.
        self.lists = {*self.columns, *(s for s, (_, v) in seeds if v in self.rowwise)}
        self.taken = {*self.names.values(), *program.adjoints.values()}
        self.taken |= self.target.reserved | self.target.avoided
        self.taken |= {*constants_in(program)}

    def written(self, extras: Container[str]) -> Texts:
        """Return the functions that the module has beside those that are named."""
        program, names, writer = self.program, self.names, self.bodies.writer
        slopes = {program.adjoints[v] for v in program.wrt if v in self.rowwise}
        back, read = self._laid(
            self.functions.back.shown, slopes, self.functions.upstream
        )
        behind = writer.cost
        cached = sorted(({*read} & {*names}) | {self.columns[0]})
        kept = {names[v] for v in cached if v in self.rowwise} | {
            names[v] for _, v in program.outputs if v in self.rowwise
        }
        front, _ = self._laid(self.functions.front.shown, kept)
        ahead = writer.cost
        outputs = [names[value] for _, value in program.outputs]
        cache = [names[value] for value in cached]
        returned = f"Cache({', '.join(cache)})" if self.target.named else _tuple(cache)
        gradients = [program.adjoints[value] for value in program.wrt]
        comments = self.bodies.comments
        entered = [*self._entered()]
        values = _tuple(outputs) if len(outputs) > 1 else outputs[0]
        functions = [
            ListsFunction(
                (*entered, *self._lines(front, comments), f"return {values}, {returned}"),
            ),
            ListsFunction(
                (
                    f"{_listed(cache)} = cache",
                    *self._unused(),
                    *self._lines(back, comments),
                    f"return {_listed(gradients)}",
                ),
            ),
        ]  # fmt: skip
        if "value_and_grad" in extras:
            function, chain, plan = self.functions.single()
            words = Words(plan.program, plan.names, plan.holder)
            words.notes = comments.words.notes
            both, _ = self._laid(function.shown, slopes)
            lines = self._lines(both, Comments(words, chain, self.target.language))
            end = f"return {outputs[0]}, {_tuple(gradients)}"
            functions.append(ListsFunction((*entered, *self._unused(), *lines, end)))
        types = [*zip(fields_of(cache), map(self._type, cached))]
        return Texts(functions, ahead, behind, types)

    def _type(self, value: int) -> str:
        if value in self.columns:
            return "Sequence[float]"
        return "list[float]" if value in self.rowwise else "float"

    def _laid(
        self,
        shown: tuple[Sequence[Line], Mapping[int, str]],
        kept: Collection[str],
        upstream: Collection[int] = (),
    ) -> tuple[list[Loop], Collection[int]]:
        """Return the lines of a function in loops, and the values that they read."""
        steps, writer = self.bodies.chain.steps, self.bodies.writer
        looped = Looped(steps, self.lists, self.taken, writer)
        return looped.run(Lines(*shown), kept, upstream), looped.read

    def _entered(self) -> Iterator[str]:
        columns = [self.names[value] for value in self.columns]
        yield f"{_listed(columns)} = _columns({', '.join(columns)})"

    def _unused(self) -> Iterator[str]:
        """Yield the lines of gradients that nothing reaches."""
        program, received = self.program, {way.into for way in self.program.ways}
        outputs = ", ".join(self.names[value] for _, value in program.outputs)
        for value in program.wrt:
            if value not in received:
                name = self.names[value]
                column = self.names[self.columns[0]]
                zero = f"_every(0.0, {column})" if value in self.rowwise else "0.0"
                why = f"  # {outputs} does not move with {name}"
                yield f"{program.adjoints[value]} = {zero}{why}"

    def _lines(self, loops: Sequence[Loop], comments: Comments) -> Iterator[str]:
        for loop in loops:
            yield from self._block(loop.before, comments, "")
            if not loop.lines:
                continue
            yield from map(_EMPTY.format, loop.lists)
            items = [item for item, _ in loop.zips] or ["_"]
            lists = [name for _, name in loop.zips] or [self.names[self.columns[0]]]
            through = lists[0]
            if len(lists) > 1:
                through = f"zip({', '.join(lists)}, strict=True)"
            yield f"for {', '.join(items)} in {through}:"
            yield from self._block(loop.lines, comments, _INDENT)
            yield from (f"{_INDENT}{name}.append({item})" for item, name in loop.kept)

    def _block(
        self, placed: Sequence[Placed], comments: Comments, indent: str
    ) -> Iterator[str]:
        """Yield lines with their comments: beside those of the forward pass, above those that answer one."""
        answered = None
        for one in placed:
            text, answers = one.text.text, one.line.answers
            if answers is None:
                if one.name.endswith(APPENDS):
                    yield indent + text
                    continue
                comment = comments.edge(one.line, one.text.value, None)
                stage = commented(text, comment or comments.beside(one.line), indent)
                yield from (f"{indent}# {words}" for words in stage.above)
                yield stage.text + f"  # {stage.comment}" * bool(stage.comment)
                continue
            holder = self.bodies.plan.holder(answers)
            summed = not one.inside and self._is_sum(one.line)
            if holder != answered and not summed:
                above = comments.above(holder, indent)
                yield indent + "# " + above.replace("\n", f"\n{_INDENT}{indent}# ")
                answered = holder
            yield indent + text

    def _is_sum(self, line: Line) -> bool:
        step = self.bodies.chain.steps[line.value]
        return bool(step.args) and self.bodies.chain.steps.rows[step.op].level == "whole"  # fmt: skip


def of_lists(
    viewer: Viewer,
    formula: str,
    told: str,
    extras: Container[str],
    given: Sequence[str],
    seeds: Sequence[str],
) -> tuple[ListsModule, Cost]:
    """Return what templates show of a module, and what it costs.

    Args:
        viewer: what knows the texts of the module.
        formula: what it computes.
        told: what the program says about itself.
        extras: the functions that it has beside forward and backward.
        given: the parameters of `forward`.
        seeds: those of `backward`.
    """
    program, docstrings, bodies = viewer.program, viewer.docstrings, viewer.bodies
    texts = Lists(bodies).written(extras)
    cost = Cost(texts.forward, texts.backward)
    each = rowwise(program, viewer.target.rows)
    results = ["list[float]" if v in each else "float" for _, v in program.outputs]
    result = results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
    named = viewer.target.named
    kept = "Cache" if named else "tuple[Any, ...]"
    heads = [
        ("forward", given, f"tuple[{result}, {kept}]", docstrings.forward((), True)),
        ("backward", seeds, "tuple[Any, ...]", docstrings.backward()),
        ("value_and_grad", given, "tuple[float, tuple[Any, ...]]", docstrings.single()),
    ]  # fmt: skip
    functions = tuple(
        (name, ", ".join(takes), returns, (*_outdented(says),), function)
        for (name, takes, returns, says), function in zip(heads, texts.functions)
    )
    lines = [line for function in texts.functions for line in function.lines]
    helpers = viewer.files.helpers([*bodies.said, *lines])
    constants = viewer.declarations.lines(bodies.constants, bodies.read)
    module = ListsModule(
        noqa=viewer.noqa([*program.names], ()),
        docstring=tuple(docstrings.module(formula, cost, told)),
        imports=viewer.imports(helpers, named),
        helpers=helpers,
        constants=(*constants,),
        functions=functions,
        cache=(*texts.cache,) if named else (),
    )
    return module, cost


def _outdented(lines: Sequence[str]) -> Iterator[str]:
    """Yield a docstring without an indent that all lines but the first have, which black takes away."""
    deep = all(line.startswith(_INDENT) for line in lines[1:] if line)
    for place, line in enumerate(lines):
        yield line.removeprefix(_INDENT) if place and deep else line


def _listed(names: Sequence[str]) -> str:
    """Return the text of a tuple that stands alone."""
    return ", ".join(names) if len(names) > 1 else _tuple(names)


def _tuple(names: Sequence[str]) -> str:
    """Return the text of a tuple."""
    return f"({', '.join(names)}{',' * (len(names) == 1)})"
