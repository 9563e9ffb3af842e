"""The functions in C of a module over rows of data in; their texts, in loops over blocks of rows whose sums are compensated, out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gradgen.core.program import Line
from gradgen.errors import TooLargeError
from gradgen.passes.constants import constants_in
from gradgen.passes.cost import Cost
from gradgen.passes.facts import rowwise
from gradgen.write.arrays.loops import APPENDS, Lines, Loop, Looped, Placed
from gradgen.write.bodies import Viewer
from gradgen.write.languages.c_sums import ADDS, BEGIN, BLOCK, INNER, STARTS, each
from gradgen.write.view import ListsFunction, SumsModule
from gradgen.write.words.comments import Comments, commented
from gradgen.write.words.values import Words
from gradgen.write.words.wrapping import wrap

_INDENT = "    "
#: So many lines the loops of a function have together.
_MOST = 100_000


def of_sums(
    viewer: Viewer,
    formula: str,
    told: str,
    signatures: Mapping[str, Sequence[str]],
    columns: Mapping[str, str],
    sets: Sequence[Sequence[str]],
) -> tuple[SumsModule, Cost]:
    """Return what templates show of a module, and what it costs.

    Args:
        viewer: what knows the texts of the module.
        formula: what it computes.
        told: what the program says about itself.
        signatures: its functions, each with its parameters.
        columns: the names of columns, by those of their elements.
        sets: the names of what holds results, and of what holds slopes.
    """
    bodies, program = viewer.bodies, viewer.program
    functions, names = bodies.functions, program.names
    results = [*zip(sets[0], (names[value] for _, value in program.outputs))]
    slopes = [*zip(sets[1], (program.adjoints[value] for value in program.wrt))]
    writer = _Sums(viewer, columns, signatures)
    forward = writer.function("forward", functions.front.shown, results, bodies.comments)  # fmt: skip
    ahead = every = bodies.writer.cost
    made = [("forward", viewer.docstrings.forward([array for array, _ in results], False), forward)]  # fmt: skip
    if "value_and_grad" in signatures:
        function, chain, plan = functions.single()
        words = Words(plan.program, plan.names, plan.holder)
        words.notes = bodies.comments.words.notes
        comments = Comments(words, chain, viewer.target.language)
        body = writer.function("value_and_grad", function.shown, [*results, *slopes], comments)  # fmt: skip
        every = bodies.writer.cost
        told_of = ", ".join(array for array, _ in (*results, *slopes))
        order = ", ".join(names[value] for value in program.wrt) or "no input"
        says = f"Set {told_of} to {', '.join(text for _, text in results)} and its gradient: by {order}."
        made.append(("value_and_grad", wrap(says, 80), body))
    cost = Cost(ahead, every - ahead)
    lines = [line for _, _, function in made for line in function.lines]
    helpers = viewer.files.helpers([*bodies.said, *lines])
    constants = viewer.declarations.lines(bodies.constants, bodies.read)
    module = SumsModule(
        docstring=tuple(viewer.docstrings.module(formula, cost, told)),
        declared=(*viewer.target.declares([*bodies.said, *lines, *helpers]),),
        helpers=helpers,
        constants=(*constants,),
        functions=tuple(
            (name, ", ".join(signatures[name]), "", (*says,), function)
            for name, says, function in made
        ),
    )
    return module, cost


class _Sums:
    """Writes the functions of one module."""

    def __init__(
        self,
        viewer: Viewer,
        columns: Mapping[str, str],
        signatures: Mapping[str, Sequence[str]],
    ) -> None:
        self.bodies = viewer.bodies
        self.program = program = viewer.program
        self.target = viewer.target
        self.columns = columns
        self.rowwise = rowwise(program, self.target.rows)
        self.given = {v for v in program.signature if v in self.rowwise}
        self.taken = {*program.names.values(), *program.adjoints.values()}
        self.taken |= self.target.reserved | {*constants_in(program)}
        self.taken |= {p.split()[-1].partition("[")[0] for s in signatures.values() for p in s}  # fmt: skip

    def function(
        self,
        name: str,
        shown: tuple[Sequence[Line], Mapping[int, str]],
        sets: Sequence[tuple[str, str]],
        comments: Comments,
    ) -> ListsFunction:
        """Return the lines of a function that sets these arrays to what these names stand for."""
        program = self.program
        rows = {program.names[v] for v in self.rowwise if v in program.names}
        rows |= {program.adjoints[v] for v in program.wrt if v in self.rowwise}
        reached = {way.into for way in program.ways}
        flat = {program.adjoints[v] for v in program.wrt if v not in reached}
        steps, writer = self.bodies.chain.steps, self.bodies.writer
        looped = Looped(steps, self.given, self.taken, writer, kept=False)
        loops = looped.again(Lines(*shown), {n for _, n in sets if n in rows})
        own = [loop for loop in loops if loop.lines]
        if sum(len(loop.lines) for loop in own) > _MOST:
            raise TooLargeError(
                f"the module would be too large: loops that work out again what earlier ones did have more than {_MOST} lines; compile it for Python or NumPy"
            )
        read = {name for loop in loops for one in (*loop.before, *loop.lines) for name in one.reads}  # fmt: skip
        read |= {text for _, text in sets}
        lines: list[str] = []
        for value in program.signature:
            called = program.names[value]
            if called not in read:
                lines.append(f"(void){self.columns.get(called, called)};")
        if not own and not any(t in rows for _, t in sets):
            lines.append("(void)rows;")
        for loop in loops:
            lines += self._before(loop, comments, read)
            if loop.lines or loop.kept:
                lines += self._block(loop, looped.added, comments, sets)
        alone = [(array, text) for array, text in sets if text in flat and text in rows]
        if alone:
            lines += [*BEGIN[:1], _INDENT + BEGIN[1], _INDENT + INNER]
            lines += [f"{_INDENT * 2}{array}[row] = 0.0;" for array, _ in alone]
            lines += [f"{_INDENT}}}", "}"]
        for array, text in sets:
            if text not in rows:
                lines.append(f"{array}[0] = {'0.0' if text in flat else text};")
        return ListsFunction((*lines,))

    def _before(
        self, loop: Loop, comments: Comments, read: Collection[str]
    ) -> Iterator[str]:
        yield from self._lines(loop.before, comments, "")
        for one in loop.before:
            if one.name not in read:
                yield f"(void){one.name};"

    def _block(
        self,
        loop: Loop,
        added: Mapping[str, str],
        comments: Comments,
        sets: Sequence[tuple[str, str]],
    ) -> Iterator[str]:
        adds = {total: ADDS[added[total]] for total in loop.lists}
        for total, function in adds.items():
            yield f"double {total}[3] = {STARTS[function]};"
        yield BEGIN[0]
        yield _INDENT + BEGIN[1]
        for total in adds:
            yield f"{_INDENT}double {each(total)}[{BLOCK}];"
        yield _INDENT + INNER
        read = {name for name, _ in loop.zips} | {name for name, _ in loop.kept}
        for name, column in self.columns.items():
            if name in read:
                yield f"{_INDENT * 2}const double {name} = {column}[row];"
        yield from self._lines(loop.lines, comments, _INDENT * 2)
        put = {name for name, _ in loop.kept}
        for array, text in sets:
            if text in put:
                yield f"{_INDENT * 2}{array}[row] = {text};"
        yield f"{_INDENT}}}"
        for total, function in adds.items():
            yield f"{_INDENT}{function}({total}, {each(total)}, end - start);"
        yield "}"

    def _lines(
        self, placed: Sequence[Placed], comments: Comments, indent: str
    ) -> Iterator[str]:
        """Yield lines with their comments: beside those of the forward pass, above those that answer one."""
        answered = None
        for one in placed:
            text, answers = one.text.text, one.line.answers
            if answers is None:
                comment = "" if one.name.endswith(APPENDS) else comments.beside(one.line)  # fmt: skip
                stage = commented(text, comment, indent)
                yield from (f"{indent}// {words}" for words in stage.above)
                yield stage.text + f"  // {stage.comment}" * bool(stage.comment)
                continue
            holder = self.bodies.plan.holder(answers)
            step = self.bodies.chain.steps[one.line.value]
            summed = step.args and self.bodies.chain.steps.rows[step.op].level == "whole"  # fmt: skip
            if holder != answered and not (summed and not one.inside):
                above = comments.above(holder, indent)
                yield indent + "// " + above.replace("\n", f"\n{_INDENT}{indent}// ")
                answered = holder
            yield indent + text
