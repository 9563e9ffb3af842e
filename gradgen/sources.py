"""The text of a file in, whether it holds a formula, a program or a Python function; what it compiles to out."""

from __future__ import annotations

import re
from typing import Any

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.pyfunction import read_function

_FUNCTION = re.compile(r"(.+\.py):(\w+)")


def function_in(source: str) -> tuple[str, str] | None:
    """Return the file and the function that `model.py:residual` names, or None for what names none."""
    match = _FUNCTION.fullmatch(source)
    return (match[1], match[2]) if match else None


def compile_file(text: str, /, **options: Any) -> Compiled:
    """Compile the text of a file, which may start with a mark of its byte order.

    Raises:
        GradgenError: the text or an option is not acceptable.
    """
    return compile(text.removeprefix("\ufeff"), **options)


def compile_function(text: str, function: str, /, **options: Any) -> Compiled:
    """Compile a function of a Python file. What the options say goes before what the function says.

    Raises:
        GradgenError: the function or an option is not acceptable; with the file's own line.
    """
    found = read_function(text, function)
    said = {"name": found.name, "inputs": found.inputs, "outputs": found.outputs}
    given = {key: value for key, value in options.items() if value is not None}
    if given.get("name") == "f":
        del given["name"]
    try:
        return compile(found.program, **{**said, **given})
    except GradgenError as error:
        raise found.placed(error) from None
