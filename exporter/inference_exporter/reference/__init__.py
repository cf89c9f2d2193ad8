"""What normal is: build a reference profile from data, load, save and show it.

`build` reads files, `WarmupBuilder` takes the first predictions of the live log; both make the
same two passes (`profiling/passes`): `survey` finds kinds and edges, `census` counts exactly. Text
columns become numbers and category names by the rules of live data, so a value falls in the same
bin whether it is read from a CSV file or from the log.

    reading    files as blocks of columns, and which column is what
    profiling  the two passes, bins, sketches
    judging    how good the model was on labelled rows
    files      profiles and shards as JSON
"""

from inference_exporter.reference.advice import advice, suggested
from inference_exporter.reference.build import build, build_shard
from inference_exporter.reference.doubts import doubts
from inference_exporter.reference.files.codec import dumps, load, loads, save, write
from inference_exporter.reference.files.shard import Shard, dump_shard, load_part
from inference_exporter.reference.merge import merge
from inference_exporter.reference.profiling.whole import without_whole
from inference_exporter.reference.show import bar, bin_labels, cut, show
from inference_exporter.reference.warmup import WarmupBuilder

__all__ = [
    "Shard",
    "WarmupBuilder",
    "advice",
    "bar",
    "bin_labels",
    "build",
    "build_shard",
    "cut",
    "doubts",
    "dump_shard",
    "dumps",
    "load",
    "load_part",
    "loads",
    "merge",
    "save",
    "show",
    "suggested",
    "without_whole",
    "write",
]
