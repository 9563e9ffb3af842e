"""Work that makes many objects, next to none of them in cycles, in; the same without the garbage collector going through them all, out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Let the garbage collector wait, as a context or as a decorator: it would look through all that grows over and over.

    It is then as it was before. Of several threads at work the first lets it go on.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
