"""What recording rules need from us: PromQL has no chi-square quantile."""

from __future__ import annotations

from inference_exporter.special import chi_square_quantile
from inference_exporter.values.profile import FeatureProfile, Reference

LOOKS_PER_MONTH = 24 * 30 + 30  # one per full hour and full day


def level(false_alarms_per_month: float, profiles: int) -> float:
    """Share of looks at one feature that may exceed its quantile although nothing drifted.

    Notes
    -----
    Bonferroni over the features and outputs of a model, and over the full hours and full days of a
    month: the shipped rules look at the rows of a fleet once in each, as decisions do.

    Examples
    --------
    >>> round(level(1.0, 50) * 50 * (24 * 30 + 30), 9)
    1.0
    """
    return min(0.5, false_alarms_per_month / (max(1, profiles) * LOOKS_PER_MONTH))


def psi_quantiles(
    reference: Reference, false_alarms_per_month: float
) -> dict[str, dict[str, float]]:
    """Chi-square quantiles by scope (`feature`, `output`) and name.

    Multiplied by (1/n + 1/m) for n live rows and m reference rows: the PSI that noise alone
    exceeds at the level above (Yurdakul & Naranjo 2020, J. Risk Model Validation 14(4)).
    """
    scopes = {"feature": reference.features, "output": reference.outputs}
    alpha = level(false_alarms_per_month, sum(map(len, scopes.values())))
    return {
        scope: {
            name: chi_square_quantile(len(profile.bins) - 1, alpha)
            for name, profile in profiles.items()
            if len(profile.bins) > 1
        }
        for scope, profiles in scopes.items()
    }


def missing_ratio(profile: FeatureProfile) -> float:
    """Share of the reference's rows in which the value was absent, null or unusable."""
    lacking = profile.missing + profile.invalid
    rows = profile.samples + lacking
    return lacking / rows if rows else 0.0
