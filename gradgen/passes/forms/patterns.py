"""What people write and the operation that means the same, as texts; a text in, its steps out."""

from __future__ import annotations

from gradgen.core.build import Steps, power, quotient
from gradgen.core.notation import read
from gradgen.core.program import Program
from gradgen.core.table import ROWS
from gradgen.passes.moved import finish

#: What people write, and the operation that means the same to rounding. Each holds wherever the left side has a value, and has
#: no value where the left side has none, but for points where that is the limit's. A product may have any further factors, and
#: where a variable stands as a factor, what is bound to it may be a multiple: (V + 23)/(exp((V + 23)/5) - 1) is x/expm1(x).
PATTERNS = (
    ("x*x", "x**2"),
    ("-x + y", "y - x"),
    ("1 + x - 1", "x"),
    ("1 - x - 1", "-x"),
    ("1 - (1 - x)", "x"),
    ("1 - (1 + x)", "-x"),
    ("1/(1/x)", "x"),
    ("1/exp(x)", "exp(-x)"),
    ("exp(x)*exp(-y)", "exp(x - y)"),
    ("1/(1 + exp(-x))", "sigmoid(x)"),
    ("1/(1 + exp(x))", "sigmoid(-x)"),
    ("exp(x)/(1 + exp(x))", "sigmoid(x)"),
    ("exp(-x)/(1 + exp(-x))", "sigmoid(-x)"),
    ("1 - sigmoid(x)", "sigmoid(-x)"),
    ("2*sigmoid(x) - 1", "tanh(x/2)"),
    ("1 - 2*sigmoid(x)", "-tanh(x/2)"),
    ("exp(x)/(exp(x) + exp(y))", "sigmoid(x - y)"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    ("(exp(x) - exp(-x))/2", "sinh(x)"),
    ("(exp(x) - exp(-x))*0.5", "sinh(x)"),
    ("exp(x) - 1", "expm1(x)"),
    ("-1 + exp(x)", "expm1(x)"),
    ("1 - exp(x)", "-expm1(x)"),
    ("(exp(-x) - 1)/(1 + exp(-x))", "-tanh(x/2)"),
    ("(exp(x) - 1)/(1 + exp(x))", "tanh(x/2)"),
    ("1/(exp(x) - 1)", "bose(x)"),
    ("1 - tanh(x)**2", "sech(x)**2"),
    ("1/(1 + cosh(x))", "sech(x/2)**2/2"),
    ("1/cosh(x)", "sech(x)"),
    ("atan(1/x)", "acot(x)"),
    ("1/sinh(x)", "csch(x)"),
    ("sinh(x)/cosh(x)", "tanh(x)"),
    ("cosh(x)/sinh(x)", "1/tanh(x)"),
    ("sqrt(x**2 + 1)", "hypot(x, 1)"),
    ("log(x + sqrt(x**2 + 1))", "asinh(x)"),
    ("log((1 + x)/(1 - x))", "2*atanh(x)"),
    ("log(1 + exp(x))", "softplus(x)"),
    ("log(1 + x)", "log1p(x)"),
    ("log(1 - x)", "log1p(-x)"),
    ("log(sigmoid(x))", "logsigmoid(x)"),
    ("log(softplus(x))", "logsoftplus(x)"),
    ("log(cosh(x))", "logcosh(x)"),
    ("log(sinh(x))", "x + log1mexp(-2*x) - log(2)"),
    ("log(sech(x))", "-logcosh(x)"),
    ("log(sech(x)**2)", "-2*logcosh(x)"),
    ("log(x)/log(10)", "log10(x)"),
    ("log(x)/log(2)", "log2(x)"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + erf(x)", "erfc(-x)"),
    *(
        (naive.replace("t", scaled), f"norm_cdf({sign}x)")
        for scaled in ("x/sqrt(2)", "x*sqrt(1/2)", "x*0.7071067811865476")
        for sign, forms in (
            ("", ("erfc(-(t))/2", "0.5*erfc(-(t))")),
            ("-", ("erfc(t)/2", "0.5*erfc(t)")),
        )
        for naive in forms
    ),
    ("1 - norm_cdf(x)", "norm_cdf(-x)"),
    ("log(norm_cdf(x))", "log_norm_cdf(x)"),
    (
        "log(norm_cdf(x) - norm_cdf(y))",
        "log_norm_cdf(x) + log1mexp(log_norm_cdf(y) - log_norm_cdf(x))",
    ),
    ("log(erfc(x))", "logerfc(x)"),
    ("exp(x**2)*erfc(x)", "erfcx(x)"),
    ("exp(x)*erfc(y)", "experfc(x, y)"),
    ("max(x, x)", "x"),
    ("min(x, x)", "x"),
    ("1 - cos(x)", "versin(x)"),
    ("cos(x) - 1", "-versin(x)"),
    ("versin(x)/x**2", "sinc(x/2)**2/2"),
    ("sin(x)/x", "sinc(x)"),
    ("x/sin(x)", "xcsc(x)"),
    ("tan(x)/x", "sinc(x)/cos(x)"),
    ("x/tan(x)", "xcot(x)"),
    ("x**2*exp(x)/(exp(x) - 1)**2", "xcsch(x/2)**2"),
    ("x/(exp(x) - 1)", "bern(x)"),
    ("x*exp(x)/(exp(x) - 1)", "bern(-x)"),
    ("exp(x)/(exp(x) - 1)", "-bose(-x)"),
    ("exp(x)/(1 - exp(x))", "bose(-x)"),
    ("(exp(x) - 1)/x", "exprel(x)"),
    ("((1 + x)**y - 1)/x", "compound(x, y)"),
    ("(1 - (1 + x)**y)/x", "-compound(x, y)"),
    ("x/((1 + x)**y - 1)", "1/compound(x, y)"),
    ("x/(1 - (1 + x)**y)", "-(1/compound(x, y))"),
    ("log(1 + x)/x", "log1prel(x)"),
    ("x/log(1 + x)", "1/log1prel(x)"),
    ("log(x)/(x - 1)", "logrel(x)"),
    ("log(x)/(1 - x)", "-logrel(x)"),
    ("sinh(x)/x", "sinhc(x)"),
    ("tanh(x)/x", "tanhc(x)"),
    ("x/tanh(x)", "xcoth(x)"),
    ("x/sinh(x)", "xcsch(x)"),
    ("atan(x)/x", "atanc(x)"),
    ("x/atan(x)", "1/atanc(x)"),
    ("1/tanh(x) - 1/x", "langevin(x)"),
    ("1/tanh(x/y) - y/x", "langevin(x/y)"),
    ("x**2/(x**2 + 1)", "(x/hypot(x, 1))**2"),
    ("x**2/(x**2 + y**2)", "(x/hypot(x, y))**2"),
    ("x**2/(y**2 + x**2)", "(x/hypot(x, y))**2"),
    ("sqrt(x**2 + y**2)", "hypot(x, y)"),
    ("sqrt(x**2)", "abs(x)"),
    ("sqrt(exp(x))", "exp(x/2)"),
    ("sqrt(x**2 + y**2 + z**2)", "hypot(x, y, z)"),
    ("E**x", "exp(x)"),
    ("log(sum(exp(x)))", "logsumexp(x)"),
    ("log(mean(exp(x)))", "logmeanexp(x)"),
    ("exp(x - log(sum(exp(x))))", "exp(x)/sum(exp(x))"),
)

_VARIABLES = ("x", "y", "z", "w")


def staged(text: str) -> Program:
    """Return a pattern as formulas are staged."""
    steps = Steps(ROWS, folded=False)
    scope = {name: steps.input(name) for name in _VARIABLES}

    def make(op: str, *args: int) -> int:
        if op == "div":
            return quotient(steps, *args)
        if op == "**":
            return power(steps, *args)
        return steps.emit("hypot3" if op == "hypot" and len(args) == 3 else op, *args)

    value = steps.result(read(text, scope, steps, make), set())
    return finish(steps, {"": value}, scope.values())
