"""What recording rules need from us: PromQL has no chi-square quantile."""

from __future__ import annotations

from inference_exporter.values.profile import FeatureProfile, Reference

LOOKS_PER_MONTH = 24 * 30  # one per window of an hour


def level(false_alarms_per_month: float, profiles: int) -> float:
    """Share of looks at one feature that may exceed its quantile although nothing drifted.

    Notes
    -----
    Bonferroni over the features and outputs of a model and over the hours of a month. The shipped
    alerts look every minute at a sliding window of an hour, and ask for 15 minutes in a row: by
    simulation (120 months, 10 bins) that gives 0.48 times as many alarms as one look an hour at
    level 1/720, and 0.12 times as many at level 1e-4. Without the 15 minutes it would be 10 to 14
    times as many.

    Examples
    --------
    >>> round(level(1.0, 50) * 50 * 24 * 30, 9)
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
    from scipy.special import chdtri  # late: SciPy is not needed to start

    scopes = {"feature": reference.features, "output": reference.outputs}
    alpha = level(false_alarms_per_month, sum(map(len, scopes.values())))
    return {
        scope: {
            name: float(chdtri(len(profile.bins) - 1, alpha))
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
