"""A seed in; a random Python file whose function holds lists, tuples, dicts and loops over them, which share and change what they hold, out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.generators import Made, _assigned, _Maker


@dataclass
class _Row:
    """A sequence of numbers that names share."""

    size: int
    kind: str = "list"


@dataclass
class _Rows(_Maker):
    rows: dict[str, _Row] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    count: int = 0

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def row(self, kind: str = "", least: int = 1) -> str | None:
        """Return the name of a sequence."""
        names = [n for n, r in self.rows.items() if r.size >= least and kind in ("", r.kind)]  # fmt: skip
        return self.rnd.choice(names) if names else None

    def any_row(self) -> tuple[str, int]:
        """Return the text of a sequence, and how long it is."""
        name = self.row()
        pick = self.rnd.randrange(6)
        if name is None or (pick == 0 and self.tables):
            if self.tables:
                name = self.rnd.choice([*self.tables])
                return name, self.tables[name]
            return f"({self.term()}, {self.number()})", 2
        size = self.rows[name].size
        if pick == 1 and size > 1:
            start = self.rnd.randrange(size - 1)
            return f"{name}[{start}:]", size - start
        if pick == 2:
            return f"{name}[::-1]", size
        if pick == 3:
            return f"{name} + {name}", 2 * size
        return name, size

    def item(self) -> str:
        """Return a number out of a sequence."""
        row, size = self.any_row()
        row = row if row.isidentifier() else f"({row})"
        place = self.rnd.randrange(-size, size)
        pick = self.rnd.randrange(9)
        return (
            f"{row}[{place}]",
            f"{row}[{place}]",
            f"{row}[{place}]*{self.name()}",
            f"sum({row})",
            f"max({row})",
            f"min({self.name()}, *{row})",
            f"sum(v*{self.number()} for v in {row})",
            f"sum(k*v for k, v in enumerate({row}, 1))",
            f"len({row})*{self.name()}",
        )[pick]

    def number_of(self) -> str:
        return self.item() if self.rnd.random() < 0.6 else self.expression()


def sequences(seed: int) -> Made:
    """Return such a file."""
    rnd = random.Random(f"sequences {seed}")
    inputs = ("x", "y", "z")[: rnd.choice((1, 2, 2, 3))]
    maker = _Rows(rnd, "math.", values=[*inputs])
    lines = [
        "import math",
        "from collections import OrderedDict",
        "from functools import partial",
        "",
    ]
    for place in range(rnd.randrange(3)):
        size = rnd.randrange(1, 4)
        items = ", ".join(maker.number() for _ in range(size))
        opening, closing = rnd.choice(("()", "[]"))
        lines.append(f"T{place} = {opening}{items},{closing}")
        maker.tables[f"T{place}"] = size
    if rnd.random() < 0.6:
        lines += ["", *_helper(rnd)]
        maker.parts.append("part")
    if rnd.random() < 0.6:
        lines += ["", *_changing(rnd)]
        maker.parts.append("change")
    lines += ["", f"def f({', '.join(inputs)}):"]
    for _ in range(rnd.randrange(3, 9)):
        lines += _statement(maker, "    ", True)
    early = any(
        line.strip().startswith("return")
        for line in lines[lines.index(f"def f({', '.join(inputs)}):") :]
    )
    lines += _end(maker, early)
    return Made("\n".join(lines) + "\n", inputs, is_python=True)


def _end(maker: _Rows, early: bool) -> Iterator[str]:
    """Yield what returns a number, as is returned `early`, or a dict of numbers, whose keys may be names that are taken."""
    rnd = maker.rnd
    value = f"{maker.item()} + {maker.name()}"
    if early or rnd.random() < 0.7:
        yield f"    return {value}"
        return
    keys = rnd.sample(("x", "s", "t", "sin", "f", "a b", "out"), 3)
    if rnd.random() < 0.5:
        yield f"    return {{{keys[0]!r}: {maker.name()}, {keys[1]!r}: {value}, {keys[2]!r}: {maker.name()}}}"
        return
    yield f"    out = {rnd.choice(('OrderedDict()', '{}', 'dict()'))}"
    for key in keys:
        yield f"    out[{key!r}] = {rnd.choice((value, maker.name(), maker.number_of()))}"
    yield "    return out"


def _helper(rnd: random.Random) -> list[str]:
    body = rnd.choice(
        (
            ["    return p[0]*k + sum(p)"],
            ["    if k > p[-1]:", "        return p[0] - k", "    return k*p[-1]"],
            ["    q = [*p, k]", "    q[0] -= 1.5", "    return q[0]*q[-1]"],
            ["    return max(*p, k) - (lambda u, v=k: u*v - p[0])(k)"],
            ["    total = 0.0", "    for v in p:", "        if v > k:", "            total -= v", "        else:", "            total += k", "    return total"],
        )
    )  # fmt: skip
    return ["def part(p, k=0.75):", *body, ""]


def _changing(rnd: random.Random) -> list[str]:
    """Return a function that changes a list of whoever calls it, and ends in one place."""
    body = rnd.choice(
        (
            ["    p[0] = k - 1.5"],
            ["    p[-1] += k", "    return p[0]"],
            ["    if k > 0.5:", "        p[0] = p[-1]*k", "    else:", "        p[-1] -= k", "    return k - 0.5"],
            ["    for place in range(len(p)):", "        p[place] = p[place]*0.5 + k"],
            ["    q = p", "    q[0] = k", "    half(q)", "    return q[-1]"],
            ["    p.reverse()", "    if k < -9.0:", "        raise ValueError('small')"],
            ["    def put(v):", "        p[0] = v + k", "    put(0.25)", "    half(p)"],
        )
    )  # fmt: skip
    return ["def half(p):", "    p[-1] *= 0.5", "", "def change(p, k=0.75):", *body, ""]


def _statement(maker: _Rows, blank: str, top: bool) -> Iterator[str]:
    rnd = maker.rnd
    pick = rnd.randrange(13 if top else 6)
    target = rnd.choice(("s", "t", "u", "w"))
    name = maker.row("list")
    if pick == 0 and name is not None:
        place = rnd.randrange(-maker.rows[name].size, maker.rows[name].size)
        sign = rnd.choice(("", "", "+", "-"))
        yield f"{blank}{name}[{place}] {sign}= {maker.number_of()}"
    elif pick in (1, 2):
        yield f"{blank}{target} = {maker.number_of()}"
        _assigned(maker, target)
    elif pick in (3, 7) and top and name is not None and "change" in maker.parts:
        yield f"{blank}{rnd.choice(('', 'w = '))}change({name}, {rnd.choice(('', 'k='))}{maker.number_of()})"
        if "w" in maker.values:
            maker.values.remove("w")  # which may be None
    elif pick == 3 and "part" in maker.parts:
        row, _ = maker.any_row()
        more = rnd.choice(("", f", {maker.name()}", f", k={maker.number()}"))
        yield f"{blank}{target} = part({row}{more})"
        _assigned(maker, target)
    elif pick == 4 and (name := maker.row(least=2)):
        size = maker.rows[name].size
        yield f"{blank}t, *rest, u = {name}"
        _assigned(maker, "t")
        _assigned(maker, "u")
        if size > 2:
            yield f"{blank}w = rest[0] - {maker.number()}"
            _assigned(maker, "w")
    elif pick == 5 and "part" in maker.parts and rnd.random() < 0.6:
        row = f"[*({maker.any_row()[0]})]"
        yield f"{blank}g = partial(part, {row}{rnd.choice(('', f', k={maker.expression()}'))})"
        for _ in range(rnd.randrange(2)):  # what it is given stays
            yield f"{blank}{target} = {maker.number_of()}"
            _assigned(maker, target)
        yield f"{blank}{target} = g({rnd.choice(('', f'k={maker.name()}'))}) - partial(lambda v, w: v - w, {maker.name()})({maker.number()})"
        _assigned(maker, target)
    elif pick == 5:
        yield f"{blank}{target} = (lambda v: v*{maker.name()} + {maker.item()})({maker.name()})"
        _assigned(maker, target)
    elif pick == 6 and name is not None:
        maker.rows[name].size += 1
        yield f"{blank}{name}.append({maker.number_of()})"
    elif pick == 7 and maker.rows:
        other = rnd.choice([*maker.rows])
        new = maker.fresh("a")
        maker.rows[new] = maker.rows[other]
        yield f"{blank}{new} = {other}"
    elif pick == 8:
        row, size = maker.any_row()
        new = maker.fresh("c")
        text = rnd.choice((f"v*{maker.number()} + {maker.name()}", f"k*v - {maker.name()}", maker.item()))  # fmt: skip
        text = f"[{text} for k, v in enumerate({row})]"
        if rnd.random() < 0.3:
            text = f"tuple({text})"
        maker.rows[new] = _Row(size, "tuple" if text[0] == "t" else "list")
        yield f"{blank}{new} = {text}"
    elif pick == 9:
        yield from _loop(maker, blank)
    elif pick in (10, 11) and maker.rows:
        yield from _choice(maker, blank)
    else:
        size = rnd.randrange(1, 4)
        kind = rnd.choice(("list", "list", "tuple"))
        items = ", ".join(maker.number_of() for _ in range(size))
        new = maker.fresh("a")
        yield f"{blank}{new} = " + (f"[{items}]" if kind == "list" else f"({items},)")
        maker.rows[new] = _Row(size, kind)


def _loop(maker: _Rows, blank: str) -> Iterator[str]:
    """Yield a loop over a sequence, with names of its own."""
    rnd = maker.rnd
    row, _ = maker.any_row()
    row = f"[*{row}]" if row.isidentifier() and rnd.random() < 0.3 else row
    other, _ = maker.any_row()
    head, names = rnd.choice(
        (
            (f"v in {row}", ["v"]),
            (f"k, v in enumerate({row})", ["v"]),
            (f"v, q in zip({row}, {other})", ["v", "q"]),
            (f"v in reversed({row})", ["v"]),
        )
    )
    yield f"{blank}s = {maker.name()}"
    _assigned(maker, "s")
    yield f"{blank}for {head}:"
    before = [*maker.values]
    maker.values += names
    if head.startswith("k") and rnd.random() < 0.4:
        yield f"{blank}    if k == {rnd.randrange(3)}:"
        yield f"{blank}        {rnd.choice(('break', 'continue'))}"
    if rnd.random() < 0.3:
        yield from _choice(maker, f"{blank}    ")
    yield f"{blank}    s {rnd.choice('+-')}= {maker.name()}*{maker.number()}"
    maker.values = before


def _choice(maker: _Rows, blank: str) -> Iterator[str]:
    """Yield an `if` whose ways change what sequences hold, and let names stand for others."""
    rnd = maker.rnd
    before, rows = [*maker.values], {**maker.rows}
    names = [name for name, row in maker.rows.items() if row.kind == "list"]
    new = maker.fresh("b")
    size = rnd.randrange(1, 3)
    for head in (f"if {maker.condition()}:", "else:"):
        yield f"{blank}{head}"
        if names and rnd.random() < 0.7:
            name = rnd.choice(names)
            place = rnd.randrange(maker.rows[name].size)
            yield f"{blank}    {name}[{place}] = {maker.number_of()}"
        if rnd.random() < 0.5:
            yield from _statement(maker, f"{blank}    ", False)
        maker.values, maker.rows = [*before], {**rows}
        same = [n for n, r in maker.rows.items() if r.size == size and r.kind == "list"]
        if same and rnd.random() < 0.4:
            yield f"{blank}    {new} = {rnd.choice(same)}"
        else:
            items = ", ".join(maker.number_of() for _ in range(size))
            yield f"{blank}    {new} = [{items}]"
        if head == "else:" or rnd.random() < 0.9:
            continue
        yield f"{blank}    return {maker.item()}"
    maker.values = before
    maker.rows[new] = _Row(size, "shared")
