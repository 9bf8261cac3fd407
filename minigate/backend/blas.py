"""Which library multiplies matrices, on how many threads, and on how many cores.

Worth knowing, because a wrong number costs more than any other setting: four BLAS threads on two cores
make a step of a small recurrent network several times slower than one thread does.
"""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from typing import Any

import numpy

# Read in this order; the first that is set is what an OpenBLAS, MKL or BLIS build goes by.
VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS")
_CGROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """The cores this process may use: those it is bound to, and no more than its container's share."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        cores = os.cpu_count() or 1
    share = _container_share()
    return cores if share is None else max(1, min(cores, math.ceil(share)))


def _container_share(root: Path = _CGROUP) -> float | None:
    """The share of processor time a Linux container is given, in cores; ``None`` where there is no limit."""
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]  # cgroup version 2
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()  # version 1
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:  # "max" or -1: no limit
        return None
    return int(quota) / int(period)


def describe_blas() -> dict[str, Any]:
    """The BLAS that NumPy was built with, its threads and where that number is from, and the usable cores."""
    cores = usable_cores()
    name, version = _built_with()
    threads, source = _threads(cores)
    description = {"name": name, "version": version, "threads": threads, "threads_from": source, "cores": cores}
    if threads > cores:
        description["warning"] = (
            f"{threads} BLAS threads on {cores} core{'' if cores == 1 else 's'}: small products become several times "
            f"slower; set OMP_NUM_THREADS={cores} before starting Python"
        )
    return description


def _built_with() -> tuple[str, str]:
    try:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return str(blas.get("name", "unknown")), str(blas.get("version", ""))
    except (KeyError, TypeError, AttributeError):
        return "unknown", ""


def _threads(cores: int) -> tuple[int, str]:
    if importlib.util.find_spec("threadpoolctl") is not None:
        from threadpoolctl import threadpool_info

        pools = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
        if pools:
            return max(int(pool["num_threads"]) for pool in pools), "threadpoolctl"
    for variable in VARIABLES:
        value = os.environ.get(variable, "").split(",")[0].strip()
        if value.isdigit() and int(value) > 0:
            return int(value), variable
    return cores, "one for each core, as BLAS does unless told otherwise"
