"""Python text in; its syntax tree out, one thread at a time."""

from __future__ import annotations

import ast
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Python 3.11 counts the depth of the tree that it builds once for all threads, and trips over two at work.
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no other thread in, nor the garbage collector: it would look through a growing tree, which has no cycle, over and over."""
    with _ONE_AT_A_TIME:
        collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collecting:
                gc.enable()


def parse_python(text: str) -> ast.Module:
    """Return the syntax tree of a module.

    Raises:
        SyntaxError, ValueError, MemoryError, RecursionError: the text is no module.
    """
    with _undisturbed():
        return ast.parse(text)


def parse_expression(text: str) -> ast.expr:
    """Return the syntax tree of an expression; raises as `parse_python` does."""
    with _undisturbed():
        return ast.parse(text, mode="eval").body
