"""What some work cost this process: CPU seconds of all its threads, wall time, peak memory. Needs no library."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")


@dataclass
class Cost:
    """What the work took; the peak is that of the process since it began, input and all."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_gb: float = 0.0

    def rounded(self) -> dict[str, float]:
        """The same for a record."""
        return {"cpu_s": round(self.cpu_s, 3), "wall_s": round(self.wall_s, 3), "peak_gb": round(self.peak_gb, 3)}


def cpu_s() -> float:
    """User and system seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_gb() -> float:
    """The most memory that this process has held, in 10^9 bytes.

    Read from the process's own status: `ru_maxrss` would start from the memory of the process that started it.
    """
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e9
    raise OSError(f"{_STATUS} names no VmHWM; this benchmark needs Linux")


@contextmanager
def metered() -> Iterator[Cost]:
    """A cost that is filled in when the block ends."""
    cost = Cost()
    cpu, wall = cpu_s(), time.perf_counter()
    yield cost
    cost.cpu_s, cost.wall_s = cpu_s() - cpu, time.perf_counter() - wall
    cost.peak_gb = peak_gb()
