"""The words of a command line in; its options out. Nothing heavy is imported: help and usage errors answer at once."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from gradgen.errors import GradgenError

_OPTIONS = [
    "--name",
    "--inputs",
    "--wrt",
    "--outputs",
    "--params",
    "--const",
    "--means",
    "--as-written",
    "--expand",
    "--target",
    "--precise",
    "--ieee",
    "--strict",
    "--with",
    "--output",
    "--file",
    "--templates",
    "--check",
    "--diff",
    "--force",
    "--at",
    "--samples",
    "--range",
    "--tolerance",
    "--verify",
    "--test",
    "--max-ratio",
    "--ours",
    "--no-proof",
    "--no-cache",
    "--jobs",
]
_COMMANDS = (
    *("compile", "eval", "verify", "check", "update", "build", "diff", "functions"),
)
#: The commands, in words.
COMMANDS = f"{', '.join(_COMMANDS[:-1])} and {_COMMANDS[-1]}"
_SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the help; argparse would not tell where it cannot be written."""
        print(message, end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        """Print one line, not the whole usage, with a near option for one that is unknown."""
        wrong = re.fullmatch(r"argument COMMAND: invalid choice: '(.*)' \(.*", message)
        if wrong is not None:
            close = difflib.get_close_matches(wrong.group(1), _COMMANDS, n=1)
            near = f"did you mean {close[0]}?" if close else f"known are {COMMANDS}"
            message = f"there is no command `{wrong.group(1)[:60]}`; {near}"
        unknown = re.fullmatch(r"unrecognized arguments: (--[\w-]+).*", message)
        if unknown is not None:
            message = f"there is no option {unknown.group(1)}"
            others = [option for option in _OPTIONS if option != unknown.group(1)]
            close = difflib.get_close_matches(unknown.group(1), others, n=1)
            message += f"; did you mean {close[0]}?" if close else ""
        raise GradgenError(f"{message} (see `{self.prog} --help`)")


def _targets() -> str:
    """Return the list of targets, for the help."""
    from gradgen.targets import TARGETS

    return ", ".join(
        f"{target.name} ({target.says})" if target.says else target.name
        for target in TARGETS.values()
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="gradgen",
        description="Compile a formula into a plain-Python module with matching forward and backward functions.",
        epilog=f'example:\n  gradgen compile "{_SEED}" -o model.py',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="store_true", help="print the version and stop"
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=_Parser
    )

    def command(name: str, text: str, example: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=f"example:\n{example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def formula_options(
        sub: argparse.ArgumentParser,
        text: str = "the formula, several `name = expression` lines, or model.py:function; - reads standard input",
    ) -> None:
        sub.add_argument("expression", nargs="*", metavar="EXPR", help=text)
        sub.add_argument(
            "-f",
            "--file",
            metavar="FILE",
            help="read the formula, or a program of `name = expression` lines, from FILE",
        )
        sub.add_argument(
            "--name",
            metavar="NAME",
            help="the result's name (default: f, or that of the Python function); its gradient is d + NAME",
        )
        sub.add_argument(
            "--inputs",
            metavar='"x, y"',
            help="the signature, in order; by default the formula's variables",
        )
        sub.add_argument(
            "--wrt",
            metavar='"x"',
            help="the inputs whose gradient is wanted (default: all)",
        )
        sub.add_argument(
            "--params",
            metavar='"a, b"',
            help="inputs that get no gradient; they go after the others",
        )
        sub.add_argument(
            "--const",
            metavar='"g=9.81"',
            help="names that stand for a constant, which is folded in",
        )
        means_option(sub)
        sub.add_argument(
            "--outputs",
            metavar='"u, v"',
            help="of a program, the names of the results (default: the last one)",
        )
        sub.add_argument(
            "--as-written",
            action="store_true",
            help="leave naive forms such as 1/(1+exp(-x)) as they are",
        )
        sub.add_argument(
            "--expand",
            action="store_true",
            help="write the body of a program's own function in the place of its call, instead of one stage",
        )
        sub.add_argument(
            "--target",
            default="python",
            metavar="TARGET",
            help=f"what the module is written in: {_targets()}",
        )
        sub.add_argument(
            "--precise",
            action="store_true",
            help="write the adjoints of sigmoid, tanh and the like right to their own size",
        )
        sub.add_argument(
            "--ieee",
            action="store_true",
            help="overflow and poles give inf and nan, as in C and NumPy, instead of raising",
        )
        sub.add_argument(
            "--strict",
            action="store_true",
            help="raise where a slope does not exist, as that of x**n by n at x < 0, which is else nan in its own place",
        )

    def means_option(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--means",
            action="append",
            metavar='"a.b.exp=exp"',
            help="of a Python function, what an import means; may be given several times",
        )

    def proof_option(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--no-proof",
            dest="proof",
            action="store_false",
            help="do not run the module at a few points, to compare it with what was read, before it is handed over",
        )

    def work_options(sub: argparse.ArgumentParser) -> None:
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

    def file_options(sub: argparse.ArgumentParser) -> None:
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
        work_options(sub)

    sub = command(
        "compile",
        "print the module of a formula, or write it to a file",
        '  gradgen compile "S*exp(-q*T) - K*exp(-r*T)" --name forward_value --inputs "S, K, T, r, q" -o carry.py',
    )
    formula_options(sub)
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
    proof_option(sub)
    sub.add_argument(
        "--with",
        dest="extras",
        metavar="FUNCTION",
        help="what the module has beside forward and backward: jacobian, all rows at once",
    )
    sub.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if FILE would change",
    )
    sub.add_argument(
        "--diff", action="store_true", help="write nothing; show how FILE would change"
    )
    sub.add_argument(
        "--force",
        action="store_true",
        help="overwrite FILE even if it was edited by hand",
    )
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

    sub = command(
        "eval",
        "show every stage of a formula with its value and its gradient",
        f'  gradgen eval "{_SEED}" --at "x=3, y=-4"',
    )
    formula_options(sub)
    sub.add_argument(
        "--at",
        required=True,
        action="append",
        metavar='"x=3, y=-4"',
        help="the point; a value may be any constant, as pi/2",
    )

    sub = command(
        "verify",
        "run a module and compare its value and gradient with mpmath, to hundreds of digits",
        f'  gradgen verify "{_SEED}"\n  gradgen verify model.py --range "x=1:3, y=0:1" --samples 200',
    )
    formula_options(
        sub, "a generated file, or a formula; - reads one from standard input"
    )
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

    sub = command(
        "check",
        "make generated files again from their own recipes and compare",
        "  gradgen check generated/ model.py",
    )
    file_options(sub)
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

    sub = command(
        "update",
        "make generated files again from their own recipes and write what changed",
        "  gradgen update generated/ model.py",
    )
    file_options(sub)
    proof_option(sub)
    sub.add_argument(
        "--force", action="store_true", help="overwrite files that were edited by hand"
    )

    sub = command(
        "build",
        "make every module that the project's pyproject.toml lists",
        "  gradgen build\n  gradgen build --check",
    )
    sub.add_argument(
        "project",
        nargs="?",
        metavar="PROJECT",
        help="a pyproject.toml or its folder (default: the nearest one)",
    )
    proof_option(sub)
    work_options(sub)
    sub.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if a file would change",
    )
    sub.add_argument(
        "--force", action="store_true", help="overwrite files that were edited by hand"
    )

    sub = command(
        "diff",
        "explain the change between two formulas or generated files in words",
        "  git show HEAD:model.py | gradgen diff - model.py",
    )
    for place in ("old", "new"):
        sub.add_argument(
            place,
            metavar=place.upper(),
            help="a generated file, a formula, model.py:function, or - for standard input",
        )
    means_option(sub)

    command(
        "functions",
        "list the functions that a formula may call",
        "  gradgen functions",
    )
    return parser


_VALUES = {
    "--name",
    "--inputs",
    "--wrt",
    "--outputs",
    "--params",
    "--const",
    "--means",
    "--target",
    "--with",
    "--output",
    "--file",
    "--templates",
    "--at",
    "--samples",
    "--range",
    "--tolerance",
    "--max-ratio",
}


_SHORT = {"-o": "--output", "-f": "--file"}
_REPEATED = {"--at", "--range", "--means"}


def _separate(argv: Sequence[str]) -> list[str]:
    """Move what is no option behind `--`, so that an expression may start with a minus."""
    if not argv or argv[0] not in ("compile", "eval", "verify"):
        return list(argv)
    options = [argv[0]]
    others: list[str] = []
    rest = iter(argv[1:])
    for word in rest:
        if word == "--":
            others += rest
        elif word in _VALUES or word in _SHORT:
            value = next(rest, None)
            if value is None or value == "--":
                raise GradgenError(
                    f"{word} needs a value (see `gradgen {argv[0]} --help`)"
                )
            name = _SHORT.get(word, word)
            if name not in _REPEATED and any(o.startswith(f"{name}=") for o in options):
                raise GradgenError(f"{name} is given twice")
            options.append(f"{name}={value}")
        elif word == "-h" or re.fullmatch(r"--[a-z][a-z-]+(=.*)?", word, re.DOTALL):
            options.append(word)
        else:
            others.append(word)
    return [*options, "--", *others] if others else options


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line.

    Raises:
        GradgenError: it is not understood; the message says what is near.
        SystemExit: help was asked for, and is printed.
    """
    return _parser().parse_args(_separate(argv))
