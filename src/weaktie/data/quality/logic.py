"""Rows of events as arrays: what `queries.customers` and the analytics purpose say of frames, for kernels. Pure."""

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from weaktie.data.collect.contracts import CRAWLER, TEST

I32 = npt.NDArray[np.int32]
COUNTING: Final = {"purposes": 0, "flags": 0}
"""The columns that `counts` looks at, with what stands for null."""


@numba.njit(cache=True, nogil=True)
def counts(purposes: int, flags: int) -> bool:
    """Whether a row may serve analytics and neither a crawler nor a platform's test made it."""
    return purposes & 1 == 1 and flags & (CRAWLER | TEST) == 0


def among(alias_no: I32, day: I32, odd_aliases: I32, odd_days: I32) -> npt.NDArray[Any]:
    """Which rows are of one of these identifiers on one of these days."""
    keys = alias_no.astype(np.int64) << 32 | day.astype(np.int64)
    return np.isin(keys, odd_aliases.astype(np.int64) << 32 | odd_days.astype(np.int64))
