"""What normal is: build a reference profile from data, load, save and show it.

`build` reads files, `WarmupBuilder` takes the first predictions of the live log; both make the
same two passes (`passes`): `survey` finds kinds and edges, `census` counts exactly. Text columns
become numbers and category names by the rules of live data, so a value falls in the same bin
whether it is read from a CSV file or from the log.
"""

from inference_exporter.reference.build import build, build_shard
from inference_exporter.reference.codec import dumps, load, loads, save, write
from inference_exporter.reference.merge import merge
from inference_exporter.reference.shard import Shard, dump_shard, load_part
from inference_exporter.reference.show import bar, cut, show
from inference_exporter.reference.warmup import WarmupBuilder
from inference_exporter.reference.whole import without_whole

__all__ = [
    "Shard",
    "WarmupBuilder",
    "bar",
    "build",
    "build_shard",
    "cut",
    "dump_shard",
    "dumps",
    "load",
    "load_part",
    "loads",
    "merge",
    "save",
    "show",
    "without_whole",
    "write",
]
