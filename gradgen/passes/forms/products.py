"""A product in; the same product out, with the factors that a rule of products matches in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import product as choices
from typing import TypeAlias

from gradgen.core.build import Steps
from gradgen.core.program import Program
from gradgen.passes.forms.factors import Product, Values, factors, ratio
from gradgen.passes.forms.match import match
from gradgen.passes.forms.rules import Bound, Kind, Lead, Rule, Rules

#: The most times that a rule is applied to one product at once.
_TIMES = 8
#: What makes a rule's accurate side of the values that its variables are bound to.
_Make: TypeAlias = "Callable[[Program, Bound], int]"


class ProductRules:
    """The rules of products, with what they have found out about the values so far."""

    def __init__(self, rules: Rules, values: Values) -> None:
        self.rules = rules
        self.values = values
        self.builder = values.builder
        self.multiples = _Multiples(values)
        self.starts: dict[int, list[tuple[Rule, Bound]]] = {}
        self.fitting: dict[tuple[Lead, int], bool] = {}

    def forget(self) -> None:
        """Forget what rests on which products may be taken apart."""
        self.starts.clear()
        self.fitting.clear()

    def replaced(
        self,
        found: Product,
        first: int,
        kinds: Counter[Kind],
        seen: Mapping[int, None],
        known: dict[Lead, list[int]],
        make: _Make,
    ) -> Product | None:
        """Return a product by a rule that starts from one of its factors, None if there is none.

        Args:
            found: the product.
            first: the factor.
            kinds: how many factors of each kind it has.
            seen: what the product was taken apart from.
            known: the factors that may be those of rules, as far as they were looked for in this product.
            make: what makes a rule's accurate side.
        """
        rules = self.rules.of_product(self.builder.list[first], self.builder)
        if not any(all(kinds[k] >= n for k, n in rule.kinds) for rule in rules):
            return None  # as of nearly all
        for rule, bound in self._starting(first):
            if found.powers[first] * rule.leads[0].power < 0:
                continue
            others = self._others(rule, found, known)
            if not all(others):
                continue
            every = [[first], *others]
            try:
                changed = self._apply(rule, found, every, bound, seen, make)
            except OverflowError:
                continue  # the numbers of the product come to no double
            if changed is not None:
                return changed
        return None

    def _starting(self, value: int) -> list[tuple[Rule, Bound]]:
        """Return the rules that may start from a factor, with the values of their variables so far.

        Of a long product every part is asked for its factors, so it is looked up.
        """
        if value not in self.starts:
            found = self.starts[value] = []
            step = self.builder[value]
            for rule in self.rules.of_product(step, self.builder):
                bound = match(self.values, rule.naive, rule.leads[0].value, step, {})
                if bound is not None:
                    found.append((rule, bound))
        return self.starts[value]

    def _others(
        self, rule: Rule, found: Product, known: dict[Lead, list[int]]
    ) -> list[list[int]]:
        """Return, for each factor of a rule but the first, those of a product that it may be."""
        for lead in rule.leads[1:]:
            if lead not in known:
                known[lead] = [
                    value
                    for value, power in found.powers.items()
                    if power * lead.power > 0 and self._fits(rule, lead, value)
                ]
        return [known[lead] for lead in rule.leads[1:]]

    def _fits(self, rule: Rule, lead: Lead, value: int) -> bool:
        """Whether a value has the operation of a pattern's factor; where that has variables of its own, whether it matches."""
        key = lead, value
        if key not in self.fitting:
            step = self.builder[value]
            fits = step.op == lead.op
            if fits and lead.apart:
                fits = match(self.values, rule.naive, lead.value, step, {}) is not None
            self.fitting[key] = fits
        return self.fitting[key]

    def _apply(
        self,
        rule: Rule,
        found: Product,
        candidates: Sequence[Sequence[int]],
        start: Bound,
        seen: Mapping[int, None],
        make: _Make,
    ) -> Product | None:
        """Return the product where a rule matches it, with one of the candidates for each of its factors; else None."""
        if rule.number != 1 and abs(found.number) != abs(rule.number):
            return None
        for chosen in choices(*candidates):
            bound, times = self._bound(rule, found, chosen, start)
            if not times:
                continue
            rest = Product(found.number, dict(found.powers))
            rest.times_number(rule.number, -1)
            if rule.number != 1:
                times = 1
            inside = []
            for part, power in rule.free:
                inner, count = self.multiples.find(bound[part], power, found, seen)
                if not inner.powers and rule.of_rate and found.size != 1:
                    count = times  # the number is in that of the product
                above = (v for v, p in inner.powers.items() if p > 0)
                if rule.bounded and any(v not in found.powers for v in above):
                    count = 0
                inside.append((inner, power))
                times = min(times, count)
            if not times:
                continue
            for value, lead in zip(chosen, rule.leads):
                rest.times(value, -lead.power * times)
            for inner, power in inside:
                rest.times_product(inner, -power * times)
            made = make(rule.accurate, bound)
            return _in_place(self.values, chosen[0], (made, times), rest, found)
        return None

    def _bound(
        self, rule: Rule, found: Product, chosen: Sequence[int], start: Bound
    ) -> tuple[Bound, int]:
        """Return the values of a rule's variables by these factors, and how often the product has them; 0 if they do not match."""
        bound: Bound | None = start
        times = _TIMES if len({*chosen}) == len(chosen) else 0
        for value, lead in zip(chosen, rule.leads):
            have = found.powers[value]
            times = min(times, have // lead.power if have * lead.power > 0 else 0)
            if times and bound is not None and value != chosen[0]:
                step = self.builder[value]
                bound = match(self.values, rule.naive, lead.value, step, bound)
        return (start, 0) if bound is None else (bound, times)


def _in_place(
    values: Values, first: int, new: tuple[int, int], rest: Product, found: Product
) -> Product:
    """Return `rest` times a value and its power, in the place that the factor `first` had."""
    # (x/hypot(x, 1))**2 stays one factor: x**2 alone may have no double.
    whole = values.builder[new[0]].op == "sqr"
    made = Product(powers=dict([new])) if whole else values.factors(new)
    total = Product(rest.number)
    total.times_number(made.number, 1)
    for value in found.powers:
        if value == first:
            for part, power in made.powers.items():
                total.times(part, power)
        if value in rest.powers:
            total.times(value, rest.powers[value])
    for value, power in rest.powers.items():
        if value not in found.powers:
            total.times(value, power)
    return total


class _Multiples:
    """Finds values as factors of products; many rules ask for the same value."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.known: dict[int, tuple[Product, dict[int, None]]] = {}

    def find(
        self, value: int, power: int, found: Product, seen: Mapping[int, None]
    ) -> tuple[Product, int]:
        """Return a value as a product, and how often a multiple of value**power is in another, so that both vanish together."""
        inner, own = self._apart(value)
        above = {
            v: p
            for v, p in inner.powers.items()
            if p > 0 and not self.values.builder.is_constant(v)
        }
        counts = {}
        for part, each in above.items():
            have, need = found.powers.get(part, 0), power * each
            if have * need > 0 and abs(have) >= abs(need):
                counts[part] = abs(have) // abs(need)
        # Of several factors all must be there, and as one: h*nu/(exp(h*nu/(k*T)) - 1).
        if len(counts) == 1 or (
            1 < len(counts) == len(above)
            and any(part in seen and self._covers(part, above) for part in own)
        ):
            return inner, min(counts.values())
        if counts or len(inner.powers) > 1:
            return inner, 0
        # A sum is a multiple of another: (V + 40)/(exp(V/10 + 4) - 1).
        for other, have in found.powers.items():
            if have * power > 0 and self.values.builder[other].op in ("add", "sub"):
                size = ratio(self.values.step, value, other)
                if size is not None:
                    return Product(size, {other: 1}), abs(have) // abs(power)
        return inner, 0

    def _apart(self, value: int) -> tuple[Product, dict[int, None]]:
        """Return a value as a product, and the values that were taken apart."""
        if value not in self.known:
            own: dict[int, None] = {}
            self.known[value] = (
                factors(self.values.factor, (value, 1), seen=own),
                own,
            )
        return self.known[value]

    def _covers(self, part: int, above: Mapping[int, int]) -> bool:
        """Whether a value has all of these factors."""
        inside = self._apart(part)[0].powers
        return all(inside.get(value, 0) == power for value, power in above.items())


def times_log(values: Values, found: Product, value: int) -> Product | None:
    """Return x*log(y) as the product that is 0 where x and y are, if they can be 0 together; else None."""
    builder = values.builder
    step = builder[value]
    if step.op not in ("log", "log1p") or found.powers[value] != 1:
        return None
    (argument,) = step.args
    inside = values.factors((argument, 1)).powers
    inputs = all(builder[v].op == "input" for v in inside)
    for factor, power in found.powers.items():
        if power != 1 or factor == value or builder.is_constant(factor):
            continue
        is_input = builder[factor].op == "input"
        complement = _is_complement(builder, factor)
        simple = inputs and len(inside) == 1 and (len(found.powers) == 2 or complement)
        if step.op == "log":
            fits = inside.get(factor, 0) > 0 or (simple and is_input)
        else:
            fits = simple and (is_input or complement)
        if fits:
            op = "xlogy" if step.op == "log" else "xlog1py"
            changed = Product(found.number)
            for part, each in found.powers.items():
                if part == value:
                    changed.times(builder.emit(op, factor, argument), 1)
                elif part != factor:
                    changed.times(part, each)
            return changed
    return None


def _is_complement(builder: Steps, value: int) -> bool:
    """Whether a value is 1 - x of an input x."""
    step = builder[value]
    if step.op != "sub" or builder.number(step.args[0]) != 1:
        return False
    return builder[step.args[1]].op == "input"
