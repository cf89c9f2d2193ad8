"""A peer's public data sets: what estimates without labels are worth on data from outside."""
