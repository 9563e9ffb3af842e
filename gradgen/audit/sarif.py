"""Audits in, each with the file and the line of the derivative; what code scanners read of them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gradgen.audit.finding import Audit

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: By verdict, how much it matters and what it means; others are not told.
_RULES = {
    "wrong": ("error", "A slope is another than that of the function."),
    "weak": ("warning", "A slope is right, but loses digits."),
}


def sarif(found: Iterable[tuple[Path, int, Audit]]) -> Mapping[str, Any]:
    """Return verdicts in the form of SARIF 2.1.0 (OASIS, 2020)."""
    rules = [
        {
            "id": f"gradient-{verdict}",
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        }
        for verdict, (level, text) in _RULES.items()
    ]
    driver = {"name": "gradgen audit", "rules": rules}
    run = {"tool": {"driver": driver}, "results": [*_results(found)]}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _results(found: Iterable[tuple[Path, int, Audit]]) -> Iterator[Mapping[str, Any]]:
    for file, line, audit in found:
        for finding in audit.findings:
            if finding.verdict not in _RULES:
                continue
            text = f"{audit.against}: {finding.slope} is {finding.verdict}: {audit.said(finding)}"
            place = {
                "artifactLocation": {"uri": file.as_posix()},
                "region": {"startLine": max(line, 1)},
            }
            yield {
                "ruleId": f"gradient-{finding.verdict}",
                "level": _RULES[finding.verdict][0],
                "message": {"text": text},
                "locations": [{"physicalLocation": place}],
            }
