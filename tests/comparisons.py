"""Profiles and comparisons from raw samples, as the exporter would make them."""

from __future__ import annotations

import numpy as np

from inference_exporter.reference.profiling.census import CategoryCensus, NumericCensus
from inference_exporter.reference.profiling.survey import ColumnSurvey
from inference_exporter.statistics import Comparison, comparison_categorical, comparison_numeric
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import CategoricalProfile, NumericProfile


def numeric_profile(values: Floats) -> NumericProfile:
    cells = values.tolist()
    survey = ColumnSurvey()
    survey.add(cells)
    census = NumericCensus(survey.sketch)
    census.add(cells)
    return census.profile(len(cells))


def categorical_profile(values: list[str]) -> CategoricalProfile:
    census = CategoryCensus()
    census.add(values)
    return census.profile(len(values))


def against(profile: NumericProfile, live: Floats) -> Comparison:
    cell = np.searchsorted(profile.fine_edges, live)
    size = len(profile.counts)
    return comparison_numeric(
        profile,
        np.bincount(cell, minlength=size).astype(np.float64),
        np.bincount(cell, live, minlength=size).astype(np.float64),
        float(((live - profile.mean) ** 2).sum()),
    )


def numeric_comparison(reference: Floats, live: Floats) -> Comparison:
    return against(numeric_profile(reference), live)


def categorical_comparison(reference: list[str], live: list[str]) -> Comparison:
    profile = categorical_profile(reference)
    cells = dict.fromkeys(profile.bins, 0.0)
    for value in live:
        known = value if value in profile.categories else "unseen"
        cells["other" if value in profile.known_others else known] += 1
    return comparison_categorical(profile, np.array(list(cells.values())))
