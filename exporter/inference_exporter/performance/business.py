"""What the outcomes are worth: a value per (predicted, actual), as a mean per prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from inference_exporter.performance.intervals import Interval, normal

Values = Callable[[str, str], float]
Confusion = Mapping[tuple[str, str], float]


def binary_values(outcomes: Mapping[str, float], positive: str) -> Values:
    """Values by `tp`, `fp`, `fn`, `tn`; what is not listed is worth 0.

    >>> value = binary_values({"tp": 5.0, "fp": -1.0}, positive="1")
    >>> value("1", "1"), value("1", "0"), value("0", "1")
    (5.0, -1.0, 0.0)
    """

    def value(predicted: str, actual: str) -> float:
        said = predicted == positive
        right = "t" if said == (actual == positive) else "f"
        return outcomes.get(f"{right}{'p' if said else 'n'}", 0.0)

    return value


def pair_values(cells: Confusion) -> Values:
    """Values by (predicted, actual); what is not listed is worth 0."""
    return lambda predicted, actual: cells.get((predicted, actual), 0.0)


def business_value(confusion: Confusion, values: Values) -> float | None:
    """Mean value of a prediction, in the unit of the values; None without rows.

    >>> cells = {("1", "1"): 3.0, ("1", "0"): 1.0}
    >>> business_value(cells, binary_values({"tp": 5.0, "fp": -1.0}, positive="1"))
    3.5
    """
    rows = sum(confusion.values())
    return sum(n * values(*key) for key, n in confusion.items()) / rows if rows else None


def business_value_interval(confusion: Confusion, values: Values) -> Interval | None:
    """Its 95 % interval: normal, with the variance of the value between rows."""
    mean = business_value(confusion, values)
    if mean is None:
        return None
    rows = sum(confusion.values())
    spread = sum(n * (values(*key) - mean) ** 2 for key, n in confusion.items()) / rows
    return normal(mean, spread / rows)
