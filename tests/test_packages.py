"""Functions of public packages are read as what they are, or refused; these are installed by the extra `corpus`."""

from __future__ import annotations

import random

import pytest

from tests.packages import Tally, candidates, folder_of, look

#: So many functions of each package are looked at here; `python -m tests.packages` looks at all.
SAMPLE = 60
#: At least this share of them is read.
READ = {"fluids": 0.5, "chemicals": 0.35, "ht": 0.6}


@pytest.mark.slow
@pytest.mark.parametrize("package", READ)
def test_functions_of_packages_are_what_they_are(package: str) -> None:
    if folder_of(package) is None:
        pytest.skip(f"{package} is not installed")
    listed = [*candidates(package)]
    tally = Tally()
    for one in random.Random(package).sample(listed, SAMPLE):
        look(one, tally, ["fluids", "chemicals", "ht"], run=True)
    print(f"{package}: {tally.read} of {tally.functions} read")
    assert tally.wrong == []
    assert tally.compared > 0.9 * tally.read
    assert tally.read >= READ[package] * tally.functions
