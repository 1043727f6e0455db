"""The recorded run of the benchmark from which the pages and the calculator have their numbers."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).with_name("2026-11-27.json")


def figures() -> Mapping[str, Mapping[str, Any]]:
    """Return the figures by their names."""
    return {each["name"]: each for each in _document()["figures"]}


def dollars() -> Mapping[str, Mapping[str, Any]]:
    """Return the dollars of a million requests, by part, by the names of the designs."""
    return {each["design"]: each for each in _document()["dollars_per_million"]}


@cache
def _document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(REFERENCE.read_text())
    return document
