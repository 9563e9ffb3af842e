"""The bytes of a file in; the text of the formula, or of the Python file, that they are out."""

from __future__ import annotations

import codecs
import io
import re
import tokenize

_FUNCTION = re.compile(r"(.+\.py):(\w+)")


def function_in(source: str) -> tuple[str, str] | None:
    """Return the file and the function that `model.py:residual` names, or None for what names none."""
    match = _FUNCTION.fullmatch(source)
    return (match[1], match[2]) if match else None


def decode_formula(data: bytes) -> str:
    """Return the text of a formula's file, without a mark of its byte order.

    Raises:
        UnicodeError: it is no text.
    """
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8").replace("\r\n", "\n")


def decode_python(data: bytes) -> str:
    """Return the text of a Python file, in the encoding that it declares.

    Raises:
        UnicodeError: it is no text.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.removeprefix(codecs.BOM_UTF8).decode(encoding.removesuffix("-sig"))
    except (SyntaxError, LookupError) as error:
        raise UnicodeError(str(error)) from None
