"""The command line of an audit in; its verdicts on standard output, and the exit code, out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from gradgen.audit import Audit, audit
from gradgen.command.formulas import read_means, read_source
from gradgen.command.terminal import path_of
from gradgen.errors import GradgenError
from gradgen.files.decode import function_in
from gradgen.files.recipe import split_names
from gradgen.pairs import pairs
from gradgen.sources import compile_function


def audited(options: argparse.Namespace) -> int:
    """Print the verdicts on derivatives; return 1 where a slope is wrong."""
    means = read_means(options)
    if options.against is None:
        return _of_path(path_of(options.function), options, means)
    (text, name), (other, against) = map(_read, (options.function, options.against))
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
    found: Audit, text: str, name: str, means: Mapping[str, str] | None
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


def _of_path(
    path: Path, options: argparse.Namespace, means: Mapping[str, str] | None
) -> int:
    """Audit what is called as a derivative in a file, or in the files of a folder."""
    if options.wrt:
        raise GradgenError("--wrt is of one derivative; name it with --against")
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    wrong = count = unread = 0
    listed = []
    for file in files:
        try:
            text = read_source(file, python=True)
            found = [*pairs(text)]
        except (GradgenError, SyntaxError, ValueError) as error:
            if file == path:
                raise
            print(f"{file}: not read: {str(error).partition(chr(10))[0]}")
            continue
        for pair in found:
            count += 1
            place = f"{file}:{pair.line}: {pair.said}"
            try:
                result = audit(
                    pair.text, pair.function, pair.text, pair.against, pair.wrt, means
                )
            except GradgenError as error:
                unread += 1
                if options.format == "text":
                    print(f"{place}: not read: {str(error).partition(chr(10))[0]}")
                continue
            wrong += result.wrong
            listed.append({"file": str(file), "line": pair.line, **asdict(result)})
            _print(file, pair.line, place, result, options.format)
    if options.format == "json":
        print(json.dumps(listed, indent=2))
    elif options.format == "text":
        print(
            f"{count} derivatives: {wrong} wrong, {unread} not read, {count - wrong - unread} others"
        )
    return int(bool(wrong))


def _print(file: Path, line: int, place: str, result: Audit, form: str) -> None:
    """Print the verdicts on one derivative, but for those that are printed all together."""
    if form == "text":
        verdicts = {finding.verdict for finding in result.findings}
        print(f"{place}: {', '.join(sorted(verdicts))}")
        if verdicts != {"right"}:
            print("\n".join(result.lines()))
    elif form == "github" and result.wrong:
        said = [f.slope for f in result.findings if f.verdict == "wrong"]
        print(f"::error file={file},line={line}::{', '.join(said)} is wrong")
