"""Asking for memory before it is needed: passes that meet it in no order would wait for each piece in turn."""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_TO_WRITE, _KEEP, _DATA = 1, 3, 1


def _emit(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
    pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
    number = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
    builder.call(function, [pointer, *(ir.Constant(number, hint) for hint in (_TO_WRITE, _KEEP, _DATA))])
    return context.get_dummy_value()


def _fetch(_: Any, address: Any) -> Any:
    """Ask for the cache line of an address; nothing waits for it, and an address of nothing does no harm."""
    del address
    return types.void(types.uintp), _emit


fetch = cast(Callable[[int], None], intrinsic(_fetch))
