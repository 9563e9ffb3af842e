"""A seed in; a Python file of almost any statements, some of which make no sense where they stand, out: what a reader may meet."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Sequence

# fmt: off

_HEAD = "import math\nfrom functools import partial\nfrom math import exp, sqrt as root\nimport numpy as np\n\nRATE = 1.5\nTABLE = (1.0, 2.0, 0.5)\nBY = {'a': 2.0, 'b': 3}\n\n\ndef part(u, v=2.0):\n    return u * v, u - v\n\n\n"
_CALLS = ["math.sin", "exp", "np.tanh", "abs", "float", "np.sqrt", "root", "math.log", "np.log1p", "max", "min", "math.hypot", "np.where", "math.atan2", "round", "int", "sum", "len", "sorted", "math.prod", "np.sum", "np.dot", "np.array", "np.zeros", "np.ones_like", "np.full_like", "np.vstack", "np.column_stack", "isinstance", "range", "zip", "enumerate", "list", "tuple", "dict", "set", "reversed", "map", "any", "all", "math.floor", "str", "print", "getattr", "eval", "np.nope", "np.less", "np.divide", "np.logical_not", "np.copysign", "np.clip", "np.select", "np.piecewise", "partial", "np.zeros_like"]
_METHODS = ["append", "pop", "extend", "insert", "reverse", "sort", "copy", "get", "items", "keys", "values", "update", "index", "count", "sum", "T", "shape", "tolist", "real", "upper", "size", "mean", "dot", "item", "astype", "flatten", "any"]
_BINARY = ["+", "-", "*", "/", "**", "%", "//", "@", "&", "|"]
_COMPARED = ["<", "<=", ">", ">=", "==", "!=", "is", "is not", "in", "not in"]


_ERRORS = ["", "ZeroDivisionError", "ValueError", "OverflowError", "(ValueError, ZeroDivisionError)", "Exception", "ArithmeticError", "KeyError"]
#: What a function has beside x and y, what its docstring shows, and what it does with that.
_MORE = [
    ("k=None, h=None", [">>> f(1.0, 2.0, h=0.5)", ">>> f(1, 2, 3.0)", ">>> f(1, 2, k=None)", ">>> f(*x, k=2)", ">>> f(1, 2,\n    ... k=2, h=1)", ">>> f((", ""], ["if k is None and h is None: raise ValueError", "if k is None or h is None: raise ValueError", "if k is not None: x = x*k", "if k is None: k = 2*h", "if h is not None and k is not None: raise ValueError"]),
    ("c", [">>> f(1.0, 2.0, [1.0, 2.0])", ">>> f(1, 2, c=(1, 2, 3.5))\n    >>> f(1, 2, c=(1, 2, 3.5))", ">>> c = [1, -2]\n    >>> f(x, y, c)", ">>> f(1, 2, [])", ">>> f(1, 2, [[1, 2], [3, 4]])", ">>> f(1, 2, [[1, 2], [3]])", ">>> f(1, 2, [1.0])\n    >>> f(1, 2, [1.0, 2])", ">>> f(1, 2, ['a'])", ">>> f(1, 2, c, c=c)", ""], ["x = x + sum(c)", "for u in c: y = y*u", "x = x*c[0]", "a, b = c", "x = x + len(c)", "y = y + sum(u*v for u, v in c)", "x = x + np.dot(c, c)"]),
]


class _Grammar:
    def __init__(self, rnd: random.Random, wild: float) -> None:
        self.rnd = rnd
        self.wild = wild
        self.names = ["x", "y"]
        self.rows: list[str] = []
        self.count = 0
        self.left = 60

    def fresh(self) -> str:
        self.count += 1
        return f"{self.rnd.choice('abcdpqst')}{self.count}"

    def one(self, ways: Sequence[Callable[[], str]]) -> str:
        return self.rnd.choice(ways)()

    # Expressions.

    def atom(self) -> str:
        rnd = self.rnd
        if rnd.random() < self.wild:
            return rnd.choice(["None", "True", "'a'", "TABLE", "BY", "math", "part", "unknown", "-0.0", "1e308", "10**400", "1j", "()", "[]", "{}", "...", "f'{x}'"])
        return rnd.choice([*self.names * 2, "RATE", "2", "0.5", "3.0", "1", "math.pi", "TABLE[1]"])

    def number(self, deep: int = 2) -> str:
        rnd = self.rnd
        self.left -= 1
        if deep <= 0 or self.left < 0:
            return self.atom()
        def inner() -> str:
            return self.number(deep - 1)

        ways: list[Callable[[], str]] = [
            self.atom,
            lambda: f"({inner()} {rnd.choice('+-*/')} {inner()})",
            lambda: f"({inner()} {rnd.choice('+-*/')} {inner()})",
            lambda: f"math.sin({inner()})",
            lambda: f"exp(-abs({inner()}))",
            lambda: f"np.sqrt(1 + ({inner()})**2)",
            lambda: f"({inner()} if {self.test(deep - 1)} else {inner()})",
            lambda: f"-{inner()}",
            lambda: f"{inner()}**{rnd.choice(['2', '3', '0.5', '-1'])}",
            lambda: f"{rnd.choice(['max', 'min', 'math.hypot'])}({inner()}, {inner()})",
            lambda: f"sum({self.row(deep - 1)})",
            lambda: f"len({self.row(deep - 1)})",
            lambda: f"{self.row(deep - 1)}[{rnd.choice(['0', '-1', '1'])}]",
            lambda: f"part({inner()}{rnd.choice(['', ', 0.5', ', v=x'])})[{rnd.choice('01')}]",
            lambda: f"(lambda u, w={inner()}: {self.under('u', deep - 1)})({inner()})",
            lambda: f"np.dot([{inner()}, x], [y, {inner()}])",
            lambda: f"np.sum(np.array({self.row(deep - 1)}) * {inner()})",
            lambda: f"BY[{rnd.choice([chr(39) + 'a' + chr(39), chr(39) + 'b' + chr(39)])}]",
        ]
        if rnd.random() < self.wild:
            ways = [
                lambda: f"({inner()} {rnd.choice(_BINARY)} {inner()})",
                lambda: f"{rnd.choice(_CALLS)}({', '.join(inner() for _ in range(rnd.randrange(4)))})",
                lambda: f"{inner()}.{rnd.choice(_METHODS)}",
                lambda: f"{inner()}.{rnd.choice(_METHODS)}({', '.join(inner() for _ in range(rnd.randrange(3)))})",
                lambda: f"{inner()}[{rnd.choice(['1:', ':-1', '::2', 'x', '::0', '5', '0, 1', '...'])}]",
                lambda: f"({self.fresh()} := {inner()})",
                lambda: f"{inner()} {rnd.choice(_COMPARED)} {inner()}",
                lambda: f"{rnd.choice(['np.array', 'list', 'tuple', 'set', 'sorted'])}({self.row(deep - 1)})",
                lambda: f"(not {inner()})",
                lambda: f"({inner()} {rnd.choice(['and', 'or'])} {inner()})",
                lambda: f"part(*{self.row(deep - 1)})",
                lambda: f"part(**{{'u': {inner()}}})",
            ]
        return self.one(ways)

    def under(self, name: str, deep: int) -> str:
        """Return a number where one name more is known."""
        self.names.append(name)
        found = self.number(deep)
        self.names.remove(name)
        return found

    def test(self, deep: int = 1) -> str:
        rnd = self.rnd
        one = f"{self.number(deep)} {rnd.choice(_COMPARED[:6])} {self.number(deep)}"
        other = f"{self.atom()} {rnd.choice(_COMPARED[:4])} {self.atom()}"
        return rnd.choice([one, one, f"{one} and {other}", f"not {other}", f"{one} or {other}", f"0 < {self.atom()} < 2", "isinstance(x, float)", "True"])

    def row(self, deep: int = 1) -> str:
        rnd = self.rnd
        name = self.fresh()
        ways: list[Callable[[], str]] = [
            lambda: f"[{self.number(deep)}, {self.number(deep)}]",
            lambda: f"({self.number(deep)}, {self.number(deep)}, {self.number(0)})",
            lambda: f"[{self.under(name, deep)} for {name} in {rnd.choice(['TABLE', 'range(3)', '(x, y)', '[1.0, 2.0]'])}]",
            lambda: f"[{self.under(name, deep)} for {name} in range(4) if {name} % 2 == {rnd.choice('01')}]",
            lambda: f"tuple({self.under(name, deep)} for {name} in TABLE)",
            lambda: f"[*TABLE, {self.number(0)}]",
            lambda: f"list({{{self.number(0)!r}: x, 'z': y}}.values())",
            lambda: "TABLE",
        ]
        if self.rows:
            ways += [lambda: rnd.choice(self.rows)] * 4
        return self.one(ways)

    # Statements.

    def block(self, blank: str, deep: int, least: int = 1) -> Iterator[str]:
        names, rows = [*self.names], [*self.rows]
        for _ in range(self.rnd.randrange(least, 4)):
            self.left = max(self.left, 12)
            yield from self.statement(blank, deep)
        if deep < 2 and self.rnd.random() < 0.7:
            self.names, self.rows = names, rows  # mostly what is sure to have a value

    def statement(self, blank: str, deep: int) -> Iterator[str]:
        rnd = self.rnd
        if rnd.random() < self.wild:
            yield from (f"{blank}{line}" for line in self.odd())
            return
        pick = rnd.randrange(16 if deep else 7)
        if pick < 4:
            name = rnd.choice(self.names[2:]) if len(self.names) > 2 and rnd.random() < 0.4 else self.fresh()
            yield f"{blank}{name} = {self.number()}"
            self.names.append(name)
        elif pick == 4:
            name = self.fresh()
            yield f"{blank}{name} = {self.row()}"
            self.rows.append(name)
        elif pick == 5 and len(self.names) > 2:
            yield f"{blank}{rnd.choice(self.names[2:])} {rnd.choice('+-*/')}= {self.number(1)}"
        elif pick == 6:
            one, other = self.fresh(), self.fresh()
            yield f"{blank}{one}, {other} = {rnd.choice([f'part({self.number(1)})', f'{self.number(1)}, {self.number(1)}'])}"
            self.names += [one, other]
        else:
            yield from self.compound(blank, deep, pick)

    def compound(self, blank: str, deep: int, pick: int) -> Iterator[str]:
        rnd, more = self.rnd, f"{blank}    "
        if pick in (7, 8, 9):
            name = self.fresh()
            yield f"{blank}if {self.test()}:"
            yield from self.block(more, deep - 1)
            yield f"{more}{name} = {self.number(1)}"
            if rnd.random() < 0.3:
                yield f"{blank}elif {self.test()}:"
                yield f"{more}{rnd.choice([f'{name} = {self.number(1)}', f'return {self.number(1)}', 'raise ValueError(2)'])}"
            yield f"{blank}else:"
            yield f"{more}{name} = {self.number(1)}"
            self.names.append(name)
        elif pick in (10, 11):
            name, at = self.fresh(), self.fresh()
            yield f"{blank}{name} = {self.number(0)}"
            self.names.append(name)
            over = rnd.choice(["range(3)", "TABLE", "(x, y, 2.0)", "range(4, 0, -1)", self.row(0)])
            yield f"{blank}for {at} in {over}:"
            self.names.append(at)
            yield f"{more}{name} = {name} * 0.5 + {self.under(at, 1)}"
            yield from self.block(more, deep - 1, 0)
            if rnd.random() < 0.3:
                yield f"{more}if {at} {rnd.choice(['==', '>'])} {rnd.choice(['1', 'x'])}:\n{more}    {rnd.choice(['break', 'continue'])}"
            if rnd.random() < 0.7:
                self.names.remove(at)
        elif pick == 12:
            name, times = self.fresh(), self.fresh()
            yield f"{blank}{name}, {times} = {self.number(0)}, {rnd.choice(['0', '3'])}"
            yield f"{blank}while {times} {rnd.choice(['< 3', '!= 3', '> 0'])}:"
            yield f"{more}{name} = {name} + {self.number(1)}"
            yield f"{more}{times} {rnd.choice(['+= 1', '-= 1', '= ' + times + ' + 1'])}"
            self.names.append(name)
        elif pick == 13:
            name = self.fresh()
            yield f"{blank}def {name}(u, w={self.number(0)}):"
            yield f"{more}{rnd.choice(['v = u * w', 'nonlocal x', 'v = w'])}"
            yield f"{more}return v + {self.under('u', 1)}"
            self.names.append(f"{name}({self.number(0)})")
        elif pick == 14:
            name = self.fresh()
            yield f"{blank}try:\n{more}{name} = {self.number(1)}"
            yield f"{blank}except {rnd.choice(['ZeroDivisionError', 'Exception', '(ValueError, KeyError)'])}:"
            yield f"{more}{rnd.choice([f'{name} = 0.0', 'raise', 'raise', 'raise ValueError(1)', f'return {self.number(0)}', 'pass'])}"
            self.names.append(name)
        else:
            name = self.fresh()
            yield f"{blank}{name} = {{'p': {self.number(1)}, 'q': {self.number(1)}}}"
            yield f"{blank}{name}['r'] = {self.number(0)}"
            self.names.append(f"{name}[{rnd.choice(['p', 'q', 'r'])!r}]")
            self.rows.append(f"{name}.values()")

    def failing(self) -> str:
        """Return what raises in Python where a quotient, a logarithm, a root or a power has no value."""
        one, other = self.number(0), self.number(0)
        return self.rnd.choice([f"{one}/({other} - 0.7)", f"math.log({one})*{other}", f"math.sqrt({one} - y)/{other}", f"exp(900*{one})/exp(400.0*y)", f"2.0 + ({one} - 0.7)**(-{other})", f"(300*{one})**(200*{other})*1e-200", f"math.log(x)/math.log(y) + {one}", self.number()])

    def odd(self) -> list[str]:
        """Return a statement that seldom has a place."""
        name, row, value = self.fresh(), self.row(), self.number()
        return self.rnd.choice([
            [f"{name} = {value}", f"{name}.append({self.number(0)})"],
            [f"{name} = list({row})", f"{name}[{self.rnd.choice(['0', '-1', '1:', ':', '9'])}] = {value}", f"x = {name}[0]"],
            [f"{name} = np.array({row})", f"{name}[{self.rnd.choice(['0', '-1', '1:', ':', '1:-1', '::2'])}] = {value}", f"y = {name}[0]"],
            [f"{name} = np.zeros(3)", f"{name}[:-1] = {row}", f"{name}[1] += {value}", f"x = {name}[1] + {name}.sum()"],
            [f"{name} = np.zeros_like({self.atom()})", f"{name}[{self.test()}] {self.rnd.choice(['=', '+=', '*='])} {value}", f"y = {name}"],
            [f"{name} = np.array({row})", f"{name}[{name} > {self.atom()}] = {value}", f"y = {name}.sum()"],
            [f"{name} = np.{self.rnd.choice(['sin', 'exp', 'less', 'divide'])}({value}, out={self.rnd.choice(self.names)}, where={self.test()})"],
            [f"{name} = np.full_like(x, {self.atom()})", f"{name}b = {name}", f"{name} {self.rnd.choice('+-*')}= {value}", f"y = {name}b"],
            [f"np.add(x, y, out={name})"], [f"{name} = partial(part, {value})", f"x, y = {name}({self.atom()})"], [f"return {{'a': {value}, 'x': y}}"],
            [f"del {self.rnd.choice(self.names)}"], [f"global {name}"], ["import os, sys"], ["from math import *"],
            ["with open(x) as y:", "    pass"], [f"assert {self.test()}, 'no'"], [f"{name}: float = {value}"], ["return"], ["pass"],
            [f"yield {value}"], [f"async def {name}(): pass"], [f"class {name}: pass"], [f"for {name} in {value}: pass"],
            [f"while {self.test()}:", "    x = x + 1"], ["while True:", "    x = x / 2", f"    if {self.test()}: break"],
            ["match x:", "    case 1: y = 2", "    case _: y = 3"], [f"raise {self.rnd.choice(['ValueError', 'x', 'ValueError(x)'])}"],
            [f"x, *{name} = {row}"], [f"{name} = {name}"], [f"(x, (y, {name})) = {row}"], [f"{name} = x = {row}"], ["f(x, y)"],
            [f"{name} = f"], [f"{name} = [f(x, y)]"], [f"lambda: ({value})"], ["'words'"], ["math.pi = 3"], ["TABLE[0] = x"],
            [f"{name} = [[x, y], {row}]", f"x = {name}[1][0]", f"{name}[0][0] = 2", f"y = {name}[0][0]"],
            [f"{name} = [0.0] * 3", f"{name}b = {name}", f"{name}b[0] = x", f"y = {name}[0]"],
            [f"if {self.test()}: {name} = {value}", f"x = {name}"],
            [f"if x {self.rnd.choice(['in', 'not in'])} {self.rnd.choice(['frozenset', 'set'])}(({self.atom()}, 2.5)): y = {value}"],
            *(["try:", f"    {self.rnd.choice([f'{name} =', 'return'])} {self.failing()}", f"except {self.rnd.choice(_ERRORS)}:", f"    {name} = {self.number(0)}", f"y = {name}"] for _ in range(3)),
        ])


def program(seed: int, called: str = "f", values: int = 0) -> str | None:
    """Return a file with a function of x and y, which returns so many values if that is said; None where it is no valid Python."""
    rnd = random.Random(f"grammar {seed} {called}")
    made = _Grammar(rnd, rnd.choice([0.0, 0.02, 0.1, 0.3]))
    lines = [*made.block("    ", 3, 2)]
    ends = [made.number(), f"({made.number()}, {made.number()})", made.row(), f"np.array({made.row()})"]
    lines.append(f"    return {ends[values - 1] if values else rnd.choice(ends)}")
    more = ""
    if called == "f" and not values and rnd.random() < 0.3:
        more, shown, used = rnd.choice(_MORE)
        first = [f"    {line}" for line in rnd.sample(used, rnd.randrange(1, 4))]
        lines = [f'    """It shows.\n\n    {rnd.choice(shown)}\n    """', *first, *lines]
    text = f"{_HEAD}def {called}({', '.join(filter(None, ['x, y', more]))}):\n" + "\n".join(lines) + "\n"
    try:
        compile(text, "model.py", "exec")
    except (SyntaxError, ValueError):
        return None
    return text


def pair(seed: int) -> str | None:
    """Return a file with a function `f` and something that claims to be its derivative, `f_prime`."""
    one, other = program(seed, "f", 1), program(seed, "f_prime", 2)
    if one is None or other is None:
        return None
    function, first = (ast.parse(text).body[-1] for text in (other, one))
    assert isinstance(function, ast.FunctionDef) and isinstance(first, ast.FunctionDef)
    if random.Random(seed).random() < 0.7:  # with the same values up to there
        function.body = [*first.body[:-1], *function.body[-1:]]
    return f"{one}\n\n{ast.unparse(function)}\n"
