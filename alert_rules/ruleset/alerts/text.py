"""Pieces of annotations: values as people read them, and other series looked up beside them."""

from __future__ import annotations

NUMBER = 'printf "%.3g"'  # humanize writes 0.18 as 180m
ROWS = "humanize"
SHARE = "humanizePercentage"
VALUE = f"{{{{ $value | {NUMBER} }}}}"
PERCENT = "{{ $value | humanizePercentage }}"
DURATION = "{{ $value | humanizeDuration }}"
MODEL = "{{ $labels.model }}"
VERSION = "{{ with $labels.version }} of version {{ . }}{{ end }}"


def lookup(metric: str, *labels: str, show: str = NUMBER, fixed: str = "") -> str:
    """The present value of another series that has the same values of these labels.

    >>> lookup("m", "a", show=ROWS)
    '{{ with printf "m{a=%q}" $labels.a | query }}{{ . | first | value | humanize }}{{ end }}'
    """
    pairs = ",".join([f"{label}=%q" for label in labels] + ([fixed] if fixed else []))
    given = " ".join(f"$labels.{label}" for label in labels)
    selector = f"{metric}{{{pairs}}}".replace('"', '\\"')
    return (
        f'{{{{ with printf "{selector}" {given} | query }}}}'
        f"{{{{ . | first | value | {show} }}}}{{{{ end }}}}"
    )


def limit(name: str, show: str = NUMBER) -> str:
    """A threshold of the model."""
    fixed = f'name="{name}",feature=""'
    return lookup("inference_threshold", "job", "model", show=show, fixed=fixed)
