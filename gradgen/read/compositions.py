"""Functions without a stage of their own, because the stages of their bodies are worth reading: what each is written out as."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import sympy as sp

from gradgen.core.rows import Row, row

# fmt: off
_COMPOSED = (
    row("silu(x)", body="x*sigmoid(x)"),
    row("swish(x)", body="x*sigmoid(x)"),
    row("mish(x)", body="x*tanh(softplus(x))"),
    row("gelu(x)", body="x/2*erfc(-x/sqrt(2))"),
    row("leaky_relu(x, slope)", body="relu(x) - slope*relu(-x)"),
    row("elu(x, slope)", body="x if x > 0 else slope*expm1(x)"),
    row("huber(r, delta)", body="r**2/2 if abs(r) <= delta else delta*(abs(r) - delta/2)"),
    row("clip(x, low, high)", body="min(max(x, low), high)"),
    row("hardtanh(x)", body="min(max(x, -1), 1)"),
    row("logit(x)", body="log(x) - log1p(-x)"),
    row("norm_pdf(x)", body="exp(-x**2/2)/sqrt(2*pi)"),
    row("norm_ppf(p)", body="-sqrt(2)*erfcinv(2*p)"),
    row("degrees(x)", body="x*(180/pi)"),
    row("radians(x)", body="x*(pi/180)"),
    row("coth(x)", body="1/tanh(x)"),
    row("asec(x)", body="acos(1/x)"),
    row("acsc(x)", body="asin(1/x)"),
    row("asech(x)", body="acosh(1/x)"),
    row("acsch(x)", body="asinh(1/x)"),
    row("acoth(x)", body="atanh(1/x)"),
    row("haversin(x)", body="sin(x/2)**2"),
    row("frac(x)", body="x - floor(x)"),
    row("entr(x)", body="-xlogy(x, x)"),
    row("square(x)", body="x**2"),
    row("cube(x)", body="x**3"),
    row("inv(x)", body="1/x"),
    row("neg(x)", body="-x"),
    row("rsqrt(x)", body="1/sqrt(x)"),
    row("exp10(x)", body="10**x"),
    row("log1m(x)", body="log1p(-x)"),
    row("fma(x, y, z)", body="x*y + z"),
    row("factorial(x)", body="gamma(x + 1)"),
    row("binomial(n, k)", body="1/((n + 1)*beta(n - k + 1, k + 1))"),
    row("harmonic(x)", body="digamma(x + 1) + EulerGamma"),
    row("lowergamma(s, x)", body="gamma(s)*gammainc(s, x)"),
    row("uppergamma(s, x)", body="gamma(s)*gammaincc(s, x)"),
    *(row(f"{kind}{order}(x)", body=f"bessel{kind}({order}, x)") for kind in "jyik" for order in (0, 1)),
)
# fmt: on

#: Functions that are written out in others, by name: their call means their body.
COMPOSITIONS: Mapping[str, Row] = {row.name: row for row in _COMPOSED}


@cache
def meaning(text: str, params: tuple[str, ...] = ()) -> sp.Expr:
    """Return what a text of a table means, with these names as variables: it is read as formulas are."""
    from gradgen.read.reader import read_expression  # which reads this table

    return read_expression(text, frozenset(params)).expr


def body_of(composition: Row) -> sp.Expr:
    """Return what a call of a composition means, in terms of its parameters."""
    assert isinstance(composition.body, str)
    return meaning(composition.body, composition.params)
