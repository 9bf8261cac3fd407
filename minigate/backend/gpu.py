"""CuPy, imported only when it is asked for, and believed only once it has computed something.

``import cupy`` succeeds on a machine without a GPU, and so may its own test for one: the missing driver,
the missing CUDA library or the missing compiler shows at the first allocation, the first kernel or the
first matrix product. So :func:`load_cupy` does one of each, and whatever goes wrong becomes one error
that gives CuPy's own reason and says what to do. Nothing falls back in silence.
"""

from __future__ import annotations

import os
from typing import Any

from minigate.backend.arrays import Library, library_of, register_array_type
from minigate.errors import BackendError, explain

_INSTALL = 'python -m pip install "minigate[cuda12]" (or cuda13, whichever the driver has), or mg.use("numpy")'


def load_cupy() -> Library:
    """Import CuPy and let it compute 2 x 2 numbers, to find out whether it can.

    **Errors**: :class:`BackendError` with the reason: not installed, no driver, no device, no CUDA libraries.
    """
    try:
        import cupy
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
        raise BackendError(
            explain(
                "CuPy is not installed" if missing else f"CuPy is installed but does not import ({_one_line(error)})",
                where='backend "cupy"',
                slip="" if missing else "two CuPy packages side by side, or one for another CUDA version",
                remedy=_INSTALL,
            )
        ) from error
    try:
        ones = cupy.ones((2, 2), dtype="float32")  # allocates on the device
        total = float((ones @ ones + ones).sum())  # a matrix product, two kernels, and back to the host
    except Exception as error:  # CUDA's errors have no base class of their own
        raise BackendError(
            explain(
                f"CuPy {cupy.__version__} is installed but cannot compute here ({_one_line(error)})",
                where='backend "cupy"',
                slip="no NVIDIA GPU in this machine, a driver older than CuPy's CUDA, or CUDA libraries not installed",
                remedy='nvidia-smi to see the driver and the devices; mg.use("numpy") to go on without a GPU',
            )
        ) from error
    if total != 12.0:  # (1 + 1) + 1, four times
        raise BackendError(explain(f"CuPy adds four threes to {total}: the device is faulty", where='backend "cupy"'))
    register_array_type(cupy.ndarray, cupy, name="cupy")
    library = library_of(ones)
    assert library is not None
    return library


def cupy_version() -> str | None:
    """The version of the CuPy package that is installed, found without importing it."""
    import importlib.metadata

    for package in ("cupy-cuda12x", "cupy-cuda13x", "cupy"):
        try:
            return f"{importlib.metadata.version(package)} ({package})"
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def describe_cupy() -> dict[str, Any]:
    """What CuPy is here: its version and device, or the reason why it cannot be used."""
    description: dict[str, Any] = {"installed": cupy_version(), "available": False}
    if description["installed"] is None:
        return {**description, "reason": "not installed (minigate[cuda12] or minigate[cuda13] brings it)"}
    try:
        cupy = load_cupy().module
    except BackendError as error:
        return {**description, "reason": reason_of(error)}
    runtime = cupy.cuda.runtime
    properties = runtime.getDeviceProperties(cupy.cuda.Device().id)
    free, total = runtime.memGetInfo()
    name = properties["name"]
    return {
        **description,
        "available": True,
        "device": name.decode() if isinstance(name, bytes) else str(name),
        "devices": runtime.getDeviceCount(),
        "compute_capability": f"{properties['major']}.{properties['minor']}",
        "memory_gib": round(total / 2**30, 1),
        "memory_free_gib": round(free / 2**30, 1),
        "cuda_runtime": runtime.runtimeGetVersion(),
        "cuda_driver": runtime.driverGetVersion(),
        "tf32": os.environ.get("CUPY_TF32", "0") == "1",  # rounds float32 products to 10 bits of mantissa
    }


def reason_of(error: BackendError) -> str:
    """The reason alone, for a line that says already that it is about CuPy."""
    return str(error).splitlines()[0].removeprefix('backend "cupy": ')


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
