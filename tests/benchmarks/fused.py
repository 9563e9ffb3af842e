"""Value and gradient as a careful programmer writes them by hand for speed: each function is the 1.00 of the table.

They follow the chain rule, with what the value has worked out used again and constants put together. They have gradgen's accurate forms,
without which they would do less: a sigmoid that does not overflow, and no difference of near numbers in the tail of a distribution or at small angles.
"""

# ruff: noqa: N803, N806

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

Answer: TypeAlias = tuple[float, tuple[float, ...]]


def seed(x: float, y: float) -> Answer:
    a = 1.0 / (1.0 + math.exp(-x)) if x > -709.0 else math.exp(x)
    b = 1.0 / (1.0 + math.exp(-y)) if y > -709.0 else math.exp(y)
    s = x + y
    inv = 1.0 / (a + s * s)
    f = (x + b) * inv
    dden = -f * inv
    ds = 2.0 * s * dden
    return f, (inv + a * (1.0 - a) * dden + ds, b * (1.0 - b) * inv + ds)


def rosenbrock(
    x0: float, x1: float, x2: float, x3: float, x4: float,
    x5: float, x6: float, x7: float, x8: float, x9: float,
) -> Answer:  # fmt: skip
    t0, u0 = x1 - x0 * x0, 1.0 - x0
    t1, u1 = x2 - x1 * x1, 1.0 - x1
    t2, u2 = x3 - x2 * x2, 1.0 - x2
    t3, u3 = x4 - x3 * x3, 1.0 - x3
    t4, u4 = x5 - x4 * x4, 1.0 - x4
    t5, u5 = x6 - x5 * x5, 1.0 - x5
    t6, u6 = x7 - x6 * x6, 1.0 - x6
    t7, u7 = x8 - x7 * x7, 1.0 - x7
    t8, u8 = x9 - x8 * x8, 1.0 - x8
    f = (
        100.0 * t0 * t0 + u0 * u0 + 100.0 * t1 * t1 + u1 * u1 + 100.0 * t2 * t2 + u2 * u2
        + 100.0 * t3 * t3 + u3 * u3 + 100.0 * t4 * t4 + u4 * u4 + 100.0 * t5 * t5 + u5 * u5
        + 100.0 * t6 * t6 + u6 * u6 + 100.0 * t7 * t7 + u7 * u7 + 100.0 * t8 * t8 + u8 * u8
    )  # fmt: skip
    return f, (
        -400.0 * x0 * t0 - 2.0 * u0,
        200.0 * t0 - 400.0 * x1 * t1 - 2.0 * u1,
        200.0 * t1 - 400.0 * x2 * t2 - 2.0 * u2,
        200.0 * t2 - 400.0 * x3 * t3 - 2.0 * u3,
        200.0 * t3 - 400.0 * x4 * t4 - 2.0 * u4,
        200.0 * t4 - 400.0 * x5 * t5 - 2.0 * u5,
        200.0 * t5 - 400.0 * x6 * t6 - 2.0 * u6,
        200.0 * t6 - 400.0 * x7 * t7 - 2.0 * u7,
        200.0 * t7 - 400.0 * x8 * t8 - 2.0 * u8,
        200.0 * t8,
    )


def black_scholes(S: float, K: float, T: float, r: float, v: float) -> Answer:
    root = math.sqrt(T)
    spread = v * root
    drift = r + 0.5 * v * v
    d1 = (math.log(S / K) + drift * T) / spread
    d2 = d1 - spread
    n1 = 0.5 * math.erfc(-0.7071067811865476 * d1)
    n2 = 0.5 * math.erfc(-0.7071067811865476 * d2)
    decay = math.exp(-r * T)
    strike = K * decay
    dd2 = -0.3989422804014327 * math.exp(-0.5 * d2 * d2) * strike
    dd1 = 0.3989422804014327 * math.exp(-0.5 * d1 * d1) * S + dd2
    dsum = dd1 / spread
    dspread = -dd2 - d1 * dsum
    ddrift = T * dsum
    drT = strike * n2
    return S * n1 - drT, (
        n1 + dsum / S,
        -decay * n2 - dsum / K,
        r * drT + drift * dsum + 0.5 * v * dspread / root,
        T * drT + ddrift,
        v * ddrift + root * dspread,
    )


def network(
    w0: float, w1: float, w2: float, w3: float, w4: float, w5: float, w6: float,
    w7: float, w8: float, w9: float, w10: float, w11: float, w12: float, w13: float,
    w14: float, w15: float, w16: float, w17: float, w18: float, w19: float, w20: float,
) -> Answer:  # fmt: skip
    h0 = math.tanh(0.5 * w0 - 0.3 * w1 + 0.8 * w2 + w12)
    h1 = math.tanh(0.5 * w3 - 0.3 * w4 + 0.8 * w5 + w13)
    h2 = math.tanh(0.5 * w6 - 0.3 * w7 + 0.8 * w8 + w14)
    h3 = math.tanh(0.5 * w9 - 0.3 * w10 + 0.8 * w11 + w15)
    d0 = (1.0 - h0 * h0) * w16
    d1 = (1.0 - h1 * h1) * w17
    d2 = (1.0 - h2 * h2) * w18
    d3 = (1.0 - h3 * h3) * w19
    return w20 + w16 * h0 + w17 * h1 + w18 * h2 + w19 * h3, (
        0.5 * d0, -0.3 * d0, 0.8 * d0,
        0.5 * d1, -0.3 * d1, 0.8 * d1,
        0.5 * d2, -0.3 * d2, 0.8 * d2,
        0.5 * d3, -0.3 * d3, 0.8 * d3,
        d0, d1, d2, d3, h0, h1, h2, h3, 1.0,
    )  # fmt: skip


def product(
    x0: float, x1: float, x2: float, x3: float, x4: float, x5: float, x6: float,
    x7: float, x8: float, x9: float, x10: float, x11: float, x12: float, x13: float,
    x14: float, x15: float, x16: float, x17: float, x18: float, x19: float,
) -> Answer:  # fmt: skip
    # From the left, and from the right.
    p1 = x0 * x1
    p2 = p1 * x2
    p3 = p2 * x3
    p4 = p3 * x4
    p5 = p4 * x5
    p6 = p5 * x6
    p7 = p6 * x7
    p8 = p7 * x8
    p9 = p8 * x9
    p10 = p9 * x10
    p11 = p10 * x11
    p12 = p11 * x12
    p13 = p12 * x13
    p14 = p13 * x14
    p15 = p14 * x15
    p16 = p15 * x16
    p17 = p16 * x17
    p18 = p17 * x18
    q18 = x19 * x18
    q17 = q18 * x17
    q16 = q17 * x16
    q15 = q16 * x15
    q14 = q15 * x14
    q13 = q14 * x13
    q12 = q13 * x12
    q11 = q12 * x11
    q10 = q11 * x10
    q9 = q10 * x9
    q8 = q9 * x8
    q7 = q8 * x7
    q6 = q7 * x6
    q5 = q6 * x5
    q4 = q5 * x4
    q3 = q4 * x3
    q2 = q3 * x2
    return p18 * x19, (
        x1 * q2, x0 * q2, p1 * q3, p2 * q4, p3 * q5, p4 * q6, p5 * q7, p6 * q8, p7 * q9,
        p8 * q10, p9 * q11, p10 * q12, p11 * q13, p12 * q14, p13 * q15, p14 * q16,
        p15 * q17, p16 * q18, p17 * x19, p18,
    )  # fmt: skip


def reprojection(
    w1: float, w2: float, w3: float, t1: float, t2: float, t3: float, f: float,
    k1: float, k2: float, X: float, Y: float, Z: float, u: float, v: float,
) -> Answer:  # fmt: skip
    angle = math.sqrt(w1 * w1 + w2 * w2 + w3 * w3)
    c, s = math.cos(angle), math.sin(angle)
    inv = 1.0 / angle
    a1, a2, a3 = w1 * inv, w2 * inv, w3 * inv
    dot = a1 * X + a2 * Y + a3 * Z
    half = math.sin(0.5 * angle)
    versin = 2.0 * half * half
    d = dot * versin
    b1, b2, b3 = a2 * Z - a3 * Y, a3 * X - a1 * Z, a1 * Y - a2 * X
    depth = 1.0 / (Z * c + b3 * s + a3 * d + t3)
    p = -(X * c + b1 * s + a1 * d + t1) * depth
    q = -(Y * c + b2 * s + a2 * d + t2) * depth
    r2 = p * p + q * q
    slope = k1 + k2 * r2
    scale = 1.0 + r2 * slope
    g = f * scale
    e1, e2 = g * p - u, g * q - v
    # Backwards: the residuals, the lens, the division by the depth.
    du, dv = 2.0 * e1, 2.0 * e2
    dg = p * du + q * dv
    dscale = f * dg
    dslope = r2 * dscale
    dr2 = 2.0 * (slope * dscale + k2 * dslope)
    dP1 = -(g * du + p * dr2) * depth
    dP2 = -(g * dv + q * dr2) * depth
    dP3 = p * dP1 + q * dP2
    # The rotation.
    ds1, ds2, ds3 = s * dP1, s * dP2, s * dP3
    dd = a1 * dP1 + a2 * dP2 + a3 * dP3
    ddot = versin * dd
    da1 = d * dP1 + X * ddot + Y * ds3 - Z * ds2
    da2 = d * dP2 + Y * ddot + Z * ds1 - X * ds3
    da3 = d * dP3 + Z * ddot + X * ds2 - Y * ds1
    dangle = (
        s * (dot * dd - X * dP1 - Y * dP2 - Z * dP3)
        + c * (b1 * dP1 + b2 * dP2 + b3 * dP3)
        - (a1 * da1 + a2 * da2 + a3 * da3) * inv
    )
    return e1 * e1 + e2 * e2, (
        da1 * inv + a1 * dangle,
        da2 * inv + a2 * dangle,
        da3 * inv + a3 * dangle,
        dP1,
        dP2,
        dP3,
        scale * dg,
        dslope,
        r2 * dslope,
        c * dP1 + a1 * ddot + a3 * ds2 - a2 * ds3,
        c * dP2 + a2 * ddot + a1 * ds3 - a3 * ds1,
        c * dP3 + a3 * ddot + a2 * ds1 - a1 * ds2,
        -du,
        -dv,
    )


FUSED: dict[str, Callable[..., Any]] = {
    "F1": seed,
    "F2": rosenbrock,
    "F3": black_scholes,
    "F4": network,
    "F5": product,
    "F6": reprojection,
}
