"""The bad configurations of tests/golden/config/bad.txt, with the messages they give."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).parent / "golden" / "config" / "bad.txt"


def _cases() -> dict[str, tuple[str, list[str]]]:
    """The bad texts by name, each with the messages it gives, from `=== name` to `--- says`."""
    cases = {}
    for case in f"\n{CASES.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
        name, _, body = case.partition("\n")
        text, _, says = body.rpartition("--- says\n")
        cases[name] = (text, says.strip("\n").split("\n"))
    return cases


BAD = _cases()
