"""Features of every account that a night learnt something new of, as known at the night's cut-off."""

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from features import layout, measures
from features.catalog import ACCOUNT_FEATURES
from features.measures import Measures
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.steps import Part


def build(lake: Lake, nights: Nights, settings: Settings, progress: Progress = silent) -> pl.DataFrame:
    """The nights' account features, as ACCOUNT_FEATURES."""
    parts = [pl.DataFrame(part.rows) for part in stream(lake, nights, settings, progress)]
    return pl.concat([ACCOUNT_FEATURES.empty(), *parts]).sort(ACCOUNT_FEATURES.key)


def stream(
    lake: Lake,
    nights: Nights,
    settings: Settings,
    progress: Progress = silent,
) -> Iterator[Part]:
    """The same in parts of some nights each, in no order within a part; the lake is read before the first part."""
    network = measures.load(lake, nights, settings)

    def parts() -> Iterator[Part]:
        done = 0
        for block in Measures(network, settings.threads).blocks(with_edges=False):
            progress("account features", done, network.fresh.size)
            done += block.fresh.size
            keys = {
                "node_id": pa.array(network.node_ids[block.account]),
                "received_on": pa.array(block.account_days).cast(pa.date32()),
            }
            values = {f"asof_{name}": block.accounts[number] for number, name in enumerate(layout.account())}
            yield Part(block.nights, measures.table(ACCOUNT_FEATURES, keys, values))
        progress("account features", network.fresh.size, network.fresh.size)

    return parts()
