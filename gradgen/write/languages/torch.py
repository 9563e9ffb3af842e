"""PyTorch: NumPy's words by PyTorch's names; numbers that stand where it wants tensors are made such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gradgen.write.language import Word, calls, helped
from gradgen.write.languages.numpy import NUMPY, WORDS, renamed

#: NumPy's names, and PyTorch's.
_NAMES = (
    ("special.gamma(", "_gamma("),
    ("np.power", "torch.pow"),
    ("np.rint", "torch.round"),
    ("np.", "torch."),
)
#: The functions of SciPy's that PyTorch lacks.
_LACKING = frozenset(
    ["erfi", "besselj", "bessely", "besseli", "besselk", "Ei", "Si", "Ci"]
)
_WORDS: Mapping[str, Word] = {
    **{op: renamed(word_, _NAMES) for op, word_ in WORDS.items() if op not in _LACKING},
    **calls("special.{name}({0})", "sigmoid:expit"),
    **helped("_{helper}({0})", "cbrt sign gamma"),
    **helped("_{helper}({0}, {1})", "heaviside"),
}

TORCH = replace(
    NUMPY,
    name="torch",
    folder="torch",
    language=replace(
        NUMPY.language,
        name="torch",
        words=_WORDS,
        lacking="has no form in PyTorch",
        boxed="_tensor",
    ),
    imports=(
        ("functools", "import functools"),
        ("math", "import math"),
        ("", "import torch"),
        ("special", "from torch import special"),
        ("", "Array = torch.Tensor"),
    ),
    needs="torch",
    says="PyTorch's tensors",
    reserved=NUMPY.reserved
    | {
        "torch",
        "functools",
        "_tensor",
        "_precision",
        "_cbrt",
        "_sign",
        "_heaviside",
        "_gamma",
    },
    above="",
    borrows=("numpy", _NAMES),
    spreads=True,
)
TARGETS = (TORCH,)
