"""A short hash of everything that decides what counts against a reference mean.

Two profiles have the same fingerprint if and only if counts made with one may be added to counts
made with the other: the same columns in the same order, with the same kinds, edges and categories,
and the same mean, from which deviations are summed. Floats enter as their shortest decimal (their
`repr`), which is the same on every platform.
"""

from __future__ import annotations

import json
from hashlib import sha256

from inference_exporter.values.profile import FeatureProfile, NumericProfile, Reference


def fingerprint(reference: Reference) -> str:
    """Eight hexadecimal digits."""
    meaning = [
        [scope, name, *_meaning(profile)]
        for scope, profiles in (("feature", reference.features), ("output", reference.outputs))
        for name, profile in profiles.items()
    ]
    fit = reference.multivariate
    if fit is not None:
        tables = (fit.centre, fit.scale, fit.covariance, fit.components)
        meaning.append(["multivariate", fit.features, *(one.tolist() for one in tables)])
    if reference.centroids:
        centroids = {name: one.tolist() for name, one in reference.centroids.items()}
        meaning.append(["centroids", centroids])
    return sha256(json.dumps(meaning).encode()).hexdigest()[:8]


def _meaning(profile: FeatureProfile) -> list[object]:
    if isinstance(profile, NumericProfile):
        edges = (profile.edges.tolist(), profile.fine_edges.tolist())
        return ["numeric", *edges, profile.minimum, profile.maximum, profile.mean]
    return ["categorical", list(profile.categories), sorted(profile.known_others)]
