"""What CuPy 14 has, of the functions that a library of recurrent networks may want.

A name that is not listed here does not exist on ``strict_xp``. The lists are held against the real CuPy by
``tests/backend/test_strict_against_cupy.py`` wherever it is installed, with or without a GPU.
"""

from __future__ import annotations

UFUNCS = """
    abs absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_or bitwise_xor cbrt ceil
    conj conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor
    floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan lcm ldexp
    left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor
    maximum minimum mod modf multiply negative nextafter not_equal positive pow power rad2deg radians reciprocal
    remainder right_shift rint sign signbit sin sinh sqrt square subtract tan tanh true_divide trunc
""".split()

DTYPES = """
    bool bool_ int8 int16 int32 int64 intp int_ uint8 uint16 uint32 uint64 uintp uint float16 float32 float64
    complex64 complex128 half single double csingle cdouble intc
    integer floating inexact number generic signedinteger unsignedinteger complexfloating dtype finfo iinfo
""".split()

CONSTANTS = "pi e inf nan euler_gamma newaxis s_ index_exp".split()

# Signatures as strict_double.calls reads them. Made on the device, in C order as CuPy promises:
CREATION = {
    "arange": "start stop step dtype",
    "ascontiguousarray": "a! dtype",
    "asfortranarray": "a! dtype",
    "copy": "a! order",
    "empty": "shape dtype order",
    "empty_like": "prototype! dtype order subok shape",
    "eye": "N M k dtype order",
    "full": "shape fill_value? dtype order",
    "full_like": "a! fill_value? dtype order subok shape",
    "identity": "n dtype",
    "indices": "dimensions dtype",
    "linspace": "start? stop? num endpoint retstep dtype axis",
    "logspace": "start stop num endpoint base dtype axis",
    "ones": "shape dtype order",
    "ones_like": "a! dtype order subok shape",
    "tri": "N M k dtype",
    "zeros": "shape dtype order",
    "zeros_like": "a! dtype order subok shape",
    "diag_indices": "n ndim",
    "tril_indices": "n k m",
    "triu_indices": "n k m",
}

FUNCTIONS = {
    "all": "a! axis out? keepdims",
    "allclose": "a! b? rtol atol equal_nan",
    "amax": "a! axis out? keepdims",
    "amin": "a! axis out? keepdims",
    "any": "a! axis out? keepdims",
    "append": "arr! values! axis",
    "argmax": "a! axis * out? keepdims",
    "argmin": "a! axis * out? keepdims",
    "argsort": "a! axis * kind",
    "around": "a! decimals out?",
    "array_equal": "a1! a2! equal_nan",
    "array_split": "ary! indices_or_sections axis",
    "astype": "x! dtype * copy",
    "average": "a! axis weights? returned * keepdims",
    "broadcast_to": "array! shape",
    "clip": "a! a_min? a_max? out?",
    "column_stack": "tup+",
    "concat": "tup+ axis out? * dtype casting",
    "concatenate": "tup+ axis out? * dtype casting",
    "convolve": "a! v! mode",
    "copyto": "dst! src? casting where?",
    "correlate": "a! v! mode",
    "count_nonzero": "a! axis",
    "cross": "a! b! axisa axisb axisc axis",
    "cumprod": "a! axis dtype out?",
    "cumsum": "a! axis dtype out?",
    "diag": "v! k",
    "diagonal": "a! offset axis1 axis2",
    "diff": "a! n axis prepend? append?",
    "digitize": "x! bins! right",
    "dot": "a! b! out?",
    "dstack": "tup+",
    "expand_dims": "a! axis",
    "fill_diagonal": "a! val wrap",
    "flip": "a! axis",
    "fliplr": "a!",
    "flipud": "a!",
    "hsplit": "ary! indices_or_sections",
    "hstack": "tup+ * dtype casting",
    "inner": "a! b!",
    "interp": "x! xp! fp! left right period",
    "isclose": "a! b? rtol atol equal_nan",
    "isin": "element! test_elements! assume_unique invert",
    "kron": "a! b!",
    "matmul": "x1! x2! * casting dtype order out?",
    "matrix_transpose": "x!",
    "max": "a! axis out? keepdims",
    "mean": "a! axis dtype out? keepdims",
    "median": "a! axis out? overwrite_input keepdims",
    "min": "a! axis out? keepdims",
    "moveaxis": "a! source destination",
    "nan_to_num": "x! copy nan posinf neginf",
    "nanmax": "a! axis out? keepdims",
    "nanmean": "a! axis dtype out? keepdims",
    "nanmin": "a! axis out? keepdims",
    "nansum": "a! axis dtype out? keepdims",
    "outer": "a! b! out?",
    "pad": "array! pad_width mode * constant_values",
    "partition": "a! kth axis",
    "permute_dims": "a! axes",
    "prod": "a! axis dtype out? keepdims",
    "ptp": "a! axis out? keepdims",
    "put_along_axis": "arr! indices! values? axis",
    "ravel": "a! order",
    "ravel_multi_index": "multi_index+ dims mode order",
    "repeat": "a! repeats axis",
    "reshape": "a! newshape order * copy",
    "roll": "a! shift axis",
    "rollaxis": "a! axis start",
    "rot90": "a! k axes",
    "round": "a! decimals out?",
    "searchsorted": "a! v? side sorter?",
    "sort": "a! axis * kind",
    "split": "ary! indices_or_sections axis",
    "squeeze": "a! axis",
    "stack": "tup+ axis out? * dtype casting",
    "std": "a! axis dtype out? ddof keepdims",
    "sum": "a! axis dtype out? keepdims",
    "swapaxes": "a! axis1 axis2",
    "take_along_axis": "a! indices! axis",
    "tensordot": "a! b! axes",
    "tile": "A! reps",
    "trace": "a! offset axis1 axis2 dtype out?",
    "transpose": "a! axes",
    "trapezoid": "y! x? dx axis",
    "tril": "m! k",
    "triu": "m! k",
    "unravel_index": "indices! dims order",
    "vander": "x! N increasing",
    "var": "a! axis dtype out? ddof keepdims",
    "vdot": "a! b!",
    "vsplit": "ary! indices_or_sections",
    "vstack": "tup+ * dtype casting",
}

# The size of the result is on the device, so the host waits for it.
WAITING = {
    "argwhere": "a!",
    "bincount": "x! weights? minlength",
    "compress": "condition! a! axis out?",
    "extract": "condition! a!",
    "flatnonzero": "a!",
    "nonzero": "a!",
    "unique": "ar! return_index return_inverse return_counts axis * equal_nan",
}

LINALG = {
    "cholesky": "a!",
    "det": "a!",
    "eigh": "a! UPLO",
    "inv": "a!",
    "matrix_power": "M! n",
    "norm": "x! ord axis keepdims",
    "qr": "a! mode",
    "slogdet": "a!",
    "solve": "a! b!",
    "svd": "a! full_matrices compute_uv",
}

# Names that NumPy has and that someone will reach for; each with what to do instead.
MISSING = {
    "errstate": "write the formula so that it cannot overflow; cupyx.errstate knows only linalg",
    "block": "concatenate twice",
    "insert": "concatenate the parts",
    "geomspace": "exp of linspace",
    "vecdot": "(a * b).sum(axis=-1)",
    "nditer": "whole-array operations",
    "ndenumerate": "whole-array operations",
    "einsum_path": "einsum",
    "random": "draw on the host: minigate.backend.generator(seed), then backend.asarray",
    "testing": "bring the array to the host with minigate.asnumpy and compare there",
    "longdouble": "float64 is the widest",
    "object_": "numbers only",
}
