"""The argument of a square root in; whether it is a sum of squares, whose root has the gradient 0 where all of them are 0, out."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations

from gradgen.core.build import Steps, quotient
from gradgen.core.program import Step
from gradgen.passes.forms.factors import (
    Product,
    StepOf,
    emit_product,
    factors,
    near,
    terms,
)

#: A sum of more terms is left as it is.
LONGEST_SUM = 1000
#: Cross terms are looked at in sums of at most this many.
_CROSSED = 32
#: Functions between -1 and 1.
_BOUNDED = ("sin", "cos", "tanh", "erf")
#: Functions that are nowhere 0 or less.
_POSITIVE = ("exp", "cosh", "sigmoid", "sech")


@dataclass
class Squares:
    """A sum of squares: whether that is certain, and else the squares on which it depends."""

    certain: bool
    witnesses: tuple[Product, ...] = ()


def sum_of_squares(step_of: StepOf, value: int) -> Squares | None:
    """Return the squares in `value`, if value and gradient are 0 where all of them are 0; None for all else.

    Each term is a square, a square times something, or a product of what is squared in two other terms, as in
    x**2 + x*y + y**2. If the sum cannot be negative, it is 0 only there.
    """
    found = _monomials(step_of, value)
    if found is None:
        return None
    pure, weighted, crossed = [], [], []
    for product in found:
        odd = [
            value
            for value, power in product.powers.items()
            if power % 2 and not _positive(step_of(value))
        ]
        even = _even_part(product)
        if not even.powers:
            crossed.append(product)
        elif odd:
            weighted.append((product, even))
        elif product.number > 0:
            pure.append(even)
        else:
            return None
    squares = [*pure, *(even for _, even in weighted)]
    if not crossed and all(product.shown for product in found):
        return None  # squares as such are seen where the slopes are made
    if crossed:
        if len(found) > _CROSSED:
            return None
        roots = [_root(square) for square in squares]
        for product in crossed:
            if not any(_divides(a, b, product) for a, b in combinations(roots, 2)):
                return None
        if not weighted and _cannot_be_negative(step_of, crossed, found):
            return Squares(True)
    if any(product.number < 0 for product, _ in weighted) or not squares:
        return None
    if not weighted and not crossed:
        return Squares(True)
    return Squares(False, tuple(squares))


def norm(builder: Steps, step_of: StepOf, value: int) -> int | None:
    """Return the root of a sum of squares, each times a number, as their norm; None for all else.

    sqrt(2*a**2 + b**4) is hypot(sqrt(2)*a, b**2), and sqrt((a**2 + b**2)/3) is hypot(a, b)/sqrt(3): none of the squares need
    have a double.
    """
    found = _monomials(step_of, value, numbers=True)
    if found is None or not any(term.powers for term in found):
        return None
    if any(term.number <= 0 or any(p % 2 for p in term.powers.values()) for term in found):  # fmt: skip
        return None
    numbers = {term.number for term in found}
    common = numbers.pop() if len(numbers) == 1 else Fraction(1)
    made = []
    for term in found:
        number = _exact_root(term.number)
        if number is None and not term.powers:
            return None  # sqrt(x**2 + 0.3) is never 0
        part = emit_product(builder, Product(Fraction(1), _root(term)))
        made.append(part if common != 1 else _times_root(builder, part, term.number))
    if len(made) == 1:
        even = all(power % 4 == 0 for power in found[0].powers.values())
        whole = made[0] if even else builder.emit("abs", made[0])
    else:
        whole = length(builder, made)
    return _times_root(builder, whole, common)


def _exact_root(number: Fraction | float) -> Fraction | None:
    """Return the root of a number that is a square."""
    exact = Fraction(number)
    root = Fraction(math.isqrt(exact.numerator), math.isqrt(exact.denominator))
    return root if root * root == exact else None


def _times_root(builder: Steps, value: int, number: Fraction | float) -> int:
    """Return a value times the root of a number: x*sqrt(2), 3*x, x/sqrt(3)."""
    root = _exact_root(number)
    if root is not None:
        powers = {} if builder.number(value) == 1 else {value: 1}
        return emit_product(builder, Product(root, powers))
    if isinstance(number, Fraction) and number.numerator == 1:
        below = builder.emit("sqrt", builder.const(Fraction(number.denominator)))
        return quotient(builder, value, below)
    return builder.emit("mul", builder.emit("sqrt", builder.const(number)), value)


def variance(
    builder: Steps, step_of: StepOf, step: Step, affords: Callable[[int], bool]
) -> int | None:
    """Return a mean of squares minus the squared mean as the mean of the squared deviations; None for all else.

    (a**2 + b**2)/2 - m**2, m = (a + b)/2, is ((a - m)**2 + (b - m)**2)/2, which is 0 where a and b are equal. In general
    sum(w*x**2) - (sum(w*x))**2/W is sum(w*(x - m)**2), where W = sum(w) and m = sum(w*x)/W.
    """
    taken = factors(step_of, (step.args[1], 1))
    if [*taken.powers.values()] != [2] or taken.number < 0:
        return None
    (total,) = taken.powers
    if step_of(total) is None or not (affords(total) and affords(step.args[0])):
        return None
    squares = _monomials(step_of, step.args[0]) or []
    weights = {base: term.number for term in squares for base in term.powers}
    square = all([*t.powers.values()] == [2] and t.number > 0 for t in squares)
    if not square or not 1 < len(weights) == len(squares):
        return None
    summed = _monomials(lambda v: None if v in weights else step_of(v), total) or []
    shares = {base: term.number for term in summed for base in term.powers}
    if {*shares} != {*weights} or len(summed) != len(shares):
        return None
    if any([*term.powers.values()] != [1] for term in summed):
        return None
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    ratios = [Fraction(shares[base]) / Fraction(weights[base]) for base in weights]
    if not all(near(ratio, ratios[0]) for ratio in ratios):
        return None
    if not near(Fraction(taken.number) * ratios[0] ** 2 * whole, Fraction(1)):
        return None
    scale = 1 / (ratios[0] * whole)
    mean = emit_product(builder, Product(scale, {total: 1})) if not near(scale, Fraction(1)) else total  # fmt: skip
    equal = len({*weights.values()}) == 1
    found: int | None = None
    for base, weight in weights.items():
        deviation = builder.emit("sqr", builder.emit("sub", base, mean))
        if not equal:
            deviation = emit_product(builder, Product(weight, {deviation: 1}))
        found = deviation if found is None else builder.emit("add", found, deviation)
    assert found is not None
    return emit_product(builder, Product(weight, {found: 1})) if equal else found


def length(builder: Steps, values: Sequence[int]) -> int:
    """Return the root of the sum of the values' squares, none of which need have a double: by threes, hypot(d, hypot(a, b, c))."""
    left = deque(values)
    while len(left) > 1:
        some = [left.popleft() for _ in range(min(3, len(left)))]
        left.append(builder.emit("hypot" if len(some) == 2 else "hypot3", *some))
    return left[0]


def witness(builder: Steps, squares: Squares) -> int:
    """Return a condition that holds where not all the squares are 0."""
    values = [emit_product(builder, square) for square in squares.witnesses]
    total = reduce(lambda a, b: builder.emit("add", a, b), dict.fromkeys(values))
    return builder.emit("ne", total, builder.const(0))


@dataclass
class _Term(Product):
    """A term, and whether a square in it is written as one."""

    shown: bool = False


def _monomials(
    step_of: StepOf, value: int, numbers: bool = False
) -> list[_Term] | None:
    """Return the terms of a sum as products; a sum times a number is gone into. None where a term is a number, unless these are wanted."""
    found: list[_Term] = []
    todo: list[tuple[int, Fraction | float]] = [(value, Fraction(1))]
    while todo:
        at, scale = todo.pop()
        for part, sign in terms(step_of, at, LONGEST_SUM):
            seen: dict[int, None] = {}
            product = _Term(**vars(factors(step_of, (part, 1), seen=seen)))
            product.shown = _shown(step_of, seen, _even_part(product))
            product.times_number(scale, 1)
            product.times_number(Fraction(sign), 1)
            if not (product.powers or numbers) or len(found) > LONGEST_SUM:
                return None
            inner = [value for value, power in product.powers.items() if power == 1]
            step = step_of(inner[0]) if len(inner) == 1 == len(product.powers) else None
            if step is None or step.op not in ("add", "sub"):
                found.append(product)
            elif inner[0] == at:
                return None  # it has more terms than are looked at
            else:
                todo.append((inner[0], product.number))
    return found


def _shown(step_of: StepOf, seen: Iterable[int], square: Product) -> bool:
    """Whether a square is written as one, as x**2 is and x*x in 2*x*x is not."""
    bases: dict[int, None] = {}
    for value in seen:
        step = step_of(value)
        if step is not None and step.op in ("sqr", "powi"):
            bases |= dict.fromkeys(factors(step_of, (step.args[0], 1)).powers)
    return all(value in bases for value in square.powers)


def _even_part(product: Product) -> Product:
    """Return the square in a term: its factors of even powers, without those that are divided by."""
    powers = {
        value: power - power % 2 for value, power in product.powers.items() if power > 1
    }
    return Product(Fraction(1), powers)


def _root(square: Product) -> dict[int, int]:
    return {value: power // 2 for value, power in square.powers.items()}


def _divides(a: dict[int, int], b: dict[int, int], product: Product) -> bool:
    """Whether a term is a multiple of a*b."""
    wanted = dict(a)
    for value, power in b.items():
        wanted[value] = wanted.get(value, 0) + power
    return all(product.powers.get(v, 0) >= power for v, power in wanted.items())


def _positive(step: Step | None) -> bool:
    return step is not None and step.op in _POSITIVE


def _cannot_be_negative(
    step_of: StepOf, crossed: Sequence[Product], found: Sequence[Product]
) -> bool:
    """Whether a quadratic form is never negative: each square's number outweighs its shares in the cross terms."""
    sizes: dict[tuple[int, ...], Fraction] = {}
    for product in found:
        even = _even_part(product)
        if even.powers:
            if len(even.powers) > 1 or even.powers != product.powers:
                return False
            key = tuple(even.powers)
            sizes[key] = sizes.get(key, Fraction(0)) + Fraction(product.number)
    shares: dict[tuple[int, int], Fraction] = {}
    for product in crossed:
        bases = [value for value in product.powers if (value,) in sizes]
        others = [value for value in product.powers if value not in bases]
        steps = [step_of(value) for value in others]
        if len(bases) != 2 or any(s is None or s.op not in _BOUNDED for s in steps):
            return False
        if any(power != 1 for power in product.powers.values()):
            return False
        pair = bases[0], bases[1]
        pair = (
            pair if pair in shares or pair[::-1] not in shares else (pair[1], pair[0])
        )
        shares[pair] = shares.get(pair, Fraction(0)) + abs(Fraction(product.number))
    if len(shares) == 1:
        (((a, b), share),) = shares.items()
        return share * share <= 4 * sizes[a,] * sizes[b,]
    for key, size in sizes.items():
        if sum(share for pair, share in shares.items() if key[0] in pair) > 2 * size:
            return False
    return True
