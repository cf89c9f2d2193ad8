"""Features of a reference that are most likely not what they were taken for.

A number that is written `"1,500.25"` or `"12 ms"` is text, and text is a category; so is an
identifier. Either makes thousands of categories of a few rows each, which no drift statistic can
use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference_exporter.formats.coverage import LEAST, NEAR_UNIQUE
from inference_exporter.values.profile import CategoricalProfile, Reference

_NUMBER = re.compile(r"[\s$€£¥]*[-+]?\d[\d.,' \u00a0]*\s?([%$€£¥]|[^\W\d_]{1,3})?\s*")


def doubts(reference: Reference) -> Iterator[str]:
    """A sentence for each categorical feature with hardly two rows alike."""
    for name, profile in reference.features.items():
        if isinstance(profile, CategoricalProfile):
            names = (*profile.categories, *sorted(profile.known_others))
            many = len(names) + profile.overflow
            if many >= LEAST and many >= NEAR_UNIQUE * profile.samples:
                yield _sentence(name, names, many, int(profile.samples))


def _sentence(name: str, names: tuple[str, ...], many: int, rows: int) -> str:
    least = f"{many:,} different values" if len(names) == many else f"over {len(names):,} values"
    what = f"feature {name!r} has {least} in {rows:,} rows, such as {names[0]!r}"
    if sum(_NUMBER.fullmatch(one) is not None for one in names) > len(names) / 2:
        return f"{what}: numbers written as text count as categories; have them logged as numbers"
    return f"{what}: an identifier or free text says nothing as a category; leave it out"
