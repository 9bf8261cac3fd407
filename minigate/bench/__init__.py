"""Side-by-side timings: against peers, against the composed tape and against the GEMM floor."""

from minigate.bench.cells import CELLS, SHAPES, measure, shapes_of
from minigate.bench.columns import header, line, table
from minigate.bench.floor import gemm_floor
from minigate.bench.length import LENGTHS, Point, cost
from minigate.bench.rows import Row, race_columns, share_columns
from minigate.bench.timing import in_turns

__all__ = [
    "CELLS",
    "LENGTHS",
    "SHAPES",
    "Point",
    "Row",
    "cost",
    "gemm_floor",
    "header",
    "in_turns",
    "line",
    "measure",
    "race_columns",
    "shapes_of",
    "share_columns",
    "table",
]
