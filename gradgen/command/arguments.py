"""What each command takes, what it does and how it is called. Nothing heavy is imported: help and usage errors answer at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from gradgen.settings import GIVEN, READING, Kind

_DRAWN = "the formula, a generated file, or model.py:function; - reads standard input"
SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def _formula(
    sub: argparse.ArgumentParser,
    text: str = "the formula, several `name = expression` lines, or model.py:function; - reads standard input",
) -> None:
    """Add a formula, and the options of its compilation."""
    sub.add_argument("expression", nargs="*", metavar="EXPR", help=text)
    sub.add_argument(
        "-f",
        "--file",
        metavar="FILE",
        help="read the formula, or a program of `name = expression` lines, from FILE",
    )
    for key, option in GIVEN.items():
        about = option.says
        if option.kind is Kind.SWITCH:
            sub.add_argument(f"--{key}", action="store_true", help=about)
        else:
            several = "append" if option.kind is Kind.WORDS else "store"
            sub.add_argument(
                f"--{key}",
                dest=option.attribute,
                action=several,
                metavar=option.example,
                help=about,
            )
    _reading(sub)


def _reading(sub: argparse.ArgumentParser) -> None:
    """Add how a Python function is read."""
    for key, option in READING.items():
        sub.add_argument(
            f"--{key}",
            dest=option.attribute,
            action="append",
            metavar=option.example,
            help=option.says,
        )


def _proof(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--no-proof",
        dest="proof",
        action="store_false",
        help="do not run the module at a few points, to compare it with what was read, before it is handed over",
    )


def _force(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--force", action="store_true", help="overwrite files that were edited by hand"
    )


def _work(sub: argparse.ArgumentParser) -> None:
    """Add how many files are gone about."""
    sub.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="how many processes work at once (default: one a core, where there is enough to do)",
    )
    sub.add_argument(
        "--no-cache",
        dest="cache",
        action="store_false",
        help="work out everything anew, and remember nothing",
    )


def _files(sub: argparse.ArgumentParser) -> None:
    """Add generated files, and what else they were made with."""
    sub.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a generated file, or a folder of them",
    )
    sub.add_argument(
        "--templates",
        metavar="DIR",
        help="the templates that the files were made with, if not the built-in ones",
    )
    _work(sub)


def _compile(sub: argparse.ArgumentParser) -> None:
    _formula(sub)
    sub.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write FILE instead of printing (- prints)",
    )
    sub.add_argument(
        "--templates",
        metavar="DIR",
        help="use the templates in DIR first; they are code, so use only your own",
    )
    _proof(sub)
    sub.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if FILE would change",
    )
    sub.add_argument(
        "--diff", action="store_true", help="write nothing; show how FILE would change"
    )
    _force(sub)
    sub.add_argument(
        "--verify",
        action="store_true",
        help="first compare the module with mpmath at random points; exit 1 if it is wrong",
    )
    sub.add_argument(
        "--test",
        action="store_true",
        help="with -o model.py, also write test_model.py, which holds the module to values from mpmath",
    )


def _digits(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--digits",
        action="store_true",
        help="also show each stage's part in the rounding error of the result",
    )


def _eval(sub: argparse.ArgumentParser) -> None:
    _formula(sub, _DRAWN)
    sub.add_argument(
        "--at",
        required=True,
        action="append",
        metavar='"x=3, y=-4"',
        help="the point; a value may be any constant, as pi/2, and of a column of --rows a list, as in x=[1, 2, 3]",
    )
    sub.add_argument(
        "--backward",
        action="store_true",
        help="also show each backward line: its local derivative, what comes in and what it brings",
    )
    _digits(sub)
    sub.add_argument(
        "--json",
        action="store_true",
        help="print all of it as JSON",
    )


def _draw(sub: argparse.ArgumentParser) -> None:
    _formula(sub, _DRAWN)
    sub.add_argument(
        "--at",
        action="append",
        metavar='"x=3, y=-4"',
        help="the point whose values and gradients are shown",
    )
    _digits(sub)
    _picture(sub, ".svg, .png, .dot (Graphviz) or .mmd (Mermaid)")


def _plot(sub: argparse.ArgumentParser) -> None:
    _formula(sub, _DRAWN)
    sub.add_argument(
        "--over",
        required=True,
        metavar='"x=-5:5"',
        help="the input that varies, and where",
    )
    sub.add_argument(
        "--at",
        action="append",
        metavar='"y=-4"',
        help="the values of the other inputs",
    )
    _picture(sub, ".svg or .png")


def _explain(sub: argparse.ArgumentParser) -> None:
    _formula(sub, _DRAWN)
    sub.add_argument(
        "--at",
        action="append",
        metavar='"x=3, y=-4"',
        help="the point that the page begins with; inputs without a value get one",
    )
    sub.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write FILE, which ends in .html, instead of printing the page",
    )
    _over(sub)


def _picture(sub: argparse.ArgumentParser, endings: str) -> None:
    """Add what is drawn, and where to."""
    sub.add_argument(
        "--of",
        metavar="RESULT",
        help="the result whose gradient is shown, of several (default: the first)",
    )
    sub.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"write FILE, which ends in {endings}, instead of printing an SVG",
    )
    _over(sub)


def _over(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--force",
        action="store_true",
        help="overwrite a file that gradgen did not draw",
    )


def _verify(sub: argparse.ArgumentParser) -> None:
    _formula(sub, "a generated file, or a formula; - reads one from standard input")
    sub.add_argument(
        "--at",
        action="append",
        metavar='"x=3, y=-4"',
        help="a point; may be given several times (default: random points)",
    )
    sub.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="how many random points, the same at every run (default: 50)",
    )
    sub.add_argument(
        "--range",
        action="append",
        metavar='"x=1:3"',
        help="where an input's random values lie (default: -4:4)",
    )
    sub.add_argument(
        "--tolerance",
        type=float,
        metavar="T",
        help="the largest relative error that passes, of the value and of the gradient as a vector (default: 1e-10)",
    )


def _check(sub: argparse.ArgumentParser) -> None:
    _files(sub)
    sub.add_argument(
        "--max-ratio",
        type=float,
        metavar="R",
        help="also fail where value and gradient cost more than R times the operations of the value",
    )
    sub.add_argument(
        "--ours",
        action="store_true",
        help="pass over files that gradgen did not write, as a hook needs it",
    )


def _update(sub: argparse.ArgumentParser) -> None:
    _files(sub)
    _proof(sub)
    _force(sub)


def _build(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "project",
        nargs="?",
        metavar="PROJECT",
        help="a pyproject.toml or its folder (default: the nearest one)",
    )
    _proof(sub)
    _work(sub)
    sub.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if a file would change",
    )
    _force(sub)


def _diff(sub: argparse.ArgumentParser) -> None:
    for place in ("old", "new"):
        sub.add_argument(
            place,
            metavar=place.upper(),
            help="a generated file, a formula, model.py:function, or - for standard input",
        )
    _reading(sub)


def _audit(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "function",
        metavar="FUNCTION",
        help="model.py:function; or a file or a folder, of whose functions those are audited that are called as another's derivative",
    )
    sub.add_argument(
        "--against",
        metavar="DERIVATIVE",
        help="model.py:function, which claims to return its slopes: one, several as a tuple, or rows of them for several results",
    )
    sub.add_argument(
        "--wrt",
        metavar='"x, k"',
        help="by which parameters, in the order of what is returned; else that is found out by the shape, and said",
    )
    _reading(sub)
    sub.add_argument(
        "--format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        help="how the verdicts are printed",
    )
    sub.add_argument(
        "--run",
        action="store_true",
        help="import both files and run the functions, where they cannot be read as text: whatever stands there is executed",
    )


#: Each command with its arguments, what it does, and how it is called.
COMMANDS: Mapping[str, tuple[Callable[[argparse.ArgumentParser], object], str, str]] = {
    "compile": (
        _compile,
        "print the module of a formula, or write it to a file",
        '  gradgen compile "S*exp(-q*T) - K*exp(-r*T)" --name forward_value --inputs "S, K, T, r, q" -o carry.py',
    ),
    "eval": (
        _eval,
        "show every stage of a formula with its value and its gradient",
        f'  gradgen eval "{SEED}" --at "x=3, y=-4"',
    ),
    "draw": (
        _draw,
        "draw the circuit of a formula, with the values and the gradients at a point",
        f'  gradgen draw "{SEED}" --at "x=3, y=-4" -o circuit.svg',
    ),
    "plot": (
        _plot,
        "draw a result and its slope over a range of an input, with the errors of both",
        '  gradgen plot "y*tan(x)" --over "x=-4:4" --at "y=2" -o curve.svg',
    ),
    "explain": (
        _explain,
        "write a page that explains the gradient of a formula step by step, with values that the reader may edit",
        f'  gradgen explain "{SEED}" --at "x=3, y=-4" -o page.html',
    ),
    "verify": (
        _verify,
        "run a module and compare its value and gradient with mpmath, to hundreds of digits",
        f'  gradgen verify "{SEED}"\n  gradgen verify model.py --range "x=1:3, y=0:1" --samples 200',
    ),
    "check": (
        _check,
        "make generated files again from their own recipes and compare",
        "  gradgen check generated/ model.py",
    ),
    "update": (
        _update,
        "make generated files again from their own recipes and write what changed",
        "  gradgen update generated/ model.py",
    ),
    "build": (
        _build,
        "make every module that the project's pyproject.toml lists",
        "  gradgen build\n  gradgen build --check",
    ),
    "diff": (
        _diff,
        "explain the change between two formulas or generated files in words",
        "  git show HEAD:model.py | gradgen diff - model.py",
    ),
    "audit": (
        _audit,
        "compare the derivative that somebody wrote with the function's own; exit 1 if a slope is wrong",
        "  gradgen audit model.py:decay --against model.py:decay_prime\n  gradgen audit src/",
    ),
    "functions": (
        lambda _: None,
        "list the functions that a formula may call",
        "  gradgen functions",
    ),
}
