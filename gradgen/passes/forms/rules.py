"""Two programs that mean the same in; a rule out, which says what to look for first."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from gradgen.core.program import Program
from gradgen.passes.forms.factors import factors, is_product

#: The values of a pattern's variables.
Bound: TypeAlias = "dict[int, int]"


@dataclass(frozen=True, eq=False)
class Lead:
    """A factor of a pattern that is no variable: its value, its operation, its power, and whether its variables are its own."""

    value: int
    op: str
    power: int
    apart: bool


@dataclass(frozen=True)
class Rule:
    """A rule: the steps to find, and the steps to put in their place.

    Of a product, `number` and `leads` are what the factors to find begin with, and `free` are the powers of its variables.
    """

    naive: Program
    accurate: Program
    number: Fraction | float = Fraction(1)
    leads: tuple[Lead, ...] = ()
    free: tuple[tuple[int, int], ...] = ()

    @property
    def root(self) -> int:
        """The outermost value of what is found."""
        return self.naive.outputs[0][1]

    @cached_property
    def bounded(self) -> bool:
        """Whether no factor may get below the fraction bar: x**2/(x**2 + 1) has a value at 0."""
        return any(lead.op == "add" for lead in self.leads)

    @cached_property
    def of_rate(self) -> bool:
        """Whether it is like ((1 + x)**y - 1)/x, where x may be a number whose sum with 1 would lose its digits."""
        return [lead.op for lead in self.leads] == ["sub"]


@dataclass(frozen=True)
class Rules:
    """Rules by what they start from: a tree by its outermost operation, a product by the operation of its first factor."""

    trees: dict[str, list[Rule]] = field(default_factory=dict)
    products: dict[str, list[Rule]] = field(default_factory=dict)

    def add(self, rule: Rule) -> None:
        """Add a rule, whose naive side has been rewritten by those before it."""
        if rule.leads:
            self.products.setdefault(rule.leads[0].op, []).append(rule)
        else:
            outermost = rule.naive.steps[rule.root]
            self.trees.setdefault(outermost.op, []).append(rule)


def rule_of(naive: Program, accurate: Program) -> Rule:
    """Return the rule that one program means the same as another."""
    tree = Rule(naive, accurate)
    step_of = naive.steps.__getitem__
    if not is_product(step_of, step_of(tree.root)):
        return tree
    product = factors(step_of, (tree.root, 1))
    made = {v: p for v, p in product.powers.items() if step_of(v).op != "input"}
    free = {v: p for v, p in product.powers.items() if v not in made}
    leads: list[Lead] = []
    known: set[int] = set()
    # A sum is the last thing to start from.
    for value in sorted(made, key=lambda v: step_of(v).op in ("add", "sub")):
        inside = _variables(naive, value)
        apart = known.isdisjoint(inside)
        leads.append(Lead(value, step_of(value).op, made[value], apart))
        known |= inside
    return Rule(naive, accurate, product.number, (*leads,), (*free.items(),))


def _variables(pattern: Program, value: int) -> set[int]:
    """Return the variables of a pattern that a value of it depends on."""
    found: set[int] = set()
    todo = [value]
    while todo:
        at = todo.pop()
        if pattern.steps[at].op == "input":
            found.add(at)
        todo += pattern.steps[at].args
    return found
