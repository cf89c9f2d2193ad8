"""Pieces of annotations about drift: which way values went, and the two bins that moved most.

Both are looked up when an alert is pending or firing, so a silent alert costs nothing.
"""

from __future__ import annotations

from alert_rules.ruleset import names


def direction(scope: str, window: str) -> str:
    """In how many of 100 pairs the live value is the higher one; nothing for categories."""
    asked = f"100 * {names.higher(scope, window)}{_selector(scope)}"
    return _with(
        asked,
        scope,
        "{{ with first . }} Of 100 pairs of a live and a reference value the live one is the "
        'higher in {{ . | value | printf "%.0f" }}.{{ end }}',
    )


def moved(scope: str, window: str) -> str:
    """The two bins with the largest differences of shares, in points of a hundred."""
    same = _selector(scope)
    live = f"sum by (bin) ({names.bin_ratio(scope, window)}{same})"
    shift = f"({live} - sum by (bin) ({names.wanted(scope, window, same)}))"
    ranges = f"group by (bin, range) (inference_{scope}_reference_ratio{same})"
    asked = (
        f"sort_desc(100 * {shift} * on (bin) group_left (range) {ranges}"
        f" and on (bin) topk(2, abs{shift}))"
    )
    return _with(
        asked,
        scope,
        " Moved most: {{ range $i, $bin := . }}{{ if $i }}, {{ end }}"
        '{{ $bin | value | printf "%+.1f" }} points of the rows in '
        "{{ with $bin.Labels.range }}{{ . }}{{ else }}{{ $bin.Labels.bin }}{{ end }}{{ end }}.",
    )


def _labels(scope: str) -> tuple[str, ...]:
    return (*names.kept(), *names.M, scope)


def _selector(scope: str) -> str:
    """The same labels in every place: `%[2]q` is the second that is given, quoted."""
    return "{" + ",".join(f"{one}=%[{at}]q" for at, one in enumerate(_labels(scope), 1)) + "}"


def _with(asked: str, scope: str, text: str) -> str:
    given = " ".join(f"$labels.{one}" for one in _labels(scope))
    return f'{{{{ with printf "{asked}" {given} | query }}}}{text}{{{{ end }}}}'
