"""Loops over the account network, compiled. They know arrays of numbers, no lake, no table and no words.

Every sum that decides a value is of integers, or is made in the order of time, so that a row never depends on the
nights, rows or threads that it is computed with.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """The function, compiled at its first call and kept on disk where a folder for that can be written.

    It runs without the interpreter's lock, so that threads share the work.
    """
    try:
        return cast(_Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(_Function, numba.njit(nogil=True, error_model="numpy")(function))
