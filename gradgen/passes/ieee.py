"""A line in; the same in operations that never raise: overflow and poles give inf and nan, as in C."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence

from gradgen.core.build import Steps
from gradgen.core.derive import Chain
from gradgen.core.notation import Bound, Node, constant, parts, resolved
from gradgen.core.program import Line, Step

#: Operations whose texts raise nowhere, for infinite operands and nan neither.
QUIET = (
    "sigmoid",
    "softplus",
    "logsigmoid",
    "erf",
    "erfc",
    "norm_cdf",
    "atan",
    "asinh",
    "tanh",
    "hypot",
    "hypot3",
)


class Quiet:
    """Rewrites lines.

    Attributes:
        chain: the chain rule over the steps.
        steps: the steps.
        words: the operations that the language has words for; `quiet exp` is that of exp that does not raise.
    """

    def __init__(self, chain: Chain, words: Container[str]) -> None:
        self.chain = chain
        self.steps = chain.steps
        self.words = words

    def line(self, line: Line, names: Mapping[int, str]) -> int:
        """Return what a line says in quiet operations, over what has names."""
        step = self.steps[line.total if line.answers is None else line.answers]
        plain = all(self.steps.sizes[arg] is None for arg in step.args)
        precise = self.chain.precise or step.data == "precise"
        if plain and not precise and step.op in QUIET:
            return line.value
        return self.value(line.value, names)

    def value(self, value: int, names: Mapping[int, str]) -> int:
        """Return a value in quiet operations, over what has names."""
        step = self.steps[value]
        if step.op == "copy":
            (copied,) = step.args
            return value if copied in names else self.value(copied, names)
        if step.op in ("input", "const"):
            return value
        return self._quiet(self._written(value, names, top=True), names, frozenset())

    def _written(self, node: Node, names: Mapping[int, str], top: bool = False) -> int:
        """Return a value in operations that have words: bodies are written out."""
        node = resolved(node)
        steps = self.steps
        if isinstance(node, int) and (node in names and not top):
            return node
        number = constant(steps, node)
        if number is not None:
            return steps.const(number)
        args: Sequence[Node]
        if isinstance(node, int):
            op, args = steps[node].op, steps[node].args
        else:
            op, args = node.term.op, [Bound(a, node.scope) for a in node.term.args]
        if f"quiet {op}" not in self.words:
            op, args, _ = parts(steps, node, self.words)
        return steps.append(Step(op, tuple(self._written(a, names) for a in args)))

    def _quiet(
        self,
        value: int,
        names: Mapping[int, str],
        nonzero: frozenset[int],
        top: bool = True,
    ) -> int:
        steps = self.steps
        op, args = steps[value].op, steps[value].args
        if not args or (value in names and not top) or self._number(value) is not None:
            return value
        if op == "where":
            kept = nonzero | {*_kept(steps, args[0])}
            inner = (nonzero, kept, nonzero)
            made = [self._quiet(a, names, n, False) for a, n in zip(args, inner)]
        else:
            made = [self._quiet(arg, names, nonzero, False) for arg in args]
            below = self._number(made[-1])
            divides = op in ("div", "inv", "floordiv", "mod")
            safe = divides and (bool(below) or made[-1] in nonzero)
            safe |= op in ("max", "min") and steps[made[-1]].op == "const"
            if op == "inv" and not safe:
                op, made = "div", [steps.const(1), *made]
            op = f"quiet {op}" if f"quiet {op}" in self.words and not safe else op
        return steps.append(Step(op, tuple(made)))

    def _number(self, value: int) -> float | None:
        """Return the finite value of a constant expression, None for all else."""
        if self.steps.sizes[value] is None:
            return None
        number = self.steps.evaluate(value)
        return number if math.isfinite(number) else None


def _kept(steps: Steps, condition: int) -> Iterator[int]:
    """Yield the values that a condition keeps from 0."""
    step = steps[condition]
    if step.op == "and":
        for arg in step.args:
            yield from _kept(steps, arg)
    elif step.op == "ne" and steps.number(step.args[1]) == 0:
        yield step.args[0]
