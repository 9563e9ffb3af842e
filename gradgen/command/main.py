"""Arguments in, exit code out: 0 fine, 1 a check failed, 2 bad input or usage."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradgen.command.arguments import COMMANDS, read_options
from gradgen.errors import GradgenError, printable, trouble
from gradgen.files.modules import check_imports, check_module, import_name, modules_of

if TYPE_CHECKING:
    from gradgen.files.recipe import Recipe
    from gradgen.pipeline import Compiled

# Nothing heavy is imported here: `--help` and usage errors must answer without waiting for SymPy or black.

#: A longer run is a loop in a shell.
_MOST_SAMPLES = 100_000
#: A longer list gets a progress bar, and so does a proof that takes longer, in seconds.
_FEW, _MOMENT = 20, 1.0
#: Four bytes for each of the 400 000 characters that a program may have.
_MOST_BYTES = 1_600_002


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        _prepare_streams()
        try:
            code = _run(_arguments() if argv is None else argv)
        except SystemExit:  # the help was printed
            sys.stdout.flush()
            raise
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough, as in `| head -1`.
        _drop_output()
        return 0
    except io.UnsupportedOperation:
        return _failed("standard output is closed; write to a file with -o FILE")
    except Exception as error:  # noqa: BLE001
        if isinstance(error, OSError):
            _drop_output()
        return _failed(trouble(error))


def _failed(message: str) -> int:
    with contextlib.suppress(OSError):
        print(f"gradgen: error: {message}", file=sys.stderr)
    return 2


def _note(message: str) -> None:
    """Say something that is no error; it must not stop the work either."""
    with contextlib.suppress(OSError):
        print(f"gradgen: note: {printable(message)}", file=sys.stderr, flush=True)


def _prepare_streams() -> None:
    """Make the streams write the same bytes whatever the locale, and take the place of closed ones."""
    if sys.stdout is None:
        # Open for reading: it says so when something is written to it.
        sys.stdout = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream, errors in (
        (sys.stdout, "surrogateescape"),
        (sys.stderr, "backslashreplace"),
    ):
        with contextlib.suppress(AttributeError, ValueError, io.UnsupportedOperation):
            stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")  # type: ignore[union-attr]


def _drop_output() -> None:
    """Let Python not complain again at its end about output that cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _arguments() -> list[str]:
    """Return the command line as UTF-8 text, also where the locale is another."""
    words = []
    for word in sys.argv[1:]:
        try:
            words.append(os.fsencode(word).decode("utf-8"))
        except UnicodeError:
            words.append(word)
    return words


def _path(text: str) -> Path:
    """Return the path that an argument names."""
    try:
        os.fsencode(text)
    except UnicodeError:
        text = os.fsdecode(text.encode("utf-8"))
    return Path(text)


def _run(argv: Sequence[str]) -> int:
    if not argv or argv[0] == "help":
        about = [word for word in argv[1:2] if word != "help"]
        with contextlib.suppress(SystemExit):
            read_options([*about, "--help"])
        return 0
    options = read_options(argv)
    if options.version:
        from gradgen import __version__

        print(f"gradgen {__version__}")
        return 0
    if options.command is None:
        raise GradgenError(
            f"a command is needed; known are {COMMANDS} (see `gradgen --help`)"
        )
    run = {
        "compile": _compile,
        "eval": _eval,
        "verify": _verify,
        "check": _check,
        "update": _update,
        "build": _build,
        "diff": _diff,
        "functions": _functions,
    }
    return run[options.command](options)


def _formula(options: argparse.Namespace) -> Compiled:
    """Compile the command's expression, and pass its notes on."""
    words = options.expression
    if options.file and words:
        raise GradgenError("give a formula or -f FILE, not both")
    if options.file:
        words = [_source(_path(options.file)).rstrip("\r\n")]
    if len(words) != 1:
        raise GradgenError(
            "no expression is given; write one in quotes, or - for standard input"
            if not words
            else f"{len(words)} expressions are given where one is expected; "
            "a formula, and a list of names, is written in quotes"
        )
    text = words[0]
    if text == "-":
        text = _standard_input()
    from gradgen.pipeline import compile
    from gradgen.sources import compile_file, compile_function, function_in

    given = {
        "name": options.name,
        "inputs": options.inputs,
        "wrt": options.wrt,
        "outputs": options.outputs,
        "const": dict(_items(options.const, "--const")) if options.const else None,
        "params": options.params,
        "as_written": options.as_written,
        "expand": options.expand,
        "target": options.target,
        "precise": options.precise,
        "ieee": options.ieee,
        "strict": options.strict,
        "templates": getattr(options, "templates", None),
        "with_": getattr(options, "extras", None) or (),
        "proof": getattr(options, "proof", False),
    }
    function = function_in(text)
    if function is not None:
        source = _source(_path(function[0]), python=True)
        given["means"] = _means(options)
        compiled = compile_function(source, function[1], **given)
    elif options.means:
        raise GradgenError(
            "--means says what the imports of a Python file mean; name a function in it, as model.py:residual"
        )
    elif options.file:
        given["name"] = "f" if options.name is None else options.name
        compiled = compile_file(text, **given)
    else:
        _refuse_file(text)
        given["name"] = "f" if options.name is None else options.name
        compiled = compile(text, **given)
    for note in compiled.notes:
        _note(note)
    return compiled


#: What is more likely a file than a formula, if there is such a file: no formula ends like this.
_FILE = re.compile(r"[^\n\0]*\.[A-Za-z]\w*")


def _means(options: argparse.Namespace) -> dict[str, str]:
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
    if text.endswith(".py") and re.fullmatch(r"[\w./\\-]+", text):
        if not os.path.exists(_path(text)):
            raise GradgenError(f"{text} does not exist")
        raise GradgenError(
            f"{text} is a file; name a function in it, as {text}:residual, or give a formula's file with -f FILE"
        )
    if _is_file(text):
        raise GradgenError(f"{text} is a file; write -f {shlex.quote(text)}")


def _is_file(text: str) -> bool:
    """Whether a text names a file, and is no formula."""
    likely = len(text) < 1000 and _FILE.fullmatch(text)
    return bool(likely) and os.path.isfile(_path(text))


def _standard_input() -> str:
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


def _suffixes() -> dict[str, str]:
    """Return the endings of files in other languages than Python, each with its target."""
    from gradgen.targets import TARGETS

    return {t.suffix: t.name for t in TARGETS.values() if not t.is_python}


def _check_suffix(output: Path, target: str) -> None:
    """Hold a file to end as its language's files do.

    Raises:
        GradgenError: it does not.
    """
    others = _suffixes()
    wanted = next((s for s, name in others.items() if name == target), None)
    if wanted is not None and output.suffix != wanted:
        raise GradgenError(
            f"--target {target} writes {wanted} files, as -o {output.stem}{wanted}"
        )
    if wanted is None and output.suffix in others:
        raise GradgenError(
            f"a {output.suffix} file is written with --target {others[output.suffix]}"
        )


def _compile(options: argparse.Namespace) -> int:
    output = None if options.output in (None, "-") else _path(options.output)
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
        if output.suffix not in _suffixes():
            check_module(output)
    compiled = _formula(options)
    if output is not None:
        check_imports(output, compiled.imports)
    if options.verify and not _proven(compiled):
        return 1
    if output is None:
        print(compiled.source, end="")
        return 0

    from gradgen.files.artifact import State, compare, diff, guard

    made = [(output, compiled)]
    if options.test:
        templates = _path(options.templates) if options.templates else None
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
            _note_signature(path, file.text or "", new.source)
        if options.diff:
            print(diff(path, file.text or "", new.source), end="")
        stale |= compare(file, new.source) is not State.SAME
    if said:
        _note(
            "; ".join(f"{what} {' and '.join(files)}" for what, files in said.items())
        )
    return int(options.check and stale)


def _proven(compiled: Compiled) -> bool:
    """Verify a module at random points; where it fails, print the report."""
    from gradgen.verify import verify

    with _progress() as progress:
        report = verify(compiled, progress=progress)
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
    path = _path(words[0]) if len(words) == 1 and words[0].endswith(".py") else None
    compiled = _formula(options) if path is None else _from_file(path)
    inputs = compiled.program.inputs
    rest = dict(compiled.recipe.defaults)
    points = [
        _ordered({**rest, **_point(at)}, inputs, "--at") for at in options.at or ()
    ]
    ranges = _ranges(",".join(options.range or ()), inputs)
    try:
        with _progress() as progress:
            report = verify(compiled, points, samples, ranges, progress)
    except ImportError as error:
        raise GradgenError(
            f"the module cannot be run here: {error}; install {compiled.recipe.target}"
        ) from None
    for line in report.lines():
        print(line)
    return 0 if report.passed(tolerance) else 1


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Yield what shows a progress bar on a terminal, for work that takes more than a moment; it is removed at the end."""
    start, shown = time.monotonic(), False

    def show(done: int, count: int) -> None:
        nonlocal shown
        if sys.stderr.isatty() and (shown or time.monotonic() - start > _MOMENT):
            from gradgen.command.project import progress

            shown = True
            print(f"\r{progress(done, count)}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _text(path: Path) -> str:
    """Return the text of a file that must exist."""
    from gradgen.files import artifact

    text = artifact.read(path)
    if text is None:
        raise GradgenError(f"{path} does not exist")
    return text


def _source(path: Path, python: bool = False) -> str:
    """Return the text of a formula's file, or of a Python file, that must exist."""
    from gradgen.files import artifact
    from gradgen.sources import decode_formula, decode_python

    decode = decode_python if python else decode_formula
    text = artifact.read(path, decode=decode)
    if text is None:
        raise GradgenError(f"{path} does not exist")
    return text


def _from_file(path: Path) -> Compiled:
    """Return the module in a generated file. Only what the recipe makes is ever run: never what a file happens to hold."""
    from gradgen.files.recipe import read_artifact
    from gradgen.pipeline import regenerate

    text = _text(path)
    found = read_artifact(text)
    if found is None:
        raise GradgenError(f"{path} was not generated by gradgen")
    if found.recipe.tests:
        raise GradgenError(f"{path} is a test; run it with pytest")
    made = regenerate(found.recipe)
    if made.source != text:
        raise GradgenError(
            f"{path} is not what its recipe makes, so it is not run; see `gradgen check {path}`"
        )
    return made


def _ranges(text: str, inputs: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read `x=1:3, y=-pi:pi`."""
    ranges = {}
    for name, value in _items(text, "--range"):
        low, colon, high = value.partition(":")
        if name not in inputs or not colon:
            raise GradgenError(
                f"`{printable(name)}={printable(value)}` is no range of an input; "
                'a range is written as in --range "x=1:3"'
            )
        ranges[name] = (_number(low), _number(high))
        if not ranges[name][0] <= ranges[name][1]:
            raise GradgenError(f"the range of `{name}` runs downwards")
    return ranges


def _note_unproven(path: Path, reason: str) -> None:
    _note(f"{path}: the module was not proven: {reason}")


def _note_signature(path: Path, before: str, after: str) -> None:
    """Warn where callers that pass inputs by position would be misled."""
    old, new = (
        re.findall(
            r"(\w+): float",
            "".join(re.findall(r"def forward\((.*?)\)", text, re.DOTALL)),
        )
        for text in (before, after)
    )
    if before and old != new:
        _note(
            f"{path}: the signature changes from ({', '.join(old)}) to ({', '.join(new)})"
        )


def _items(text: str, option: str) -> Iterator[tuple[str, str]]:
    """Read `name=value, name=value`."""
    # A comma inside a value, as in hypot(3, 4), has no `name =` after it.
    items = re.split(r",(?=\s*(?:[^\W\d]\w*\s*=|$|,))", text)
    seen = set()
    for item in filter(None, (part.strip() for part in items)):
        name, equals, value = item.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())
        name = "lambda_" if name == "lambda" else name
        if equals and not value.strip():
            raise GradgenError(f"{option} gives `{printable(name)}` no value")
        if name in seen:
            raise GradgenError(f"{option} gives two values for `{printable(name)}`")
        if not equals or not name:
            raise GradgenError(
                f'`{printable(item)}` gives no value; a point is written as in --at "x=3, y=-4"'
            )
        seen.add(name)
        yield name, value


def _number(text: str) -> float:
    """Return the value of a constant such as -pi/2."""
    from gradgen.pipeline import compile
    from gradgen.read.programs import parse

    parse(text)  # which reads one expression, without a name for it
    try:
        return float(compile(text, inputs=(), proof=False).forward()[0])
    except GradgenError:
        raise
    except (ArithmeticError, ValueError) as error:
        raise GradgenError(
            f"`{printable(text.strip())}` has no finite value: {error}"
        ) from None


def _point(text: str) -> dict[str, float]:
    """Read `x=3, y=-pi/2`."""
    return {name: _number(value) for name, value in _items(text, "--at")}


def _ordered(
    point: dict[str, float], inputs: Sequence[str], option: str
) -> tuple[float, ...]:
    """Return a point in the order of the inputs."""
    for name in inputs:
        if name not in point:
            raise GradgenError(f"{option} gives no value for `{name}`")
    for name in point:
        if name not in inputs:
            raise GradgenError(
                f"{option} gives a value for `{name}`, which is no input; the inputs are {', '.join(inputs)}"
            )
    return tuple(point[name] for name in inputs)


def _eval(options: argparse.Namespace) -> int:
    compiled = _formula(options)
    program = compiled.program
    modules = compiled.imports
    if modules:
        raise GradgenError(
            f"this calls functions of {', '.join(modules)}, which gradgen never imports; "
            "import the generated module instead"
        )
    given = {**dict(compiled.recipe.defaults), **_point(",".join(options.at))}
    point = _ordered(given, program.inputs, "--at")
    try:
        traces = [
            compiled.trace(*point, output=place)
            for place in range(len(program.outputs))
        ]
    except (ArithmeticError, ValueError) as error:
        line = _failing_line(compiled, error)
        what = "gradient" if line.startswith("d") else "value"
        raise GradgenError(
            f"there is no {what} at this point: {line}: {error}"
        ) from None

    from gradgen.write.words import Words

    words = Words(program)
    values = traces[0][0]
    heads = [f"gradient of {output}" for output, _ in program.outputs]
    rows = [["stage", "expression", "value", *(heads if heads[1:] else ["gradient"])]]
    for index, name in program.names.items():
        adjoint = program.adjoints[index]
        guard = program.steps[index].guard
        shown, value = "input", repr(values[name])
        slopes = [repr(float(g[adjoint])) if adjoint in g else "-" for _, g in traces]
        if index in program.signature:
            value = repr(float(values[name]))
        else:
            shown = words.stage(index)
            if any(bool(values[program.names[i]]) != wanted for i, wanted in guard):
                value, slopes = "-", ["-"] * len(slopes)
        rows.append([name, shown, value, *slopes])
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return 0


def _failing_line(compiled: Compiled, error: Exception) -> str:
    """Return the generated line that raised, without its comment."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    lines = compiled.source.splitlines()
    number = trace.tb_lineno if trace is not None else 0
    return (
        lines[number - 1].partition("  #")[0].strip()
        if 0 < number <= len(lines)
        else type(error).__name__
    )


def _build(options: argparse.Namespace) -> int:
    from gradgen.command.project import FILE, entries, find_project, progress, statuses

    start = _path(options.project or ".")
    project = start if start.name == FILE else find_project(start)
    listed = entries(project)
    bar = len(listed) > _FEW and sys.stderr.isatty()
    worst = 0
    for done, entry in enumerate(listed):
        if bar:
            print(f"\r{progress(done, len(listed))}", end="", file=sys.stderr)
        for path, status, message in statuses(
            entry, not options.check, options.force, options.proof
        ):
            if bar:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            print(f"{status:8} {printable(str(path))}", flush=bar)
            good = status in ("ok", "written", "updated")
            if message and good:
                _note_unproven(path, message)
            elif message:
                print(f"gradgen: error: {message}", file=sys.stderr)
            worst |= not good
    return int(worst)


def _diff(options: argparse.Namespace) -> int:
    from gradgen.command.explain import explain
    from gradgen.files.recipe import read_artifact
    from gradgen.pipeline import compile, regenerate
    from gradgen.sources import compile_file, compile_function, function_in

    both = []
    for text in (options.old, options.new):
        function = function_in(text)
        file = False
        if text == "-":
            text = _standard_input() + "\n"
        elif function is not None:
            text = _source(_path(function[0]), python=True)
        elif text.endswith(".py") or _is_file(text):
            file = _is_file(text)
            text = _text(_path(text))
        found = read_artifact(text)
        if found is not None:
            both.append(regenerate(found.recipe))
        elif function is not None:
            means = _means(options)
            both.append(compile_function(text, function[1], means=means, proof=False))
        elif file:
            both.append(compile_file(text.rstrip("\n"), proof=False))
        else:
            both.append(compile(text, proof=False))
    lines = list(explain(*both))
    print("\n".join(lines or ["nothing changed"]))
    return 0


def _functions(_: argparse.Namespace) -> int:
    from gradgen.read.compositions import COMPOSITIONS
    from gradgen.read.reader import FORMS
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
            else "with --target scipy"
        )
        notes = "; ".join(filter(None, [others and f"also {others}", scipy]))
        print(f"{row.name}({', '.join(args)})".ljust(26) + notes)
    for name, made in COMPOSITIONS.items():
        print(f"{name}({', '.join(made.params)})".ljust(26) + f"= {made.body}")
    for name, arguments in FORMS.items():
        print(f"{name}(...)".ljust(26) + f"takes {arguments}")
    return 0


@dataclass(frozen=True)
class _File:
    """A generated file, and the folder that was given, if it was found in one."""

    path: Path
    folder: Path | None = None


def _files(names: Sequence[str]) -> tuple[list[_File], bool]:
    """Return the generated files that the arguments name, and whether all folders could be read."""
    from gradgen.files import artifact

    endings = (".py", *_suffixes())
    found: list[_File] = []
    readable = True
    for name in names:
        if not name:
            raise GradgenError("a path is empty; . is the current folder")
        path = _path(name)
        try:
            inside = list(artifact.find(path, endings))
        except GradgenError as error:
            _failed(str(error))
            readable = False
            continue
        if not inside:
            _note(f"{name} holds no generated files")
        found += [_File(file, None if file == path else path) for file in inside]
    return found, readable


def _recipe_of(path: Path, recipe: Recipe) -> Recipe:
    """Return a file's recipe; a test's is that of its module, where that is found."""
    from gradgen.files.artifact import look

    for place in modules_of(path, recipe.tests) if recipe.tests else ():
        module = look(place).artifact
        if module is not None and not module.recipe.tests:
            return replace(module.recipe, tests=recipe.tests)
    return recipe


def _check(options: argparse.Namespace) -> int:
    """Check files; print what each is, and where it is not ok, why."""
    from gradgen.files.artifact import State, compare, diff, look
    from gradgen.pipeline import regenerate

    templates = _path(options.templates) if options.templates else None
    files, readable = _files(options.paths)
    worst = int(not readable)
    for path in (file.path for file in files):
        change = ""
        try:
            file = look(path)
            state = compare(file)
            status = state.value
            if state is State.FOREIGN and options.ours:
                continue
            if file.text is not None and file.artifact is not None:
                recipe = _recipe_of(path, file.artifact.recipe)
                made = regenerate(recipe, templates)
                ratio = 0.0 if recipe.tests else made.cost.ratio
                state = compare(file, made.source)
                status, change = state.value, diff(path, file.text, made.source)
                dear = options.max_ratio is not None and ratio > options.max_ratio
                if state is State.SAME and dear:
                    status, change = "costly", (
                        f"value and gradient together cost {ratio:.1f} times the value; "
                        f"allowed is {options.max_ratio:g} times\n"
                    )
        except Exception as error:  # noqa: BLE001
            # One bad file does not stop the others.
            status, change = "failed", f"{trouble(error)}\n"
        print(f"{status:8} {printable(str(path))}")
        print(change, end="")
        worst = max(worst, int(status != "ok"))
    return worst


def _update(options: argparse.Namespace) -> int:
    from gradgen.files import artifact
    from gradgen.pipeline import regenerate

    templates = _path(options.templates) if options.templates else None
    files, readable = _files(options.paths)
    worst = int(not readable)
    for file in files:
        path = file.path
        try:
            if file.folder is not None and artifact.leads_outside(path, file.folder):
                raise GradgenError(
                    f"{path} is a link that leads out of the folder; name the file itself"
                )
            found = artifact.guard(path, options.force)
            if found.text is None or found.artifact is None:
                raise GradgenError(f"{path} does not exist")
            recipe = _recipe_of(path, found.artifact.recipe)
            made = regenerate(recipe, templates, options.proof)
            changed = made.write(path, force=options.force)
        except Exception as error:  # noqa: BLE001
            print(f"refused  {printable(str(path))}")
            reason = trouble(error)
            where = "" if printable(str(path)) in reason else f"{path}: "
            print(f"gradgen: error: {printable(where)}{reason}", file=sys.stderr)
            worst = 1
            continue
        print(f"{'updated' if changed else 'ok':8} {printable(str(path))}")
        _note_signature(path, found.text, made.source)
        if changed and made.unproven:
            _note_unproven(path, made.unproven)
    return worst
