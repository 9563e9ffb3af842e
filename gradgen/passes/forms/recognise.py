"""A program in; the same program out, with naive forms such as 1/(1 + exp(-x)) replaced by the accurate operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

from gradgen.core.build import Steps
from gradgen.core.program import Program, Step
from gradgen.passes.check import verify
from gradgen.passes.constants import Constant
from gradgen.passes.fold import fold_constants
from gradgen.passes.forms.exponentials import (
    Sums,
    log_of,
    logistic,
    quotient_of,
    risen,
    share_of,
)
from gradgen.passes.forms.factors import (
    OPERATIONS,
    TAKEN_APART,
    Product,
    Values,
    emit_product,
    factors,
    is_product,
    parts,
)
from gradgen.passes.forms.limits import to_limits
from gradgen.passes.forms.match import match
from gradgen.passes.forms.patterns import PATTERNS, staged
from gradgen.passes.forms.products import ProductRules, times_log
from gradgen.passes.forms.roots import Roots
from gradgen.passes.forms.rules import Bound, Lead, Rules, rule_of
from gradgen.passes.forms.squares import variance
from gradgen.passes.moved import finish_from

#: Operations whose slope is right to its own size where they stand for a naive form: 1/(1 + exp(-x)) has it so.
_SATURATING = ("sigmoid", "tanh")
_LOGS = ("log", "log1p")
#: Products with nothing below a fraction bar.
_RISING = ("mul", "sqr", "neg")
#: How often what a rule makes of a product is looked at again.
_AGAIN = 8
#: How many terms of sums are written anew, to each step of the program and besides.
_ROOM, _SPARE = 2, 3000


def recognise(
    program: Program,
    constants: Mapping[str, Constant] | None = None,
    finite: bool = True,
) -> Program:
    """Replace every naive form by one step of the right operation, and drop the steps that nothing reads any more.

    Args:
        program: the program.
        constants: what the user named that is constant, by these names.
        finite: whether 0*x is 0, and x + 0 is x also at -0.
    """
    found = to_limits(_Rewriter(program, _rules()).run())
    return verify(fold_constants(found, constants, finite), program)


@cache
def _rules() -> Rules:
    """Stage the patterns. The parts of a pattern are rewritten by the rules before it, as those of a formula will be."""
    rules = Rules()
    for texts in PATTERNS:
        found, made = map(staged, texts)
        found, known = (_Rewriter(p, rules, sums=False).run() for p in (found, made))
        if found.steps != known.steps:
            # Else the rules before it say as much.
            rules.add(rule_of(found, made))
    return rules


class _Rewriter:
    """Moves a program's steps over one by one; what a rule matches is made its way."""

    def __init__(self, program: Program, rules: Rules, sums: bool = True) -> None:
        self.program = program
        self.rules = rules
        self.builder = Steps(program.rows, folded=False)
        self.values = Values(self.builder)
        self.products = ProductRules(rules, self.values)
        room = _ROOM * len(program.lines) + _SPARE
        self.roots = Roots(self.values, room)
        #: The sums of exponentials, if sums of any number of terms are looked for as well.
        self.sums = Sums(self.values, room) if sums else None
        #: Products that were plain to their last factor, by these, with the number of roots at that time.
        self.plains: dict[tuple[int, ...], int] = {}
        #: Whether a zero's sign can be seen: by atan2 alone.
        self.signed = any(step.op == "atan2" for step in program.steps)

    def run(self) -> Program:
        """Return the program, rewritten."""
        moved: dict[int, int] = {}
        named = {value for _, value, _ in self.program.given}
        uses = Counter(value for _, value in self.program.outputs)
        if named:
            uses.update(arg for step in self.program.steps for arg in step.args)
        for value, step in enumerate(self.program.steps):
            if not step.args:
                moved[value] = self.builder.append(step)
                continue
            args = tuple([moved[arg] for arg in step.args])
            if step.op == "div" and not self.builder.is_constant(args[1]):
                # What it is divided by was a constant, which is stages here.
                step = Step("mul", args)
                args = (args[0], self.rewrite(Step("inv", args[1:])))
            same = args == step.args and step.data is None and not step.guard
            moved[value] = self.rewrite(step if same else Step(step.op, args))
            if value in named and uses[value] > 1:
                self.values.named.add(moved[value])
                self.products.forget()
                if self.sums:
                    self.sums.pairs.clear()
        return finish_from(self.program, self.builder, moved)

    def rewrite(self, step: Step) -> int:
        """Return the value of `step`, by the first rule that matches it."""
        number = self.builder.number
        if step.op in ("mul", "div") and number(step.args[1]) == 1:
            return step.args[0]
        if step.op == "mul" and number(step.args[0]) == 1:
            return step.args[1]
        if step.op == "div" and number(step.args[1]) == -1:
            return self.rewrite(Step("neg", step.args[:1]))
        if is_product(self.values.step, step) and not self.plain(step):
            found = self.product(step)
            if found is not None:
                return found
        if step.op == "log" and self.sums:
            log = log_of(self.sums, step.args[0])
            if log is not None:
                return self.plus_zero(step, log)
        for rule in self.rules.of_tree(step, self.builder):
            bound = match(self.values, rule.naive, rule.root, step, {})
            if bound is not None:
                value = self.made(rule.accurate, bound)
                if step.op == "sqrt":
                    self.roots.made.setdefault(step.args[0], value)
                return self.plus_zero(step, value)
        if step.op == "sqrt":
            return self.roots.root(step.args[0], self.sums is not None)
        if step.op == "sqr" and self.sums:
            inner = self.values.factor(step.args[0])
            if inner is not None and inner.op == "sqrt":
                return self.builder.emit("radicand", *inner.args)
        if step.op == "sub" and self.sums:
            spread = variance(self.builder, self.values.step, step, self.roots.affords)
            if spread is not None:
                return spread
        if step.data == "precise" and not self.builder.is_constant(step.args[0]):
            return self.builder.append(step)
        return self.builder.emit(step.op, *step.args)

    def plus_zero(self, step: Step, value: int) -> int:
        """Return a value without the sign that its zero may have and that of the sum as written has not."""
        if not self.signed or step.op not in ("add", "sub", "log"):
            return value
        if self.builder[value].op in ("input", "sub", "sigmoid", "erfc", "versin"):
            return value
        return self.builder.emit("add", value, self.builder.const(0))

    def plain(self, step: Step) -> bool:
        """Whether a step is a product of factors with which no rule begins, and of no quotients; it is taken apart as far as others are."""
        if step.op != "mul":
            return False
        todo, budget, roots = [*reversed(step.args)], OPERATIONS, len(self.roots.made)
        while todo:
            arg = todo.pop()
            op, args, _, _ = self.builder.list[arg]
            if op == "mul" and self.plains.get(args) == roots:
                continue
            if op in _LOGS or op in self.rules.rising or arg in self.roots.made:
                return False
            if op in TAKEN_APART and budget and arg not in self.values.named:
                if op not in _RISING:
                    return False
                todo += reversed(args)
                budget -= 1
        if budget:
            self.plains[step.args] = roots
        return True

    def product(self, step: Step) -> int | None:
        """Return a product by the rules that match some of its factors, until none does."""
        inside = parts(self.values.step, step)
        assert inside is not None
        seen: dict[int, None] = {}
        found = factors(self.values.factor, *inside[1], seen=seen)
        number = self.builder.number
        if any(p < 0 and number(value) == 0 for value, p in found.powers.items()):
            return None  # which is nothing to be made better
        matched = False
        self.roots.squared(found)
        for _ in range(_AGAIN):
            changed = self.product_once(found, seen)
            if changed is None:
                break
            found, matched = changed, True
        if self.sums:
            shifted = share_of(self.values, found) or quotient_of(self.sums, found)
            try:
                shifted = shifted or logistic(self.sums, found)
                shifted = risen(self.sums, shifted or found) or shifted
            except OverflowError:
                pass  # the numbers come to no double
            if shifted is not None:
                found, matched = shifted, True
        return emit_product(self.builder, found) if matched else None

    def product_once(self, found: Product, seen: dict[int, None]) -> Product | None:
        """Return a product with the factors that a rule matches replaced, or None."""
        known: dict[Lead, list[int]] = {}
        steps, powers = self.builder.list, found.powers
        kinds = Counter([(steps[value].op, power > 0) for value, power in powers.items()])  # fmt: skip
        for value in powers:
            changed = self.products.replaced(
                found, value, kinds, seen, known, self.made
            )
            if changed is None and self.sums:
                changed = times_log(self.values, found, value)
            if changed is not None:
                return changed
        return None

    def made(self, accurate: Program, bound: Bound) -> int:
        """Return what a rule makes of the values that its variables are bound to."""
        values: dict[int, int] = {}
        at = 0
        for at, step in enumerate(accurate.steps):
            args = tuple(values[arg] for arg in step.args)
            if step.op == "input":
                values[at] = bound.get(at, at)
            elif step.op == "const":
                values[at] = self.builder.append(step)
            elif step.op == "copy":
                values[at] = args[0]
            elif step.op == "neg":
                turned = self.values.negated(args[0])
                values[at] = self.builder.emit("neg", *args) if turned is None else turned  # fmt: skip
            elif step.op == "div" and self.builder.is_constant(args[1]):
                values[at] = self.scaled(step, args)
            else:
                # What one rule makes may be another's naive form: -cos(x) + 1 is 1 - cos(x).
                precise = self.sums and step.op in _SATURATING
                values[at] = self.rewrite(Step(step.op, args, "precise" if precise else None))  # fmt: skip
        return values[at]

    def scaled(self, step: Step, args: tuple[int, ...]) -> int:
        """Return x/c, where x is c*y as y."""
        inner = self.values.factors((args[0], 1), (args[1], -1))
        if abs(inner.number) == 1:
            return emit_product(self.builder, inner)
        return self.builder.emit(step.op, *args)
