"""A program in; the same program out, with naive forms such as 1/(1 + exp(-x)) replaced by the accurate operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product as choices

from gradgen.core.build import Steps, finish, finish_from
from gradgen.core.notation import read
from gradgen.core.program import Program, Step
from gradgen.core.table import ROWS
from gradgen.passes.check import verify
from gradgen.passes.fold import fold_constants
from gradgen.passes.forms.exponentials import (
    Sums,
    Term,
    exponent,
    log_of,
    quotient_of,
    summands,
)
from gradgen.passes.forms.factors import (
    Product,
    emit_product,
    factors,
    is_product,
    number_of,
    parts,
    ratio,
    terms,
)
from gradgen.passes.forms.squares import (
    LONGEST_SUM,
    norm,
    sum_of_squares,
    variance,
    witness,
)

#: What people write, and the operation that means the same to rounding. Each holds wherever the left side has a value, and has
#: no value where the left side has none, but for points where that is the limit's. A product may have any further factors, and
#: where a variable stands as a factor, what is bound to it may be a multiple: (V + 23)/(exp((V + 23)/5) - 1) is x/expm1(x).
PATTERNS = (
    ("x*x", "x**2"),
    ("-x + y", "y - x"),
    ("1 + x - 1", "x"),
    ("1 - x - 1", "-x"),
    ("1 - (1 - x)", "x"),
    ("1 - (1 + x)", "-x"),
    ("1/exp(x)", "exp(-x)"),
    ("exp(x)*exp(-y)", "exp(x - y)"),
    ("1/(1 + exp(-x))", "sigmoid(x)"),
    ("1/(1 + exp(x))", "sigmoid(-x)"),
    ("exp(x)/(1 + exp(x))", "sigmoid(x)"),
    ("exp(-x)/(1 + exp(-x))", "sigmoid(-x)"),
    ("1 - sigmoid(x)", "sigmoid(-x)"),
    ("2*sigmoid(x) - 1", "tanh(x/2)"),
    ("1 - 2*sigmoid(x)", "-tanh(x/2)"),
    ("exp(x)/(exp(x) + exp(y))", "sigmoid(x - y)"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    ("(exp(x) - exp(-x))/2", "sinh(x)"),
    ("(exp(x) - exp(-x))*0.5", "sinh(x)"),
    ("exp(x) - 1", "expm1(x)"),
    ("-1 + exp(x)", "expm1(x)"),
    ("1 - exp(x)", "-expm1(x)"),
    ("(exp(-x) - 1)/(1 + exp(-x))", "-tanh(x/2)"),
    ("(exp(x) - 1)/(1 + exp(x))", "tanh(x/2)"),
    ("1/(exp(x) - 1)", "bose(x)"),
    ("1 - tanh(x)**2", "sech(x)**2"),
    ("1/cosh(x)", "sech(x)"),
    ("atan(1/x)", "acot(x)"),
    ("1/sinh(x)", "csch(x)"),
    ("sqrt(x**2 + 1)", "hypot(x, 1)"),
    ("log(x + sqrt(x**2 + 1))", "asinh(x)"),
    ("log((1 + x)/(1 - x))", "2*atanh(x)"),
    ("log(1 + exp(x))", "softplus(x)"),
    ("log(1 + x)", "log1p(x)"),
    ("log(1 - x)", "log1p(-x)"),
    ("log(sigmoid(x))", "logsigmoid(x)"),
    ("log(softplus(x))", "logsoftplus(x)"),
    ("log(cosh(x))", "logcosh(x)"),
    ("log(sech(x))", "-logcosh(x)"),
    ("log(sech(x)**2)", "-2*logcosh(x)"),
    ("log(x)/log(10)", "log10(x)"),
    ("log(x)/log(2)", "log2(x)"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + erf(x)", "erfc(-x)"),
    *(
        (naive.replace("t", scaled), f"norm_cdf({sign}x)")
        for scaled in ("x/sqrt(2)", "x*sqrt(1/2)", "x*0.7071067811865476")
        for sign, forms in (
            ("", ("erfc(-(t))/2", "0.5*erfc(-(t))")),
            ("-", ("erfc(t)/2", "0.5*erfc(t)")),
        )
        for naive in forms
    ),
    ("1 - norm_cdf(x)", "norm_cdf(-x)"),
    ("log(norm_cdf(x))", "log_norm_cdf(x)"),
    ("log(erfc(x))", "logerfc(x)"),
    ("exp(x**2)*erfc(x)", "erfcx(x)"),
    ("exp(x)*erfc(y)", "experfc(x, y)"),
    ("max(x, x)", "x"),
    ("min(x, x)", "x"),
    ("1 - cos(x)", "versin(x)"),
    ("cos(x) - 1", "-versin(x)"),
    ("versin(x)/x**2", "sinc(x/2)**2/2"),
    ("sin(x)/x", "sinc(x)"),
    ("x/sin(x)", "xcsc(x)"),
    ("tan(x)/x", "sinc(x)/cos(x)"),
    ("x/tan(x)", "xcot(x)"),
    ("x**2*exp(x)/(exp(x) - 1)**2", "xcsch(x/2)**2"),
    ("x/(exp(x) - 1)", "bern(x)"),
    ("(exp(x) - 1)/x", "exprel(x)"),
    ("((1 + x)**y - 1)/x", "compound(x, y)"),
    ("(1 - (1 + x)**y)/x", "-compound(x, y)"),
    ("x/((1 + x)**y - 1)", "1/compound(x, y)"),
    ("x/(1 - (1 + x)**y)", "-(1/compound(x, y))"),
    ("log(1 + x)/x", "log1prel(x)"),
    ("log(x)/(x - 1)", "logrel(x)"),
    ("log(x)/(1 - x)", "-logrel(x)"),
    ("sinh(x)/x", "sinhc(x)"),
    ("tanh(x)/x", "tanhc(x)"),
    ("x/tanh(x)", "xcoth(x)"),
    ("x/sinh(x)", "xcsch(x)"),
    ("atan(x)/x", "atanc(x)"),
    ("1/tanh(x) - 1/x", "langevin(x)"),
    ("1/tanh(x/y) - y/x", "langevin(x/y)"),
    ("x**2/(x**2 + 1)", "(x/hypot(x, 1))**2"),
    ("x**2/(x**2 + y**2)", "(x/hypot(x, y))**2"),
    ("x**2/(y**2 + x**2)", "(x/hypot(x, y))**2"),
    ("sqrt(x**2 + y**2)", "hypot(x, y)"),
    ("sqrt(x**2)", "abs(x)"),
    ("sqrt(x**2 + y**2 + z**2)", "hypot(x, y, z)"),
    ("E**x", "exp(x)"),
)

#: Powers that are operations of their own, with their exponents.
_POWERS = {"sqr": 2, "inv": -1}
_VARIABLES = ("x", "y", "z", "w")
_COMMUTATIVE = ("add", "mul")
#: Operations whose slope is right to its own size where they stand for a naive form: 1/(1 + exp(-x)) has it so.
_SATURATING = ("sigmoid", "tanh")
#: How far down a product a sign is looked for.
_SIGN_DEPTH = 8
#: How often what a rule makes of a product is looked at again.
_AGAIN = 8
#: How many terms of sums are written anew, to each step of the program and besides; sums of a few terms are never left alone.
_ROOM, _SPARE, _FEW = 2, 3000, 16
#: How far infinity is followed.
_READERS = 64


#: The values of a pattern's variables.
_Bound = dict[int, int]


@dataclass(frozen=True, eq=False)
class _Lead:
    """A factor of a pattern that is no variable: its value, its operation, its power, and whether its variables are its own."""

    value: int
    op: str
    power: int
    apart: bool


@dataclass(frozen=True)
class _Rule:
    """A rule: the steps to find, and the steps to put in their place.

    Of a product, `number` and `leads` are what the factors to find begin with, and `free` are the powers of its variables.
    """

    naive: Program
    accurate: Program
    number: Fraction | float = Fraction(1)
    leads: tuple[_Lead, ...] = ()
    free: tuple[tuple[int, int], ...] = ()

    @property
    def root(self) -> int:
        """The outermost value of what is found."""
        return self.naive.outputs[0][1]


class _Rules:
    """Rules by what they start from: a tree by its outermost operation, a product by the operation of its first factor."""

    def __init__(self) -> None:
        self.trees: dict[str, list[_Rule]] = {}
        self.products: dict[str, list[_Rule]] = {}

    def add(self, naive: Program, accurate: Program) -> None:
        """Add a rule, whose naive side has been rewritten by those before it."""
        rule = _Rule(naive, accurate)
        outermost = naive.steps[rule.root]
        step_of = naive.steps.__getitem__
        if is_product(step_of, outermost):
            product = factors(step_of, (rule.root, 1))
            free: list[tuple[int, int]] = []
            made: list[tuple[str, int, int]] = []
            for value, power in product.powers.items():
                op = naive.steps[value].op
                if op == "input":
                    free.append((value, power))
                else:
                    made.append((op, value, power))
            # A sum is the last thing to start from.
            made.sort(key=lambda lead: lead[0] in ("add", "sub"))
            leads: list[_Lead] = []
            known: set[int] = set()
            for op, value, power in made:
                inside = _variables(naive, value)
                leads.append(_Lead(value, op, power, known.isdisjoint(inside)))
                known |= inside
            if leads:
                rule = _Rule(naive, accurate, product.number, (*leads,), (*free,))
                self.products.setdefault(leads[0].op, []).append(rule)
                return
        self.trees.setdefault(outermost.op, []).append(rule)


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


def recognise(program: Program) -> Program:
    """Replace every naive form by one step of the right operation, and drop the steps that nothing reads any more."""
    found = _surviving(_Rewriter(program, _rules()).run())
    return verify(fold_constants(found))


@cache
def _rules() -> _Rules:
    """Stage the patterns. The parts of a pattern are rewritten by the rules before it, as those of a formula will be."""
    rules = _Rules()
    for naive, accurate in PATTERNS:
        found, made = _pattern(naive), _pattern(accurate)
        found, known = (_Rewriter(p, rules, sums=False).run() for p in (found, made))
        if found.steps != known.steps:
            # Else the rules before it say as much.
            rules.add(found, made)
    return rules


def _pattern(text: str) -> Program:
    """Return a pattern as formulas are staged."""
    steps = Steps(ROWS, folded=False)
    scope = {name: steps.input(name) for name in _VARIABLES}

    def make(op: str, *args: int) -> int:
        if op == "div":
            return steps.quotient(*args)
        if op == "**":
            return steps.power(*args)
        return steps.emit("hypot3" if op == "hypot" and len(args) == 3 else op, *args)

    value = steps.result(read(text, scope, steps, make), set())
    return finish(steps, {"": value}, scope.values())


class _Rewriter:
    """Moves a program's steps over one by one; what a rule matches is made its way."""

    def __init__(self, program: Program, rules: _Rules, sums: bool = True) -> None:
        self.program = program
        self.rules = rules
        self.builder = Steps(program.rows, folded=False)
        room = _ROOM * len(program.lines) + _SPARE
        #: The sums of exponentials, if sums of any number of terms are looked for as well.
        self.sums = Sums(self.builder, self.step, room) if sums else None
        #: How many terms under roots may be looked at, but for sums of a few.
        self.room = room
        #: The value whose square another value is, for those of which a root was taken.
        self.roots: dict[int, int] = {}
        #: The values that the user named and reads more than once: products are not taken apart beyond them.
        self.named: set[int] = set()
        self.products: dict[int, tuple[Product, dict[int, None]]] = {}
        #: The rules that may start from a factor, and whether it is alike another factor of a rule, with variables of its own:
        #: that stays as it is until another value is a named one.
        self.starts: dict[int, list[tuple[_Rule, _Bound]]] = {}
        self.fitting: dict[tuple[_Lead, int], bool] = {}
        self.pairs: dict[int, list[Term]] = {}
        self.uses = Counter(value for _, value in program.outputs)
        for step in program.steps:
            self.uses.update(step.args)
        #: Whether a zero's sign can be seen: by atan2 alone.
        self.signed = any(step.op == "atan2" for step in program.steps)

    def run(self) -> Program:
        """Return the program, rewritten."""
        moved: dict[int, int] = {}
        named = {value for _, value, _ in self.program.given}
        for value, step in enumerate(self.program.steps):
            args = tuple(moved[arg] for arg in step.args)
            if not args:
                moved[value] = self.builder.append(step)
                continue
            if step.op == "div" and not self.builder.is_constant(args[1]):
                # What it is divided by was a constant, which is stages here.
                step = Step("mul", args)
                args = (args[0], self.rewrite(Step("inv", args[1:])))
            moved[value] = self.rewrite(Step(step.op, args))
            if value in named and self.uses[value] > 1:
                self.named.add(moved[value])
                self.starts.clear()
                self.fitting.clear()
                self.pairs.clear()
        return finish_from(self.program, self.builder, moved)

    def step(self, value: int) -> Step | None:
        """Return the step that makes a value, None for an input."""
        step = self.builder[value]
        return None if step.op == "input" else step

    def factor(self, value: int) -> Step | None:
        """Return the same where a product may be taken apart."""
        return None if value in self.named else self.step(value)

    def rewrite(self, step: Step) -> int:
        """Return the value of `step`, by the first rule that matches it."""
        number = self.builder.number
        if step.op in ("mul", "div") and number(step.args[1]) == 1:
            return step.args[0]
        if step.op == "mul" and number(step.args[0]) == 1:
            return step.args[1]
        if is_product(self.step, step):
            found = self.product(step)
            if found is not None:
                return found
        if step.op == "log" and self.sums:
            log = log_of(self.sums, step.args[0])
            if log is not None:
                return self.plus_zero(step, log)
        for rule in self.rules.trees.get(step.op, ()):
            bound = self.match(rule.naive, rule.root, step, {})
            if bound is not None:
                value = self.made(rule.accurate, bound)
                if step.op == "sqrt":
                    self.roots.setdefault(step.args[0], value)
                return self.plus_zero(step, value)
        if step.op == "sqrt":
            return self.root(step.args[0])
        if step.op == "sqr" and self.sums and step.args[0] not in self.named:
            inner = self.step(step.args[0])
            if inner is not None and inner.op == "sqrt":
                return self.builder.emit("radicand", *inner.args)
        if step.op == "sub" and self.sums:
            spread = variance(self.builder, self.step, step, self.affords)
            if spread is not None:
                return spread
        if step.data == "precise" and not self.builder.is_constant(step.args[0]):
            return self.builder.append(step)
        return self.builder.emit(step.op, *step.args)

    def plus_zero(self, step: Step, value: int) -> int:
        """Return a value without the sign that its zero may have and that of the sum as written has not."""
        made = self.step(value)
        if not self.signed or step.op not in ("add", "sub", "log"):
            return value
        if made is None or made.op in ("sub", "sigmoid", "erfc", "versin"):
            return value
        return self.builder.emit("add", value, self.builder.const(0))

    def root(self, value: int) -> int:
        """Return a square root; where its argument is a sum of squares, the one whose slope is 0 where they are 0."""
        looked = self.sums is not None and self.affords(value)
        made = norm(self.builder, self.step, value) if looked else None
        if made is not None:
            self.roots.setdefault(value, made)
            return made
        squares = sum_of_squares(self.step, value) if looked else None
        if squares is None:
            made = self.builder.emit("sqrt", value)
        elif squares.certain:
            made = self.builder.emit("norm", value)
        else:
            made = self.builder.emit("normif", value, witness(self.builder, squares))
        self.roots.setdefault(value, made)
        return made

    def affords(self, value: int) -> bool:
        """Whether the terms of a sum may be looked at: in running totals each has all those before it."""
        limit = LONGEST_SUM if self.room > 0 else _FEW
        found = terms(self.step, value, limit)
        step = self.step(value)
        whole = len(found) > 1 or step is None or step.op not in ("add", "sub")
        count = len(found) if whole else limit
        self.room -= count if count > _FEW else 0
        return whole

    # Products.

    def product(self, step: Step) -> int | None:
        """Return a product by the rules that match some of its factors, until none does."""
        inside = parts(self.step, step)
        assert inside is not None
        pieces = [(value, power) for value, power in inside[1]]
        seen: dict[int, None] = {}
        found = factors(self.factor, *pieces, seen=seen)
        matched = False
        self.square_roots(found)
        for _ in range(_AGAIN):
            changed = self.product_once(found, seen)
            if changed is None:
                break
            found, matched = changed, True
        if self.sums:
            shifted = quotient_of(self.sums, found)
            try:
                shifted = shifted or self.logistic(found)
            except OverflowError:
                pass  # the numbers come to no double
            if shifted is not None:
                found, matched = shifted, True
        return emit_product(self.builder, found) if matched else None

    def logistic(self, found: Product) -> Product | None:
        """Return a product in which 1/(c + a*exp(u)) is wsigmoid(a/c, -u)/c, which has no overflow; else None."""
        if all(power > 0 for power in found.powers.values()):
            return None
        changed = Product(found.number)
        for below, power in found.powers.items():
            terms = self.pair(below) if power < 0 else []
            plain = [t.weight for t in terms if not t.exponents and not t.weight.powers]
            rising = [term for term in terms if term.exponents]
            if len(terms) != 2 or len(plain) != 1 or len(rising) != 1:
                changed.times(below, power)
                continue
            weight = Product(rising[0].weight.number, rising[0].weight.powers)
            weight.times_number(plain[0].number, -1)
            if not weight.powers and abs(weight.number) == 1:
                return None  # 1/(1 + exp(u)) and 1/(1 - exp(u))
            power_of = exponent(self.builder, rising[0])
            turned = self.negated(power_of)
            if turned is None:
                turned = self.builder.emit("neg", power_of)
            scale = emit_product(self.builder, weight)
            changed.times(self.builder.emit("wsigmoid", scale, turned), -power)
            changed.times_number(plain[0].number, power)
        return None if changed.powers == found.powers else changed

    def pair(self, value: int) -> list[Term]:
        """Return the terms of a sum of two; the sum alone where it has more."""
        if value not in self.pairs:
            self.pairs[value] = summands(self.factor, value, 2)
        return self.pairs[value]

    def square_roots(self, found: Product) -> None:
        """Write a factor t2 as t**2, where t is the root of t2 and another factor is a function of t."""
        for value, power in list(found.powers.items()):
            root = self.roots.get(value)
            if root is None:
                continue
            steps = (self.step(other) for other in found.powers)
            if any(step is not None and root in step.args for step in steps):
                found.times(value, -power)
                found.times(root, 2 * power)

    def product_once(self, found: Product, seen: dict[int, None]) -> Product | None:
        """Return a product with the factors that a rule matches replaced, or None."""
        alike: dict[_Lead, list[int]] = {}
        for value, power in found.powers.items():
            step = self.step(value)
            if step is None:
                continue
            for rule, bound in self.starting(value, step):
                if power * rule.leads[0].power < 0:
                    continue
                for lead in rule.leads[1:]:
                    if lead not in alike:
                        alike[lead] = self.alike(rule, lead, found)
                others = [alike[lead] for lead in rule.leads[1:]]
                if not all(others):
                    continue
                try:
                    changed = self.apply(rule, found, value, others, bound, seen)
                except OverflowError:
                    continue  # the numbers of the product come to no double
                if changed is not None:
                    return changed
            if step.op in ("log", "log1p") and self.sums:
                changed = self.times_log(found, value, step)
                if changed is not None:
                    return changed
        return None

    def starting(self, value: int, step: Step) -> list[tuple[_Rule, _Bound]]:
        """Return the rules of products that may start from a factor, with the values of their variables so far.

        Of a long product every part is asked for its factors, so it is looked up.
        """
        if value not in self.starts:
            found = self.starts[value] = []
            for rule in self.rules.products.get(step.op, ()):
                bound = self.match(rule.naive, rule.leads[0].value, step, {})
                if bound is not None:
                    found.append((rule, bound))
        return self.starts[value]

    def apply(
        self,
        rule: _Rule,
        found: Product,
        first: int,
        others: list[list[int]],
        start: _Bound,
        seen: dict[int, None],
    ) -> Product | None:
        """Return the product where a rule matches it, or None.

        Args:
            rule: the rule.
            found: the product.
            first: the factor that it starts from.
            others: the factors that each of its others may be.
            start: the values of its variables by the first factor.
            seen: what the product's parts were taken apart from.
        """
        if rule.number != 1 and abs(found.number) != abs(rule.number):
            return None
        for chosen in choices([first], *others):
            if len(set(chosen)) < len(chosen):
                continue
            bound: _Bound | None = start
            times = _AGAIN
            for value, lead in zip(chosen, rule.leads):
                have = found.powers[value]
                times = min(times, have // lead.power if have * lead.power > 0 else 0)
                step = self.step(value)
                if not times or bound is None or step is None:
                    break
                if value != first:
                    bound = self.match(rule.naive, lead.value, step, bound)
            if not times or bound is None:
                continue
            changed = Product(found.number, dict(found.powers))
            changed.times_number(rule.number, -1)
            if rule.number != 1:
                times = 1
            inside: list[tuple[Product, int]] = []
            # x**2/(x**2 + 1) has a value at 0: there no factor may get below the fraction bar.
            vanishing = all(lead.op != "add" for lead in rule.leads)
            # ((1 + x)**y - 1)/x where x is a number, whose sum with 1 would lose its digits.
            rate = [lead.op for lead in rule.leads] == ["sub"]
            for part, power in rule.free:
                inner, count = self.multiple(bound[part], power, found, seen)
                if not inner.powers and rate and found.size != 1:
                    count = times  # the number is in that of the product
                if not vanishing and any(
                    v not in found.powers for v, p in inner.powers.items() if p > 0
                ):
                    count = 0
                inside.append((inner, power))
                times = min(times, count)
            if not times:
                continue
            for value, lead in zip(chosen, rule.leads):
                changed.times(value, -lead.power * times)
            for inner, power in inside:
                changed.times_product(inner, -power * times)
            return self.replaced(changed, found, first, rule, bound, times)
        return None

    def alike(self, rule: _Rule, lead: _Lead, found: Product) -> list[int]:
        """Return the factors of a product that may be a pattern's, on the same side of the fraction bar."""
        return [
            value
            for value, power in found.powers.items()
            if power * lead.power > 0 and self.fits(rule, lead, value)
        ]

    def fits(self, rule: _Rule, lead: _Lead, value: int) -> bool:
        """Whether a value has the operation of a pattern's factor; where that has variables of its own, whether it matches."""
        key = lead, value
        if key not in self.fitting:
            step = self.step(value)
            fits = step is not None and step.op == lead.op
            if step is not None and fits and lead.apart:
                fits = self.match(rule.naive, lead.value, step, {}) is not None
            self.fitting[key] = fits
        return self.fitting[key]

    def replaced(
        self,
        rest: Product,
        found: Product,
        first: int,
        rule: _Rule,
        bound: dict[int, int],
        times: int,
    ) -> Product:
        """Return `rest` times what the rule makes, in the place of the factor `first`."""
        value = self.made(rule.accurate, bound)
        step = self.step(value)
        # (x/hypot(x, 1))**2 stays one factor: x**2 alone may have no double.
        whole = step is not None and step.op == "sqr"
        made = Product() if whole else factors(self.factor, (value, times))
        if whole:
            made.times(value, times)
        total = Product(rest.number)
        total.times_number(made.number, 1)
        for value in [*found.powers]:
            if value == first:
                for part, power in made.powers.items():
                    total.times(part, power)
            if value in rest.powers:
                total.times(value, rest.powers[value])
        for value, power in rest.powers.items():
            if value not in found.powers:
                total.times(value, power)
        return total

    def multiple(
        self,
        value: int,
        power: int,
        found: Product,
        seen: dict[int, None],
    ) -> tuple[Product, int]:
        """Return a value as a product, and how often a multiple of value**power is in another, so that both vanish together."""
        inner, own = self.apart(value)
        above = {
            v: p
            for v, p in inner.powers.items()
            if p > 0 and not self.builder.is_constant(v)
        }
        counts = {}
        for part, each in above.items():
            have, need = found.powers.get(part, 0), power * each
            if have * need > 0 and abs(have) >= abs(need):
                counts[part] = abs(have) // abs(need)
        # Of several factors all must be there, and as one: h*nu/(exp(h*nu/(k*T)) - 1).
        if len(counts) == 1 or (
            1 < len(counts) == len(above)
            and any(part in seen and self.covers(part, above) for part in own)
        ):
            return inner, min(counts.values())
        if counts or len(inner.powers) > 1:
            return inner, 0
        # A sum is a multiple of another: (V + 40)/(exp(V/10 + 4) - 1).
        for other, have in found.powers.items():
            step = self.step(other)
            if have * power > 0 and step is not None and step.op in ("add", "sub"):
                size = ratio(self.step, value, other)
                if size is not None:
                    return Product(size, {other: 1}), abs(have) // abs(power)
        return inner, 0

    def apart(self, value: int) -> tuple[Product, dict[int, None]]:
        """Return a value as a product, and the values that were taken apart; many rules ask for the same."""
        if value not in self.products:
            own: dict[int, None] = {}
            self.products[value] = factors(self.factor, (value, 1), seen=own), own
        return self.products[value]

    def covers(self, part: int, above: Mapping[int, int]) -> bool:
        """Whether a value has all of these factors."""
        inside = self.apart(part)[0].powers
        return all(inside.get(value, 0) == power for value, power in above.items())

    def times_log(self, found: Product, value: int, step: Step) -> Product | None:
        """Return x*log(y) as the product that is 0 where x and y are, if they can be 0 together; else None."""
        argument = step.args[0]
        if found.powers[value] != 1:
            return None
        inside = factors(self.factor, (argument, 1)).powers
        for factor, power in found.powers.items():
            if power != 1 or factor == value or self.builder.is_constant(factor):
                continue
            is_input = self.builder[factor].op == "input"
            made = self.step(factor)
            complement = (
                made is not None
                and made.op == "sub"
                and self.builder.number(made.args[0]) == 1
                and self.builder[made.args[1]].op == "input"
            )
            alone = len(found.powers) == 2
            inputs = all(self.builder[v].op == "input" for v in inside)
            simple = inputs and len(inside) == 1 and (alone or complement)
            if (
                step.op == "log"
                and (inside.get(factor, 0) > 0 or (simple and is_input))
                or step.op == "log1p"
                and (is_input or complement)
                and simple
            ):
                op = "xlogy" if step.op == "log" else "xlog1py"
                changed = Product(found.number)
                for part, each in found.powers.items():
                    if part == value:
                        changed.times(self.builder.emit(op, factor, argument), 1)
                    elif part != factor:
                        changed.times(part, each)
                return changed
        return None

    # Trees.

    def made(self, accurate: Program, bound: dict[int, int]) -> int:
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
                turned = self.negated(args[0])
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
        inner = factors(self.factor, (args[0], 1), (args[1], -1))
        if abs(inner.number) == 1:
            return emit_product(self.builder, inner)
        return self.builder.emit(step.op, *args)

    def negated(self, value: int, depth: int = 0) -> int | None:
        """Return -value without a sign: -(-a) = a, -(a - b) = b - a, -((-2)*a) = 2*a; None where there is nothing to turn."""
        step = self.step(value)
        if step is None or depth == _SIGN_DEPTH:
            return None
        if step.op == "const":
            number = number_of(self.step, value)
            return None if number is None or number > 0 else self.builder.const(-number)
        if step.op == "neg":
            return step.args[0]
        if step.op == "sub":
            return self.builder.emit("sub", *step.args[::-1])
        if step.op in ("mul", "div"):
            first, second = step.args
            turned = self.negated(first, depth + 1)
            if turned is not None:
                return self.builder.emit(step.op, turned, second)
            turned = self.negated(second, depth + 1)
            if turned is not None:
                return self.builder.emit(step.op, first, turned)
        return None

    def match(
        self, pattern: Program, at: int, step: Step, bound: dict[int, int]
    ) -> dict[int, int] | None:
        """Match the pattern's value `at` with `step`; return the variables' values. The recursion is as deep as the pattern."""
        wanted = pattern.steps[at]
        if not _alike(wanted, step):
            return None
        orders = [step.args]
        if wanted.op == "pow" and step.op in _POWERS:
            orders = [(*step.args, self.builder.const(_POWERS[step.op]))]
        if step.op in _COMMUTATIVE:
            orders.append(step.args[::-1])
        for args in orders:
            found: dict[int, int] | None = bound
            for part, value in zip(wanted.args, args):
                found = (
                    None
                    if found is None
                    else self.match_operand(pattern, part, value, found)
                )
            if found is not None:
                return found
        return None

    def match_operand(
        self,
        pattern: Program,
        part: int,
        value: int,
        bound: dict[int, int],
    ) -> dict[int, int] | None:
        wanted = pattern.steps[part]
        if wanted.op == "const":
            number = self.builder.number(value)
            same = number == wanted.data and isinstance(number, str) == isinstance(wanted.data, str)  # fmt: skip
            return bound if same else None
        if wanted.op == "input":
            if part in bound:
                return bound if bound[part] == value else None
            return {**bound, part: value}
        if wanted.op == "neg":
            # Where x is -a, -x is a.
            known = bound.get(wanted.args[0])
            if known is not None:
                return bound if self.opposite(known, value) else None
        step = self.step(value)
        return None if step is None else self.match(pattern, part, step, bound)

    def opposite(self, a: int, b: int) -> bool:
        """Whether one value is minus the other, as far as their signs and numbers tell."""
        first, second = (factors(self.factor, (value, 1)) for value in (a, b))
        if first.powers == second.powers:
            return first.number == -second.number
        one, other = self.step(a), self.step(b)
        subs = one is not None and other is not None and one.op == other.op == "sub"
        return subs and one.args == other.args[::-1]  # type: ignore[union-attr]


def _alike(wanted: Step, step: Step) -> bool:
    """Whether a step has a pattern's operation; where that is a power, any."""
    powers = ("powi", "powr", *_POWERS)
    return wanted.op == step.op or (wanted.op == "pow" and step.op in powers)


# Overflow.

#: Operations that pass infinity on, and those that have a finite limit and no slope there: for which sign of infinity.
_PASSING = ("add", "sub", "neg", "mul", "div")
_LIMITS = {
    "inv": "+-",
    "exp": "-",
    "expm1": "-",
    "log1mexp": "-",
    "sigmoid": "+-",
    "tanh": "+-",
    "erf": "+-",
    "erfc": "+-",
    "atan": "+-",
    "softplus": "-",
    "logsigmoid": "+",
}


def _surviving(program: Program) -> Program:
    """Let exp be infinite where all that reads it then has a finite limit, as 1/(2 + exp(x)) has."""
    readers: dict[int, list[int]] = {}
    for value, step in enumerate(program.steps):
        for arg in step.args:
            readers.setdefault(arg, []).append(value)
    results = {value for _, value in program.outputs}
    steps = list(program.steps)
    for value, step in enumerate(program.steps):
        if step.op != "exp" or _is_shifted(program, step):
            continue
        if _dies_out(program, value, readers, results):
            steps[value] = step._replace(op="expinf")
    return replace(program, steps=tuple(steps))


def _is_shifted(program: Program, step: Step) -> bool:
    """Whether the exponent is less than another by about the largest of all, so that it is never large."""
    exponent = program.steps[step.args[0]]
    if exponent.op not in ("sub", "neg"):
        return False
    return program.steps[exponent.args[-1]].op == "top"


def _dies_out(
    program: Program,
    start: int,
    readers: dict[int, list[int]],
    results: set[int],
) -> bool:
    """Whether infinity as a value ends, on all ways from it, in an operation that has a limit there."""
    sign: dict[int, int] = {start: 1}
    todo = [start]
    while todo:
        index = todo.pop()
        if index in results or len(sign) > _READERS:
            return False
        for reader in readers.get(index, ()):
            step = program.steps[reader]
            mark = "+" if sign[index] > 0 else "-"
            if mark in _LIMITS.get(step.op, ""):
                continue
            if (
                step.op not in _PASSING
                or step.args[0] == step.args[-1]
                and len(step.args) > 1
            ):
                return False
            now = sign[index]
            if step.op == "neg" or (step.op == "sub" and step.args[1] == index):
                now = -now
            if step.op in ("mul", "div"):
                other = step.args[1] if step.args[0] == index else step.args[0]
                number = number_of(program.steps.__getitem__, other)
                if not number:
                    return False
                if step.op == "div" and step.args[1] == index:
                    return False
                now = now if number > 0 else -now
            if sign.setdefault(reader, now) != now:
                return False
            if step.op in ("add", "sub") and sum(a in sign for a in step.args) > 1:
                return False
            todo.append(reader)
    return True
