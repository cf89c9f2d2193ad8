"""Recording rules of two versions side by side: the exporters' interval, of all replicas' rows.

Exporters publish sums over labelled rows, which add up; what is made of them here is what
`inference_exporter/performance/sequence.py` makes of its own, and as true at every look.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

CONTEST = ("model", "champion", "challenger", "metric")
_NAME = "inference_comparison"
_SIDES = f"model_comparison_side_sum:{_NAME}_sums:sum"
_PAIRS = f"model_comparison_sum:{_NAME}_pair_sums:sum"


def value(side: str = "") -> str:
    """The metric of each side; absent where pairs are compared."""
    chosen = f'{{side="{side}"}}' if side else ""
    return f"model_comparison_side:{_NAME}:value{chosen}"


def recorded(what: str) -> str:
    """`difference`, `margin` (half its interval), `rows` (or pairs) behind it, and settings."""
    return f"model_comparison:{_NAME}:{what}"


def setting(name: str) -> str:
    """What replicas are configured to."""
    return recorded(f"setting_{name}")


def group(settings: Settings) -> Group:
    """Sums, means and variances, the difference, and half its interval."""
    contest = by(*CONTEST)
    rules = (
        *(
            Recording(setting(name), f'max by ({contest}) ({_NAME}_setting{{setting="{name}"}})')
            for name in ("level", "planned", "least", "margin", "reach", "origin", "sign")
        ),
        Recording(_SIDES, f"sum by ({by(*CONTEST, 'side', 'sum')}) ({_NAME}_sums_total)"),
        Recording(_PAIRS, f"sum by ({by(*CONTEST, 'sum')}) ({_NAME}_pair_sums_total)"),
        *_sides(),
        *_pairs(),
        *_both(),
        *_interval(),
    )
    return Group("inference-comparisons", settings.every("1m"), rules)


def _side(what: str) -> str:
    return f"model_comparison_side:{_NAME}:{what}"


def _pair(what: str) -> str:
    return f"model_comparison_pair:{_NAME}:{what}"


def _sum(name: str, of: str = _SIDES) -> str:
    return f'{of}{{sum="{name}"}}'


def _design() -> str:
    """How many rows of a side of the fleet are worth one: excesses of replicas add up."""
    return f"(1 + sum by ({by(*CONTEST, 'side')}) ({_NAME}_design_effect - 1))"


def _each(one: str) -> str:
    """A setting beside the sides of its contest."""
    return f"on ({by(*CONTEST)}) group_left () {setting(one)}"


def _sides() -> tuple[Recording, ...]:
    """The mean, the variance of a row and the rows of each side."""
    weight, squared = _sum("weight"), _sum("weight_squared")
    plain = f"{weight} ^ 2 / ignoring (sum) ({squared} > 0)"
    mean = f"{_sum('value')} / ignoring (sum) ({weight} > 0)"
    second = (
        f"({_sum('squared_value')} - ignoring (sum) 2 * {_side('mean')}"
        f" * ignoring (sum) {_sum('weighted_value')})"
    )
    return (
        Recording(_side("mean"), mean),
        Recording(value(), f"{_side('mean')} + {_each('origin')}"),
        Recording(_side("plain_rows"), plain),
        Recording(_side("rows"), f"{_side('plain_rows')} / {_design()}"),
        Recording(
            _side("variance"),
            f"clamp_min({second} / ignoring (sum) ({squared} > 0) + {_side('mean')} ^ 2, 0)\n"
            f"+ 1 / {_side('plain_rows')} * {_each('reach')} ^ 2",
        ),
    )


def _pairs() -> tuple[Recording, ...]:
    """The same of differences within pairs."""

    def one(name: str) -> str:
        return _sum(name, _PAIRS)

    weight, squared = one("weight"), one("weight_squared")
    design = f"max by ({by(*CONTEST)}) ({_design()})"
    apart = f"({one('gain')} - ignoring (sum) {one('loss')})"
    crossed = f"({one('weighted_gain')} - ignoring (sum) {one('weighted_loss')})"
    second = f"({one('squared_difference')} - ignoring (sum) 2 * {_pair('mean')} * {crossed})"
    return (
        Recording(_pair("mean"), f"{apart} / ignoring (sum) ({weight} > 0)"),
        Recording(_pair("plain_rows"), f"{weight} ^ 2 / ignoring (sum) ({squared} > 0)"),
        Recording(_pair("rows"), f"{_pair('plain_rows')} / {design}"),
        Recording(
            _pair("variance"),
            f"clamp_min({second} / ignoring (sum) ({squared} > 0) + {_pair('mean')} ^ 2, 0)\n"
            f"+ {setting('reach')} ^ 2 / {_pair('plain_rows')}",
        ),
    )


def _both() -> tuple[Recording, ...]:
    """Of separate rows or of pairs: difference, variance, rows, and the fewest of a side."""
    contest = by(*CONTEST)
    shared = f"sum by ({contest}) (1 / {_side('rows')})"
    two = f"count by ({contest}) ({_side('rows')}) == 2"
    return (
        Recording(
            recorded("difference"),
            f'{_side("mean")}{{side="challenger"}}\n'
            f'- ignoring (side) {_side("mean")}{{side="champion"}}\nor {_pair("mean")}',
        ),
        Recording(
            recorded("variance"),
            f"max by ({contest}) ({_side('variance')}) * {shared}\nand {two}\n"
            f"or {_pair('variance')} / {_pair('rows')}",
        ),
        Recording(recorded("rows"), f"2 / {shared}\nand {two}\nor {_pair('rows')}"),
        Recording(recorded("fewest"), f"min by ({contest}) ({_side('rows')})\nor {_pair('rows')}"),
    )


def _interval() -> tuple[Recording, ...]:
    """Half the interval: a normal mixture; see `performance/sequence.py`."""
    logs = f"(-2 * ln({setting('level')}))"
    grown = f"({recorded('rows')} * ({logs} + ln({logs}) + 1) / {setting('planned')})"
    wide = f"{recorded('variance')} * (1 + 1 / {grown}) * (ln(1 + {grown}) + {logs})"
    enough = f"{recorded('fewest')} >= {setting('least')}"
    return (Recording(recorded("half"), f"sqrt({wide})\nand {enough}"),)


# -- inputs: do both versions get the same traffic? ------------------------------------------------

_VERSIONS = ("model", "champion", "challenger")


def input_drift(window: str) -> str:
    """PSI of the challenger's rows against the champion's, in the bins of the reference."""
    return f"model_comparison_feature:{_NAME}_input_drift:psi{window}"


def input_critical(window: str) -> str:
    """What that PSI reaches by chance, at the level of one test of drift."""
    return f"model_comparison_feature:{_NAME}_input_drift:critical{window}"


def inputs(window: str) -> tuple[Recording, ...]:
    """Of all replicas, also where the versions are in separate ones."""
    each = by(*_VERSIONS, "feature")
    ratio, rows = (kind("feature", window) for kind in (names.bin_ratio, names.effective))
    new, old = (_of_side(ratio, *sides) for sides in (_NEW, _OLD))
    noise = " or ".join(f"1 / {_of_side(rows, *sides)}" for sides in (_NEW, _OLD))
    quantile = "model_version_feature:inference_feature_drift_quantile:max"
    return (
        Recording(
            input_drift(window),
            f"sum by ({each}) (\n({new}\n- ignoring (version) {old})\n"
            f"* ln({new}\n/ ignoring (version) {old}))",
        ),
        Recording(
            input_critical(window),
            f"(sum by ({each}) ({noise})\nand count by ({each}) ({noise}) == 2)\n"
            f"* on ({by('model', 'feature')}) group_left ()\n"
            f"max by ({by('model', 'feature')}) ({quantile})",
        ),
    )


_NEW, _OLD = ("challenger", "champion"), ("champion", "challenger")


def _of_side(series: str, side: str, other: str) -> str:
    """What is known of a version, with the names of both; of a model one comparison."""
    known = f"topk by ({by('model')}) (1, group by ({by(*_VERSIONS)}) ({setting('level')}))"
    return (
        f'(label_replace({series}, "{side}", "$1", "version", "(.*)")\n'
        f"  * on ({by('model', side)}) group_left ({other}) {known})"
    )
