"""A project may have another black than gradgen was developed with: the texts are the same, to the byte."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: The oldest that may be installed, and the last of each year's style since.
VERSIONS = ("24.1.0", "25.1.0", "26.1.0")


def test_the_oldest_black_is_the_one_that_is_tried() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    bounds = re.search(r'"black>=([0-9.]+),<([0-9]+)"', project)
    assert bounds is not None and VERSIONS[0].startswith(bounds[1])
    assert int(VERSIONS[-1].split(".")[0]) == int(bounds[2]) - 1


@cache
def digests(folder: str = "") -> list[str]:
    """Return black's version and the digests of many texts, with the black of a folder, or else that of this environment."""
    program = "import black; print(black.__version__)"
    program += "; import runpy; runpy.run_module('tests.layouts', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program, "200"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_black_gives_the_same_bytes(tmp_path: Path, version: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "-q", "-t", str(tmp_path)]
    installed = subprocess.run(
        [*command, f"black=={version}"], check=False, capture_output=True, text=True
    )
    if installed.returncode:
        pytest.skip(f"black {version} cannot be installed here")

    (_, *here), (tried, *there) = digests(), digests(str(tmp_path))
    assert tried == version and len(here) > 220
    assert [pair for pair in zip(here, there, strict=True) if pair[0] != pair[1]] == []
