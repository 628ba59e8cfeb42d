"""One measurement in a process of its own: threads pinned, CPU time bounded; its last line of output is its figures."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_THREAD_VARIABLES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
)
_LAST_LINES = 12


class Failed(Exception):
    """A measurement did not end with figures; the message says which, how it ended and its last words."""


def run(module: str, *words: object, threads: int, cap_s: float, python: Path | None = None) -> dict[str, Any]:
    """The figures of `python -m module words...`, run on as many cores as it may use threads.

    Args:
        module: the module to run.
        words: its arguments.
        threads: cores that it may use; every library is told the same number.
        cap_s: CPU seconds after which the system ends it.
        python: the interpreter; this one where none is given.

    Raises:
        Failed: it ended with an error, or was ended.
    """
    command = [str(python or sys.executable), "-m", module, *map(str, words)]
    settings = {"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"}  # threads that wait must not burn CPU time
    variables = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads)) | settings
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        # Long before its first thread starts: the interpreter itself takes hundredths of a second.
        os.sched_setaffinity(started.pid, sorted(os.sched_getaffinity(0))[:threads])
        resource.prlimit(started.pid, resource.RLIMIT_CPU, (int(cap_s), int(cap_s) + 5))
        output, errors = started.communicate()
    if started.returncode:
        last = "\n".join(errors.strip().splitlines()[-_LAST_LINES:])
        code = started.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"failed ({code})"
        raise Failed(f"{' '.join(command[1:])} {how}; it had {int(cap_s)} CPU seconds.\n{last}")
    last_line = output.strip().splitlines()[-1]
    figures: dict[str, Any] = json.loads(last_line)
    return figures
