"""The command line of an audit in; its verdicts on standard output, and the exit code, out."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gradgen.audit.compare import audit
from gradgen.audit.finding import Audit
from gradgen.audit.pairs import Found, pairs
from gradgen.audit.run import audit_running
from gradgen.audit.sarif import sarif
from gradgen.command.formulas import read_reading, read_source
from gradgen.command.terminal import note, path_of
from gradgen.corrected import Pair, corrected
from gradgen.errors import GradgenError, LengthsError
from gradgen.files.decode import function_in
from gradgen.files.finder import Finder
from gradgen.files.recipe import split_names
from gradgen.sources import compile_function, imports_of
from gradgen.syntax import parse_python


def audited(options: argparse.Namespace) -> int:
    """Print the verdicts on derivatives; return 1 where a slope is wrong."""
    reading = read_reading(options)
    if options.against is None:
        if options.run:
            raise GradgenError("--run is of one derivative; name it with --against")
        file, colon, _ = options.function.rpartition(".py:")
        if colon and Path(f"{file}.py").is_file():
            raise GradgenError("one function is compared with the derivative that --against names; a file alone is searched for both")  # fmt: skip
        return _of_path(path_of(options.function), options, reading)
    wrt = split_names(options.wrt) if options.wrt else None
    (path, name), (other, against) = map(_named, (options.function, options.against))
    if options.run:
        files = " and ".join(str(each) for each in dict.fromkeys((path, other)))
        note(f"--run imports and runs {files}: all that stands there is executed")
        found = audit_running(path, name, other, against, wrt)
        lines = [*found.lines()]
    else:
        text = read_source(path, python=True)
        other_text = read_source(other, python=True)
        more = _imports((path, other), reading)
        found = audit(text, name, other_text, against, wrt, **more)
        found = _righted(found, Pair(text, name, other_text, against, **more), wrt)
        right = _right(found, text, name, {"file": path, **reading})
        lines = [*found.lines(), *right]
    if options.format == "json":
        print(json.dumps(asdict(found), indent=2))
    elif options.format == "text":
        print("\n".join(lines))
    else:
        line = _line(other, against)
        _report([(other, line, found)], options.format)
    return int(found.wrong)


def _imports(files: Sequence[Path], reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two files may import, and what is said of that."""
    found = tuple(imports_of(Finder(file), {**reading}) for file in files)
    return {"means": reading.get("means"), "imports": found}


def _named(words: str) -> tuple[Path, str]:
    """Return a file, and the name of a function in it."""
    function = function_in(words)
    if function is None:
        raise GradgenError(
            f"`{words[:80]}` names no function; write it as model.py:function"
        )
    return path_of(function[0]), function[1]


def _line(file: Path, name: str) -> int:
    """Return the line at which a function begins; 1 where that is not told."""
    nodes = parse_python(read_source(file, python=True)).body
    found = (n.lineno for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name)  # fmt: skip
    return next(found, 1)


def _report(found: Sequence[tuple[Path, int, Audit]], form: str) -> None:
    """Print verdicts as code scanners read them, or as pull requests are marked by."""
    if form == "sarif":
        print(json.dumps(sarif(found), indent=2))
        return
    for file, line, result in found:
        said = [f.slope for f in result.findings if f.verdict == "wrong"]
        if said:
            print(f"::error file={file},line={line}::{', '.join(said)} is wrong")


def _righted(
    found: Audit,
    pair: Pair,
    wrt: Sequence[str] | None,
    own: Sequence[str] = (),
    attributes: Mapping[str, str] = MappingProxyType({}),
) -> Audit:
    """Return verdicts with the lines that make right what is wrong, where they are known."""
    made = corrected(pair, found, wrt, own) if found.wrong else None
    if made is None:
        return found
    names = re.compile(r"\b(?:" + "|".join(map(re.escape, attributes)) + r")\b")
    lines = (names.sub(lambda m: attributes[m[0]], line) for line in made.lines)
    return replace(found, right=(*(lines if attributes else made.lines),))


def _right(
    found: Audit, text: str, name: str, reading: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what is right where a slope is wrong: the lines themselves, or else value and gradient as gradgen writes them."""
    if not found.wrong:
        return
    if found.right:
        yield from _pasted(found)
        return
    options = {"style": "compact", "with_": "value_and_grad", **reading}
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


def _pasted(found: Audit) -> Iterator[str]:
    """Yield the lines that make right what is wrong."""
    if found.right:
        yield from ("", f"right is in {found.against}:", "", *found.right)


def _of_path(
    path: Path, options: argparse.Namespace, reading: Mapping[str, Any]
) -> int:
    """Audit what is called as a derivative in a file, or in the files of a folder."""
    if options.wrt:
        raise GradgenError("--wrt is of one derivative; name it with --against")
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    count = unread = 0
    told = options.format == "text"
    listed: list[tuple[Path, int, Audit]] = []
    for file in files:
        try:
            text = read_source(file, python=True)
            found = [*pairs(text)]
        except (GradgenError, SyntaxError, ValueError) as error:
            if file == path:
                raise
            note(f"{file}: not read: {_first_line(error)}")
            continue
        for pair in found:
            count += 1
            place = f"{file}:{pair.line}: {pair.said}"
            try:
                result, lengths = _of_pair(pair, file, reading)
            except GradgenError as error:
                unread += 1
                if told:
                    print(f"{place}: not read: {_first_line(error)}")
                continue
            place += f" for {lengths}" if lengths else ""
            listed.append((file, pair.line, result))
            if told:
                _print(place, result)
    wrong = sum(result.wrong for _, _, result in listed)
    if options.format == "json":
        said = [{"file": str(f), "line": n, **asdict(a)} for f, n, a in listed]
        print(json.dumps(said, indent=2))
    elif told:
        print(
            f"{count} derivatives: {wrong} wrong, {unread} not read, {count - wrong - unread} others"
        )
    else:
        _report(listed, options.format)
    return int(bool(wrong))


def _of_pair(pair: Found, file: Path, reading: Mapping[str, Any]) -> tuple[Audit, str]:
    """Return the verdicts on a pair, and for which lengths of sequences they are: those that are proposed where none are said.

    Raises:
        GradgenError: one of the two cannot be read.
    """
    more = _imports((file, file), reading)
    texts = Pair(pair.text, pair.function, pair.text, pair.against, **more)
    both = (pair.text, pair.function), (pair.text, pair.against)
    try:
        found = audit(*both[0], *both[1], pair.wrt, own=pair.own, within=pair.within, **more)  # fmt: skip
    except LengthsError as error:
        if not error.shape or reading.get("shape"):
            raise
        told = {**reading, "shape": error.shape.split(", ")}
        return _of_pair(pair, file, told)[0], error.shape
    return _righted(found, texts, pair.wrt, pair.own, pair.attributes), ""


def _print(place: str, result: Audit) -> None:
    """Print the verdicts on one derivative."""
    verdicts = {finding.verdict for finding in result.findings}
    print(f"{place}: {', '.join(sorted(verdicts))}")
    if verdicts != {"right"}:
        print("\n".join([*result.lines(), *_pasted(result)]))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
