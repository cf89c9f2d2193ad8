"""The tables of docs/alerting.md, from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alert_rules.ruleset.alerts import FILES
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "alerting.md"
_BEGIN = "<!-- alerts: written by python -m alert_rules.generate -->"
_END = "<!-- end of alerts -->"


def renew(page: str) -> str:
    """The page with a fresh table of alerts."""
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return f"{head}{_BEGIN}\n{chr(10).join(_table())}\n{_END}{tail}"


def _table() -> Iterator[str]:
    yield "| alert | severity | windows | waits | kept | file |"
    yield "|---|---|---|---|---|---|"
    for topic, make in FILES.items():
        seen: dict[tuple[str, str], list[Alert]] = {}
        for alert in make(Settings()):
            seen.setdefault((alert.name, alert.severity), []).append(alert)
        for (name, severity), same in seen.items():
            windows = ", ".join(filter(None, (one.labels.get("window") for one in same)))
            waits = ", ".join(dict.fromkeys(one.pending or "0s" for one in same))
            link = f"[{name}](runbooks/{name}.md)"
            yield f"| {link} | {severity} | {windows} | {waits} | {same[0].keep} | {topic} |"
