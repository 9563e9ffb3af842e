"""The six functions: over any mathematics `m` (math, sympy, casadi, ...), as gradgen reads them, and an ordinary point of each."""

# ruff: noqa: N803, N806, RUF007

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

#: Over so many inputs.
_ROSENBROCK, _PRODUCT = 10, 20
#: The inputs of the network, which are fixed; its variables are the weights.
SEEN = (0.5, -0.3, 0.8)


def _sigmoid(m: Any, z: Any) -> Any:
    return 1 / (1 + m.exp(-z))


def seed(m: Any, x: Any, y: Any) -> Any:
    return (x + _sigmoid(m, y)) / (_sigmoid(m, x) + (x + y) ** 2)


def rosenbrock(m: Any, *x: Any) -> Any:
    total = 0
    for a, b in zip(x, x[1:]):
        total = total + 100 * (b - a**2) ** 2 + (1 - a) ** 2
    return total


def black_scholes(m: Any, S: Any, K: Any, T: Any, r: Any, v: Any) -> Any:
    spread = v * m.sqrt(T)
    d1 = (m.log(S / K) + (r + v**2 / 2) * T) / spread
    d2 = d1 - spread

    def cdf(z: Any) -> Any:
        return 0.5 * (1 + m.erf(z * math.sqrt(0.5)))

    return S * cdf(d1) - K * m.exp(-r * T) * cdf(d2)


def network(m: Any, *w: Any) -> Any:
    out = w[20]
    for j in range(4):
        sums = zip(w[3 * j : 3 * j + 3], SEEN)
        z = sum(weight * seen for weight, seen in sums) + w[12 + j]
        out = out + w[16 + j] * m.tanh(z)
    return out


def product(m: Any, *x: Any) -> Any:
    found = x[0]
    for factor in x[1:]:
        found = found * factor
    return found


def reprojection(
    m: Any, w1: Any, w2: Any, w3: Any, t1: Any, t2: Any, t3: Any, f: Any, k1: Any, k2: Any,
    X: Any, Y: Any, Z: Any, u: Any, v: Any,
) -> Any:  # fmt: skip
    angle = m.sqrt(w1 * w1 + w2 * w2 + w3 * w3)
    c, s = m.cos(angle), m.sin(angle)
    a1, a2, a3 = w1 / angle, w2 / angle, w3 / angle
    d = (a1 * X + a2 * Y + a3 * Z) * (1 - c)
    P1 = X * c + (a2 * Z - a3 * Y) * s + a1 * d + t1
    P2 = Y * c + (a3 * X - a1 * Z) * s + a2 * d + t2
    P3 = Z * c + (a1 * Y - a2 * X) * s + a3 * d + t3
    p, q = -P1 / P3, -P2 / P3
    r2 = p * p + q * q
    g = f * (1 + r2 * (k1 + k2 * r2))
    e1, e2 = g * p - u, g * q - v
    return e1 * e1 + e2 * e2


def _x(count: int) -> list[str]:
    return [f"x{i}" for i in range(count)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "F1": seed,
    "F2": rosenbrock,
    "F3": black_scholes,
    "F4": network,
    "F5": product,
    "F6": reprojection,
}
#: What they are called in the table.
TITLES = {
    "F1": "the formula at the top of the README",
    "F2": f"Rosenbrock's valley of {_ROSENBROCK} variables",
    "F3": "Black–Scholes",
    "F4": "a network of four tanh units, by its 21 weights",
    "F5": f"a product of {_PRODUCT} factors",
    "F6": "a reprojection error by 14 variables",
}
INPUTS: dict[str, Sequence[str]] = {
    "F1": ("x", "y"),
    "F2": _x(_ROSENBROCK),
    "F3": ("S", "K", "T", "r", "v"),
    "F4": [f"w{i}" for i in range(21)],
    "F5": _x(_PRODUCT),
    "F6": (
        *("w1", "w2", "w3", "t1", "t2", "t3", "f", "k1", "k2"),
        *("X", "Y", "Z", "u", "v"),
    ),
}
POINTS: dict[str, tuple[float, ...]] = {
    "F1": (3.0, -4.0),
    "F2": tuple(0.5 + 0.1 * i for i in range(_ROSENBROCK)),
    "F3": (100.0, 105.0, 0.75, 0.03, 0.25),
    "F4": tuple(0.3 * math.sin(1 + 1.7 * i) for i in range(21)),
    "F5": tuple(1 + 0.05 * (i - 10) + 0.013 for i in range(_PRODUCT)),
    "F6": (0.2, -0.1, 0.3, 0.1, 0.2, 5.0, 500.0, -0.1, 0.02, 1.0, 0.5, -2.0, -160.0, -100.0),
}  # fmt: skip


def _unit(j: int) -> str:
    a, b, c = (f"{seen}*w{3 * j + i}" for i, seen in enumerate(SEEN))
    return f"w{16 + j}*tanh({a} + {b} + {c} + w{12 + j})".replace("+ -", "- ")


#: As gradgen reads them.
SOURCES = {
    "F1": "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)",
    "F2": " + ".join(
        f"100*({b} - {a}**2)**2 + (1 - {a})**2"
        for a, b in zip(INPUTS["F2"], INPUTS["F2"][1:])
    ),
    "F3": """\
spread = v*sqrt(T)
d1 = (log(S/K) + (r + v**2/2)*T)/spread
d2 = d1 - spread
price = S*norm_cdf(d1) - K*exp(-r*T)*norm_cdf(d2)
""",
    "F4": " + ".join(["w20", *map(_unit, range(4))]),
    "F5": "*".join(INPUTS["F5"]),
    "F6": """\
angle = sqrt(w1*w1 + w2*w2 + w3*w3)
c = cos(angle)
s = sin(angle)
a1 = w1/angle
a2 = w2/angle
a3 = w3/angle
d = (a1*X + a2*Y + a3*Z)*(1 - c)
P1 = X*c + (a2*Z - a3*Y)*s + a1*d + t1
P2 = Y*c + (a3*X - a1*Z)*s + a2*d + t2
P3 = Z*c + (a1*Y - a2*X)*s + a3*d + t3
p = -P1/P3
q = -P2/P3
r2 = p*p + q*q
g = f*(1 + r2*(k1 + k2*r2))
e1 = g*p - u
e2 = g*q - v
error = e1*e1 + e2*e2
""",
}
