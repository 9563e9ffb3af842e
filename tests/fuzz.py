"""Bytes in; nothing out, but an exception where gradgen does with them what it must never do.

`python -m tests.fuzz --seconds 600` searches for such bytes, guided by coverage, and needs atheris (the extra `fuzz`).
`python -m tests.fuzz --grammar --seconds 600` makes Python files of almost any statements instead, and runs what is read beside the original.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import os
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import sympy

from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.files.recipe import MARKER
from gradgen.prove.meanings import meaning_of
from gradgen.read.sympy.table import NODES

CORPUS = Path(__file__).parent / "fuzz_corpus.jsonl"
#: No input of this size may take longer, in seconds.
SLOW = 5.0

_MODULE = f"{MARKER}\n"
#: What no formula and no recipe may ever cause.
_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.link",
    "os.symlink",
    "os.truncate",
    "shutil.",
    "socket.",
    "subprocess.Popen",
    "ctypes.",
    "webbrowser.open",
)
#: What the proof loads, called by its digest.
_OURS = re.compile(r"gradgen_[0-9a-f]{16}\.py")
_watching = False


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    touches = (
        event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    )
    # Loading a library's module executes its file, the proof a module whose text was compared with what it may be.
    name = args[0].co_filename if event == "exec" else ""
    runs = event == "exec" and not (os.path.exists(name) or _OURS.fullmatch(name))
    # mpmath writes the summation of each kind of series for itself when it first meets the kind.
    runs = runs and sys._getframe(1).f_globals["__name__"] != "mpmath.libmp.libhyper"
    if touches or runs or event.startswith(_FORBIDDEN):
        raise AssertionError(f"{event}: {args!r}")


def warm() -> None:
    """Load and do everything once that happens once, then start to watch."""
    import black  # noqa: F401 - which gradgen loads for the first long line

    from gradgen.pipeline import compile
    from gradgen.sources import compile_function

    plain = "def f(x, y):\n    return x * y\n\n\ndef f_prime(x, y):\n    return y, y\n"
    compile_function(plain, "f")
    assert audited(plain)

    with contextlib.suppress(ImportError):
        importlib.import_module("scipy.special")  # which a module may import
    # mpmath's form of a row's class is made by SymPy's lambdify, once.
    for name, node in NODES.items():
        if isinstance(node, type):
            symbols = sympy.symbols(f"a:{ROWS[name].arity}")
            meaning_of(node(*symbols, evaluate=False))
    for target in ("python", "scipy"):
        compile("gamma(x)*sigmoid(y)/(1 + erfinv(z) + hypot(x, y))", target=target)
        compile("+".join(f"long_name_of_{i}*x" for i in range(9)), target=target)
    sys.addaudithook(_audit)


def one_input(data: bytes, timed: bool = False) -> None:
    """Compile, or make again from its recipe, what these bytes spell; the first byte says which, and with what options."""
    global _watching
    from gradgen.files.recipe import read_artifact
    from gradgen.pipeline import compile, regenerate
    from gradgen.read.python.function import read_function

    kind, text = data[:1], data[1:].decode("utf-8", "surrogateescape")
    bits = kind[0] if kind else 0
    start = time.process_time()
    _watching = True
    try:
        if bits % 4 == 3:
            found = read_artifact(_MODULE + text)
            made = regenerate(found.recipe) if found is not None else None
        elif bits % 4 == 2:
            name, inputs, wrt, formula = (text.split("\n", 3) + [""] * 3)[:4]
            made = compile(formula, name=name, inputs=inputs or None, wrt=wrt or None)
        elif bits % 4 == 1 and "def f(" in text and "def f_prime(" in text:
            made = None
            audited(text)
        elif bits % 4 == 1 and text.startswith("def f("):
            found_function = read_function(text, "f")
            made = compile(
                found_function.program,
                inputs=found_function.inputs,
                outputs=found_function.outputs,
            )
        else:
            made = compile(
                text,
                as_written=bool(bits & 4),
                precise=bool(bits & 8),
                target="scipy" if bits & 16 else "python",
            )
    except GradgenError as error:
        assert error.message.isprintable(), error.message
        assert "please report" not in error.message, error.message
        assert str(error).isprintable() or str(error).count("\n") == 2, str(error)
    else:
        # What was made must make itself again.
        if made is not None and bits % 4 != 3:
            again = read_artifact(made.source)
            assert again is not None and again.intact
            assert regenerate(again.recipe).source == made.source
    finally:
        _watching = False
    # Only in a search: elsewhere, other work on the machine would decide.
    slow = timed and time.process_time() - start > SLOW
    assert not slow, f"{SLOW} s for {data[:200]!r}"


def audited(text: str) -> bool:
    """Audit `f_prime` of a file, and make right what is wrong; return whether that was done."""
    from gradgen.audit.compare import audit
    from gradgen.corrected import Pair, corrected

    said = audit(text, "f", text, "f_prime")
    made = corrected(Pair(text, "f", text, "f_prime"), said) if said.wrong else None
    return made is not None


def one_file(seed: int) -> str:
    """Read a random Python file, compile or audit it, and run what was read; return what came of it.

    Raises:
        AssertionError: what was read is not what Python runs, or an error is none of the user's.
    """
    global _watching
    from gradgen.sources import compile_function
    from tests.grammar import pair, program

    text = pair(seed) if seed % 3 == 0 else program(seed)
    if text is None:
        return "no Python"
    _watching = True
    try:
        if seed % 3 == 0:
            return "corrected" if audited(text) else "audited"
        made = compile_function(text, "f")
    except GradgenError as error:
        assert error.message.isprintable(), error.message
        assert "please report" not in error.message, error.message
        return "refused"
    finally:
        _watching = False
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102 - our own text
    for point in ((0.7, 1.3), (-0.4, 0.6), (2.5, -1.1)):
        at = dict(zip("xy", point))
        inputs = [at.get(name, 0.9 + 0.1 * p) for p, name in enumerate(made.program.inputs)]  # fmt: skip
        names = made.program.inputs
        params = [p for p in signature(space["f"]).parameters if p not in at]
        more = {p: _given(p, dict(zip(names, inputs))) for p in params}
        given = {p: value for p, value in more.items() if value != []}
        true = _numbers(partial(space["f"], *point, **given))
        got = _numbers(partial(made.forward, *inputs), 0)
        if true and got:
            assert got == pytest.approx(true, rel=1e-6, abs=1e-9), (seed, point)
    return "compiled"


def _given(param: str, inputs: Mapping[str, float]) -> Any:
    """Return a number, or the list of those, or of rows of them, that a parameter has among inputs; an empty list where it has none."""
    if param in inputs:
        return inputs[param]
    mine = {n: v for n, v in inputs.items() if re.fullmatch(rf"{param}\d+(_\d+)?", n)}
    rows: dict[str, list[float]] = {}
    for name, value in mine.items():
        rows.setdefault(name.partition("_")[0], []).append(value)
    return [*rows.values()] if any("_" in n for n in mine) else [*mine.values()]


def _numbers(run: Callable[[], Any], place: int | None = None) -> list[float]:
    """Return what a function returns, or that at a place, one number after the other; nothing where it raises, or one is not finite and real."""
    try:
        result = run() if place is None else run()[place]
        found = [complex(value) for value in _flat(result)]
    except (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RecursionError, TypeError, ValueError):  # fmt: skip
        return []
    plain = all(not value.imag and math.isfinite(value.real) for value in found)
    return [value.real for value in found] if plain else []


def _flat(value: Any) -> Iterator[Any]:
    value = [*value.values()] if isinstance(value, dict) else value
    if hasattr(value, "__len__"):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _files(first: int, seconds: int) -> int:
    """Read random Python files for so long; return how many were read as they must not be."""
    warm()
    found: Counter[str] = Counter()
    end, seed = time.monotonic() + seconds, first
    while time.monotonic() < end:
        seed += 1
        start = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found[one_file(seed)] += 1
        except Exception as error:  # noqa: BLE001 - which is what is looked for
            found["failed"] += 1
            print(
                f"seed {seed}: {type(error).__name__}: {str(error)[:200]}", flush=True
            )
        taken = time.process_time() - start
        if taken > SLOW:
            found["slow"] += 1
            print(f"seed {seed}: {taken:.1f} s", flush=True)
    print(f"seeds {first + 1} to {seed}: {dict(found)}")
    return found["failed"]


def corpus() -> list[bytes]:
    """Return the inputs that are kept."""
    lines = CORPUS.read_text("ascii").splitlines()
    return [json.loads(line).encode("latin-1") for line in lines]


def _search(folder: Path, seconds: int) -> None:
    """Run the fuzzer over the corpus in the folder; it ends the process."""
    import atheris

    with atheris.instrument_imports(include=["gradgen"]):
        from gradgen.read.compositions import COMPOSITIONS
        from gradgen.read.sympy.table import CALLS

        for module in ("sources", "corrected", "read.sympy.stage", "files.recipe"):
            importlib.import_module(f"gradgen.{module}")
    words = [
        *CALLS,
        *COMPOSITIONS,
        "Piecewise((",
        "Sum(",
        ", (k, 0, 3))",
        " if ",
        " else ",
    ]
    words += [
        "# source: ",
        "# name: ",
        "# inputs: ",
        "# wrt: ",
        "# digest: ",
        *(
            "\\x0adef f(x):\\x0a    return ",
            "\\x0adef f_prime(x):\\x0a    return ",
            "\\x0a    for k in range(3):",
        ),
        *(
            "\\x0a    if x > 0:\\x0a        ",
            "\\x0a    else:\\x0a        ",
            "lambda u: ",
            "[k for k in (",
            "import math\\x0a",
        ),
        *(
            "\\x0a    while ",
            "\\x0a    try:\\x0a        ",
            "x[1:]",
            "[0] = ",
            "np.array([",
        ),
        "**",
        "<=",
        "pi",
    ]
    tokens = folder.parent / "tokens"
    tokens.write_text("".join(f'"{word}"\n' for word in words), "ascii")
    warm()
    arguments = [
        "-timeout=30",
        "-report_slow_units=30",
        f"-max_total_time={seconds}",
        "-max_len=2000",
        "-rss_limit_mb=4096",
    ]
    arguments += [
        f"-dict={tokens}",
        f"-artifact_prefix={folder.parent}/found-",
        str(folder),
    ]
    atheris.Setup([sys.argv[0], *arguments], lambda data: one_input(data, timed=True))
    atheris.Fuzz()


def main() -> None:
    """Fuzz for a while, starting from the kept corpus; with `--keep`, keep what reached new code."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--grammar", action="store_true")
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    if options.grammar:
        sys.exit(bool(_files(options.first, options.seconds)))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "corpus"
        folder.mkdir()
        for number, data in enumerate(corpus()):
            (folder / f"kept{number}").write_bytes(data)
        child = os.fork()
        if not child:
            os.chdir(scratch)
            _search(folder, options.seconds)
        _, status = os.waitpid(child, 0)
        found = [
            path for path in Path(scratch).iterdir() if path.name.startswith("found-")
        ]
        for path in found:
            print(path.name, path.read_bytes())
        others = {"corpus", "tokens", *(path.name for path in found)}
        print(
            "files touched:", sorted({p.name for p in Path(scratch).iterdir()} - others)
        )
        if options.keep:
            kept = sorted(
                {path.read_bytes() for path in folder.iterdir()},
                key=lambda data: (len(data), data),
            )
            lines = [json.dumps(data.decode("latin-1")) for data in kept]
            CORPUS.write_text("".join(f"{line}\n" for line in lines), "ascii")
        print(f"{len(list(folder.iterdir()))} inputs, {len(found)} failures")
        sys.exit(1 if found or os.waitstatus_to_exitcode(status) else 0)


if __name__ == "__main__":
    main()
