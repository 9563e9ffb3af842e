"""Random programs of choices, and their own evaluation as plain Python would: lazily, and with exact slopes in forward mode."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

#: What a point may hold: edges of domains, and numbers on either side of what conditions ask.
VALUES = (0.0, -1.0, 0.25, 0.6, 1.0, 1.7, 2.6, -0.4, 4.3)
INPUTS = ("x", "y", "z", "k")

_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
#: Operations of two, with their derivatives.
_Two = Callable[[float, float], float]
_ARITHMETIC: dict[str, tuple[_Two, _Two, _Two]] = {
    "+": (operator.add, lambda v, w: 1.0, lambda v, w: 1.0),
    "-": (operator.sub, lambda v, w: 1.0, lambda v, w: -1.0),
    "*": (operator.mul, lambda v, w: w, lambda v, w: v),
}
#: Functions of one argument, with their derivatives.
_One = Callable[[float], float]
_FUNCTIONS: dict[str, tuple[_One, _One]] = {
    "sqrt": (math.sqrt, lambda v: 0.5 / math.sqrt(v)),
    "log": (math.log, lambda v: 1.0 / v),
    "exp": (math.exp, math.exp),
    "sin": (math.sin, math.cos),
    "inv": (lambda v: 1.0 / v, lambda v: -1.0 / v / v),
    "asin": (math.asin, lambda v: 1.0 / math.sqrt(1.0 - v * v)),
}


@dataclass(frozen=True)
class Node:
    """An expression or a condition: an operation with its operands, or a name or a number."""

    op: str
    args: tuple[Node, ...] = ()
    word: str = ""

    def __str__(self) -> str:
        texts = [str(arg) for arg in self.args]
        if self.word:
            return self.word
        if self.op == "if":
            return f"({texts[1]} if {texts[0]} else {texts[2]})"
        if self.op in ("inv", "not"):
            return f"({'1/' if self.op == 'inv' else 'not '}{texts[0]})"
        if len(texts) == 2:
            return f"({texts[0]} {self.op} {texts[1]})"
        return f"{self.op}({texts[0]})"

    def renamed(self, names: Mapping[str, str]) -> Node:
        """Return the same of other names."""
        args = tuple(arg.renamed(names) for arg in self.args)
        return Node(self.op, args, names.get(self.word, self.word))


def name(word: str) -> Node:
    return Node("name", (), word)


def number(value: float) -> Node:
    return Node("number", (), repr(value))


#: A value and its slopes by the inputs; without slopes where none are asked for.
Dual = tuple[float, tuple[float, ...]]


class TooCloseError(Exception):
    """A condition that rounding may turn."""


class Evaluation:
    """A program at a point. Names are evaluated when they are needed, and no branch but the one taken."""

    def __init__(self, program: Program, point: Sequence[float]) -> None:
        self.program = program
        self.point = dict(zip(INPUTS, point))
        self.known: dict[tuple[str, bool], Dual] = {}
        #: The largest number on the way, by which rounding is measured.
        self.largest = 1.0

    def dual(self, node: Node, slopes: bool) -> Dual:
        """Evaluate; raises what plain Python raises. Only what flows into the result has slopes."""
        op, args = node.op, node.args
        if op == "number":
            return float(node.word), (0.0,) * (len(INPUTS) if slopes else 0)
        if op == "name":
            return self.name(node.word, slopes)
        if op == "if":
            return self.dual(args[1 if self.holds(args[0]) else 2], slopes)
        values = [self.dual(arg, slopes) for arg in args]
        (v, of_v), (w, of_w) = values[0], values[-1]
        if op in _ARITHMETIC:
            function, by_v, by_w = _ARITHMETIC[op]
            both = [a * by_v(v, w) + b * by_w(v, w) for a, b in zip(of_v, of_w)]
            return self.noted(function(v, w), tuple(both))
        value, derivative = _FUNCTIONS[op]
        slope = derivative(v) if slopes else 0.0
        return self.noted(value(v), tuple(slope * a for a in of_v))

    def name(self, name: str, slopes: bool) -> Dual:
        key = name, slopes
        if key not in self.known:
            if name in self.point:
                seeds = (float(name == other) for other in INPUTS if slopes)
                self.known[key] = self.point[name], tuple(seeds)
            else:
                self.known[key] = self.dual(self.program.lines[name], slopes)
        return self.known[key]

    def noted(self, value: float, slopes: tuple[float, ...]) -> Dual:
        self.largest = max(self.largest, abs(value), *map(abs, slopes))
        return value, slopes

    def holds(self, node: Node) -> bool:
        op, args = node.op, node.args
        if op == "not":
            return not self.holds(args[0])
        if op == "and":
            return all(self.holds(arg) for arg in args)
        if op == "or":
            return any(self.holds(arg) for arg in args)
        (v, _), (w, _) = (self.dual(arg, False) for arg in args)
        if v != w and abs(v - w) < 1e-9 * max(1.0, abs(v), abs(w)):
            raise TooCloseError
        return bool(_COMPARISONS[op](v, w))


@dataclass(frozen=True)
class Program:
    """Lines by name, the last one the result."""

    lines: dict[str, Node]

    @property
    def text(self) -> str:
        lines = [f"{name} = {node}" for name, node in self.lines.items()]
        return "\n".join(lines) + "\n"


class Maker:
    """Makes programs at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = list(INPUTS)
        self.asked: list[Node] = []

    def program(self, lines: int, depth: int) -> Program:
        """Return a program of so many lines."""
        made = {}
        for i in range(lines):
            chosen = i == lines - 1 or self.random.random() < 0.6
            made[f"u{i}"] = (self.choice if chosen else self.value)(depth)
            self.names.append(f"u{i}")
        return Program(made)

    def loop(self, rounds: int, depth: int) -> Program:
        """Return a program that repeats three lines, each round on what the last one made."""
        body = {}
        for made in ("a", "b", "x"):
            body[made] = self.choice(depth)
            self.names.append(made)
        lines: dict[str, Node] = {}
        at = {"a": "y", "b": "z", "x": "x"}
        for i in range(rounds):
            for made, node in body.items():
                lines[f"{made}{i}"] = node.renamed(at)
                at[made] = f"{made}{i}"
        return Program(lines)

    def leaf(self) -> Node:
        if self.random.random() < 0.12:
            return number(self.random.choice([0.0, 1.0, 0.5, 2.0]))
        return self.variable()

    def variable(self) -> Node:
        # What was named last is used more often.
        recent = self.names[-3:]
        return name(self.random.choice([*self.names, *recent, *recent]))

    def value(self, depth: int) -> Node:
        kind = self.random.random()
        if depth <= 0:
            return self.leaf()
        if kind < 0.4:
            return self.choice(depth)
        if kind < 0.65:
            op = self.random.choice([*_FUNCTIONS, "inv"])
            return Node(op, (self.varying(depth - 1),))
        op = self.random.choice("+-*")
        return Node(op, (self.value(depth - 1), self.value(depth - 1)))

    def varying(self, depth: int) -> Node:
        """Return no number."""
        found = self.value(depth)
        return self.variable() if found.op == "number" else found

    def choice(self, depth: int) -> Node:
        """Return a choice, often one that keeps a function to its domain."""
        if self.random.random() > 0.4:
            condition = self.condition(depth - 1)
            one, other = self.value(depth - 1), self.value(depth - 1)
            if one == other:
                return one  # no condition is asked for
            return Node("if", (condition, one, other))
        op = self.random.choice(["sqrt", "log", "asin", "inv"])
        arg = self.varying(min(depth - 1, 1))
        value = Node(op, (arg,))
        if self.random.random() < 0.4:
            value = Node("*", (value, self.value(depth - 1)))
        return Node("if", (self.domain(op, arg), value, self.value(depth - 1)))

    def domain(self, op: str, arg: Node) -> Node:
        """Return a condition under which a function of the argument is defined."""
        zero, half, one = number(0.0), number(0.5), number(1.0)
        once = self.random.random() < 0.5
        if op == "asin":
            below = Node("<", (arg, one))
            return Node("and", (Node(">", (arg, zero)), below))
        if op == "inv" and once:
            return Node("!=", (arg, zero))
        if op == "inv":
            either = Node(">", (arg, half)), Node("<", (arg, zero))
            return Node("or", either)
        if op == "log" and once:
            return Node("not", (Node("<=", (arg, zero)),))
        return Node(">", (arg, zero if once else half))

    def condition(self, depth: int) -> Node:
        """Return a condition, often one that was asked before, alone or in another."""
        if self.asked and self.random.random() < 0.35:
            return self.random.choice(self.asked[-6:])
        found = self.new_condition(depth)
        self.asked.append(found)
        return found

    def new_condition(self, depth: int) -> Node:
        kind = self.random.random()
        if kind < 0.12:
            return Node("not", (self.condition(depth - 1),))
        if kind < 0.4 and depth > 0:
            both = self.condition(depth - 1), self.condition(depth - 1)
            return Node(self.random.choice(["and", "or"]), both)
        op = self.random.choice(["<", ">", "<", ">", "<=", ">=", "!="])
        other = self.leaf()
        if self.random.random() < 0.6:
            other = number(self.random.choice([0.0, 1.0, 0.5]))
        return Node(op, (self.varying(min(depth, 1)), other))
