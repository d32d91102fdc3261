"""Runs of assets that do nothing by Dagster's in-process executor, each recorded in a new SQLite on disk. Prints JSON lines.

Usage: in_process.py SHAPE COUNT FOLDER RUNS. Definitions are made before the clock starts; nothing goes to the console.
"""
import json
import os
import sys
import time

from dagster import DagsterInstance, materialize
from shapes import SHAPES, no_op_assets

# Dagster walks a graph by recursion, and a chain of 1,000 is deeper than Python allows by itself.
sys.setrecursionlimit(10_000)
shape, count, folder, runs = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
assets = no_op_assets(SHAPES[shape](count))
quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
for number in range(runs):
    home = os.path.join(folder, str(number))
    os.mkdir(home)
    with DagsterInstance.local_temp(home) as instance:
        cpu, started = time.process_time(), time.perf_counter()
        result = materialize(assets, instance=instance, run_config=quiet)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        assert result.success
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu}))
