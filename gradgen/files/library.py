"""A text in C in; its functions, compiled by the system's compiler and loaded, out: kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from gradgen.errors import GradgenError, printable
from gradgen.files.cache import SWITCH, cache_folder, is_own, key, prune, write_own

#: As the comment of a module over rows has them for gcc; for clang, which knows glibc's vector functions itself; and what every compiler knows.
_FLAGS = (
    "-std=c99 -O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math "
    + "-fno-thread-jumps -fno-tree-sink -fno-builtin-sin -fno-builtin-cos -fschedule-insns -fsched-pressure -shared -fPIC",
    "-std=c99 -O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math -fveclib=libmvec -shared -fPIC",
    "-std=c99 -O2 -ffp-contract=off -shared -fPIC",
)
#: So many libraries are kept: the latest.
_KEPT = 1_000
_INSTEAD = "compile the formula with target numpy instead"
#: What tells one processor's instructions from another's, in Linux's list.
_TELLING = ("model name", "flags", "Features", "CPU part", "isa")


def library(text: str) -> ctypes.CDLL:
    """Return the functions of a text in C; what was compiled before, for this processor and by this compiler, is only loaded.

    Raises:
        GradgenError: there is no compiler, or it fails.
    """
    try:
        compiler = shlex.split(os.environ.get("CC", "")) or _found()
    except ValueError:
        raise GradgenError(
            f"CC has a quotation mark that nothing closes: {printable(os.environ['CC'])[:60]}"
        ) from None
    name = key(text, _FLAGS, compiler, _version(tuple(compiler)), _processor())
    folder = None if os.environ.get(SWITCH) else cache_folder()
    kept = folder / "native" / f"{name}.so" if folder else None
    if kept is not None:
        with contextlib.suppress(OSError):  # which there is where it is not kept yet
            if is_own(kept.parent):
                return ctypes.CDLL(str(kept))
    try:
        with tempfile.TemporaryDirectory(prefix="gradgen-") as scratch:
            made = Path(scratch, f"{name}.so")
            _compile(compiler, text, made)
            if kept is not None and _keep(made, kept):
                with contextlib.suppress(OSError):
                    return ctypes.CDLL(str(kept))
            return ctypes.CDLL(str(made))  # which stays loaded without its file
    except OSError as error:
        raise GradgenError(
            f"what was compiled cannot be loaded: {printable(str(error))}; {_INSTEAD}"
        ) from None


def _found() -> list[str]:
    """Return the system's compiler or, where there is none, the one that is installed as a Python package."""
    if shutil.which("cc") is None and importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    return ["cc"]


def _keep(made: Path, kept: Path) -> bool:
    """Put a library into the cache in one step; return whether that could be."""
    try:
        if not write_own(kept, made.read_bytes()):
            return False
    except OSError:
        return False
    with contextlib.suppress(OSError):  # where another process is ahead
        prune(kept.parent, "*.so", _KEPT)
    return True


def _compile(compiler: list[str], text: str, made: Path) -> None:
    source = made.with_suffix(".c")
    source.write_text(text, encoding="utf-8")
    for flags in _FLAGS:
        done = _run([*compiler, *flags.split(), str(source), "-o", str(made), "-lm"])
        if done.returncode == 0 and made.is_file():
            return
    lines = done.stderr.strip().splitlines() or ["it says nothing"]
    said = next((line for line in lines if "error" in line), lines[0])
    said = printable(said.replace(str(source), "the module"))[:200]
    raise GradgenError(f"the C compiler `{shlex.join(compiler)}` fails: {said}; {_INSTEAD}")  # fmt: skip


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except (OSError, ValueError):
        raise GradgenError(
            f"there is no C compiler `{printable(command[0])}`, whose name may stand in CC; install one, as the extra `native` does, or {_INSTEAD}"
        ) from None


@cache
def _version(compiler: tuple[str, ...]) -> str:
    return _run([*compiler, "--version"]).stdout


@cache
def _processor() -> str:
    """Return what the processor is: what is compiled for one may not run on another that shares the folder."""
    found = {platform.machine(): None, platform.processor(): None}
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith(_TELLING):
                found[line] = None
    return "\n".join(found)
