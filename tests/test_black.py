"""A project may have another black than gradgen was developed with: the texts are the same, to the byte."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_packaging import python

#: The oldest that may be installed, and the last of each year's style since.
VERSIONS = ("24.1.0", "25.1.0", "26.1.0")


def test_the_oldest_black_is_the_one_that_is_tried() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    bounds = re.search(r'"black>=([0-9.]+),<([0-9]+)"', project)
    assert bounds is not None and VERSIONS[0].startswith(bounds[1])
    assert int(VERSIONS[-1].split(".")[0]) == int(bounds[2]) - 1


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_black_gives_the_same_bytes(tmp_path: Path, version: str) -> None:
    interpreter = python(tmp_path / "env")
    wanted = [f"black=={version}", "sympy>=1.13,<1.15", "jinja2>=3.1,<4"]
    installed = subprocess.run(
        [interpreter, "-m", "pip", "install", "-q", *wanted],
        check=False,
        capture_output=True,
        text=True,
    )
    if installed.returncode:
        pytest.skip(f"black {version} cannot be installed here")

    def digests(which: str | Path) -> list[str]:
        command = [str(which), "-m", "tests.layouts", "200"]
        done = subprocess.run(
            command, check=True, cwd=ROOT, capture_output=True, text=True
        )
        return done.stdout.splitlines()

    here, there = digests(sys.executable), digests(interpreter)
    assert len(here) > 220
    assert [pair for pair in zip(here, there) if pair[0] != pair[1]] == []
