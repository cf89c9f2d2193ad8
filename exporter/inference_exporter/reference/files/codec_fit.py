"""The fit of rows as a whole in a profile's file."""

from __future__ import annotations

import msgspec
import numpy as np

from inference_exporter.values.profile import Multivariate


class FitState(msgspec.Struct, forbid_unknown_fields=True):
    """A fit as JSON."""

    features: list[str]
    centre: list[float]
    scale: list[float]
    covariance: list[list[float]]
    components: list[list[float]]
    quantile: float

    @classmethod
    def of(cls, fit: Multivariate | None) -> FitState | msgspec.UnsetType:
        """To be written."""
        if fit is None:
            return msgspec.UNSET
        return cls(
            list(fit.features), fit.centre.tolist(), fit.scale.tolist(), fit.covariance.tolist(),
            fit.components.tolist(), fit.quantile,
        )  # fmt: skip


def fit_of(fit: FitState | msgspec.UnsetType) -> Multivariate | None:
    """As it was written; ValueError if that cannot be."""
    if isinstance(fit, msgspec.UnsetType):
        return None
    size = len(fit.features)
    try:
        centre, scale = np.array(fit.centre), np.array(fit.scale)
        covariance, components = np.array(fit.covariance), np.array(fit.components)
    except ValueError as error:
        raise ValueError(f"is damaged: multivariate: {error}") from error
    square = covariance.shape == (size, size) and components.shape[1:] == (size,)
    if not square or {centre.shape, scale.shape} != {(size,)}:
        raise ValueError("is damaged: multivariate: tables and features do not fit together")
    finite = all(np.isfinite(one).all() for one in (centre, scale, covariance, components))
    if not finite or (scale <= 0).any() or (size and np.linalg.eigvalsh(covariance)[0] <= 0):
        raise ValueError("is damaged: multivariate: scales and covariance must be positive")
    return Multivariate(tuple(fit.features), centre, scale, covariance, components, fit.quantile)
