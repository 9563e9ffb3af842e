"""A picture as SVG in; the same as PNG, which says what it is drawn from, out: by CairoSVG, where that is installed."""

from __future__ import annotations

import struct
import zlib

from gradgen.errors import GradgenError

#: So many dots stand for one unit of the SVG, as on screens with small dots.
_SCALE = 2
#: Where the first chunk of a PNG ends, which says how large the picture is.
_HEAD = 33


def png(svg: str) -> bytes:
    """Return a picture as PNG, on white, with the first line of the SVG as its comment.

    Raises:
        GradgenError: CairoSVG is not installed, or not the library that it needs.
    """
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        raise GradgenError(
            f"a PNG is made by CairoSVG, which cannot be used here ({error.__class__.__name__}): pip install cairosvg, or draw an .svg"
        ) from None
    data: bytes = cairosvg.svg2png(svg.encode(), scale=_SCALE, background_color="white")
    said = svg.partition("\n")[0].removeprefix("<!-- ").removesuffix(" -->")
    text = b"tEXtComment\0" + said.encode("latin-1", "replace")
    size, check = struct.pack(">I", len(text) - 4), struct.pack(">I", zlib.crc32(text))
    return data[:_HEAD] + size + text + check + data[_HEAD:]
