"""Arguments in, exit code out: 0 fine, 1 a check failed, 2 bad input or usage."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradgen.command.arguments import COMMANDS
from gradgen.command.formulas import (
    compiled_file,
    compiled_formula,
    is_file,
    is_module,
    ordered,
    read_point,
    read_ranges,
    read_reading,
    read_source,
    read_text,
    standard_input,
)
from gradgen.command.parser import commands, read_options
from gradgen.command.terminal import (
    command_line,
    drop_output,
    failed,
    note,
    path_of,
    prepare_streams,
    show_progress,
)
from gradgen.errors import GradgenError, trouble
from gradgen.files.modules import check_imports, check_module, import_name

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled

# Nothing heavy is imported here: `--help` and usage errors must answer without waiting for SymPy or black.

#: A longer run is a loop in a shell.
_MOST_SAMPLES = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        prepare_streams()
        try:
            code = _run(command_line() if argv is None else argv)
        except SystemExit:  # the help was printed
            sys.stdout.flush()
            raise
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough, as in `| head -1`.
        drop_output()
        return 0
    except io.UnsupportedOperation:
        return failed("standard output is closed; send it to a file or to a terminal")
    except Exception as error:  # noqa: BLE001
        if isinstance(error, OSError):
            drop_output()
        return failed(trouble(error))


def _run(argv: Sequence[str]) -> int:
    if not argv or argv[0] == "help":
        return _help([word for word in argv[1:] if word != "help"])
    options = read_options(argv)
    if options.version:
        from gradgen import __version__

        print(f"gradgen {__version__}")
        return 0
    if options.command is None:
        raise GradgenError(
            f"a command is needed; known are {commands()} (see `gradgen --help`)"
        )
    run = {
        "compile": _compile,
        "eval": _eval,
        "draw": _draw,
        "plot": _plot,
        "explain": _explain,
        "verify": _verify,
        "check": _files,
        "update": _files,
        "build": _files,
        "diff": _diff,
        "audit": _audit,
        "functions": _functions,
    }
    return run[options.command](options)


def _help(about: Sequence[str]) -> int:
    """Print the help of a command, a page of the documentation, or both lists."""
    from gradgen.docs.pages import contents, page

    if about and about[0] not in COMMANDS:
        print(page(" ".join(about), COMMANDS), end="")
        return 0
    with contextlib.suppress(SystemExit):
        read_options([*about[:1], "--help"])
    if not about:
        print(f"\n{contents()}")
    return 0


def _draw(options: argparse.Namespace) -> int:
    from gradgen.command.show.draw import draw

    return draw(options)


def _plot(options: argparse.Namespace) -> int:
    from gradgen.command.show.draw import plot

    return plot(options)


def _explain(options: argparse.Namespace) -> int:
    from gradgen.command.show.explain import explain

    return explain(options)


def _files(options: argparse.Namespace) -> int:
    from gradgen.command import generated

    run = {
        "check": generated.check,
        "update": generated.update,
        "build": generated.build,
    }
    return run[options.command](options)


def _check_suffix(output: Path, target: str) -> None:
    """Hold a file to end as its language's files do.

    Raises:
        GradgenError: it does not.
    """
    from gradgen.targets import SUFFIXES

    wanted = next((s for s, name in SUFFIXES.items() if name == target), None)
    if wanted is not None and output.suffix != wanted:
        raise GradgenError(
            f"--target {target} writes {wanted} files, as -o {output.stem}{wanted}"
        )
    if wanted is None and output.suffix in SUFFIXES:
        raise GradgenError(
            f"a {output.suffix} file is written with --target {SUFFIXES[output.suffix]}"
        )


def _compile(options: argparse.Namespace) -> int:
    from gradgen.targets import SUFFIXES

    output = None if options.output in (None, "-") else path_of(options.output)
    if output is None and (options.check or options.diff or options.test):
        raise GradgenError(
            "--check, --diff and --test need a file; name it with -o FILE"
        )
    if output is not None:
        if not output.name:
            raise GradgenError(f"`{options.output}` names no file; name one with -o")
        if options.test and output.suffix != ".py":
            raise GradgenError("--test needs a module, as -o model.py")
        _check_suffix(output, options.target)
        if output.suffix not in SUFFIXES:
            check_module(output)
    compiled = compiled_formula(options)
    if output is not None:
        check_imports(output, compiled.imports)
    if options.verify and not _proven(compiled):
        return 1
    if output is None:
        print(compiled.source, end="")
        return 0

    from gradgen.command.jobs import outdated, signature_change
    from gradgen.files.artifact import State, compare, diff, guard

    made = [(output, compiled)]
    if options.test:
        templates = path_of(options.templates) if options.templates else None
        test = compiled.test(import_name(output), templates)
        made.append((output.with_name(f"test_{output.name}"), test))
    writes = not (options.check or options.diff)
    # All files are looked at before the first is written.
    old = [guard(path, options.force or not writes) for path, _ in made]
    stale = False
    said: dict[str, list[str]] = {}
    for (path, new), file in zip(made, old):
        if writes:
            changed = new.write(path, force=options.force)
            said.setdefault("wrote" if changed else "unchanged:", []).append(str(path))
            change = signature_change(path, file.text or "", new.source)
            if change:
                note(change)
        if options.diff:
            print(diff(path, file.text or "", new.source), end="")
        stale |= compare(file, new.source) is not State.SAME
        if not writes and compare(file) is State.OLD:
            note(f"{path}: {outdated(file)}".rstrip())
    if said:
        note("; ".join(f"{what} {' and '.join(files)}" for what, files in said.items()))
    return int(options.check and stale)


def _proven(compiled: Compiled) -> bool:
    """Verify a module at random points; where it fails, print the report."""
    from gradgen.verify import verify

    with show_progress() as progress:
        report = verify(compiled, progress=progress.show)
    if not report.passed():
        print("gradgen: error: the module fails its verification", file=sys.stderr)
        for line in report.lines():
            print(f"  {line}", file=sys.stderr)
    return report.passed()


def _verify(options: argparse.Namespace) -> int:
    from gradgen.verify import TOLERANCE, verify

    samples = options.samples
    tolerance = TOLERANCE if options.tolerance is None else options.tolerance
    if samples is not None and not 1 <= samples <= _MOST_SAMPLES:
        raise GradgenError(f"--samples is a number from 1 to {_MOST_SAMPLES}")
    if options.at and (options.range or options.samples):
        raise GradgenError("give points with --at, or --range and --samples, not both")
    if not tolerance >= 0:
        raise GradgenError("--tolerance is a number such as 1e-10")
    words = options.expression
    named = len(words) == 1 and is_module(words[0])
    path = path_of(words[0]) if named else None
    compiled = compiled_formula(options) if path is None else compiled_file(path)
    inputs = compiled.program.inputs
    rest = dict(compiled.recipe.defaults)
    points = [
        ordered({**rest, **read_point(at)}, inputs, "--at") for at in options.at or ()
    ]
    ranges = read_ranges(",".join(options.range or ()), inputs)
    try:
        with show_progress() as progress:
            report = verify(compiled, points, samples, ranges, progress.show)
    except ImportError as error:
        raise GradgenError(
            f"the module cannot be run here: {error}; install {compiled.recipe.target}"
        ) from None
    for line in report.lines():
        print(line)
    return 0 if report.passed(tolerance) else 1


def _eval(options: argparse.Namespace) -> int:
    from gradgen.command.show.table import evaluate

    return evaluate(options)


def _diff(options: argparse.Namespace) -> int:
    from gradgen.command.changes import explain
    from gradgen.files.decode import function_in
    from gradgen.files.recipe import read_artifact
    from gradgen.pipeline import compile, regenerate
    from gradgen.sources import compile_function

    both = []
    for text in (options.old, options.new):
        function = function_in(text)
        file = False
        if text == "-":
            text = standard_input() + "\n"
        elif function is not None:
            path = path_of(function[0])
            text = read_source(path, python=True)
        elif is_module(text) or is_file(text):
            file = is_file(text)
            text = read_text(path_of(text))
        found = read_artifact(text)
        if found is not None:
            both.append(regenerate(found.recipe))
        elif function is not None:
            reading = {"file": path, **read_reading(options)}
            both.append(compile_function(text, function[1], proof=False, **reading))
        elif file:
            both.append(compile(text.removeprefix("\ufeff").rstrip("\n"), proof=False))
        else:
            both.append(compile(text, proof=False))
    lines = list(explain(*both))
    print("\n".join(lines or ["nothing changed"]))
    return 0


def _audit(options: argparse.Namespace) -> int:
    from gradgen.command.audit import audited

    return audited(options)


def _functions(_: argparse.Namespace) -> int:
    from gradgen.read.compositions import COMPOSITIONS
    from gradgen.read.formula import FORMS
    from gradgen.read.sympy.table import CALLS
    from gradgen.write.languages.python import PYTHON

    names: dict[str, list[str]] = {}
    for name, row in CALLS.items():
        names.setdefault(row.name, []).append(name)
    for row in {row.name: row for row in CALLS.values()}.values():
        if row.boolean:
            continue
        args = "abc"[: row.arity] if not row.variadic else ("a", "b", "...")
        others = ", ".join(name for name in names[row.name] if name != row.name)
        scipy = (
            ""
            if row.body or row.name in PYTHON.language.words
            else (
                "over rows of data, with --rows" if row.level else "with --target scipy"
            )
        )
        notes = "; ".join(filter(None, [others and f"also {others}", scipy]))
        print(f"{row.name}({', '.join(args)})".ljust(26) + notes)
    for name, made in COMPOSITIONS.items():
        print(f"{name}({', '.join(made.params)})".ljust(26) + f"= {made.body}")
    for name, arguments in FORMS.items():
        print(f"{name}(...)".ljust(26) + f"takes {arguments}")
    return 0
