"""`forward` and `backward` as written by hand, one operation a line, each gradient added up where it belongs: no line is a copy."""

# ruff: noqa: N803, N806

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, TypeAlias

from gradgen.loading import load
from tests.benchmarks.functions import INPUTS, SEEN

Cache: TypeAlias = tuple[float, ...]


def seed_forward(x: float, y: float) -> tuple[float, Cache]:
    b = 1.0 / (1.0 + math.exp(-y)) if y > -709.0 else math.exp(y)
    num = x + b
    a = 1.0 / (1.0 + math.exp(-x)) if x > -709.0 else math.exp(x)
    s = x + y
    s2 = s * s
    den = a + s2
    f = num / den
    return f, (a, b, s, den, f)


def seed_backward(cache: Cache, df: float = 1.0) -> Cache:
    a, b, s, den, f = cache
    dnum = df / den
    dden = -f * dnum
    ds = 2.0 * s * dden
    dx = dnum + ds
    dx += (1.0 - a) * a * dden
    dy = ds + (1.0 - b) * b * dnum
    return dx, dy


def black_scholes_forward(
    S: float, K: float, T: float, r: float, v: float
) -> tuple[float, Cache]:
    root = math.sqrt(T)
    spread = v * root
    ratio = S / K
    logratio = math.log(ratio)
    v2 = v * v
    half = 0.5 * v2
    drift = r + half
    driftT = drift * T
    num = logratio + driftT
    d1 = num / spread
    d2 = d1 - spread
    n1 = 0.5 * math.erfc(-0.7071067811865476 * d1)
    n2 = 0.5 * math.erfc(-0.7071067811865476 * d2)
    rT = r * T
    decay = math.exp(-rT)
    strike = K * decay
    gain = S * n1
    loss = strike * n2
    price = gain - loss
    return price, (
        S, K, T, r, v, root, spread, ratio, drift, d1, d2, n1, n2, decay, strike, loss
    )  # fmt: skip


def black_scholes_backward(cache: Cache, dprice: float = 1.0) -> Cache:
    S, K, T, r, v, root, spread, ratio, drift, d1, d2, n1, n2, decay, strike, loss = (
        cache
    )
    dS = n1 * dprice
    dn1 = S * dprice
    dstrike = -n2 * dprice
    dn2 = -strike * dprice
    dK = decay * dstrike
    drT = loss * dprice
    dr = T * drT
    dT = r * drT
    dd2 = 0.3989422804014327 * math.exp(-0.5 * (d2 * d2)) * dn2
    dd1 = 0.3989422804014327 * math.exp(-0.5 * (d1 * d1)) * dn1
    dd1 += dd2
    dnum = dd1 / spread
    dspread = -d1 * dnum
    dspread -= dd2
    ddrift = T * dnum
    dT += drift * dnum
    dr += ddrift
    dv = v * ddrift
    dratio = dnum / ratio
    dS += dratio / K
    dK -= ratio / K * dratio
    dv += root * dspread
    dT += 0.5 / root * (v * dspread)
    return dS, dK, dT, dr, dv


def reprojection_forward(
    w1: float, w2: float, w3: float, t1: float, t2: float, t3: float, f: float,
    k1: float, k2: float, X: float, Y: float, Z: float, u: float, v: float,
) -> tuple[float, Cache]:  # fmt: skip
    angle = math.hypot(w1, w2, w3)
    c = math.cos(angle)
    s = math.sin(angle)
    a1 = w1 / angle
    a2 = w2 / angle
    a3 = w3 / angle
    dot = a1 * X
    dot += a2 * Y
    dot += a3 * Z
    half = math.sin(0.5 * angle)
    versin = 2.0 * half * half
    d = dot * versin
    b1 = a2 * Z
    b1 -= a3 * Y
    P1 = X * c
    P1 += b1 * s
    P1 += a1 * d
    P1 += t1
    b2 = a3 * X
    b2 -= a1 * Z
    P2 = Y * c
    P2 += b2 * s
    P2 += a2 * d
    P2 += t2
    b3 = a1 * Y
    b3 -= a2 * X
    P3 = Z * c
    P3 += b3 * s
    P3 += a3 * d
    P3 += t3
    p = -P1 / P3
    q = -P2 / P3
    p2 = p * p
    r2 = q * q
    r2 += p2
    slope = k2 * r2
    slope += k1
    scale = r2 * slope
    scale += 1.0
    g = f * scale
    e1 = g * p
    e1 -= u
    e2 = g * q
    e2 -= v
    e12 = e1 * e1
    error = e2 * e2
    error += e12
    return error, (
        angle, c, s, a1, a2, a3, X, Y, Z, dot, versin, d, b1, b2, b3, P3, p, q, r2,
        slope, scale, f, g, e1, e2, k2,
    )  # fmt: skip


def reprojection_backward(cache: Cache, derror: float = 1.0) -> Cache:
    (
        angle, c, s, a1, a2, a3, X, Y, Z, dot, versin, d, b1, b2, b3, P3, p, q, r2,
        slope, scale, f, g, e1, e2, k2,
    ) = cache  # fmt: skip
    de2 = 2.0 * e2 * derror
    de1 = 2.0 * e1 * derror
    dg = q * de2
    dq = g * de2
    dg += p * de1
    dp = g * de1
    df = scale * dg
    dscale = f * dg
    dr2 = slope * dscale
    dk1 = r2 * dscale
    dr2 += k2 * dk1
    dk2 = r2 * dk1
    dq += 2.0 * q * dr2
    dp += 2.0 * p * dr2
    dP2 = -dq / P3
    dP1 = -dp / P3
    dP3 = q * dP2
    dP3 += p * dP1
    dZ = c * dP3
    dc = Z * dP3
    db3 = s * dP3
    ds = b3 * dP3
    da3 = d * dP3
    dd = a3 * dP3
    da1 = Y * db3
    dY = a1 * db3
    da2 = -X * db3
    dX = -a2 * db3
    dY += c * dP2
    dc += Y * dP2
    db2 = s * dP2
    ds += b2 * dP2
    da2 += d * dP2
    dd += a2 * dP2
    da3 += X * db2
    dX += a3 * db2
    da1 -= Z * db2
    dZ -= a1 * db2
    dX += c * dP1
    dc += X * dP1
    db1 = s * dP1
    ds += b1 * dP1
    da1 += d * dP1
    dd += a1 * dP1
    da2 += Z * db1
    dZ += a2 * db1
    da3 -= Y * db1
    dY -= a3 * db1
    ddot = versin * dd
    dangle = s * (dot * dd)
    da3 += Z * ddot
    dZ += a3 * ddot
    da2 += Y * ddot
    dY += a2 * ddot
    da1 += X * ddot
    dX += a1 * ddot
    dw3 = da3 / angle
    dangle -= a3 * dw3
    dw2 = da2 / angle
    dangle -= a2 * dw2
    dw1 = da1 / angle
    dangle -= a1 * dw1
    dangle += c * ds
    dangle -= s * dc
    dw1 += a1 * dangle
    dw2 += a2 * dangle
    dw3 += a3 * dangle
    return dw1, dw2, dw3, dP1, dP2, dP3, df, dk1, dk2, dX, dY, dZ, -de1, -de2


def _rosenbrock() -> str:
    ahead, back, cache = ["f = 0.0"], [], []
    for i in range(9):
        ahead += [f"s{i} = x{i} * x{i}", f"t{i} = x{i + 1} - s{i}"]
        ahead += [f"q{i} = t{i} * t{i}", f"f += 100.0 * q{i}"]
        ahead += [f"u{i} = 1.0 - x{i}", f"f += u{i} * u{i}"]
        cache += [f"x{i}", f"t{i}", f"u{i}"]
    for i in reversed(range(9)):
        back += [f"dx{i} = -2.0 * u{i} * df", f"dt = 200.0 * t{i} * df"]
        back += [f"dx{i + 1} {'+=' if i < 8 else '='} dt", f"dx{i} -= 2.0 * x{i} * dt"]
    del ahead[0]
    ahead[3] = "f = 100.0 * q0"
    return _text("F2", ahead, cache, back)


def _network() -> str:
    ahead, back, cache = [], [], []
    for j in range(4):
        first = 3 * j
        ahead += [f"z{j} = {SEEN[0]} * w{first}"]
        ahead += [f"z{j} += {n} * w{first + i}" for i, n in enumerate(SEEN[1:], 1)]
        ahead += [f"z{j} += w{12 + j}", f"h{j} = math.tanh(z{j})"]
        ahead += [f"f {'+=' if j else '= w20 +'} w{16 + j} * h{j}"]
        cache += [f"w{16 + j}", f"h{j}"]
        back += [f"dw{16 + j} = h{j} * df", f"dh = w{16 + j} * df"]
        back += [f"dw{12 + j} = (1.0 - h{j} * h{j}) * dh"]
        back += [f"dw{first + i} = {n} * dw{12 + j}" for i, n in enumerate(SEEN)]
    return _text("F4", ahead, cache, back).replace("dw20)", "df)")


def _product() -> str:
    ahead, back = ["p1 = x0 * x1"], ["dp18 = x19 * df", "dx19 = p18 * df"]
    ahead += [f"p{i} = p{i - 1} * x{i}" for i in range(2, 19)] + ["f = p18 * x19"]
    for i in range(18, 1, -1):
        back += [f"dp{i - 1} = x{i} * dp{i}", f"dx{i} = p{i - 1} * dp{i}"]
    back += ["dx0 = x1 * dp1", "dx1 = x0 * dp1"]
    return _text("F5", ahead, [*INPUTS["F5"], *[f"p{i}" for i in range(1, 19)]], back)


def _text(key: str, ahead: list[str], cache: list[str], back: list[str]) -> str:
    inputs, kept = ", ".join(INPUTS[key]), ", ".join(cache)
    gradient = ", ".join(f"d{name}" for name in INPUTS[key])
    ahead = [f"def forward({inputs}):", *ahead, f"return f, ({kept})"]
    back = ["def backward(cache, df=1.0):", f"{kept} = cache", *back]
    lines = "\n    ".join(ahead) + "\n" + "\n    ".join([*back, f"return ({gradient})"])
    return f"import math\n{lines}\n"


#: What stands in rows is written out by loops: each runs as its text, with no loop in it.
SPLIT: Mapping[str, Any] = {
    "F1": SimpleNamespace(forward=seed_forward, backward=seed_backward),
    "F2": load(_rosenbrock()),
    "F3": SimpleNamespace(
        forward=black_scholes_forward, backward=black_scholes_backward
    ),
    "F4": load(_network()),
    "F5": load(_product()),
    "F6": SimpleNamespace(forward=reprojection_forward, backward=reprojection_backward),
}
