"""What chance makes of shares that are looked at every minute."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.names import M, by


def each_minute(ratio: str, rows: str, design: str) -> str:
    """So many standard errors of a share of rows that resemble each other."""
    error = f"sqrt({ratio} * (1 - {ratio}) / {rows}\n  * {design})"
    return f"{error}\n  * on ({by(*M)}) group_left () {names.sigmas('flawed')}"
