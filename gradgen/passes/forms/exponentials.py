"""A logarithm or a quotient of sums of exponentials in; the same value without their overflow out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from gradgen.core.build import Steps
from gradgen.passes.facts import ADDED
from gradgen.passes.forms.factors import (
    Product,
    StepOf,
    Values,
    emit_product,
    factors,
    number_of,
    terms,
)

#: A sum of more terms is left as it is.
_TERMS = 2000
#: So are all sums of more than a few terms, once so many terms have been looked at: in running totals each has all those before it.
_ALL_TERMS, _FEW = 200_000, 16
#: How many sums that were taken apart are kept.
_KEPT = 64
#: Functions that are positive everywhere: the logarithm of each, and its sign.
_LOGS: Mapping[str, tuple[str, int]] = {
    "sigmoid": ("logsigmoid", 1),
    "softplus": ("logsoftplus", 1),
    "cosh": ("logcosh", 1),
    "sech": ("logcosh", -1),
    "erfc": ("logerfc", 1),
    "norm_cdf": ("log_norm_cdf", 1),
}


@dataclass
class Term:
    """One term of a sum: a weight times the exponential of a sum of exponents, each with its factor."""

    weight: Product
    exponents: tuple[tuple[int, int], ...]


class Sums:
    """The sums of a program: each is taken apart, and written without its common size, once, however many quotients have it."""

    def __init__(self, values: Values, most: int) -> None:
        self.values = values
        self.builder = values.builder
        #: How many terms more may be looked at, and how many may be written without their common size.
        self.left, self.most = _ALL_TERMS, most
        self.kept: dict[int, list[Term]] = {}
        self.exponents: dict[int, set[tuple[tuple[int, int], ...]]] = {}
        self.tops: dict[int, int] = {}
        self.written: dict[int, int] = {}
        #: The terms of sums of two, as far as products may be taken apart.
        self.pairs: dict[int, list[Term]] = {}

    def summands(self, value: int) -> list[Term]:
        """Return the terms of a sum."""
        if value not in self.kept:
            if len(self.kept) == _KEPT:
                oldest = next(iter(self.kept))
                del self.kept[oldest]
                self.exponents.pop(oldest, None)
            limit = _TERMS if self.left > 0 else _FEW
            found = self.kept[value] = summands(self.values.step, value, limit)
            self.left -= len(found) if len(found) > _FEW else 0
        return self.kept[value]

    def pair(self, value: int) -> list[Term]:
        """Return the terms of a sum of two; the sum alone where it has more."""
        if value not in self.pairs:
            self.pairs[value] = summands(self.values.factor, value, 2)
        return self.pairs[value]

    def has(self, value: int, over: list[Term]) -> bool:
        """Whether a sum has all the exponentials of another."""
        if value not in self.exponents:
            found = self.summands(value)
            self.exponents[value] = {term.exponents for term in found}
        known = self.exponents[value]
        return all(not term.exponents or term.exponents in known for term in over)

    def top(self, value: int) -> int:
        """Return about the largest exponent of a sum."""
        if value not in self.tops:
            self.tops[value] = shift(self.builder, self.summands(value))
        return self.tops[value]

    def below(self, value: int) -> int:
        """Return a sum times exp(-top)."""
        if value not in self.written:
            found = self.summands(value)
            self.most -= len(found)
            self.written[value] = shifted(self.builder, found, self.top(value))
        return self.written[value]


def log_of(sums: Sums, value: int) -> int | None:
    """Return log(value) where the value is a product with exponentials in it or a sum of them, else None."""
    builder = sums.builder
    found = sums.summands(value)
    if not any(term.exponents for term in found):
        return _of_product(sums, found[0]) if len(found) == 1 else None
    if len(found) == 1:
        return _of_product(sums, found[0])
    if all(map(_constant, found)) and _positive(found):
        ones = _ones(found)
        if len(found) == 2 and ones:
            (other,) = (term for term in found if term not in ones)
            return builder.emit("softplus", _log_of_term(builder, other))
        logs = [_log_of_term(builder, term) for term in found]
        return reduce(lambda a, b: builder.emit("logaddexp", a, b), logs)
    numbers = sorted(term.weight.number for term in found)
    if numbers == [-1, 1] and all(map(_constant, found)):
        larger, smaller = sorted(found, key=lambda term: -term.weight.number)
        a, b = exponent(builder, larger), exponent(builder, smaller)
        inner = builder.emit("log1mexp", _difference(builder, b, a))
        return inner if builder.number(a) == 0 else builder.emit("add", a, inner)
    if not _worth_shifting(builder, found) or (len(found) == 2 and _ones(found)):
        return None  # log(1 + w*exp(x)) is a log1p
    top = shift(builder, found)
    total = shifted(builder, found, top)
    return builder.emit("add", top, builder.emit("log", total))


def summands(step_of: StepOf, value: int, limit: int) -> list[Term]:
    """Return the terms of a sum; of one of more than `limit` parts, the sum alone."""
    found = []
    for part, sign in terms(step_of, value, limit):
        product = factors(step_of, (part, 1))
        if sign < 0:
            product.times_number(Fraction(sign), 1)
        if list(product.powers.values()) == [1]:
            step = step_of(*product.powers)
            if step is not None and step.op == "expm1":
                found.append(Term(Product(product.number), ((step.args[0], 1),)))
                found.append(Term(Product(-product.number), ()))
                continue
        exponents = []
        for factor, power in list(product.powers.items()):
            step = step_of(factor)
            if step is not None and step.op == "exp":
                exponents.append((step.args[0], power))
                del product.powers[factor]
        found.append(Term(product, tuple(exponents)))
    return found


def exponent(builder: Steps, term: Term) -> int:
    """Return the exponent of a term, 0 if it has no exponential."""
    return _sum(builder, term.exponents) if term.exponents else builder.const(0)


def _sum(builder: Steps, terms: Iterable[tuple[int, int]]) -> int:
    """Return the sum of values, each as often as is said beside it."""
    total: int | None = None
    for value, times in terms:
        first = total is None
        if abs(times) != 1:
            number = Fraction(times if first else abs(times))
            value = builder.emit("mul", builder.const(number), value)
        if total is None:
            total = builder.emit("neg", value) if times == -1 else value
        else:
            total = builder.emit("sub" if times < 0 else "add", total, value)
    assert total is not None
    return total


def shift(builder: Steps, found: list[Term]) -> int:
    """Return about the largest exponent, as a value that has no gradient: what it is cancels in the result."""
    exponents = dict.fromkeys(exponent(builder, term) for term in found)
    if len(exponents) == 1:
        (only,) = exponents
        return builder.emit("top", only, only)
    return reduce(lambda a, b: builder.emit("top", a, b), exponents)


def shifted(builder: Steps, found: list[Term], top: int) -> int:
    """Return the sum of the terms times exp(-top)."""
    total: int | None = None
    for term in found:
        product = Product(term.weight.size, dict(term.weight.powers))
        product.times(_shifted_exponential(builder, exponent(builder, term), top), 1)
        made = emit_product(builder, product)
        negative = term.weight.number < 0
        if total is None:
            total = builder.emit("neg", made) if negative else made
        else:
            total = builder.emit("sub" if negative else "add", total, made)
    assert total is not None
    return total


def quotient_of(sums: Sums, product: Product) -> Product | None:
    """Return a product in which a sum of exponentials is divided by another, both without their common size; else None."""
    for below, power in product.powers.items():
        if power != -1:
            continue
        under = sums.summands(below)
        if len(under) < 2 or not any(term.exponents for term in under):
            continue
        for above, other in product.powers.items():
            if other != 1:
                continue
            over = sums.summands(above)
            if not all(term.exponents or _constant(term) for term in over):
                continue
            if not any(term.exponents for term in over):
                continue
            if not sums.has(below, over):
                continue
            new = 0 if below in sums.written else len(under)
            if len(over) + new > sums.most:
                return None
            top = sums.top(below)
            found = Product(product.number, {})
            for value, each in product.powers.items():
                if value == above:
                    sums.most -= len(over)
                    value = shifted(sums.builder, over, top)
                elif value == below:
                    value = sums.below(below)
                found.times(value, each)
            return found
    return None


def share_of(values: Values, product: Product) -> Product | None:
    """Return a product in which exponentials are divided by their sum over all rows, both without the largest of them; else None."""
    builder, found = values.builder, Product(product.number, dict(product.powers))
    for below in product.powers:
        under = _added(values, below)
        if under is None or not _constant(under) or found.powers.get(below) != -1:
            continue
        raised = exponent(builder, under)
        step = builder.list[raised]
        if step.op == "sub" and builder.list[step.args[1]].op == "largest":
            continue
        own = [(builder.emit("exp", value), power) for value, power in under.exponents]
        single = all(found.powers.get(value, 0) >= power > 0 for value, power in own)
        sums = [] if single else [*_sums_like(values, found, under)]
        if not single and not sums:
            continue
        top = builder.emit("largest", raised)
        for value, power in own if single else ():
            found.times(value, -power)
        if single:
            found.times(_shifted_exponential(builder, raised, top), 1)
        for value, term in ((below, under), *sums[:1]):
            power = found.powers[value]
            total = builder.emit(builder.list[value].op, shifted(builder, [term], top))
            found.times(value, -power)
            found.times(total, power)
    return None if found.powers == product.powers else found


def _added(values: Values, value: int) -> Term | None:
    """Return what is added up over all rows, if that has exponentials."""
    step = values.step(value)
    if step is None or step.op not in ADDED:
        return None
    found, *others = summands(values.step, step.args[0], 1)
    return found if found.exponents and not others else None


def _sums_like(
    values: Values, product: Product, under: Term
) -> Iterator[tuple[int, Term]]:
    """Yield the factors that are sums over all rows of terms with the same exponentials."""
    for value, power in product.powers.items():
        term = _added(values, value) if power == 1 else None
        if term is not None and term.exponents == under.exponents:
            yield value, term


def logistic(sums: Sums, product: Product) -> Product | None:
    """Return a product in which 1/(c + a*exp(u)) is wsigmoid(a/c, -u)/c, which has no overflow; else None.

    Raises:
        OverflowError: the numbers come to no double.
    """
    if all(power > 0 for power in product.powers.values()):
        return None
    builder = sums.builder
    changed = Product(product.number)
    for below, power in product.powers.items():
        found = sums.pair(below) if power < 0 else []
        plain = [term for term in found if not term.exponents and _constant(term)]
        rising = [term for term in found if term.exponents]
        if len(found) != 2 or len(plain) != 1 or len(rising) != 1:
            changed.times(below, power)
            continue
        weight = Product(rising[0].weight.number, rising[0].weight.powers)
        weight.times_number(plain[0].weight.number, -1)
        if not weight.powers and abs(weight.number) == 1:
            return None  # 1/(1 + exp(u)) and 1/(1 - exp(u))
        risen = exponent(builder, rising[0])
        turned = sums.values.negated(risen)
        if turned is None:
            turned = builder.emit("neg", risen)
        scale = emit_product(builder, weight)
        changed.times(builder.emit("wsigmoid", scale, turned), -power)
        changed.times_number(plain[0].weight.number, power)
    return None if changed.powers == product.powers else changed


def risen(sums: Sums, product: Product) -> Product | None:
    """Return a product in which exp(u)*wsigmoid(a, -u) is wsigmoid(1/a, u)/a, which has no overflow; else None.

    Raises:
        OverflowError: the numbers come to no double.
    """
    builder = sums.builder
    for value, power in product.powers.items():
        step = builder.list[value]
        scale = number_of(sums.values.step, step.args[0]) if step.args else None
        if step.op != "wsigmoid" or not scale or power < 0:
            continue
        negated = sums.values.negated(step.args[1])
        turned = builder.emit("neg", step.args[1]) if negated is None else negated
        above = builder.emit("exp", turned)
        times = min(power, product.powers.get(above, 0))
        if times <= 0:
            continue
        inverse = Product()
        inverse.times_number(scale, -1)
        changed = Product(product.number, dict(product.powers))
        changed.times(above, -times)
        changed.times(value, -times)
        one = emit_product(builder, inverse)
        changed.times(builder.emit("wsigmoid", one, turned), times)
        changed.times_number(scale, -times)
        return changed
    return None


def _of_product(sums: Sums, term: Term) -> int | None:
    """Return u + log(rest) for the logarithm of exp(u)*rest, whose sign is the rest's; None without exponentials."""
    builder = sums.builder
    rest = Product(term.weight.number, dict(term.weight.powers))
    logs: list[tuple[int, int]] = []
    if term.exponents:
        logs.append((exponent(builder, term), 1))
    for value, power in term.weight.powers.items():
        own = _of_factor(sums, value)
        if own is not None:
            logs.append((own[0], own[1] * power))
            rest.times(value, -power)
            continue
        apart = _of_difference(sums, value)
        if apart is not None:
            logs.append((apart[0], power))
            rest.times(value, -power)
            rest.times(apart[1], power)
            continue
        inner = sums.summands(value)
        several = len(inner) > 1 and any(part.exponents for part in inner)
        if several and all(map(_constant, inner)) and _positive(inner):
            log = log_of(sums, value)
            assert log is not None
            logs.append((log, power))
            rest.times(value, -power)
    if not logs:
        return None
    total = _sum(builder, logs)
    if rest.number == 1 and not rest.powers:
        return total
    if rest.number > 0 and all(power < 0 for power in rest.powers.values()):
        inverse = Product()
        inverse.times_product(rest, -1)
        if rest.powers or rest.number < 1:
            below = builder.emit("log", emit_product(builder, inverse))
            return builder.emit("sub", total, below)
    return builder.emit("add", total, builder.emit("log", emit_product(builder, rest)))


def _of_difference(sums: Sums, value: int) -> tuple[int, int] | None:
    """Return about the logarithm of the larger of two norm_cdf, and their difference in multiples of what that is of."""
    builder, step_of = sums.builder, sums.values.step
    step = step_of(value)
    if step is None or step.op != "sub":
        return None
    operands = [step_of(arg) for arg in step.args]
    logs = [
        builder.emit("log_norm_cdf", *operand.args)
        for operand in operands
        if operand is not None and operand.op == "norm_cdf"
    ]
    if len(logs) < 2:
        return None
    top = builder.emit("top", *logs)
    shifted = [_shifted_exponential(builder, log, top) for log in logs]
    return top, builder.emit("sub", *shifted)


def _of_factor(sums: Sums, value: int) -> tuple[int, int] | None:
    """Return the logarithm of what is always positive and may vanish or have no double, without its sign, and its sign."""
    builder, step = sums.builder, sums.values.step(value)
    if step is None or step.op not in (*_LOGS, "wsigmoid"):
        return None
    if step.op in _LOGS:
        op, sign = _LOGS[step.op]
        return builder.emit(op, *step.args), sign
    scale = number_of(sums.values.step, step.args[0])
    if not scale or scale < 0:
        return None
    # log(1 + a*exp(-x)) = softplus(log(a) - x)
    log = builder.emit("log", step.args[0])
    return builder.emit("softplus", builder.emit("sub", log, step.args[1])), -1


def _log_of_term(builder: Steps, term: Term) -> int:
    value = exponent(builder, term)
    weight = emit_product(builder, term.weight)
    if builder.number(weight) == 1:
        return value
    log = builder.emit("log", weight)
    return log if builder.number(value) == 0 else builder.emit("add", value, log)


def _constant(term: Term) -> bool:
    """Whether a term's weight is a number."""
    return not term.weight.powers


def _ones(found: list[Term]) -> list[Term]:
    return [
        t for t in found if _constant(t) and not t.exponents and t.weight.number == 1
    ]


def _positive(found: list[Term]) -> bool:
    return all(term.weight.number > 0 for term in found)


def _worth_shifting(builder: Steps, found: list[Term]) -> bool:
    """Whether several terms have exponentials, or one does and the rest are numbers and inputs."""
    plain = [
        value for term in found if not term.exponents for value in term.weight.powers
    ]
    inputs = all(builder.is_constant(v) or builder[v].op == "input" for v in plain)
    return inputs or sum(bool(term.exponents) for term in found) > 1


def _difference(builder: Steps, a: int, b: int) -> int:
    if builder.number(b) == 0:
        return a
    return (
        builder.emit("neg", b) if builder.number(a) == 0 else builder.emit("sub", a, b)
    )


def _shifted_exponential(builder: Steps, value: int, top: int) -> int:
    return builder.emit("exp", _difference(builder, value, top))
