"""Two programs that mean the same in; a rule out, which says what to look for first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from gradgen.core.build import Steps
from gradgen.core.program import Program, Step
from gradgen.passes.forms.factors import factors, is_product

#: The values of a pattern's variables.
Bound: TypeAlias = "dict[int, int]"
#: The operation of a factor, and whether it is above the line.
Kind: TypeAlias = "tuple[str, bool]"

#: Powers that are operations of their own, with their exponents.
POWERS = {"sqr": 2, "inv": -1}
ANY_POWER = ("powi", "powr", *POWERS)
COMMUTATIVE = ("add", "mul")


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
    def kinds(self) -> tuple[tuple[Kind, int], ...]:
        """How many factors of each kind there are to find, each another value."""
        return (*Counter([(lead.op, lead.power > 0) for lead in self.leads]).items(),)

    def fits(self, op: str, same: bool, *operands: str) -> bool:
        """Whether it may match, or start from, an operation on values that these operations make; `same` if some are one."""
        steps = self.naive.steps
        wanted = steps[self.leads[0].value if self.leads else self.root]
        first, *others = wanted.args or (self.root,)
        if first in others and steps[first].op == "input" and not same:
            return False
        orders = (operands, operands[::-1]) if op in COMMUTATIVE else (operands,)
        return any(
            all(self._may_be(part, made, wanted) for part, made in zip(wanted.args, o))
            for o in orders
        )

    def _may_be(self, part: int, op: str, wanted: Step) -> bool:
        """Whether what an operation makes may match a pattern's operand."""
        step = self.naive.steps[part]
        if step.op == "neg":
            # Where x stands in another operand, too, and is -a, -x is a.
            others = (_variables(self.naive, a) for a in wanted.args if a != part)
            if any(step.args[0] in other for other in others):
                return True
        if step.op in ("input", op):
            return True
        return step.op == "pow" and op in ANY_POWER

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
    #: Those of them that a step may match, by its operation and those that make its operands.
    fitting: dict[tuple[object, ...], list[Rule]] = field(default_factory=dict)
    #: What rules of products start from that may match where nothing is below the fraction bar.
    rising: set[str] = field(default_factory=set)

    def add(self, rule: Rule) -> None:
        """Add a rule, whose naive side has been rewritten by those before it."""
        if rule.leads:
            self.products.setdefault(rule.leads[0].op, []).append(rule)
            powers = [lead.power for lead in rule.leads] + [p for _, p in rule.free]
            if min(powers) > 0 or rule.of_rate:
                self.rising.add(rule.leads[0].op)
        else:
            outermost = rule.naive.steps[rule.root]
            self.trees.setdefault(outermost.op, []).append(rule)
        self.fitting.clear()

    def of_tree(self, step: Step, steps: Steps) -> list[Rule]:
        """Return the rules of trees that a step may match, as far as its operation and those of its operands tell."""
        return self._fitting("tree", self.trees, step, steps)

    def of_product(self, step: Step, steps: Steps) -> list[Rule]:
        """Return the same of the rules of products whose first factor it may be."""
        return self._fitting("product", self.products, step, steps)

    def _fitting(
        self, what: str, rules: dict[str, list[Rule]], step: Step, steps: Steps
    ) -> list[Rule]:
        if step.op not in rules:
            return []
        same = len({*step.args}) < len(step.args)
        operands = [steps.list[arg].op for arg in step.args]
        key = what, step.op, same, *operands
        found = self.fitting.get(key)
        if found is None:
            found = self.fitting[key] = [
                rule for rule in rules[step.op] if rule.fits(step.op, same, *operands)
            ]
        return found


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
