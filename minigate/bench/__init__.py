"""Side-by-side timings: against peers, against the composed tape and against the GEMM floor."""

from minigate.bench.cells import CELLS, SHAPES, Row, measure, table
from minigate.bench.floor import gemm_floor
from minigate.bench.timing import in_turns

__all__ = ["CELLS", "SHAPES", "Row", "gemm_floor", "in_turns", "measure", "table"]
