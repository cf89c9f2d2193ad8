"""Recording rules that say whether something has drifted: what alerts go by.

One law for both sizes (ADR 0016). A model with one exporter: its own decision. A fleet: the rows of
all replicas over full hours and full days, each looked at once, with the same budget, the design
effect that the exporters found and the same two looks until it is over.
"""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings, seconds

_OWN = {"psi": "", "rows": "_samples", "critical": "_critical"}  # ends of the exporters' families


def verdicts(settings: Settings, window: str) -> Iterator[Recording]:
    """At the look at a window: is it large, and more than chance?"""
    if window in names.LOOKS:
        for scope in names.SCOPES:
            psi, critical = (of(scope, "psi", window) for of in (names.distance, names.critical))
            if scope == "feature":
                large = f"on ({by('model', 'feature')}) group_left () " + (
                    names.feature_threshold("feature_psi")
                )
            else:
                large = f"on ({by('model')}) group_left () {names.threshold('output_psi')}"
            yield Recording(
                names.verdict(scope, window),
                f"(({psi} > bool {critical})\n* ({psi} > bool {large}))\n"
                f"and on () {_look(settings, window)}",
            )
            evidence = {"psi": psi, "rows": names.rows(scope, window), "critical": critical}
            for what, series in evidence.items():
                found = f"{series} and {names.verdict(scope, window)} == 1"
                yield Recording(names.found(scope, what, window), found)


def states(settings: Settings) -> Group:
    """The verdicts in force and their evidence: of the only replica, or of the fleet's looks."""
    rules = [Recording(names.state(scope), _state(settings, scope)) for scope in names.SCOPES]
    for scope in names.SCOPES:
        for what, ending in _OWN.items():
            expr = _evidence(settings, scope, what, f"inference_{scope}_drift_decided{ending}")
            rules.append(Recording(names.decided(scope, what), expr))
    rules.append(Recording(names.drifted_importance(), _weighed()))
    return Group("inference-states", settings.every("1m"), tuple(rules))


def _weighed() -> str:
    """What the drifted inputs matter to the model; of inputs without a verdict nothing is known."""
    each = f"avg by ({by(*names.M, 'feature')}) (inference_feature_importance_ratio)"
    return f"sum by ({by(*names.M)}) ({names.state('feature')} * {each})"


def _look(settings: Settings, window: str) -> str:
    """Something in the two evaluations that look at a window: one may be missed."""
    period = seconds(window) / settings.speed
    begin = seconds(names.LOOKS[window]) / settings.speed
    length = 2.0 * seconds(settings.every(names.EVALUATED_EVERY[window]))
    return f"(vector(time() % {period:g}) >= {begin:g} < {begin + length:g})"


def _state(settings: Settings, scope: str) -> str:
    of = by(*names.M, scope)
    looks = "\n  or\n".join(
        f"  label_replace(max_over_time({names.verdict(scope, window)}"
        f'[{_in_force(settings, window)}]), "window", "{window}", "", "")'
        for window in names.LOOKS
    )
    alone = f"max by ({of}) (inference_{scope}_drift_state)"
    return (
        f"({alone} unless on ({by(*names.M)}) {names.replicas()} > 1)\n"
        f"or\n(max by ({of}) (\n{looks}\n)\n and on ({by(*names.M)}) {names.replicas()} > 1)"
    )


def _evidence(settings: Settings, scope: str, what: str, own: str) -> str:
    """Where the state is 1: what the decisions behind it saw, by window."""
    of, drifted = by(*names.M, scope), f"{names.state(scope)} == 1"
    looks = "\n  or\n".join(
        f"  label_replace(last_over_time({names.found(scope, what, window)}"
        f'[{_in_force(settings, window)}]), "window", "{window}", "", "")'
        for window in names.LOOKS
    )
    replicas = f"on ({by(*names.M)}) {names.replicas()} > 1"
    return (
        f"((max by ({of}, window) ({own}) unless {replicas})\n"
        f"or\n(max by ({of}, window) (\n{looks}\n)\n and {replicas}))\n"
        f"and on ({of}) ({drifted})"
    )


def _in_force(settings: Settings, window: str) -> str:
    """Until just before the second look after."""
    span = names.LOOKS_IN_FORCE * seconds(window) / settings.speed
    return f"{round((span - settings.interval_seconds) * 1000)}ms"
