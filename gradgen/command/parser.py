"""The words of a command line in; its options out, or what is near to what is not understood."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from gradgen.command.arguments import COMMANDS, SEED
from gradgen.errors import GradgenError
from gradgen.settings import GIVEN


class _Parser(argparse.ArgumentParser):
    def __init__(self, **about: Any) -> None:
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=form, allow_abbrev=False, **about)

    def options(self) -> Mapping[str, argparse.Action]:
        """Return the options of all its commands, by their texts."""
        return {
            text: option
            for action in self._actions
            if isinstance(action, argparse._SubParsersAction)
            for command in action.choices.values()
            for option in command._actions
            for text in option.option_strings
        }

    def format_help(self) -> str:
        """Return the help, with the targets: whoever does not ask need not wait for all languages to load."""
        for action in self._actions:
            if action.dest == "target":
                action.help = f"{GIVEN['target'].says}: {_targets()}"
        return super().format_help()

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the help; argparse would not tell where it cannot be written."""
        print(message, end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        """Print one line, not the whole usage, with a near option for one that is unknown."""
        import difflib

        wrong = re.fullmatch(r"argument COMMAND: invalid choice: '(.*)' \(.*", message)
        if wrong is not None:
            close = difflib.get_close_matches(wrong.group(1), [*COMMANDS], n=1)
            near = f"did you mean {close[0]}?" if close else f"known are {commands()}"
            message = f"there is no command `{wrong.group(1)[:60]}`; {near}"
        unknown = re.fullmatch(r"unrecognized arguments: (--[\w-]+).*", message)
        if unknown is not None:
            message = f"there is no option {unknown.group(1)}"
            takers = [
                name for name in COMMANDS if unknown.group(1) in _parser(name).options()
            ]
            close = difflib.get_close_matches(unknown.group(1), self.options(), n=1)
            if takers:
                message += f" here; it is one of {', '.join(takers)}"
            elif close:
                message += f"; did you mean {close[0]}?"
        raise GradgenError(f"{message} (see `{self.prog} --help`)")


def _targets() -> str:
    """Return the list of targets, for the help."""
    from gradgen.targets import TARGETS

    return ", ".join(
        f"{target.name} ({target.says})" if target.says else target.name
        for target in TARGETS.values()
    )


def commands() -> str:
    """Return the commands, in words."""
    *others, last = COMMANDS
    return f"{', '.join(others)} and {last}"


def _parser(command: str = "") -> _Parser:
    """Return what reads command lines: those of one command where that is known, else of all."""
    parser = _Parser(
        prog="gradgen",
        description="Compile a formula into a plain-Python module with matching forward and backward functions.",
        epilog=f'example:\n  gradgen compile "{SEED}" -o model.py\n\n`gradgen help` lists the pages of the documentation.',
    )
    parser.add_argument(
        "--version", action="store_true", help="print the version and stop"
    )
    found = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=_Parser
    )
    for name in [command] if command in COMMANDS else COMMANDS:
        add, text, example = COMMANDS[name]
        described = text[0].upper() + text[1:] + "."
        example = f"example:\n{example}"
        add(found.add_parser(name, help=text, description=described, epilog=example))
    return parser


def _separate(parser: _Parser, argv: Sequence[str]) -> list[str]:
    """Move what is no option behind `--`, so that an expression may start with a minus."""
    if not argv or argv[0] not in (
        "compile",
        "eval",
        "draw",
        "plot",
        "explain",
        "verify",
        "diff",
    ):
        return list(argv)
    # Another command's option will be refused.
    takes = {
        text: action
        for text, action in parser.options().items()
        if action.nargs is None
    }
    options = [argv[0]]
    others: list[str] = []
    rest = iter(argv[1:])
    for word in rest:
        if word == "--":
            others += rest
        elif word in takes:
            value = next(rest, None)
            if value is None or value == "--":
                raise GradgenError(
                    f"{word} needs a value (see `gradgen {argv[0]} --help`)"
                )
            name = takes[word].option_strings[-1]
            once = not isinstance(takes[word], argparse._AppendAction)
            if once and any(o.startswith(f"{name}=") for o in options):
                raise GradgenError(f"{name} is given twice")
            options.append(f"{name}={value}")
        elif word == "-h" or re.fullmatch(r"--[a-z][a-z-]+(=.*)?", word, re.DOTALL):
            options.append(word)
        else:
            others.append(word)
    return [*options, "--", *others] if others else options


def described(command: str) -> Sequence[argparse.Action]:
    """Return all that a command takes, in the order and the words of its help."""
    (found,) = (
        action
        for action in _parser(command)._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    parser: _Parser = found.choices[command]
    parser.format_help()  # which says what the targets are
    return parser._actions


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line.

    Raises:
        GradgenError: it is not understood; the message says what is near.
        SystemExit: help was asked for, and is printed.
    """
    parser = _parser(argv[0] if argv else "")
    return parser.parse_args(_separate(parser, argv))
