"""The argument of a square root in; whether it is a sum of squares, whose root has the gradient 0 where all of them are 0, out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations

from gradgen.factors import Product, StepOf, emit_product, factors, terms
from gradgen.ir import Const, Operand, Step
from gradgen.stage import Builder

#: A sum of more terms is left as it is.
_TERMS = 1000
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


def sum_of_squares(step_of: StepOf, value: Operand) -> Squares | None:
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


def squared(step_of: StepOf, value: Operand) -> list[Operand]:
    """Return what is squared in a sum of squares alone, such as a**2 + b**2 + c**2 + d**2; nothing for all else."""
    found = []
    for part, sign in terms(step_of, value, _TERMS):
        step = step_of(part)
        if step is None or step.op != "sqr" or sign < 0:
            return []
        found.append(step.args[0])
    return found


def length(builder: Builder, values: Sequence[Operand]) -> Operand:
    """Return the root of the sum of the values' squares, none of which need have a double: by threes, hypot(d, hypot(a, b, c))."""
    left = deque(values)
    while len(left) > 1:
        some = [left.popleft() for _ in range(min(3, len(left)))]
        left.append(builder.emit("hypot" if len(some) == 2 else "hypot3", *some))
    return left[0]


def witness(builder: Builder, squares: Squares) -> Operand:
    """Return a condition that holds where not all the squares are 0."""
    values = [emit_product(builder, square) for square in squares.witnesses]
    total = reduce(lambda a, b: builder.emit("add", a, b), dict.fromkeys(values))
    return builder.emit("ne", total, Const(Fraction(0)))


@dataclass
class _Term(Product):
    """A term, and whether a square in it is written as one."""

    shown: bool = False


def _monomials(step_of: StepOf, value: Operand) -> list[_Term] | None:
    """Return the terms of a sum as products; a sum times a number is gone into. None where a term is a number."""
    found: list[_Term] = []
    todo: list[tuple[Operand, Fraction | float]] = [(value, Fraction(1))]
    while todo:
        at, scale = todo.pop()
        for part, sign in terms(step_of, at, _TERMS):
            seen: dict[Operand, None] = {}
            product = _Term(**vars(factors(step_of, (part, 1), seen=seen)))
            product.shown = _shown(step_of, seen, _even_part(product))
            product.times_number(scale, 1)
            product.times_number(Fraction(sign), 1)
            if not product.powers or len(found) > _TERMS:
                return None
            inner = [value for value, power in product.powers.items() if power == 1]
            step = step_of(inner[0]) if len(inner) == 1 == len(product.powers) else None
            if step is not None and step.op in ("add", "sub"):
                todo.append((inner[0], product.number))
            else:
                found.append(product)
    return found


def _shown(step_of: StepOf, seen: Iterable[Operand], square: Product) -> bool:
    """Whether a square is written as one, as x**2 is and x*x in 2*x*x is not."""
    bases: dict[Operand, None] = {}
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


def _root(square: Product) -> dict[Operand, int]:
    return {value: power // 2 for value, power in square.powers.items()}


def _divides(a: dict[Operand, int], b: dict[Operand, int], product: Product) -> bool:
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
    sizes: dict[tuple[Operand, ...], Fraction] = {}
    for product in found:
        even = _even_part(product)
        if even.powers:
            if len(even.powers) > 1 or even.powers != product.powers:
                return False
            key = tuple(even.powers)
            sizes[key] = sizes.get(key, Fraction(0)) + Fraction(product.number)
    shares: dict[tuple[Operand, Operand], Fraction] = {}
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
