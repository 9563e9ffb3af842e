"""The lines of a formula that adds rows up in its parts, in; the levels of its query, of rows and of what all rows share, out.

What rows have stands on levels of rows, and what all of them share on levels of one row; sums of the first join the second, and what rows read of
these joins the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from gradgen.passes.constants import constants_in
from gradgen.write.arrays.loops import APPENDS, Lines, Looped, Placed
from gradgen.write.bodies import Bodies
from gradgen.write.lines import Text
from gradgen.write.spell import Leaf
from gradgen.write.sql.dialect import Dialect
from gradgen.write.sql.names import own
from gradgen.write.view import Item, Level
from gradgen.write.words.comments import Comments, commented
from gradgen.write.words.values import Words

#: What adds rows up, by its operation.
ADDS = {"sum": "sum", "mean": "avg", "largest": "max"}
#: The level of the parameters.
GIVEN = "given"
#: How lines stand on levels that read no name of their own.
Cut = Callable[[Iterable[tuple[Text, Sequence[str]]]], Sequence[Sequence[Text]]]


class Phases:
    """Lays out the levels of one query.

    Attributes:
        levels: the levels so far.
        rows: the one on which rows stand.
        shared: the one on which what all rows share stands.
        slopes: what slopes are called in the end.
    """

    def __init__(self, bodies: Bodies, dialect: Dialect, base: str, name: Callable[[str], str], cut: Cut) -> None:  # fmt: skip
        """Take what writes lines, the dialect, the level of the columns, what makes names for levels, and what cuts lines into levels."""
        self.bodies = bodies
        self.dialect = dialect
        self.name = name
        self.cut = cut
        self.levels: list[Level] = []
        self.rows = base
        self.shared = name(GIVEN)
        program, target = bodies.program, bodies.target
        columns = {v for v, text in program.signature.items() if text in target.rows}
        #: What rows can read.
        self.known = {program.names[v] for v in columns}
        taken = {*program.names.values(), *program.adjoints.values()}
        taken |= {*constants_in(program)}
        taken |= {name.casefold() for name in taken}
        steps, writer = bodies.chain.steps, bodies.writer
        self.looped = Looped(steps, columns, taken, writer, kept=False)
        function, chain, plan = bodies.functions.single()
        words = Words(plan.program, plan.names, plan.holder)
        words.notes = bodies.comments.words.notes
        self.comments = Comments(words, chain, target.language)
        self.holder = plan.holder
        loops = self.looped.run(Lines(*function.shown), (), ())
        given = [program.names[v] for v in program.signature if v not in columns]
        self._join([own("rows", dialect), *given])
        summed: dict[str, str] = {}
        for loop in loops:
            self._add_up(loop.before, summed)
            lines = [one for one in loop.lines if not one.name.endswith(APPENDS)]
            shared = [n for one in loop.lines for n in one.reads if n not in self.known]
            made = {one.name for one in lines}
            self._join([n for n in dict.fromkeys(shared) if n not in made])
            self.rows = self._stand(lines, self.rows)
            self.known |= made
            for one in loop.lines:
                if one.name.endswith(APPENDS):
                    summed[one.name.removesuffix(APPENDS)] = one.text.text
        returned = [program.adjoints[value] for value in program.wrt]
        self.slopes = bodies.returned(function, returned)

    def _join(self, names: Sequence[str]) -> None:
        """Give rows what all of them share."""
        if not names:
            return
        self.known |= {*names}
        star = Item((), f"{self.rows}.*")
        read = (Item((), f"{self.shared}.{name}") for name in names)
        source = f"{self.rows} CROSS JOIN {self.shared}"
        self.rows = self._level("stages", source, (star, *read))

    def _add_up(self, before: Sequence[Placed], summed: dict[str, str]) -> None:
        """Put sums of rows beside what all rows share, and then the lines that stand on these."""
        steps, total = self.bodies.chain.steps, self.dialect.total
        adding = [one for one in before if not summed.keys().isdisjoint(one.reads)]
        rest = [one for one in before if one not in adding]
        if not adding:
            self.shared = self._stand(rest, self.shared)
            return
        items = list[Item]()
        for one in adding:
            how = ADDS[steps[one.line.value].op]
            (called,) = (name for name in one.reads if name in summed)
            text = f"{total.format(how, summed[called])} AS {one.name}"
            items += self._items([one.text._replace(text=text)])
        sums = self._level("sums", self.rows, items)
        self.shared = self._stand(rest, self.shared, sums)

    def _stars(self, *sources: str) -> tuple[Item, ...]:
        texts = dict.fromkeys(self.dialect.star.format(one) for one in sources)
        return tuple(Item((), text) for text in texts)

    def _stand(self, placed: Sequence[Placed], source: str, sums: str = "") -> str:
        """Put lines on levels above a source, which sums join first, and return the last."""
        reads = (
            (one.text, [Leaf(name) for name in one.reads if name != one.name])
            for one in placed
        )
        of_rows = source == self.rows
        for part in self.cut(reads) or [()] * bool(sums):
            back = any(one.line and one.line.answers is not None for one in part[:1])
            name = ("gradients" if back else "stages") if of_rows else "shared"
            under = [source, sums] if sums else [source]
            items = (*self._stars(*under), *self._items(part))
            source, sums = self._level(name, " CROSS JOIN ".join(under), items), ""
        return source

    def _items(self, texts: Sequence[Text]) -> Iterator[Item]:
        """Yield lines with their comments: beside those of the forward pass, above those that answer one."""

        def answered(one: Text) -> int:
            answers = one.line.answers if one.line else None
            return -1 if answers is None else self.holder(answers)

        for source, group in groupby(texts, answered):
            for place, one in enumerate(group):
                assert one.line is not None
                if source < 0:
                    stage = commented(one.text, self.comments.beside(one.line), "")
                    yield Item(stage.above, stage.text, stage.comment)
                    continue
                above = self.comments.above(source).split("\n") if not place else ()
                yield Item((*above,), one.text)

    def _level(self, kind: str, source: str, items: Iterable[Item]) -> str:
        name = self.name(kind)
        self.levels.append(Level(name, source, (*items,)))
        return name
