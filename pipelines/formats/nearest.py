"""Which shipped mapping a table was probably meant for, when its header fits none exactly.

So that a file with a missing column is told which column, and not only that nobody knows its format.
"""

import csv
from pathlib import Path

from pipelines.formats.mappings import Mapping, is_parquet, load_mapping, mapping_names

_LEAST_SHARED = 0.5
_HEADER_BYTES = 65_536


def nearest(path: Path) -> Mapping | None:
    """The mapping that shares most columns with the first line of a file; None where none shares half of them."""
    if is_parquet(path):
        return None
    with path.open("rb") as handle:
        line = handle.readline(_HEADER_BYTES)
    mappings = [mapping for name in mapping_names() if "csv" in (mapping := load_mapping(name)).formats]
    shared = [(_shared(line, mapping), mapping) for mapping in mappings]
    best, mapping = max(shared, key=lambda pair: (pair[0], pair[1].name))
    return mapping if best >= _LEAST_SHARED else None


def _shared(line: bytes, mapping: Mapping) -> float:
    """The share of names, of all that the header or the mapping has, that both have."""
    try:
        header = next(csv.reader([line.decode(mapping.codec)], delimiter=mapping.delimiter), [])
    except (UnicodeDecodeError, csv.Error):
        return 0.0
    names, wanted = set(mapping.canonical(header)), set(mapping.columns)
    return len(names & wanted) / len(names | wanted)
