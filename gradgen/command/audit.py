"""The command line of an audit in; its verdicts on standard output, and the exit code, out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict

from gradgen.audit import Audit, audit
from gradgen.command.formulas import read_means, read_source
from gradgen.command.terminal import path_of
from gradgen.errors import GradgenError
from gradgen.files.decode import function_in
from gradgen.files.recipe import split_names
from gradgen.sources import compile_function


def audited(options: argparse.Namespace) -> int:
    """Print the verdicts on a derivative; return 1 where a slope is wrong."""
    (text, name), (other, against) = map(_read, (options.function, options.against))
    means = read_means(options)
    wrt = split_names(options.wrt) if options.wrt else None
    found = audit(text, name, other, against, wrt, means)
    if options.format == "json":
        print(json.dumps(asdict(found), indent=2))
    else:
        for line in (*found.lines(), *_right(found, text, name, means)):
            print(line)
    return int(found.wrong)


def _read(words: str) -> tuple[str, str]:
    """Return the text of a file, and the name of a function in it."""
    function = function_in(words)
    if function is None:
        raise GradgenError(
            f"`{words[:80]}` names no function; write it as model.py:function"
        )
    return read_source(path_of(function[0]), python=True), function[1]


def _right(
    found: Audit, text: str, name: str, means: dict[str, str] | None
) -> Iterator[str]:
    """Yield value and gradient as they are right, where a slope is wrong."""
    if not found.wrong:
        return
    options = {"style": "compact", "with_": "value_and_grad", "means": means}
    try:
        made = compile_function(text, name, **options)
    except GradgenError:
        return  # it was read, but cannot be written as a module
    yield ""
    yield "right is, as gradgen writes it:"
    yield ""
    lines = made.source.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def value_and_"))
    yield from lines[start:]
