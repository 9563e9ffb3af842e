"""A number in; the digests of so many modules and tests out, one a line: `python -m tests.layouts 200`, under any black."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradgen.errors import GradgenError
from gradgen.files.recipe import digest, read_artifact
from gradgen.pipeline import compile, regenerate

GENERATED = Path(__file__).resolve().parent.parent / "generated"
#: Names of every width: what does not fit on a line is what black decides.
NAMES = ["x", "y", "k", "alpha", "β", "pressure_ratio", "temperature_of_the_inner_wall"]
CALLS = ["sin({})", "exp({})", "sqrt({})", "log(1 + {}**2)", "1/(1 + exp(-{}))", "gelu({})", "hypot({}, y)", "max({}, y, alpha)",
         "({} if y > 0 else x)"]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {},
    {"precise": True},
    {"with_": "jacobian"},
    {"name": "a_rather_long_name_for_a_result"},
]


def formula(rnd: random.Random, depth: int) -> str:
    """Return a random formula."""
    if not depth:
        return rnd.choice(NAMES)
    inner = formula(rnd, depth - 1)
    made = [
        rnd.choice(CALLS).format(f"({inner})"),
        f"({inner} {rnd.choice('+-*/')} {formula(rnd, depth - 1)})",
        f"({inner})**{rnd.choice([2, 3, -2, 0.5])}",
        f"{rnd.uniform(-3, 3):.3g}*({inner})",
    ]
    return rnd.choice(made)


def texts(count: int) -> Iterator[tuple[str, str]]:
    """Yield modules and tests, each with what it was made from."""
    for path in sorted(GENERATED.glob("*.py")):
        found = read_artifact(path.read_text("utf-8"))
        if found is not None:
            yield path.name, regenerate(found.recipe).source
    rnd = random.Random(0)
    for number in range(count):
        text, options = formula(rnd, rnd.randrange(1, 5)), rnd.choice(OPTIONS)
        compiled = compile(text, **options)
        yield f"{text} {options}", compiled.source
        if number % 10 == 0:
            try:
                yield f"test of {text}", compiled.test("model").source
            except GradgenError:
                continue
    for width in (1, 2, 3, 4, 6, 9):
        lines = [f"u{i} = sin(long_name_of_{i})*y{i % 3}" for i in range(width)]
        outputs = [f"u{i}" for i in range(width)]
        program = "\n".join([*lines, "v = u0*u0"])
        compiled = compile(program, outputs=[*outputs, "v"], with_="jacobian")
        yield f"{width} outputs", compiled.source


if __name__ == "__main__":
    for made_from, made in texts(int(sys.argv[1])):
        print(digest(made), made_from)
