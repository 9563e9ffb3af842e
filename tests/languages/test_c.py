"""Modules in C, compiled by gcc with all warnings as errors, give what the same modules in Python give."""

from __future__ import annotations

import ctypes
import math
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile

GCC = shutil.which("gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="gcc is not installed")
FLAGS = "-std=c99 -Wall -Wextra -Wpedantic -Werror -O2 -ffp-contract=off -shared -fPIC"
_OURS = re.compile(r"\b(forward|backward|jacobian|\w+_of)\b(?=\()")
_CACHE = re.compile(r"double cache\[(\d+)\]")


class Module:
    """The functions of one module in C, called as those of its twin in Python are."""

    def __init__(self, compiled: Compiled, library: ctypes.CDLL, number: int) -> None:
        self.compiled = compiled
        self.library = library
        self.number = number
        self.width = len(compiled.program.wrt)
        self.outputs = len(compiled.program.outputs)
        size = _CACHE.search(compiled.source)
        self.size = int(size[1]) if size else 0

    def call(self, name: str, *args: object) -> None:
        function = self.library[f"{name}_{self.number}"]
        function.restype = None
        function(*(ctypes.c_double(a) if isinstance(a, float) else a for a in args))

    def forward(self, *point: float) -> tuple[tuple[float, ...], list[object]]:
        """Return the results, and the cache as `backward` takes it."""
        results = [ctypes.c_double() for _ in range(self.outputs)]
        cache = [(ctypes.c_double * self.size)()] if self.size else []
        self.call("forward", *point, *map(ctypes.byref, results), *cache)
        return tuple(result.value for result in results), [*cache]

    def backward(self, cache: list[object], *seeds: float) -> tuple[float, ...]:
        gradient = (ctypes.c_double * self.width)()
        self.call("backward", *cache, *seeds, *([gradient] if self.width else []))
        return tuple(gradient)

    def jacobian(self, *point: float) -> tuple[tuple[float, ...], ...]:
        rows = (ctypes.c_double * self.width * self.outputs)()
        self.call("jacobian", *point, rows)
        return tuple(tuple(row) for row in rows)


def built(modules: Sequence[Compiled], folder: Path) -> list[Module]:
    """Return modules, compiled together: each with names of its own for its functions."""
    texts = [
        _OURS.sub(rf"\1_{number}", compiled.source)
        for number, compiled in enumerate(modules)
    ]
    folder.mkdir(exist_ok=True)
    source, library = folder / "modules.c", folder / "modules.so"
    source.write_text("\n".join(texts), encoding="utf-8")
    command = [str(GCC), *FLAGS.split(), str(source), "-o", str(library), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    loaded = ctypes.CDLL(str(library))
    return [Module(compiled, loaded, n) for n, compiled in enumerate(modules)]
