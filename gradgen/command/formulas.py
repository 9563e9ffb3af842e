"""The formulas, points and ranges of a command line in; compiled formulas and numbers out."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradgen.command.terminal import note, path_of, show_time
from gradgen.errors import GradgenError, printable
from gradgen.files.recipe import split_names
from gradgen.settings import GIVEN, READING, Kind

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled

#: Four bytes for each of the 400 000 characters that a program may have.
_MOST_BYTES = 1_600_002


def compiled_formula(options: argparse.Namespace) -> Compiled:
    """Compile the command's expression, and pass its notes on."""
    words = options.expression
    if options.file and words:
        raise GradgenError("give a formula or -f FILE, not both")
    if options.file:
        words = [read_source(path_of(options.file)).rstrip("\r\n")]
        _refuse_generated(options.file, words[0])
    if len(words) != 1:
        raise GradgenError(
            "no expression is given; write one in quotes, or - for standard input"
            if not words
            else f"{len(words)} expressions are given where one is expected; "
            "a formula, and a list of names, is written in quotes"
        )
    text = words[0]
    if text == "-":
        text = standard_input()
    from gradgen.files.decode import function_in
    from gradgen.pipeline import compile

    given = {
        option.attribute: getattr(options, option.attribute)
        for option in GIVEN.values()
        if getattr(options, option.attribute, None) is not None
    }
    if options.const:
        given["const"] = dict(_items(options.const, "--const"))
    if options.doc:
        given["doc"] = read_words(options.doc, "--doc")
    given["templates"] = getattr(options, "templates", None)
    given["proof"] = getattr(options, "proof", False)
    function = function_in(text)
    if function is not None:
        from gradgen.sources import compile_function

        file = path_of(function[0])
        source = read_source(file, python=True)
        given |= {"file": file, **read_reading(options)}
        with show_time("compiling"):
            compiled = compile_function(source, function[1], **given)
    else:
        for key in READING:
            if getattr(options, READING[key].attribute):
                raise GradgenError(
                    f"--{key} says how a Python file is read; name a function in it, as model.py:residual"
                )
        if not options.file:
            _refuse_file(text)
        with show_time("compiling"):
            compiled = compile(text, **given)
    for line in compiled.notes:
        note(line)
    return compiled


#: What is more likely a file than a formula, if there is such a file: no formula ends like this.
_FILE = re.compile(r"[^\n\0]*\.[A-Za-z]\w*")


def read_reading(options: argparse.Namespace) -> dict[str, Any]:
    """Read how Python functions are read, by the options' names in Python."""
    found: dict[str, Any] = {"means": _read_means(options)}
    for option in READING.values():
        if option.kind is Kind.NAMES:
            given = getattr(options, option.attribute) or ()
            found[option.attribute] = split_names(" ".join(given))
    return found


def _read_means(options: argparse.Namespace) -> dict[str, str]:
    """Read what imports mean: `fluids.numerics.exp=exp`."""
    found: dict[str, str] = {}
    for item in ",".join(options.means or ()).split(","):
        name, _, value = (part.strip() for part in item.partition("="))
        if item.strip() and not (name and value):
            raise GradgenError(
                '--means is written as in --means "fluids.numerics.exp=exp"'
            )
        if found.setdefault(name, value) != value:
            raise GradgenError(f"--means gives two meanings for `{printable(name)}`")
    found.pop("", None)
    return found


def _refuse_file(text: str) -> None:
    """Refuse a file that is given as a formula, and say what to write instead."""
    if is_module(text) and re.fullmatch(r"[\w./\\-]+", text):
        found = read_text(path_of(text))
        _refuse_generated(text, found)
        if text.endswith(".py"):
            raise GradgenError(
                f"{text} is a file; name a function in it, as {text}:residual, or give a formula's file with -f FILE"
            )
    if is_file(text):
        raise GradgenError(f"{text} is a file; write -f {shlex.quote(text)}")


def _refuse_generated(name: str, text: str) -> None:
    """Refuse a generated file in the place of a formula, and say what makes it again."""
    from gradgen.files.recipe import read_artifact

    if read_artifact(text) is not None:
        file = shlex.quote(name)
        raise GradgenError(
            f"{name} is a generated file, and no formula; edit its `source` line and write `gradgen update {file}`, "
            f"or `gradgen verify {file}`"
        )


def is_module(text: str) -> bool:
    """Whether a text names a file that a module may be written to, whether there is one or not: no formula ends like this."""
    from gradgen.targets import SUFFIXES

    return bool(re.fullmatch(r"[^\n\0;=]+", text)) and text.endswith((".py", *SUFFIXES))


def is_file(text: str) -> bool:
    """Whether a text names a file, and is no formula."""
    likely = len(text) < 1000 and _FILE.fullmatch(text)
    return bool(likely) and os.path.isfile(path_of(text))


def standard_input() -> str:
    """Return a formula from standard input, which may be endless."""
    if sys.stdin is None:
        raise GradgenError("standard input is closed; write the expression in quotes")
    try:
        data = sys.stdin.buffer.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise GradgenError(
                f"standard input holds more than {_MOST_BYTES} bytes, which is too long for an expression"
            )
        return data.decode("utf-8").removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError:
        raise GradgenError("standard input is not UTF-8 text") from None


def read_text(path: Path) -> str:
    """Return the text of a file that must exist."""
    from gradgen.files import artifact

    text = artifact.read(path)
    if text is None:
        raise GradgenError(f"{path} does not exist")
    return text


def read_source(path: Path, python: bool = False) -> str:
    """Return the text of a formula's file, or of a Python file, that must exist."""
    from gradgen.files import artifact
    from gradgen.files.decode import decode_formula, decode_python

    decode = decode_python if python else decode_formula
    text = artifact.read(path, decode=decode)
    if text is None:
        raise GradgenError(f"{path} does not exist")
    return text


def compiled_file(path: Path) -> Compiled:
    """Return the module in a generated file. Only what the recipe makes is ever run: never what a file happens to hold."""
    from gradgen.files.recipe import read_artifact
    from gradgen.pipeline import regenerate

    text = read_text(path)
    found = read_artifact(text)
    if found is None:
        raise GradgenError(f"{path} was not generated by gradgen")
    if found.recipe.tests:
        raise GradgenError(f"{path} is a test; run it with pytest")
    if found.intact and found.outdated:
        raise GradgenError(f"{path} was {found.outdated}, and verify that")
    made = regenerate(found.recipe)
    if made.source != text:
        raise GradgenError(
            f"{path} is not what its recipe makes, so it is not run; see `gradgen check {path}`"
        )
    return made


def at_a_point(compiled: Compiled) -> Compiled:
    """Return what has values at a point: of a module in a language that does not run here, the same program in Python."""
    from gradgen.over_rows import is_over_rows
    from gradgen.pipeline import in_python

    rows = is_over_rows(compiled.recipe, compiled.program)
    return compiled if rows else in_python(compiled)


def read_ranges(
    text: str, inputs: Sequence[str], option: str = "--range"
) -> dict[str, tuple[float, float]]:
    """Read `x=1:3, y=-pi:pi`."""
    ranges = {}
    for name, value in _items(text, option):
        low, colon, high = value.partition(":")
        if name not in inputs or not colon:
            raise GradgenError(
                f"`{printable(name)}={printable(value)}` is no range of an input; "
                f'a range is written as in {option} "x=1:3"'
            )
        ranges[name] = (_number(low), _number(high))
        if not ranges[name][0] <= ranges[name][1]:
            raise GradgenError(f"the range of `{name}` runs downwards")
    return ranges


#: What stands for the value of an option that gives names values.
_EXAMPLES = {
    "--at": '"x=3, y=-4"',
    "--range": '"x=1:3"',
    "--over": '"x=1:3"',
    "--const": GIVEN["const"].example,
}


def _items(text: str, option: str) -> Iterator[tuple[str, str]]:
    """Read `name=value, name=value`."""
    # A comma inside a value, as in hypot(3, 4), has no `name =` after it.
    items = re.split(r",(?=\s*(?:[^\W\d]\w*\s*=|$|,))", text)
    seen = set()
    for item in filter(None, (part.strip() for part in items)):
        name, equals, value = item.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())
        name = "lambda_" if name == "lambda" else name
        if ";" in value:
            raise GradgenError(f"{option} has commas between values, as in {option} {_EXAMPLES[option]}")  # fmt: skip
        if equals and not value.strip():
            raise GradgenError(f"{option} gives `{printable(name)}` no value")
        if name in seen:
            raise GradgenError(f"{option} gives two values for `{printable(name)}`")
        if not equals or not name:
            raise GradgenError(
                f"`{printable(item)}` gives no value; write it as in {option} {_EXAMPLES[option]}"
            )
        seen.add(name)
        yield name, value


def read_words(items: Sequence[str], option: str) -> dict[str, str]:
    """Read what names mean: `t: time [s]`."""
    found: dict[str, str] = {}
    for item in items:
        name, colon, words = item.partition(":")
        name = name.strip()
        if not (name and colon and words.strip()):
            raise GradgenError(
                f"`{printable(item)}` gives no meaning; write it as in {option} {GIVEN[option[2:]].example}"
            )
        if name in found:
            raise GradgenError(f"{option} gives two meanings for `{printable(name)}`")
        found[name] = words
    return found


def _number(text: str) -> float:
    """Return the value of a constant such as -pi/2."""
    from gradgen.pipeline import constant
    from gradgen.read.programs import parse

    parse(text)  # which reads one expression, without a name for it
    try:
        return constant(text)
    except GradgenError:
        raise
    except (ArithmeticError, ValueError) as error:
        raise GradgenError(
            f"`{printable(text.strip())}` has no finite value: {error}"
        ) from None


def read_point(text: str) -> dict[str, float]:
    """Read `x=3, y=-pi/2`."""
    found: dict[str, float] = {}
    for name, value in _items(text, "--at"):
        if value.strip()[:1] == "[":
            raise GradgenError(f"`{printable(name)}` is one number here; lists, of columns, are for gradgen eval")  # fmt: skip
        found[name] = _number(value)
    return found


def read_rows(text: str, columns: Collection[str]) -> dict[str, Any]:
    """Read `x=[1, 2, 3], y=-pi/2`, where lists are of columns; they may stand without brackets."""
    found: dict[str, Any] = {}
    for name, value in _items(text, "--at"):
        if name not in columns and value.strip()[:1] == "[":
            raise GradgenError(f"`{printable(name)}` is one number here; lists are of the columns that --rows names")  # fmt: skip
        whole = value.strip()
        if name in columns and whole.startswith("[") != whole.endswith("]"):
            raise GradgenError(f"the list of `{printable(name)}` has one bracket without the other; write it as in {printable(name)}=[1, 2, 3]")  # fmt: skip
        bare = whole.removeprefix("[").removesuffix("]")
        parts = _parts(bare) if name in columns else [value]
        is_list = len(parts) != 1 or bare != whole
        found[name] = [*map(_number, parts)] if name in columns and is_list else _number(value)  # fmt: skip
    return found


def _parts(text: str) -> list[str]:
    """Return the parts of a text between the commas that stand in no brackets."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return found if found[-1].strip() else found[:-1]


def ordered(
    point: Mapping[str, Any], inputs: Sequence[str], option: str
) -> tuple[Any, ...]:
    """Return a point in the order of the inputs."""
    for name in inputs:
        if name not in point:
            raise GradgenError(f"{option} gives no value for `{name}`")
    known = f"the inputs are {', '.join(inputs)}" if inputs else "there are none"
    for name in point:
        if name not in inputs:
            raise GradgenError(
                f"{option} gives a value for `{name}`, which is no input; {known}"
            )
    return tuple(point[name] for name in inputs)
