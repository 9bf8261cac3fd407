"""What all tests share: the ``backend`` fixture, fixed seeds, and settings that go back to what they were.

``backend`` runs a test three times: on NumPy, on the strict double (a NumPy that raises wherever CuPy
would), and on CuPy where there is a GPU; where CuPy is not even installed, the third is left out before it is
collected, and one line at the end says how often. In the test, ``backend.to(host_array)`` moves an array there,
``backend.host(x)`` brings an array or a Tensor back, ``backend.xp`` is the array module. New arrays
(weights, initial states) go to that library for as long as the test runs.
"""

from __future__ import annotations

import importlib.util
import os

# Small matrices lose time on several BLAS threads. This has to be said before NumPy is loaded.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MPLBACKEND", "agg")

from collections.abc import Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from typing import Any  # noqa: E402

import hypothesis  # noqa: E402
import numpy  # noqa: E402
import pytest  # noqa: E402

from minigate import backend as minigate_backend  # noqa: E402
from minigate.errors import BackendError  # noqa: E402
from tests import strict_double  # noqa: E402
from tests.timing import TimePerGroup  # noqa: E402

hypothesis.settings.register_profile("minigate", deadline=None, derandomize=True)
hypothesis.settings.load_profile("minigate")


@dataclass(frozen=True)
class Backend:
    """One array library, as a test sees it."""

    name: str
    xp: Any

    def to(self, array: Any, dtype: Any = None) -> Any:
        """Move a host array (or list, or number) to this library; it keeps its dtype unless one is given."""
        return minigate_backend.asarray(numpy.array(array, dtype=dtype), like=self.xp.empty(0))

    def host(self, x: Any) -> numpy.ndarray:
        """Bring an array or a Tensor back to the host."""
        return minigate_backend.asnumpy(x)


_no_gpu: list[str] = []  # the reason, found once


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The three libraries of ``backend``."""
    if "backend" in metafunc.fixturenames:
        cupy = [] if cupy_is_left_out(metafunc.config) else [pytest.param("cupy", marks=pytest.mark.gpu)]
        metafunc.parametrize("backend", ["numpy", "strict", *cupy], indirect=True)


def cupy_is_left_out(config: pytest.Config) -> bool:
    """Nobody asks for a GPU, and CuPy is not there: thousands of tests would only be collected to be skipped."""
    asked_for = os.environ.get("MINIGATE_REQUIRE_GPU") == "1" or "gpu" in config.option.markexpr
    return not asked_for and importlib.util.find_spec("cupy") is None


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """NumPy, the strict double and CuPy, one after the other."""
    name = request.param
    if name == "cupy":
        skip_without_gpu()
    with minigate_backend.use(name):
        strict_double.traffic.reset()
        yield Backend(name, minigate_backend.current())


def skip_without_gpu() -> None:
    """Skip this test, with the reason, where CuPy cannot compute; fail it where MINIGATE_REQUIRE_GPU=1."""
    if not _no_gpu:
        try:
            with minigate_backend.use("cupy"):
                _no_gpu.append("")
        except BackendError as error:
            _no_gpu.append(str(error).splitlines()[0])
    if _no_gpu[0]:
        if os.environ.get("MINIGATE_REQUIRE_GPU") == "1":
            pytest.fail(f"MINIGATE_REQUIRE_GPU=1, but {_no_gpu[0]}")
        pytest.skip(_no_gpu[0])


@pytest.fixture(autouse=True)
def _settings_stay_in_the_test() -> Iterator[None]:
    """The chosen backend and the default dtype are as they were before, whatever a test sets."""
    with (
        minigate_backend.default_dtype(minigate_backend.default_dtype()),
        minigate_backend.use(minigate_backend.selection.current_library().name),
    ):
        yield


@pytest.fixture
def rng() -> numpy.random.Generator:
    """A host generator with a fixed seed."""
    return numpy.random.default_rng(20180917)


def pytest_configure(config: pytest.Config) -> None:
    """Time every group, the package's doctests included, which lie outside this folder."""
    config.pluginmanager.register(TimePerGroup(), "time-per-group")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count the tests on CuPy that were not collected: one for each that is going to run on NumPy."""
    if cupy_is_left_out(config):
        left_out = sum(getattr(item, "callspec", None) is not None and item.callspec.params.get("backend") == "numpy"
                       for item in items)  # fmt: skip
        config.pluginmanager.get_plugin("time-per-group").left_out = left_out
        if hasattr(config, "workeroutput"):  # what a process of pytest-xdist tells the first one
            config.workeroutput["left_out"] = left_out
