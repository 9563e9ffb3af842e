"""The name of a function or the number of another language in; what means the same here, if anything does, out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_OF_MATH_H = {
    "M_PI": "pi",
    "M_PI_2": "pi/2",
    "M_PI_4": "pi/4",
    "M_1_PI": "1/pi",
    "M_2_PI": "2/pi",
    "M_2_SQRTPI": "2/sqrt(pi)",
    "M_E": "E",
    "M_LN2": "log(2)",
    "M_LN10": "log(10)",
    "M_LOG2E": "1/log(2)",
    "M_LOG10E": "1/log(10)",
    "M_SQRT2": "sqrt(2)",
    "M_SQRT1_2": "sqrt(1/2)",
}
#: The constants of C's math.h, as formulas; with an l they are long doubles.
OF_C: Mapping[str, str] = {
    **_OF_MATH_H,
    **{f"{name}l": text for name, text in _OF_MATH_H.items()},
}

#: What other languages' functions are here: the same function, with its arguments in the same order where it is a bare name.
_SAME = """
    abs: dabs iabs labs
    acos: dacos
    acosh: arcosh argcosh arch
    acoth: arcoth arccoth
    acsc: arccsc
    acsch: arccsch arcsch
    asec: arcsec
    asech: arcsech arsech
    asin: dasin
    asinh: arsinh argsinh arsh
    atan: datan arctg
    atan2: datan2
    atanh: artanh argtanh arth
    besselj: bessel_jn
    bessely: bessel_yn
    binomial: binom nchoosek ncr combin comb choose
    ceil: dceil
    clip: clamp constrain
    cos: dcos
    cosh: ch dcosh
    cot: ctg ctan cotan
    coth: cth cotanh
    csc: cosec
    csch: cosech
    degrees: rad2deg rad2deg_
    erf: derf
    erfc: derfc
    factorial: fact fac
    floor: dfloor
    frac: fract
    gamma: tgamma
    gammainc: gamma_p
    gammaincc: gamma_q
    haversin: hav
    inv: reciprocal recip rcp
    j0: besselj0 bessel_j0
    j1: besselj1 bessel_j1
    lambertw: productlog lambert_w
    lgamma: lngamma lngam gamln logabsgamma algama dlgama
    log: loge alog dlog
    log10: alog10 dlog10
    log2: ld lb log_2
    logaddexp: log_sum_exp
    logbeta: lbeta log_beta
    logit: qlogis
    logsigmoid: log_inv_logit
    max: dmax1 amax1 max0
    min: dmin1 amin1 min0
    mod: floormod floor_mod modulo
    neg: negative uminus negate unaryminus
    norm_cdf: ndtr pnorm normcdf phi_cdf normsdist stdnormal_cdf
    norm_pdf: dnorm normpdf
    norm_ppf: ndtri qnorm norminv normsinv probit inv_phi
    radians: deg2rad
    round: nearbyint roundeven round_half_even
    rsqrt: invsqrt inv_sqrt
    sigmoid: invlogit inv_logit sigm plogis
    sign: sgn signum
    sin: dsin
    sinh: sh dsinh
    softplus: log1pexp log1p_exp
    sqrt: dsqrt safe_sqrt
    square: abs2
    tan: tg dtan
    tanh: th dtanh tansig
    trigamma: psi1
    trunc: aint dint integerpart rounddown int
    versin: vers
    where: ifelse if_else iif
    y0: bessely0 bessel_y0
    y1: bessely1 bessel_y1
    Si: sinint sinintegral
    Ci: cosint cosintegral
"""
#: The same for those that are an expression here.
_WRITTEN: Mapping[str, str] = {
    "add": "x + y",
    "plus": "x + y",
    "sub": "x - y",
    "subtract": "x - y",
    "minus": "x - y",
    "mul": "x*y",
    "mult": "x*y",
    "multiply": "x*y",
    "times": "x*y",
    "divide": "x/y",
    "true_divide": "x/y",
    "pdiv": "x/y",
    "floor_divide": "floor(x/y)",
    "fld": "floor(x/y)",
    "quotient": "floor(x/y)",
    "cld": "ceil(x/y)",
    "rem": "x - y*trunc(x/y)",
    "dmod": "x - y*trunc(x/y)",
    "amod": "x - y*trunc(x/y)",
    "drem": "x - y*round(x/y)",
    "fdim": "max(x - y, 0)",
    "dim": "max(x - y, 0)",
    "fractionalpart": "x - trunc(x)",
    "ldexp": "x*2**n",
    "scalbn": "x*2**n",
    "scalb": "x*2**n",
    "pow3": "x**3",
    "pow_abs": "abs(x)**y",
    "sqrt_abs": "sqrt(abs(x))",
    "psqrt": "sqrt(abs(x))",
    "plog": "log(abs(x))",
    "log_abs": "log(abs(x))",
    "inv_square": "1/x**2",
    "rcbrt": "1/cbrt(x)",
    "sqrt1pm1": "expm1(log1p(x)/2)",
    "exprel": "expm1(x)/x",
    "cosm1": "-versin(x)",
    "coversin": "1 - sin(x)",
    "sinpi": "sin(pi*x)",
    "cospi": "cos(pi*x)",
    "tanpi": "tan(pi*x)",
    "asinpi": "asin(x)/pi",
    "acospi": "acos(x)/pi",
    "atanpi": "atan(x)/pi",
    "atan2pi": "atan2(y, x)/pi",
    "sind": "sin(radians(x))",
    "cosd": "cos(radians(x))",
    "tand": "tan(radians(x))",
    "cotd": "cot(radians(x))",
    "secd": "sec(radians(x))",
    "cscd": "csc(radians(x))",
    "sindg": "sin(radians(x))",
    "cosdg": "cos(radians(x))",
    "tandg": "tan(radians(x))",
    "cotdg": "cot(radians(x))",
    "asind": "degrees(asin(x))",
    "acosd": "degrees(acos(x))",
    "atand": "degrees(atan(x))",
    "atan2d": "degrees(atan2(y, x))",
    "sincpi": "sinc(pi*x)",
    "log_ndtr": "log(norm_cdf(x))",
    "lfactorial": "lgamma(x + 1)",
    "logfactorial": "lgamma(x + 1)",
    "lchoose": "-log(n + 1) - logbeta(n - k + 1, k + 1)",
    "poch": "gamma(a + n)/gamma(a)",
    "pochhammer": "gamma(a + n)/gamma(a)",
    "rf": "gamma(a + n)/gamma(a)",
    "risingfactorial": "gamma(a + n)/gamma(a)",
    "ff": "gamma(x + 1)/gamma(x - n + 1)",
    "fallingfactorial": "gamma(x + 1)/gamma(x - n + 1)",
    "perm": "gamma(n + 1)/gamma(n - k + 1)",
    "npr": "gamma(n + 1)/gamma(n - k + 1)",
    "tetragamma": "polygamma(2, x)",
    "pentagamma": "polygamma(3, x)",
    "psigamma": "polygamma(n, x), the order first",
    "zetac": "zeta(x) - 1",
    "li": "Ei(log(x))",
    "logintegral": "Ei(log(x))",
    "exp1": "-Ei(-x)",
    "e1": "-Ei(-x)",
    "wrightomega": "lambertw(exp(x))",
    "saturate": "clip(x, 0, 1)",
    "relu6": "clip(x, 0, 6)",
    "softsign": "x/(1 + abs(x))",
    "tanhshrink": "x - tanh(x)",
    "lerp": "a + t*(b - a)",
    "mix": "a + t*(b - a)",
    "log1m_inv_logit": "logsigmoid(-x)",
    "inv_cloglog": "-expm1(-exp(x))",
    "cloglog": "log(-log1p(-x))",
    "log1m_exp": "log(-expm1(x))",
    "log_diff_exp": "x + log(-expm1(y - x))",
    "logdiffexp": "x + log(-expm1(y - x))",
    "logsubexp": "x + log(-expm1(y - x))",
    "multiply_log": "x*log(y)",
    "lmultiply": "x*log(y)",
    "logaddexp2": "log2(2**x + 2**y)",
    "greater": "1 if x > y else 0",
    "greater_equal": "1 if x >= y else 0",
    "less": "1 if x < y else 0",
    "less_equal": "1 if x <= y else 0",
    "signbit": "1 if x < 0 else 0",
    "kroneckerdelta": "1 if x == y else 0",
    "delta": "1 if x == 0 else 0",
    "copysign": "abs(x) if y >= 0 else -abs(x)",
    "xor": "(a and not b) or (b and not a)",
    "logical_xor": "(a and not b) or (b and not a)",
    "logical_and": "a and b",
    "logical_or": "a or b",
    "logical_not": "not a",
    "nand": "not (a and b)",
    "nor": "not (a or b)",
    "xnor": "(a and b) or not (a or b)",
    "ite": "(a and b) or (c and not a)",
    "implies": "not a or b",
    "unitstep": "heaviside(x, 1)",
    "heavisidetheta": "heaviside(x)",
    "gammap": "gammainc(a, x)",
    "gammaq": "gammaincc(a, x)",
}
_CHOICE = "a choice is written `a if x > 0 else b`"
_COMPLEX = "complex numbers are not supported"
_SCALARS = "a formula holds single numbers alone"
#: What needs more words. Names with capitals stand for what is called so alone.
_SAID: Mapping[str, str] = {
    "fmod": "`x - y*trunc(x/y)` is the same, with the sign of x; `x % y` has that of y",
    "MOD": "`x % y` has the sign of y, as in spreadsheets; Fortran's MOD is `x - y*trunc(x/y)`",
    "remainder": "`x % y` is NumPy's and Torch's; C's and Python's is `x - y*round(x/y)`",
    "INT": "`floor(x)` is the spreadsheet's, `trunc(x)` Fortran's",
    "ROUND": "`round(x)` rounds halves to the even number; away from 0 it is `sign(x)*floor(abs(x) + 1/2)`",
    "nint": "`sign(x)*floor(abs(x) + 1/2)` rounds halves away from 0; `round(x)` to the even number",
    "anint": "`sign(x)*floor(abs(x) + 1/2)` rounds halves away from 0; `round(x)` to the even number",
    "dnint": "`sign(x)*floor(abs(x) + 1/2)` rounds halves away from 0; `round(x)` to the even number",
    "lround": "`sign(x)*floor(abs(x) + 1/2)` rounds halves away from 0; `round(x)` to the even number",
    "modf": "`x - trunc(x)` is the fraction, `trunc(x)` the whole part",
    "div": "`x/y` is the quotient, `trunc(x/y)` or `floor(x/y)` its whole part",
    "idiv": "`trunc(x/y)` or `floor(x/y)` is the whole part of a quotient",
    "sqr": "`x**2` is the square, `sqrt(x)` the root",
    "pow2": "`2**x` is a power of two, `x**2` a square",
    "root": "`x**(1/n)` is a root of what is not negative, `cbrt(x)` a cube root",
    "nthroot": "`x**(1/n)` is a root of what is not negative, `cbrt(x)` a cube root",
    "real_root": "`x**(1/n)` is a root of what is not negative, `cbrt(x)` a cube root",
    "surd": "`x**(1/n)` is a root of what is not negative, `cbrt(x)` a cube root",
    "lg": "`log10(x)` is the decimal logarithm, `log2(x)` that of base 2",
    "LOG": "`log(x)` is the natural logarithm, `log10(x)` the spreadsheet's of one argument",
    "Log": "`log(x)` is the natural logarithm; the base b stands second, as in `log(x, b)`",
    "ATAN2": "`atan2(y, x)` takes y first, as Fortran does; a spreadsheet takes x first",
    "ArcTan": "`atan(x)`, or of two arguments `atan2(y, x)`, y first",
    "SIGN": "`sign(x)` is the sign; Fortran's SIGN(a, b) is `abs(a) if b >= 0 else -abs(a)`",
    "Clip": "`clip(x, low, high)` names both bounds; without any they are -1 and 1 elsewhere",
    **{
        spelled: f"`{spelled.lower()}(n, x)` takes the order first"
        for letter in "JYIK"
        for spelled in (f"bessel{letter}", f"BESSEL{letter}")
    },
    "jn": "`besselj` is C's and SciPy's; SymPy's is the spherical one",
    "yn": "`bessely` is C's and SciPy's; SymPy's is the spherical one",
    "dexp": "`exp(x)` is Fortran's; R's is a density, `rate*exp(-rate*x)`",
    "dgamma": "`gamma(x)` is Fortran's; R's is a density, to be written out",
    "ACOT": "`pi/2 - atan(x)` is the spreadsheet's, from 0 to pi; `acot(x)` is atan(1/x)",
    "QUOTIENT": "`trunc(x/y)` is the spreadsheet's",
    "Minus": "`-x` is Mathematica's Minus of one argument",
    "Li": "`Ei(log(x)) - Ei(log(2))` is the one that is 0 at 2, `Ei(log(x))` the one that is 0 at 0",
    "arccot": "`acot(x)` is atan(1/x); with values from 0 to pi it is `pi/2 - atan(x)`",
    "arcctg": "`acot(x)` is atan(1/x); with values from 0 to pi it is `pi/2 - atan(x)`",
    "arcctan": "`acot(x)` is atan(1/x); with values from 0 to pi it is `pi/2 - atan(x)`",
    "step": "`heaviside(x, 1)` is 1 at 0 and above, `heaviside(x)` is 1/2 at 0",
    "theta": "`heaviside(x)` is 1/2 at 0, `heaviside(x, 1)` is 1 there",
    "logsig": "`sigmoid(x)` is the function of that name in MATLAB, `logsigmoid(x)` its logarithm",
    "log1mexp": "`log(-expm1(x))` is log(1 - exp(x)), `log(-expm1(-x))` log(1 - exp(-x))",
    "expint": "`-Ei(-x)` is the integral E1, `Ei(x)` the other one",
    "igamma": "`gammainc(a, x)` is the lower one divided by gamma(a), `uppergamma(a, x)` the upper one as it is",
    "igammac": "`gammaincc(a, x)` is the upper incomplete gamma function divided by gamma(a)",
    "gamma_inc": "`gammainc(a, x)` is the lower one divided by gamma(a), `uppergamma(a, x)` the upper one as it is",
    "pgamma": "`gammainc(a, x)` is the same for the rate 1, the shape a first",
    "phi": "`norm_pdf(x)` is the normal density, `norm_cdf(x)` its distribution function",
    "Phi": "write `norm_cdf(x)` for the normal distribution function",
    "cdf": "that of the standard normal distribution is `norm_cdf(x)`",
    "pdf": "that of the standard normal distribution is `norm_pdf(x)`",
    "ppf": "that of the standard normal distribution is `norm_ppf(p)`",
    "haversine": "`haversin(x)` is sin(x/2)**2; a distance is written out",
    "norm": "of two or three numbers it is `hypot(x, y)` or `hypot(x, y, z)`, of one `abs(x)`",
    "prod": "did you mean `Product`? it takes a factor and the range of its index; numbers are multiplied by `*`",
    "product": "did you mean `Product`? it takes a factor and the range of its index; numbers are multiplied by `*`",
    "piecewise": "pieces are written `Piecewise((a, x > 0), (b, True))`, or `a if x > 0 else b`",
    "equal": "a comparison is written `x == y`, and a number from it `1 if x == y else 0`",
    "not_equal": "a comparison is written `x != y`, and a number from it `1 if x != y else 0`",
    "PI": "the circle's constant is `pi`, without brackets",
    "float": "numbers are doubles already; leave it out",
    "double": "numbers are doubles already; leave it out",
    "dble": "numbers are doubles already; leave it out",
    "real": "numbers are doubles already; leave it out",
    "sngl": "numbers are doubles already; leave it out",
    "gauss": "there are several of this name; write it out, as `exp(-x**2)`",
    "gaussian": "there are several of this name; write it out, as `exp(-x**2)`",
    "smoothstep": "write it out, as `t**2*(3 - 2*t)` with t = clip((x - a)/(b - a), 0, 1)",
    **dict.fromkeys(["cond", "select", "if", "switch", "which", "merge", "case", "cases"], _CHOICE),
    **dict.fromkeys(["re", "im", "conj", "conjugate", "arg", "angle", "phase", "cis", "complex", "cmplx"], _COMPLEX),
    **dict.fromkeys(["dot", "cross", "det", "trace", "matmul", "average", "median", "std", "var", "softmax", "log_softmax"], _SCALARS),
}  # fmt: skip
#: PySR's, which give nan outside their domain.
_SAFE = {
    f"safe_{name}": f"`{name}({'x, y' if name == 'pow' else 'x'})` is the same, and raises outside its domain"
    for name in ("log", "log2", "log10", "log1p", "acosh", "asin", "acos", "atanh", "pow")
}  # fmt: skip
#: Functions of C's that have a second name for shorter or longer numbers, as sinf has for sin.
_OF_C = """
    sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 exp10 expm1 log log2 log10 log1p sqrt cbrt
    hypot pow fabs floor ceil erf erfc tgamma lgamma trunc rint fma fmax fmin fmod remainder fdim copysign ldexp
""".split()  # noqa: SIM905
#: Functions of other languages that nothing here stands for, though a name is near: they are no typing errors.
_NOTHING = frozenset("""
    acb airy arcs argmax argmin asl aslinearoperator bdtr bei ber beta2 betainc cbrt3 cdot cei chi coh conv corr cosc
    coshm cotm cosint2 diff erfcx2 erfd erfi2 erfid exp3 expmm expn expt frexp floorf2 gammal gammainv gammaincinv
    hyp ilogb kei ker kn kve lambertm lgamma1p log1 log3 logb loga logm logn logx logs logmod logitm logical maxk minmax
    nan ndiff nextafter polygam randn rsq sech2 sinhc sinhm sinm sinv sqrtm tanc tanhc tanm zetam zetap
""".split())  # noqa: SIM905

_ADVICE: dict[str, str] = {
    **{
        other: f"did you mean `{line.split(':')[0].strip()}`?"
        for line in filter(str.strip, _SAME.splitlines())
        for other in line.split(":")[1].split()
    },
    **{name: f"write `{text}`" for name, text in _WRITTEN.items()},
    **_SAID,
    **_SAFE,
}
_LISTED = "`gradgen functions` lists them all"


def function_advice(name: str, known: Iterable[str]) -> str:
    """Return what to write for a function that is not known here: what means the same, if anything does.

    Args:
        name: what was called.
        known: the functions that a formula may call.
    """
    by_letters = {text.lower(): text for text in reversed([*known])}
    small = name.lower()
    if name in _ADVICE:
        return _ADVICE[name]
    for written in (small, small.replace("_", "")):
        if written in by_letters:
            return f"did you mean `{by_letters[written]}`?"
    if small in _ADVICE:
        return _ADVICE[small]
    if small[:-1] in _OF_C and small[-1] in "fl":
        base = small[:-1]
        return _ADVICE.get(base) or f"did you mean `{by_letters.get(base, base)}`?"
    if small in _NOTHING:
        return f"nothing here stands for it; {_LISTED}"
    near = [text for text in by_letters if _is_slip(small, text)]
    return f"did you mean `{by_letters[near[0]]}`?" if len(near) == 1 else _LISTED


def _is_slip(typed: str, meant: str) -> bool:
    """Whether a name is another with one letter left out, doubled, wrong or exchanged with the next.

    Families of functions differ in their digits, and in the first or the last letter: sind is not sin.
    """
    digits = [[c for c in name if c.isdigit()] for name in (typed, meant)]
    if min(len(typed), len(meant)) < 3 or digits[0] != digits[1]:
        return False
    if typed[0] != meant[0]:
        return False
    if len(typed) == len(meant):
        differ = [i for i, (a, b) in enumerate(zip(typed, meant)) if a != b]
        if len(differ) == 2:
            i, j = differ
            return j == i + 1 and typed[i] == meant[j] and typed[j] == meant[i]
        # Of consonants another makes another word: logzeta is not logbeta, nor gammalnc gammainc.
        if len(differ) != 1 or differ[0] in (0, len(typed) - 1) or len(typed) < 6:
            return False
        return {typed[differ[0]], meant[differ[0]]} <= {*"aeiou"}
    long, short = sorted((typed, meant), key=len, reverse=True)
    if len(long) - len(short) != 1:
        return False
    place = next((i for i, (a, b) in enumerate(zip(long, short)) if a != b), len(short))
    if long[:place] + long[place + 1 :] != short:
        return False
    if typed == long:  # but rrelu is not relu
        return place > 1 and long[place] == long[place - 1]
    return place < len(short) and len(short) > 4


#: Where functions come from elsewhere.
_MODULES = frozenset(
    [
        "math",
        "cmath",
        "Math",
        "np",
        "numpy",
        "jnp",
        "jax",
        "scipy",
        "special",
        "sp",
        "sympy",
        "torch",
        "tf",
        "mpmath",
        "mp",
        "F",
    ]
)
#: What modules hold that is another function than the one of that name here: the name, the modules where it is, and what to say.
_DIFFERENT = (
    (
        "sinc",
        ("np", "numpy", "jnp", "jax", "torch", "tf", "special", "scipy"),
        "that sinc(x) is sin(pi*x)/(pi*x); write `sinc(pi*x)`",
    ),
    (
        "sinc",
        ("sp",),
        "`sinc(x)` is SymPy's, `sinc(pi*x)` SciPy's",
    ),
    (
        "huber",
        ("special", "scipy", "sp", "jax"),
        "the order of the arguments is `huber(r, delta)` here",
    ),
    (
        "gammainc",
        ("mpmath", "mp"),
        "the upper incomplete gamma function is `uppergamma(s, x)`",
    ),
    ("psi", ("mpmath", "mp"), "of an order it is written `polygamma(n, x)`"),
    ("round", ("Math",), "it rounds halves up: write `floor(x + 1/2)`"),
    ("frac", ("torch",), "it has the sign of x: write `x - trunc(x)`"),
    ("gelu", ("jax",), "it is approximate by default: write `gelu_tanh(x)`"),
)
_CONSTANTS = {
    "e": "E",
    "tau": "2*pi",
    "euler_gamma": "EulerGamma",
    "euler": "EulerGamma",
    "PI": "pi",
    "SQRT2": "sqrt(2)",
    "LN2": "log(2)",
    "LN10": "log(10)",
}


def module_advice(before: str, behind: str, known: Iterable[str]) -> str:
    """Return what to write for `math.exp`; empty where no module stands before the point.

    Args:
        before: the names before the point.
        behind: those behind it.
        known: the functions and constants that a formula may name.
    """
    if before not in _MODULES or not behind.strip("."):
        return ""
    called = behind.rpartition(".")[2]
    for name, modules, advice in _DIFFERENT:
        if called == name and before in modules:
            return advice
    if called in _CONSTANTS:
        return f"write `{_CONSTANTS[called]}`"
    known = [*known]
    if called in known:
        return f"functions and constants go by their bare names; write `{called}`"
    return f"there is no function `{called}` here; {function_advice(called, known)}"


_SCALES = {
    "k": "1e3",
    "M": "1e6",
    "G": "1e9",
    "m": "1e-3",
    "u": "1e-6",
    "µ": "1e-6",
    "μ": "1e-6",
    "n": "1e-9",
    "p": "1e-12",
}


def suffix_advice(number: str, word: str, rest: str) -> str:
    """Return what to write for a number with letters behind it; empty where an operator was forgotten.

    Args:
        number: the digits.
        word: the letters and digits behind them.
        rest: the text from there on.
    """
    product = f"`{number}*{word}` for a product"
    if word in ("j", "J", "i", "im"):
        return f"`{number}{word}` is a complex number, and complex numbers are not supported; write {product}"
    power = re.match(r"[dDfF]([+-]?[0-9]+)(?!\w)", rest)
    if power:
        return (
            f"write `{number}e{power[1]}` for a number of another language, {product}"
        )
    if word in ("f", "F", "L", "l", "U", "LL", "UL", "lf"):
        return f"write `{number}` if `{word}` is the suffix of a number in C, {product}"
    if word in _SCALES:
        scaled = number if number != "1" else ""
        text = f"{scaled}*{_SCALES[word]}".lstrip("*")
        return f"write {product}, `{text}` if `{word}` is a prefix of units"
    return ""
