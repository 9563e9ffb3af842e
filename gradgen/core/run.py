"""Lines of functions and the values that they read in; the value of each line out, in any arithmetic and without text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gradgen.core.build import Steps
from gradgen.core.doubles import DOUBLES, double
from gradgen.core.notation import Node, constant, parts, resolved
from gradgen.core.program import Line
from gradgen.core.rows import Number


@dataclass(frozen=True)
class Run:
    """Evaluates as a module in Python does: line by line, operands from the left, and of what is `lazy` the branch taken alone.

    Attributes:
        steps: the steps that lines are made of.
        operations: what operations mean. What has no meaning here is what its row's body says.
        number: what a constant is.
    """

    steps: Steps
    operations: Mapping[str, Callable[..., Any]] = field(
        default_factory=lambda: DOUBLES
    )
    number: Callable[[Number], Any] = double
    lazy: ClassVar[Sequence[str]] = ("where", "and", "or")

    def lines(
        self, lines: Iterable[Line], names: Mapping[int, str], scope: dict[str, Any]
    ) -> Iterator[Line]:
        """Yield each line, and evaluate it after that into `scope`, the values by name.

        Args:
            lines: the lines, in order.
            names: what values are called before the line that was yielded last.
            scope: the values by name, which grow.

        Raises:
            ArithmeticError, ValueError: as the arithmetic does, in the line that was yielded last.
        """
        for line in lines:
            yield line
            found = self.value(line.value, names, scope)
            if line.sign != "=":
                adds = self.operations["add" if line.sign == "+=" else "sub"]
                found = adds(scope[line.name], found)
            scope[line.name] = found

    def value(
        self, node: Node, names: Mapping[int, str], scope: Mapping[str, Any]
    ) -> Any:
        """Return what a value, or a term over values, comes to. The recursion is as deep as a line, which is short.

        Raises:
            NoWordError: an operation has neither a meaning nor a body.
        """
        node = resolved(node)
        if isinstance(node, int) and node in names:
            return scope[names[node]]
        number = constant(self.steps, node)
        if number is not None:
            return self.number(number)
        op, args, _ = parts(self.steps, node, self.operations)
        if op in self.lazy:
            first = self.value(args[0], names, scope)
            if op == "where":
                return self.value(args[1 if first else 2], names, scope)
            return first if bool(first) == (op == "or") else self.value(args[1], names, scope)  # fmt: skip
        return self.operations[op](*[self.value(arg, names, scope) for arg in args])
