"""A program in; the chain rule over its steps, which asks nothing that the forward pass has settled, out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property

from gradgen.core.build import Steps
from gradgen.core.derive import Chain
from gradgen.core.notation import term
from gradgen.core.program import Program, Way
from gradgen.core.rows import Term
from gradgen.passes.constants import operations
from gradgen.passes.facts import Facts, rowwise

#: By comparison with 0, the signs for which it holds.
_HOLDS: Mapping[str, str] = {
    "lt": "-",
    "le": "-0",
    "gt": "+",
    "ge": "0+",
    "eq": "0",
    "ne": "-+",
}
_LOGARITHMS = ("log", "log2", "log10")


class Settled(Chain):
    """The chain rule of a module: where a logarithm or a quotient has had a value, its argument is positive, its denominator not 0.

    Attributes:
        program: the program.
        raises: whether what has no value raises where the module runs.
    """

    def __init__(
        self,
        program: Program,
        steps: Steps,
        lines: Iterable[int],
        precise: bool = False,
        strict: bool = False,
        raises: bool = True,
        columns: Container[str] = (),
    ) -> None:
        super().__init__(steps, lines, precise, strict)
        self.program = program
        self.raises = raises
        #: The values that each row of data has its own of, where the gradients of all others are summed over rows.
        self.rowwise = rowwise(program, columns) if columns else frozenset[int]()
        #: By operation and argument, and whether from a quotient, whether the text of its adjoint asks nothing.
        self._asking: dict[tuple[str, int, bool], bool] = {}

    def each(self) -> Settled:
        """Return the chain rule of each row by itself."""
        found = copy(self)
        found.rowwise = frozenset()
        return found

    def partial(self, way: Way, d: int, shared: int | None = None) -> int:
        """Return what an adjoint brings along a way, without tests that are settled: to what all rows share, that of all rows."""
        if way.source not in self.rowwise:
            return self._partial(way, d, shared)
        first = self.steps[way.source].args[0]
        value = self._partial(way, d, shared if first in self.rowwise else None)
        return value if way.into in self.rowwise else self.tidy.make("sum", value)

    def _partial(self, way: Way, d: int, shared: int | None) -> int:
        if self._plain(way):
            return self._rule(way, d, shared)
        value = super().partial(way, d, shared)
        return self._settled(value) if self._asks(value) else value

    def _plain(self, way: Way) -> bool:
        """Whether a way and the text of its adjoint ask nothing, as nearly all do."""
        if way.branch is not None or way.alive or way.moving or way.steep:
            return False
        if len(way.below) > 1:
            return False
        past = len(way.below) == 1
        reader = self.steps.list[(way.source, *way.below)[-1]]
        kind = reader.op, way.place, past
        found = self._asking.get(kind)
        if found is None:
            row = self.steps.rows[kind[0]]
            text: Term | str | None = (
                row.past(way.place, self.strict)
                if past
                else row.adjoint(way.place, self.precise, self.strict)
            )
            plain = isinstance(text, str)
            said = {*operations(term(text))} if plain and text else set()
            found = self._asking[kind] = plain and "where" not in said
        return found

    def settles(self, way: Way) -> bool:
        """Whether the operation of a way asks something, and all of it is settled."""
        bare = way._replace(branch=None, alive=(), moving=False, steep=False)
        value = super().partial(bare, self.steps.const(1))
        return self._asks(value) and not self._asks(self._settled(value))

    def _asks(self, value: int) -> bool:
        """Whether there is a choice in a value."""
        todo = [value]
        while todo:
            at = todo.pop()
            step = self.steps[at]
            if step.op == "where":
                return True
            if at not in self.tidy.named:
                todo += step.args
        return False

    def _settled(self, value: int) -> int:
        """Return a value without tests that are settled. The recursion is as deep as a line, which is short."""
        step = self.steps[value]
        if value in self.tidy.named or not step.args:
            return value
        if step.op in _HOLDS and self.steps.number(step.args[1]) == 0:
            signs = self._signs(step.args[0])
            if not {*signs} & {*_HOLDS[step.op]}:
                return self.steps.const(False)
            if {*signs} <= {*_HOLDS[step.op]}:
                return self.steps.const(True)
        args = tuple([self._settled(arg) for arg in step.args])
        return value if args == step.args else self.steps.emit(step.op, *args)

    def _signs(self, value: int) -> str:
        """Return the signs that a value may have, once the forward pass has run."""
        if value >= len(self.program.steps):
            return "-0+"
        if value in self._positive:
            return "+"
        signs = self._facts.signs[value]
        return signs.replace("0", "") if value in self._divisors else signs

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self.program)

    @cached_property
    def _positive(self) -> frozenset[int]:
        """The values that have a logarithm."""
        return frozenset(self._arguments(_LOGARITHMS))

    @cached_property
    def _divisors(self) -> frozenset[int]:
        """The values that something is divided by."""
        return frozenset(self._arguments(("div", "inv")))

    def _arguments(self, ops: Iterable[str]) -> Iterator[int]:
        """Yield the last arguments of lines that are evaluated in any case, where what has no value raises."""
        steps = self.program.steps
        for value in self.program.lines if self.raises else ():
            if steps[value].op in ops and not steps[value].guard:
                yield steps[value].args[-1]
