"""What was read in, expressions as trees; their plain evaluation by mpmath out, operation by operation: none of gradgen's stages and rules."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy.codegen import cfunctions as cf
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom

from gradgen.prove.exact import meaning_of
from gradgen.read.definitions import Definition
from gradgen.read.sympy import functions as fn
from gradgen.read.sympy.nodes import ByNode, operands_first
from gradgen.read.sympy.stage import python_name

#: The binary logarithm of what is far beyond a double.
_FAR = 3000
_ZERO = mpmath.mpf(0)
_EPSILON = mpmath.mpf(2) ** -52
#: A part by which numbers may differ by rounding alone.
_ROUNDING = mpmath.mpf(2) ** -40
#: What an operation raises where it has no value, and where an operand has none.
_FAILS = (ArithmeticError, ValueError, TypeError, NotImplementedError, mpmath.libmp.NoConvergence)  # fmt: skip
#: What an evaluation costs, in additions: of a function of mpmath's, and of one that is dear to it.
_CALL, _DEAR = 10, 400

Meaning = Callable[..., Any]
#: An operation: where its value stands, what it means, and where its operands stand.
_Step = tuple[int, Meaning, tuple[int, ...]]


class Plain:
    """What was read, ready to be evaluated at many points.

    A value is None where there is no finite real one, as log(-1); this spreads, but not out of a branch not taken.

    Attributes:
        inputs: the names of its variables, in the order of the points.
        results: where the values of the results stand.
        choices: by the place of each choice, the places of its conditions, and of what each of its branches needs. A maximum
            and the like are choices, too, between numbers, and all of them are needed.
        ways: how many branches there are, all together.
        cost: what one evaluation costs, in additions.
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        self.inputs = tuple(inputs)
        self.results: list[int] = []
        self.choices: dict[int, tuple[Sequence[int], Sequence[Sequence[int]]]] = {}
        self.ways = 0
        self.cost = 0
        self._size = len(self.inputs)
        self._literals: list[tuple[int, Callable[[], Any]]] = []
        self._steps: list[_Step] = []
        #: The places whose values no input changes, and those of them that are exact.
        self._constant: set[int] = set()
        self._exact: set[int] = set()
        self._known: dict[int, list[Any]] = {}
        self._live: list[_Step] = []
        #: Those of them that choices need to be made.
        self._tests: list[_Step] | None = None

    def literal(self, value: Callable[[], Any], exact: bool) -> int:
        """Add a number, which is made anew for each precision; return its place."""
        place = self._size
        self._size += 1
        self._literals.append((place, value))
        self._constant.add(place)
        if exact:
            self._exact.add(place)
        return place

    def step(self, meaning: Meaning, operands: Sequence[int], cost: int = 1) -> int:
        """Add an operation; return its place."""
        if meaning == mpmath.atan2 and operands[0] not in self._constant:
            meaning = _angle
        place = self._size
        self._size += 1
        self._steps.append((place, meaning, tuple(operands)))
        self.cost += cost
        if self._constant.issuperset(operands):
            self._constant.add(place)
            if self._exact.issuperset(operands):
                self._exact.add(place)
        return place

    def at(self, point: Sequence[Any]) -> list[Any]:
        """Return all values at a point, with mpmath's working precision."""
        values = self._start(point)
        _run(values, self._live)
        return values

    def tested(self, point: Sequence[Any]) -> list[Any]:
        """Return the values at a point by which branches are chosen, and those that they need."""
        values = self._start(point)
        if self._tests is None:
            wanted = {test for tests, _ in self.choices.values() for test in tests}
            for place, _, operands in reversed(self._live):
                if place in wanted:
                    wanted.update(operands)
            self._tests = [step for step in self._live if step[0] in wanted]
        _run(values, self._tests)
        return values

    def _start(self, point: Sequence[Any]) -> list[Any]:
        """Return a point with the values that no input changes; all others are None."""
        precision = mpmath.mp.prec
        if precision not in self._known:
            blank = self._known[precision] = self._blank()
            _run(blank, [s for s in self._steps if s[0] in self._constant])
            self._live = [s for s in self._steps if s[0] not in self._constant]
        values = [*self._known[precision]]
        values[: len(point)] = point
        return values

    def _blank(self) -> list[Any]:
        values: list[Any] = [None] * self._size
        for place, literal in self._literals:
            values[place] = literal()
        return values

    def rough(
        self, point: Sequence[Any], centre: Sequence[Any], noise: Callable[[], float]
    ) -> list[Any]:
        """Return all values as arithmetic of doubles might round them: the same at every call with the same noise.

        Each operation is off by up to a unit in the last place, at the centre and with a slope of its own around it.

        Args:
            point: where.
            centre: all values at the point around which this is asked.
            noise: numbers from -1 to 1.
        """
        values = self._blank()
        values[: len(point)] = point
        for place, meaning, operands in self._steps:
            try:
                value = _real(meaning(*[values[i] for i in operands]))
            except _FAILS:
                value = None
            off, slope = noise(), noise()
            exact = place in self._exact and _fits(value)
            if type(value) is mpmath.mpf and not exact:
                drift = _ZERO
                for i in operands:
                    if type(values[i]) is mpmath.mpf and type(centre[i]) is mpmath.mpf:
                        drift += values[i] - centre[i]
                value *= 1 + _EPSILON * (off + slope * drift)
            values[place] = value
        return values

    def choose(
        self, place: int, tests: Sequence[int], needs: Sequence[Sequence[int]]
    ) -> int:
        """Note that the operation at a place is a choice, and return the place.

        Args:
            place: where its value stands.
            tests: the conditions, or the numbers of which one is chosen, or one number whose sign decides.
            needs: what each branch needs; the last also where no condition holds.
        """
        self.choices[place] = tests, needs
        self.ways += len(needs)
        return place

    def choose_quotient(self, place: int, operands: Sequence[int]) -> None:
        """Note that the operation at a place is a remainder, which is another function where the whole quotient is 0."""
        test = self.step(lambda x, y: bool(0 <= x / y < 1), operands)
        self.choose(place, [test], [operands, operands])

    def taken(self, values: Sequence[Any]) -> frozenset[tuple[int, int]]:
        """Return the branches that were taken on the way to the results: which choice, and which of its branches."""
        if not self.choices:
            return frozenset()
        found = set()
        live = set(self.results)
        for place, _, operands in reversed(self._steps):
            if place in live and place in self.choices:
                tests, needs = self.choices[place]
                way = _way([values[test] for test in tests]) % len(needs)
                found.add((place, way))
                live.update(needs[way])
            elif place in live:
                live.update(operands)
        return frozenset(found)

    def landmarks(self) -> list[float]:
        """Return the numbers that were written, each once."""
        found = (literal() for _, literal in self._literals)
        return [*dict.fromkeys(float(v) for v in found if not isinstance(v, bool))]

    def values(self, found: Sequence[Any]) -> list[Any]:
        """Return the results' values of all values."""
        return [found[place] for place in self.results]

    def add_tree(
        self,
        expr: sp.Basic,
        variables: Mapping[str, int],
        own: Mapping[str, Definition],
        done: ByNode[int],
    ) -> int:
        """Add an expression's operations, each shared one once; return the place of its value.

        Args:
            expr: the expression.
            variables: the places of its symbols, by name.
            own: the functions that the program declares, by the names of their nodes.
            done: the places of what was added before, with these variables.

        Raises:
            KeyError: it holds a symbol or a function that is not known.
        """
        for node in operands_first([expr], done):
            done[node] = self._add_node(node, variables, own, done)
        return done[expr]

    def _add_node(
        self,
        node: sp.Basic,
        variables: Mapping[str, int],
        own: Mapping[str, Definition],
        done: ByNode[int],
    ) -> int:
        if node.is_Symbol:
            return variables[python_name(node.name)]
        if node.is_Atom:
            whole = node.is_Float and float(node).is_integer()
            exact = isinstance(node, BooleanAtom) or node.is_Rational or whole
            return self.literal(meaning_of(node), bool(exact))
        operands = [done[arg] for arg in node.args]
        if isinstance(node, AppliedUndef):
            # A function of one line calls no other: theirs are written out in it.
            definition = own[node.func.__name__]
            if definition.body is None:
                raise KeyError(definition.name)
            inner = dict(zip(definition.params, operands))
            return self.add_tree(definition.body, inner, {}, ByNode())
        place = self.step(_meaning(node), operands, _cost(node))
        if isinstance(node, sp.Piecewise):
            tests = [done[pair.args[1]] for pair in node.args]
            needs = [[pair, *tests[:i]] for i, pair in enumerate(operands)]
            self.choose(place, tests, needs)
        elif node.func is sp.Mod:
            self.choose_quotient(place, operands)
        elif node.func in _BY_SIZE:
            self.choose(place, operands, [operands] * max(2, len(operands)))
        return place


def plain_formula(
    named: Sequence[tuple[str, sp.Basic]],
    results: Sequence[str],
    functions: Iterable[Definition] = (),
) -> Plain | None:
    """Return what was read as trees; None where it calls what nothing is known of.

    Args:
        named: names and what they stand for, in order; later ones may be in terms of earlier ones, and all else is an input.
        results: the names of the results.
        functions: those that the program declares.
    """
    made = {name for name, _ in named}
    inputs = [name for name in _names_in(expr for _, expr in named) if name not in made]
    plain = Plain(inputs)
    places = {name: place for place, name in enumerate(inputs)}
    own = {definition.key: definition for definition in functions if definition.key}
    done: ByNode[int] = ByNode()
    try:
        for name, expr in named:
            places[name] = plain.add_tree(expr, places, own, done)
    except (KeyError, NameError, TypeError, AttributeError):
        return None
    plain.results = [places[name] for name in results]
    return plain


def _names_in(exprs: Iterable[sp.Basic]) -> list[str]:
    """Return the names of the symbols in expressions, each once."""
    found: dict[str, None] = {}
    seen: ByNode[None] = ByNode()
    todo = [*exprs]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen[node] = None
            todo += node.args
            if node.is_Symbol:
                found[python_name(node.name)] = None
    return [*found]


def _way(found: list[Any]) -> int:
    """Return which condition is true first, or which number is largest; of one number, whether it is positive."""
    if all(type(each) is mpmath.mpf for each in found):
        return found.index(max(found)) if len(found) > 1 else int(found[0] > 0)
    return found.index(True) if True in found else -1


def _run(values: list[Any], steps: Iterable[_Step]) -> None:
    for place, meaning, operands in steps:
        try:
            value = meaning(*[values[i] for i in operands])
        except _FAILS:
            continue
        values[place] = _real(value)


def _fits(value: Any) -> bool:
    """Whether a value has no more digits than a double."""
    return type(value) is not mpmath.mpf or value._mpf_[3] <= 53


def _real(value: Any) -> Any:
    """Return a finite real number or a truth value; None for all else."""
    if type(value) is mpmath.mpf:
        _, man, exponent, bits = value._mpf_
        if not man:
            return None if exponent else value
        # What is far beyond a double either way would take forever to go on with.
        size = exponent + bits
        if size > _FAR:
            return None
        return value if size > -_FAR else _ZERO
    if isinstance(value, mpmath.mpc):
        return value.real if value.imag == 0 else None
    if isinstance(value, (bool, tuple)) or value is None:
        return value
    return _real(mpmath.mpf(value))


def _not(condition: bool | None) -> bool | None:
    return None if condition is None else not condition


def equal(x: Any, y: Any) -> bool | None:
    """Return whether two numbers are equal; None where rounding may tell: of y and 1/(1/y), as doubles, they may be or not."""
    off = abs(x - y)
    if off == 0:
        return True
    return None if off <= _ROUNDING * max(abs(x), abs(y)) else False


def unequal(x: Any, y: Any) -> bool | None:
    """Return the opposite of `equal`."""
    return _not(equal(x, y))


def _angle(y: Any, x: Any) -> Any:
    """Return atan2(y, x); None where the sign of a zero decides, which mpmath has not."""
    return mpmath.atan2(y, x) if y != 0 or x > 0 else None


def _power(base: Any, exponent: Any) -> Any:
    return base**exponent


_FEW: Mapping[type[Any], Meaning] = {
    sp.Add: operator.add,
    sp.Mul: operator.mul,
    sp.Pow: _power,
}
_DIRECT: Mapping[type[Any], Meaning] = {
    sp.Not: _not,
    sp.Equality: equal,
    sp.Unequality: unequal,
    sp.Abs: abs,
    **{
        node: getattr(mpmath, node.__name__)
        for node in (
            *(sp.sin, sp.cos, sp.tan, sp.sec, sp.csc, sp.cot, sp.asin, sp.acos),
            *(sp.atan, sp.atan2, sp.sinh, sp.cosh, sp.tanh, sp.asinh, sp.acosh),
            *(sp.atanh, sp.log, sp.erf, sp.erfc, sp.sign, sp.floor, sp.gamma),
        )
    },
    sp.ceiling: mpmath.ceil,
    cf.log1p: mpmath.log1p,
    cf.expm1: mpmath.expm1,
    cf.log2: lambda x: mpmath.log(x) / mpmath.log(2),
    cf.log10: mpmath.log10,
    cf.exp2: lambda x: mpmath.power(2, x),
    cf.hypot: mpmath.hypot,
    fn.hypot3: lambda x, y, z: mpmath.sqrt(x * x + y * y + z * z),
    fn.sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    fn.softplus: lambda x: mpmath.log1p(mpmath.exp(x)),
    fn.logsigmoid: lambda x: -mpmath.log1p(mpmath.exp(-x)),
    fn.logaddexp: lambda *x: mpmath.log(mpmath.fsum(map(mpmath.exp, x))),
    fn.relu: lambda x: max(x, _ZERO),
    fn.versin: lambda x: 1 - mpmath.cos(x),
    fn.norm_cdf: lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
}
_CHEAP = (
    *(sp.Add, sp.Mul, sp.Pow, sp.Abs, sp.Max, sp.Min, fn.relu, sp.Not, sp.And, sp.Or),
    *(sp.Piecewise, ExprCondPair, sp.floor, sp.ceiling, sp.sign, sp.Heaviside, sp.Mod),
    *(fn.trunc, fn.rounded),
    *(sp.Equality, sp.Unequality, sp.StrictLessThan, sp.LessThan),
    *(sp.StrictGreaterThan, sp.GreaterThan),
)


#: What chooses by the sizes of its operands, or by the sign of the only one.
_BY_SIZE = (sp.Max, sp.Min, sp.Abs, sp.sign, fn.relu)


#: What takes mpmath milliseconds.
_DEAREST = {sp.bessely: 2_500, sp.besselk: 20_000}


def _meaning(node: sp.Basic) -> Meaning:
    if len(node.args) == 2 and node.func in _FEW:
        return _FEW[node.func]
    return _DIRECT.get(node.func) or meaning_of(node)


def _cost(node: sp.Basic) -> int:
    if node.func in _CHEAP:
        return max(1, len(node.args) - 1)
    common = node.func in _DIRECT or node.func in (sp.exp, cf.Cbrt)
    return _CALL if common else _DEAREST.get(node.func, _DEAR)
