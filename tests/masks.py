"""A seed in; a random Python file whose function writes into numpy's arrays where conditions hold, on numbers or arrays, some of them held elsewhere, out."""

from __future__ import annotations

import random
from collections.abc import Iterator

_MAKING = (
    "np.zeros_like({0})",
    "np.ones_like({0})",
    "np.full_like({0}, {1})",
    "np.array({0}*1.5)",
    "np.full_like({0}, {1}, dtype=float)",
)
_WORDS = (
    "np.add({0}, {1})",
    "np.subtract({0}, {1})",
    "np.multiply({0}, {1})",
    "np.sin({0}) + {1}",
    "np.exp(-np.abs({0}))*{1}",
    "np.maximum({0}, {1})",
    "np.copysign({0}, {1})",
)
_TESTS = (
    "np.less({0}, {1})",
    "np.greater_equal({0}, {1})",
    "{0} > {1}",
    "np.logical_and({0} > -1.0, {1} > {0})",
    "np.isfinite({0})",
    "~np.less({0}, {1})",
    "np.logical_not({0} < {1})",
    "({0} < {1}) & np.less(-2.0, {1})",
)
#: What may hold an array elsewhere, or does not.
_HOLDING = (
    "w = {v}", "w = np.asarray({v})", "w = np.log(np.abs({x}) + 1.0, out={v})", "w = ({v}, {x})[0]", "w = same({v})",
    "w = bump({v})",
    "w = bump({v}*1.0)",
    "w = bump(2.0, {v})",
    "w = own({v})",
    "w = bump(own({v}))", "w = {v}*1.0", "w = {v} if y > 0 else {x}",
    "w = [{v}][0]", "w = -{v}", "(w := {v})", "np.add({x}, 1.0, out={v})", "w = {v} + np.add({x}, 1.0, out={v})", "w = np.add({x}, 1.0, out={v}) + {v}",
    "w = u = np.zeros_like({x})", "{v} = {x}", "for _ in range(2):\n        w = {v}\n        {v}[{x} > 0.1] = 3.0", "g = lambda: {v}*2.0\n    {v}[{x} > 0.2] = 2.5\n    w = g()",
    "if y > 0.3:\n        {v} = {x}\n    {v}[{x} > 0.2] = 2.5", "w = np.sin({x}, out={v}, where={x} > 0.4)*{x}", "{v} += 1.0", "w = {v}\n    {v} += {x}\n    {v}[{x} > 0.2] = 2.5",
)  # fmt: skip


def masks(seed: int) -> str:
    """Return such a file: a function `f` of x and y, of numbers."""
    rnd = random.Random(f"masks {seed}")
    rows = rnd.random() < 0.3
    lines = [
        "import numpy as np",
        "",
        "def same(a):",
        "    return a",
        "",
        "def bump(a, b=1.0):",
        "    a += b",
        "    return a",
        "",
        "def own(a):",
        "    a = np.array(a)",
        "    a += 1.0",
        "    a[a > 0.5] = 0.25",
        "    return a",
        "",
        "def f(x, y):",
        "    x = np.array(x)",
        "    y = np.array(y)",
    ]
    names = ["x", "y"]
    if rows:
        lines += [
            "    a = np.array([x, y, x*y])",
            "    b = np.array([y, x - 1.0, 0.5])",
        ]
        names = ["a", "b"]
    for count in range(rnd.randrange(1, 4)):
        v = f"v{count}"
        made = rnd.choice(_MAKING).format(
            rnd.choice(names), rnd.choice(("2.0", "-0.75", "1"))
        )
        lines.append(f"    {v} = {made}")
        for _ in range(rnd.randrange(1, 4)):
            lines += [f"    {line}" for line in _statement(rnd, v, names, rows)]
        names.append(v)
    total = " + ".join(f"{name}.sum()" if rows else name for name in names)
    more = (
        " + w"
        if any(line.strip().startswith(("w =", "(w")) for line in lines) and not rows
        else ""
    )
    lines.append(f"    return {total}{more}")
    return "\n".join(lines) + "\n"


def _statement(
    rnd: random.Random, v: str, names: list[str], rows: bool
) -> Iterator[str]:
    one, other = rnd.choice(names), rnd.choice([*names, "0.4", "1.25"])
    test = rnd.choice(_TESTS).format(one, other)
    pick = rnd.randrange(8 if rows else 11)
    if pick < 2:
        yield f"{v}[{test}] = {rnd.choice(('2.0', '-1', f'{one}[{test}]*1.5', f'np.sqrt(np.abs({one}[{test}]))', f'{v}[{test}]/3.0 - {one}[{test}]'))}"
    elif pick < 4:
        yield f"m = {test}"
        yield f"{v}[m] {rnd.choice(('=', '+=', '*='))} {rnd.choice(('0.5', f'{one}[m]', f'-{one}[m] + 2.0*{v}[m]'))}"
    elif pick < 6:
        word = rnd.choice(
            ("np.sin({0}", "np.add({0}, {1}", "np.divide({1}, {0}", "np.exp({0}")
        )
        yield f"{word.format(one, other)}, out={v}, where={test})"
    elif pick == 6:
        yield f"{v} = np.array({rnd.choice(_WORDS).format(one, other)} + np.divide({one}, 2.0, out=np.zeros_like({one}), where={test}))"
    elif pick == 7:
        chosen = (
            f"np.clip({one}, a_min=None, a_max={other})",
            f"np.clip({one}, -1.0, a_max=2.0)",
            f"np.where({test}, {one}, {other})",
            f"np.select([{test}], [{one}], default={other})",
        )
        yield f"{v} = np.array({rnd.choice(chosen)}*1.0)"
    else:
        yield rnd.choice(_HOLDING).format(v=v, x=rnd.choice(("x", "y")))
