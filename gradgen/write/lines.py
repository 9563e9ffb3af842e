"""Lines of functions in; their texts in a language out, with what they cost, read and call."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping

from gradgen.core.derive import Chain
from gradgen.core.notation import NoWordError
from gradgen.core.program import Line
from gradgen.errors import GradgenError
from gradgen.passes.cost import Count, Tally
from gradgen.passes.functions import Names, leaves
from gradgen.passes.ieee import Quiet
from gradgen.write.kinds import Kinds
from gradgen.write.language import Language
from gradgen.write.spell import Speller


class Writer:
    """Writes the lines of one module.

    Attributes:
        count: what counts operations.
        read: the values that its lines have read.
        speller: what spells them, and knows which words it has used.
    """

    def __init__(self, chain: Chain, language: Language, ieee: bool) -> None:
        self.chain = chain
        self.count = Count(chain.steps, language.words)
        self.speller = Speller(chain.steps, language)
        self.kinds = Kinds(self.speller)
        #: By kind, and by what the leaves are worth: what a line costs, and what it is worth.
        self.costs: dict[Hashable, tuple[int, int]] = {}
        self.quiet = Quiet(chain, language.words) if ieee else None
        self.start({})

    @property
    def cost(self) -> int:
        """The operations so far of the function that is being written."""
        return self.tally.cost

    def start(self, upstream: Mapping[int, str]) -> None:
        """Begin a function that takes these upstream gradients, which count as 1."""
        self.tally = Tally(self.count, upstream)
        self.read: set[int] = set()

    def lines(
        self, lines: Iterable[Line], names: Mapping[int, str]
    ) -> Iterator[tuple[Line, str]]:
        """Yield each line with its right-hand side.

        Args:
            lines: the lines, in order.
            names: what values are called before the first.

        Raises:
            GradgenError: the language cannot write an operation.
        """
        known = Names(names)
        for line in known.along(lines):
            value = line.value
            if value in known:
                self.read.add(value)
                self.tally.line(line, known)
                yield line, known[value]
                continue
            try:
                text = self._text(line, known)
            except NoWordError as error:
                lacking = self.speller.language.lacking
                raise GradgenError(f"{error} {lacking}") from None
            yield line, text

    def _text(self, line: Line, known: Names) -> str:
        value = line.value if self.quiet is None else self.quiet.line(line, known)
        if value in known or not self.chain.steps[value].args:
            self.read.update(leaves(self.chain.steps, value, known))
            self.tally.line(line, known, value)
            return self.speller.text(value, known)
        kind, read = self.kinds.of(value, known)
        self.read.update(read)
        worths = self.tally.worths
        own = self.tally.own(line)
        key = kind, own, tuple([worths.get(leaf) for leaf in read]) if worths else ()
        cost = self.costs.get(key)
        if cost is None:
            cost = self.costs[key] = self.count.line(value, known, worths, own)
        self.tally.add(line, *cost)
        return self.kinds.text(value, known, kind, read)
