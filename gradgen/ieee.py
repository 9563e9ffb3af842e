"""The text of a line in; the same out in helper functions that never raise: overflow and poles give inf and nan, as in C."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from gradgen.syntax import parse_expression

#: The functions of `math` that raise, each with the helper that does not.
_CALLS = {
    name: f"_{name}"
    for name in (
        *("exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "gamma", "lgamma"),
        *("sin", "cos", "tan", "asin", "acos", "acosh", "atanh", "sinh", "cosh"),
        *("floor", "ceil", "trunc"),
    )
} | {"pow": "_power"}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Div: "_divide",
    ast.FloorDiv: "_floor_divide",
    ast.Mod: "_modulo",
    ast.Pow: "_power",
}
_CHOICES = {"max": "_maximum", "min": "_minimum"}
_INNER = ("math.", "round(")
#: The helpers of the table's rows that raise; `_x_anywhere` does not.
_ROWS = frozenset(
    f"_{name}"
    for name in (
        *(
            "digamma",
            "digamma_rise",
            "trigamma",
            "polygamma",
            "beta",
            "log_beta",
            "erfinv",
            "erfcinv",
        ),
        *("gauss", "lambertw", "sinc_slope", "zeta", "zeta_slope"),
        *("exprel_slope", "log1prel_slope", "sinhc_slope", "xcot_slope", "xcsc_slope"),
        *("log_erfc", "log_erfc_slope", "log_norm_cdf", "log_norm_cdf_slope"),
        *("exp_erfc", "erfcx", "erfcx_slope", "compound", "compound_slope"),
        "compound_by_power",
    )
)
#: The helpers that the lines may call, without the underscore.
HELPERS = (
    *(name[1:] for name in sorted({*_CALLS.values(), *_OPERATORS.values()})),
    *(name[1:] for name in _CHOICES.values()),
    *("sign", "heaviside", "logaddexp", "round"),
    *sorted(f"{name[1:]}_anywhere" for name in _ROWS),
)
#: Operations whose texts raise nowhere, for infinite operands and nan neither.
QUIET = ("sigmoid", "softplus", "logsigmoid", "erf", "erfc", "norm_cdf", "atan", "asinh", "tanh", "hypot", "hypot3")  # fmt: skip

_SIGN = re.compile(r"math\.copysign\(1\.0, (\w+)\) if (\w+) != 0\.0 else 0\.0")
_STEP = re.compile(r"1\.0 if (\w+) > 0\.0 else ([\w.]+) if (\w+) == 0\.0 else 0\.0")
_LOGADDEXP = re.compile(r"max\((\S+), (\S+)\) \+ math\.log1p\(math\.exp\(-abs\((\S+) - (\S+)\)\)\)")  # fmt: skip


def quiet(text: str) -> str:
    """Return an expression in which nothing raises."""
    if "(" not in text and not re.search(r"[/%*]{2}|[/%]| if ", text):
        return text
    found = _LOGADDEXP.fullmatch(text)
    if found and found.group(1, 2) == found.group(3, 4):
        return f"_logaddexp({found[1]}, {found[2]})"
    tree = _Quiet().visit(parse_expression(text))
    return re.sub(r"(?<=[\d.])e\+", "e", ast.unparse(tree))


class _Quiet(ast.NodeTransformer):
    """Puts helpers in the place of what raises. A line's text is short: only the user's formulas are deep."""

    def __init__(self) -> None:
        #: The values that are known not to be 0 here.
        self.nonzero: list[str] = []

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if known(node) is not None:
            return node
        called = ast.unparse(node.func)
        if called == "float" and ast.unparse(node.args[0]).startswith(_INNER):
            return self.visit_Call(node.args[0])  # type: ignore[arg-type]
        name = called.removeprefix("math.")
        if called != name:
            called = _CALLS.get(name, called)
        elif called in _CHOICES and not isinstance(node.args[-1], ast.Constant):
            called = _CHOICES[called]
        elif called == "round":
            called = "_round"
        elif called in _ROWS:
            called += "_anywhere"
        node.args = [self.visit(arg) for arg in node.args]
        node.func = parse_expression(called)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        divisor = known(node.right)
        exact = known(node) is not None
        name = _OPERATORS.get(type(node.op))
        safe = divisor is not None and divisor != 0 and not isinstance(node.op, ast.Pow)
        if isinstance(node.right, ast.Name) and node.right.id in self.nonzero:
            safe = not isinstance(node.op, ast.Pow)
        node.left, node.right = self.visit(node.left), self.visit(node.right)
        if exact or safe or name is None:
            return node
        if isinstance(node.op, ast.Pow) and divisor is not None:
            node.right = parse_expression(repr(divisor))
        return _call(name, node.left, node.right)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        text = ast.unparse(node)
        sign, step = _SIGN.fullmatch(text), _STEP.fullmatch(text)
        if sign and sign[1] == sign[2]:
            return parse_expression(f"_sign({sign[1]})")
        if step and step[1] == step[3]:
            return parse_expression(f"_heaviside({step[1]}, {step[2]})")
        found = list(_nonzero(node.test))
        node.test = self.visit(node.test)
        self.nonzero += found
        node.body = self.visit(node.body)
        del self.nonzero[len(self.nonzero) - len(found) :]
        node.orelse = self.visit(node.orelse)
        return node


def _nonzero(test: ast.expr) -> Iterator[str]:
    """Yield the names that a condition keeps from 0."""
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return
    for part in parts:
        text = ast.unparse(part)
        if text.endswith(" != 0.0"):
            yield text.removesuffix(" != 0.0")


def known(node: ast.expr) -> float | None:
    """Return the value of an expression of numbers; None where it has names, or no value."""
    try:
        value = _evaluate(node)
    except (ArithmeticError, ValueError):
        return None
    return value if value is not None and math.isfinite(value) else None


def _evaluate(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Attribute):
        return float(getattr(math, node.attr))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _evaluate(node.operand)
        return None if inner is None else -inner
    parts = [node.left, node.right] if isinstance(node, ast.BinOp) else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        parts = node.args
    values = [_evaluate(part) for part in parts]
    found = [value for value in values if value is not None]
    if not parts or len(found) < len(parts):
        return None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return float(getattr(math, node.func.attr)(*found))
    assert isinstance(node, ast.BinOp)
    left, right = found
    if isinstance(node.op, ast.Div):
        return left / right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Add):
        return left + right
    return left - right if isinstance(node.op, ast.Sub) else None


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])
