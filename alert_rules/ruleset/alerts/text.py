"""Pieces of annotations: values as people read them, and other series looked up beside them."""

from __future__ import annotations

from alert_rules.ruleset import names

NUMBER = 'printf "%.3g"'  # humanize writes 0.18 as 180m
ROWS = "humanize"
SHARE = "humanizePercentage"
VALUE = f"{{{{ $value | {NUMBER} }}}}"
PERCENT = "{{ $value | humanizePercentage }}"
DURATION = "{{ $value | humanizeDuration }}"
MODEL = "{{ $labels.model }}"
VERSION = "{{ with $labels.version }} of version {{ . }}{{ end }}"

NOBODY = "none"  # owner of what nobody says to be theirs


def lookup(metric: str, *labels: str, show: str = NUMBER, fixed: str = "") -> str:
    """The present value of another series that has the same values of these labels.

    What tells deployments apart is always among them; a label that is absent is asked for as "".

    >>> with names.keeping(()):
    ...     lookup("m", "a", show=ROWS)
    '{{ with printf "m{a=%q}" $labels.a | query }}{{ . | first | value | humanize }}{{ end }}'
    """
    labels = (*names.kept(), *labels)
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
    return lookup("inference_threshold", "model", show=show, fixed=fixed)


def owner(label: str, about: str) -> str:
    """Whose model (or instance) this is, as most of its replicas' configurations say.

    A label of an alert, so that routes can match it; `none` where nothing is said, because
    Prometheus writes the template itself into ALERTS where it gives an empty text. Of the last
    hour, so that it stays the same when the exporter goes.
    """
    same = (*names.kept(), about)
    pairs = ",".join((*(f"{one}=%q" for one in same), f'{label}!=""'))
    asked = f"topk(1, count by ({label}) (last_over_time(inference_model_info{{{pairs}}}[1h])))"
    given = " ".join(f"$labels.{one}" for one in same)
    escaped = asked.replace('"', '\\"')
    return (
        f'{{{{ with printf "{escaped}" {given} | query }}}}'
        f'{{{{ . | first | label "{label}" }}}}{{{{ else }}}}{NOBODY}{{{{ end }}}}'
    )


def deployment() -> str:
    """What tells deployments apart, as variables of a dashboard's address."""
    return "".join(
        f"{{{{ with $labels.{one} }}}}&var-{one}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for one in names.kept()
    )
