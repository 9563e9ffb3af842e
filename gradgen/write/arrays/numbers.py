"""Operations of a language of arrays in; which of them are on numbers alone, and how those are written, out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from gradgen.core.build import Steps
from gradgen.core.notation import Bound, Node, resolved
from gradgen.core.run import Run
from gradgen.write.language import ATOM, Language, Word

#: An operation that the language writes, and its operands.
Parts = tuple[str, Sequence[Node]]
#: What gives those of a node; None where it is a name or a number.
Below = Callable[[Node], Parts | None]


class Numbers:
    """Tells values that are made of constants alone, if the language has words for these."""

    def __init__(self, steps: Steps, language: Language) -> None:
        self.steps = steps
        self.language = language
        self.words = language.fixed
        #: What depends on data without operands, or on how many rows there are.
        self._given = {"input", *(op for op, row in steps.rows.items() if row.level)}
        #: By value, whether it is made of constants alone.
        self._known: list[bool] = []

    def holds(self, node: Node) -> bool:
        """Whether a value, or a term over values, is made of constants alone."""
        if not self.words:
            return False
        node = resolved(node)
        if isinstance(node, int):
            known = self._known
            for op, args, _, _ in self.steps.list[len(known) :]:
                known.append(op not in self._given and all(known[arg] for arg in args))
            return known[node]
        return all(self.holds(Bound(arg, node.scope)) for arg in node.term.args)

    def finite(self, node: Node) -> bool:
        """Whether a value is made of constants alone, and neither infinite nor nan."""
        try:
            return self.holds(node) and math.isfinite(Run(self.steps).value(node, {}, {}))  # fmt: skip
        except (ArithmeticError, ValueError, LookupError):
            return False

    def word(self, op: str, args: Sequence[Node]) -> Word | None:
        """Return the word of an operation on constants alone, if it has a value there; else None."""
        found = self.words.get(op)
        if found is None or not all(map(self.holds, args)):
            return None
        try:
            run = Run(self.steps)
            value = run.operations[op](*[run.value(arg, {}, {}) for arg in args])
        except (ArithmeticError, ValueError, LookupError):
            return None
        return found if math.isfinite(value) else None

    def alone(self, op: str, args: Sequence[Node], below: Below) -> Word | None:
        """Return the word of an operation on what is written as numbers alone, if the language has one for these; else None."""
        found = self.word(op, args) if self.words else None
        if found and self.language.boxed:
            return found if all(self._plain(arg, below) for arg in args) else None
        return found

    def _plain(self, node: Node, below: Below) -> bool:
        """Whether what is made of constants alone is a number as it is written, and no array."""
        found = below(node)
        return found is None or self.alone(*found, below) is not None

    def boxed(
        self, op: str, args: Sequence[Node], word: Word, below: Below
    ) -> Mapping[int, str]:
        """Return the places of the numbers of which a function wants arrays, with the beginnings of the calls that make them."""
        if not self.language.boxed or word is self.words.get(op):
            return {}
        before = zip(word.pieces, word.pieces[1:])
        of_methods = {a for a, b in before if isinstance(b, str) and b[0] == "."}
        if not (of_methods or word.binds == ATOM):
            return {}
        # A helper that stands in others' bodies alone has no row.
        truths = self.steps.rows[op].truths if op in self.steps.rows else ()
        places = [i for i in range(len(args)) if i not in truths]
        found = [i for i in places if i != word.integer and self.holds(args[i])]
        found = [i for i in found if i in of_methods or not of_methods]
        if op == "where" and len(found) < len(places):
            return {}
        found = [i for i in found if self._plain(args[i], below)]
        return dict.fromkeys(found, f"{self.language.boxed}(")
