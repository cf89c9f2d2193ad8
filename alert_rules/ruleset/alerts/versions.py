"""A new version is worse than the one in use, or it is decided that it is not."""

from __future__ import annotations

from alert_rules.ruleset.alerts.text import MODEL, NUMBER, ROWS, VALUE, lookup
from alert_rules.ruleset.contests import CONTEST, recorded, setting
from alert_rules.ruleset.rules import Alert, Severity

_PAGE = "/d/inference-model?var-model={{ $labels.model }}"
_METRIC = '{{ reReplaceAll "_" " " $labels.metric }}'
_DIFFERENCE, _HALF = recorded("difference"), recorded("half")
_GOOD = f"{setting('sign')} * {_DIFFERENCE}"


def alerts() -> tuple[Alert, ...]:
    """The interval holds at every look, so nothing has to last for a while."""
    worse = f"{_DIFFERENCE}\nand ({_GOOD} < -1 * {_HALF})"
    better = f"({_GOOD} > {_HALF})"
    equal = f"(abs({_DIFFERENCE}) + {_HALF} < {setting('margin')})"
    return (
        _alert(
            "InferenceChallengerWorse", worse, "warning",
            "version {{ $labels.challenger }} is worse than {{ $labels.champion }}",
        ),
        _alert(
            "InferenceChallengerDecided", f"{_DIFFERENCE}\nand ({better}\n  or {equal})", "info",
            "version {{ $labels.challenger }} is at least as good as {{ $labels.champion }}",
        ),
    )  # fmt: skip


def _alert(name: str, expr: str, severity: Severity, said: str) -> Alert:
    half = lookup(_HALF, *CONTEST, show=NUMBER)
    rows = lookup(recorded("rows"), *CONTEST, show=ROWS)
    level = lookup(setting("level"), *CONTEST, show=NUMBER)
    margin = lookup(setting("margin"), *CONTEST, show=NUMBER)
    return Alert(
        name,
        expr,
        severity,
        "performance",
        f"{MODEL}: {said}",
        f"{_METRIC} of version {{{{ $labels.challenger }}}} minus that of version "
        f"{{{{ $labels.champion }}}} is {VALUE}, give or take {half}, over about {rows} labelled "
        f"rows of each (or pairs). Versions that are alike are ever said to differ with "
        f"probability {level}, however often one looks; a difference of {margin} does not matter.",
        _PAGE,
        keep="1h",
    )
