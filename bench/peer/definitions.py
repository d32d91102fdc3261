"""COUNT assets of one SHAPE (both from the environment), for Dagster's command line."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dagster import Definitions
from shapes import SHAPES, no_op_assets

defs = Definitions(assets=no_op_assets(SHAPES[os.environ["SHAPE"]](int(os.environ["COUNT"]))))
