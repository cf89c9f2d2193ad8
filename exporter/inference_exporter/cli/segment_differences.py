"""How the performance of each segment changed from one reference to another."""

from __future__ import annotations

from collections.abc import Iterator

from inference_exporter.reference import cut
from inference_exporter.values.segment_profiles import SegmentProfiles


def segment_differences(old: SegmentProfiles, new: SegmentProfiles) -> Iterator[str]:
    """Metrics of all classes, of the segments that both have, and which only one of them has."""
    for field in [name for name in old if name in new]:
        yield from ("", f"performance by {cut(field)}")
        for value in [name for name in old[field] if name in new[field]]:
            before, after = old[field][value].performance, new[field][value].performance
            for metric, of_class in before:
                if not of_class and (metric, "") in after:
                    one, other = before[metric, ""], after[metric, ""]
                    name = f"{_named(value)}, {metric}"
                    yield f"  {name:<45} {one:8.4f} {other:8.4f} {other - one:+8.4f}"
        for words, some, others in (("old", old, new), ("new", new, old)):
            alone = [_named(value) for value in some[field] if value not in others[field]]
            if alone:
                yield f"  only the {words} one has {', '.join(alone)}"


def _named(value: str) -> str:
    return cut(value) if value else "(absent)"
