"""How many bits does a new array of weights have? float32, unless said otherwise.

float32 is enough to train with and takes half the time of float64. Gradient checks are another matter:
they need float64 and make their own copies in it, whatever stands here.
"""

from __future__ import annotations

from typing import Any, overload

from minigate.backend.selection import Restore
from minigate.errors import OptionError, explain

DTYPES = ("float32", "float64")

_default = "float32"


@overload
def default_dtype() -> str: ...
@overload
def default_dtype(name: Any) -> Restore: ...
def default_dtype(name: Any = None) -> str | Restore:
    """Get the dtype of new weights, ``default_dtype()``, or set it, ``default_dtype("float64")``.

    Setting takes effect at once and stays; as ``with mg.default_dtype("float64"): …`` it lasts for the block.

    **Errors**: :class:`OptionError` for anything but float32 and float64.

    >>> with default_dtype("float64"):
    ...     print(default_dtype())
    float64
    """
    global _default
    if name is None:
        return _default
    before, _default = _default, check_dtype(name, where="default_dtype")

    def put_back() -> None:
        global _default
        _default = before

    return Restore(put_back)


def check_dtype(name: Any, where: str = "dtype") -> str:
    """The name of a floating dtype that minigate computes in, from a name, a type or a numpy.dtype.

    **Errors**: :class:`OptionError` for anything but float32 and float64.
    """
    text = name if isinstance(name, str) else getattr(name, "name", None) or getattr(name, "__name__", str(name))
    if text not in DTYPES:
        raise OptionError(
            explain(
                "no such dtype for weights",
                where=where,
                expected=" | ".join(f'"{choice}"' for choice in DTYPES),
                got=repr(name),
                slip="half precision loses the gradients of long sequences" if text == "float16" else "",
            )
        )
    return text
