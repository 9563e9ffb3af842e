"""Python text in; its syntax tree out, one thread at a time."""

from __future__ import annotations

import ast
import threading

from gradgen.collector import paused

#: Python 3.11 counts the depth of the tree that it builds once for all threads, and trips over two at work.
_ONE_AT_A_TIME = threading.Lock()


def parse_python(text: str) -> ast.Module:
    """Return the syntax tree of a module.

    Raises:
        SyntaxError, ValueError, MemoryError, RecursionError: the text is no module.
    """
    with _ONE_AT_A_TIME, paused():
        return ast.parse(text)


def parse_expression(text: str) -> ast.expr:
    """Return the syntax tree of an expression; raises as `parse_python` does."""
    with _ONE_AT_A_TIME, paused():
        return ast.parse(text, mode="eval").body
