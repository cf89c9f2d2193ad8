"""Counts in, samples and gauges out: everything that is published about one model.

| module | from | to |
|---|---|---|
| `totals`, `counters` | counts since ever | counters |
| `evaluate` | counts of a window | gauges: drift, latency quantiles, and what the next two say |
| `judge`, `choices` | outcomes of a window | performance, with intervals |
| `expectations` | predictions of a window | performance to expect before labels come |
| `particulars` | facts beside the counts | infos, thresholds, verdicts |
| `exemplars` | traced requests | exemplars of the latency histogram |
| `series_cache` | values by label set | samples whose text is made once |
"""
