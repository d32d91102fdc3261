"""Definitions, asset graph and order of COUNT assets with three upstreams each, in Dagster. Prints JSON."""
import json
import resource
import sys
import time

from dagster import Definitions
from shapes import SHAPES, no_op_assets

started = time.process_time()
graph = Definitions(assets=no_op_assets(SHAPES["layered"](int(sys.argv[1])))).get_repository_def().asset_graph
built = time.process_time()
levels = graph.toposorted_asset_keys_by_level
print(json.dumps({
    "buildCpuSeconds": built - started,
    "sortCpuSeconds": time.process_time() - built,
    "rssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
