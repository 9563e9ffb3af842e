"""A compiled formula, and a point, in; its circuit out: a node for each input and stage, a wire for each value that one reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.write.words.values import Words

if TYPE_CHECKING:
    from gradgen.compiled import Compiled

#: Nobody reads a picture of more.
MOST = 1_000
#: What stands in a node whose operands are all on wires, and may change places.
_SIGNS = {"add": "+", "mul": "×", "and": "and", "or": "or"}
#: What rounds nothing.
_EXACT = frozenset("neg abs max min relu heaviside where lt le gt ge eq ne and or not floor ceil trunc round sign copysign".split())  # fmt: skip # noqa: SIM905


@dataclass(frozen=True)
class Node:
    """An input or a stage.

    Attributes:
        name: its name, which stands on its wire.
        label: what it does, in a word or two; of an input its name.
        formula: what it does, as a formula.
        comment: what the author says of it.
        is_input: whether it is an input.
        is_result: whether it is a result of the formula.
        taken: whether it is evaluated at the point: it stands in no other branch.
        value: its value at the point; None without a point, and where it is not evaluated.
        gradient: the gradient of the result by it; None where there is none.
        share: its part in the rounding error of the result, between 0 and 1.
    """

    name: str
    label: str
    formula: str
    comment: str = ""
    is_input: bool = False
    is_result: bool = False
    taken: bool = True
    value: float | bool | None = None
    gradient: float | None = None
    share: float | None = None


@dataclass(frozen=True)
class Wire:
    """A value on its way to a stage that reads it.

    Attributes:
        source: the place of the node that it comes from.
        into: the place of the node that reads it.
        port: which operand of that it is.
        taken: whether that is read at the point: it is no branch of a choice that goes another way.
    """

    source: int
    into: int
    port: int
    taken: bool = True


@dataclass(frozen=True)
class Circuit:
    """A formula as nodes and wires.

    Attributes:
        title: the formula in a line.
        nodes: the inputs and the stages, in order.
        wires: the wires, by the nodes that they go to.
        at: the point, by the inputs' names; empty without one.
        of: the name of the result whose gradient is shown.
    """

    title: str
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    at: tuple[tuple[str, float], ...] = ()
    of: str = ""


def circuit(
    compiled: Compiled,
    point: Mapping[str, float] | None = None,
    of: str | None = None,
    digits: bool = False,
) -> Circuit:
    """Return a formula's circuit.

    Args:
        compiled: the formula.
        point: the inputs' values, if they and the gradients are to be shown.
        of: the result whose gradient is shown, if there are several; by default the first.
        digits: whether to say where digits are lost: see `shares`.

    Raises:
        GradgenError: there are too many stages, no such result, or a formula that takes no values here.
        ArithmeticError, ValueError: the formula has no value or no gradient at the point.
    """
    program = compiled.program
    if len(program.names) > MOST:
        raise GradgenError(
            f"there are {len(program.names)} inputs and stages; a circuit has at most {MOST}, as nobody would read a larger one"
        )
    results = [name for name, _ in program.outputs]
    if of is not None and of not in results:
        raise GradgenError(f"no result is called `{of}`; the results are {', '.join(results)}")  # fmt: skip
    output = 0 if of is None else results.index(of)
    values: Mapping[str, Any] = {}
    slopes: Mapping[str, Any] = {}
    if point is not None:
        values, slopes = compiled.trace(*point.values(), output=output)
    parts = shares(program, values, slopes) if digits else {}
    nodes = _nodes(program, values, slopes, parts)
    at = tuple((name, float(x)) for name, x in (point or {}).items())
    title = compiled.recipe.source.strip().replace("\n", "; ")
    return Circuit(
        title, nodes, (*_wires(program, nodes, values),), at, results[output]
    )


def _nodes(
    program: Program,
    values: Mapping[str, Any],
    slopes: Mapping[str, Any],
    parts: Mapping[int, float],
) -> tuple[Node, ...]:
    """Return the inputs and stages, with the numbers that there are."""
    words = Words(program)
    given = {value: comment for _, value, comment in program.given}
    ends = {value for _, value in program.outputs}
    nodes = []
    for value, name in program.names.items():
        is_input = value in program.signature
        formula = program.signature[value] if is_input else words.formula(value)
        taken = not _is_left(program, value, values)
        shown = values.get(name) if taken else None
        nodes.append(
            Node(
                name,
                _label(program, value, formula),
                formula,
                given.get(value, ""),
                is_input,
                value in ends,
                taken,
                shown if isinstance(shown, bool) else _number(shown),
                _number(slopes.get(program.adjoints[value]) if taken else None),
                parts.get(value),
            )
        )
    return tuple(nodes)


def _wires(
    program: Program, nodes: Sequence[Node], values: Mapping[str, Any]
) -> Iterator[Wire]:
    places = {value: place for place, value in enumerate(program.names)}
    for value, into in places.items():
        live = {*_read(program, value, values)}
        for port, arg in enumerate(_read(program, value)):
            source = places[arg]
            taken = nodes[into].taken and nodes[source].taken and arg in live
            yield Wire(source, into, port, taken)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _is_left(program: Program, value: int, values: Mapping[str, Any]) -> bool:
    """Whether a stage stands in a branch that is not taken at the point."""
    names, guard = program.names, program.steps[value].guard
    return any(names[c] in values and bool(values[names[c]]) != wanted for c, wanted in guard)  # fmt: skip


def _read(
    program: Program, value: int, values: Mapping[str, Any] | None = None
) -> Iterator[int]:
    """Yield the inputs and stages that a stage reads, in the order of its formula, each once; with values, of a choice the arm taken."""
    seen = set()
    left = [*reversed(_operands(program, value, values or {}))]  # inputs have none
    while left:
        arg = left.pop()
        if arg in seen:
            continue
        seen.add(arg)
        if arg in program.names:
            yield arg
        else:
            left += reversed(_operands(program, arg, values or {}))


def _operands(
    program: Program, value: int, values: Mapping[str, Any]
) -> tuple[int, ...]:
    step = program.steps[value]
    held = values.get(program.names.get(step.args[0], "")) if step.op == "where" else None  # fmt: skip
    return step.args if held is None else (step.args[0], step.args[1 if held else 2])


def _label(program: Program, value: int, formula: str) -> str:
    """Return what stands in a node: an operation's sign or name where its operands are all on wires, else its formula."""
    step = program.steps[value]
    reads = (*_read(program, value),)
    if reads and reads == step.args:
        if step.op == "where":  # of the condition, and of the two arms below it
            return "if"
        if step.op in _SIGNS:
            return _SIGNS[step.op]
        name, bracket, _ = formula.partition("(")
        if bracket and name.isidentifier():
            return name
    return formula


def shares(
    program: Program, values: Mapping[str, Any], slopes: Mapping[str, Any]
) -> dict[int, float]:
    """Return each stage's part in the rounding error of the result: what its own rounding may change, times its gradient.

    A rounding changes a value by at most half an ulp, which is in proportion to it: the part is |value * gradient| in that of all
    stages. Inputs are taken as exact. It is the first-order bound of N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    2002, section 3, by stage.

    Args:
        program: the formula's program.
        values: the values, by name.
        slopes: the gradients of the result, by name.
    """
    found: dict[int, float] = {}
    for value in program.lines:
        step = program.steps[value]
        slope = slopes.get(program.adjoints[value])
        number = values.get(program.names[value])
        left = _is_left(program, value, values)
        if left or number is None or slope is None or isinstance(number, bool):
            continue
        exact = step.op in _EXACT or _is_scaled(program, value)
        found[value] = 0.0 if exact else abs(float(number) * float(slope))
    total = math.fsum(found.values())
    if not 0.0 < total < math.inf:
        return {}
    return {value: part / total for value, part in found.items()}


def _is_scaled(program: Program, value: int) -> bool:
    """Whether a stage is a value times, or over, a power of 2."""
    step = program.steps[value]
    if step.op not in ("mul", "div"):
        return False
    args = step.args if step.op == "mul" else step.args[1:]
    numbers = [program.steps[arg].data for arg in args if program.steps[arg].op == "const"]  # fmt: skip
    return any(math.frexp(float(n))[0] in (0.5, -0.5) for n in numbers if n is not None)
