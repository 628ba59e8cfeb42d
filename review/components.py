"""Which alerts of a night belong together: shared subjects, shared evidence, a subject in the evidence of another.

Two bounds keep a component readable: a hub links nothing, and a component that is still too large falls apart into
the neighbourhoods of its best alerts.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

HUB_ALERTS = 25
"""A node that is an endpoint in the evidence of more alerts than this links no alerts, nor do its transactions."""
COMPONENT_ALERTS = 25
"""A component of more alerts than this is split: an analyst can't read it as one."""
NEIGHBOURHOOD_HOPS = 2


def components(alerts: pl.DataFrame, evidence: pl.DataFrame) -> list[str]:
    """For each alert, in the order given, the smallest alert_id of its component.

    Two alerts are linked when they share a subject, or an evidence transaction, or when the subject of one is an end of
    the other's evidence; a transaction with a hub at either end links nothing. A component is what links connect. One
    of more than `COMPONENT_ALERTS` falls apart: the best alert takes all within two links of it, then the best alert
    that is left does, and so on.

    Args:
        alerts: `alert_id`, `node_id`; one night, best alert first.
        evidence: `alert_id`, `transaction_id`, `src`, `dst`; src and dst may be null.
    """
    if alerts.is_empty():
        return []
    links = _links(alerts, evidence)
    _, labels = connected_components(links, directed=False)
    return _named(alerts["alert_id"].to_list(), _split_large(links, labels))


def _links(alerts: pl.DataFrame, evidence: pl.DataFrame) -> csr_array:
    """Alert by alert: non-zero where two alerts are linked directly."""
    numbered = alerts.with_row_index("alert")
    rows = evidence.join(numbered.select("alert_id", "alert"), on="alert_id")
    ends = (
        pl.concat([rows.select("alert", pl.col(side).alias("node"), "transaction_id") for side in ("src", "dst")])
        .drop_nulls("node")
        .unique()
    )
    is_hub = pl.col("alert").n_unique().over("node") > HUB_ALERTS
    hub_transactions = ends.filter(is_hub).select("transaction_id").unique()
    shared = rows.join(hub_transactions, on="transaction_id", how="anti")
    subjects = numbered.select("alert", pl.col("node_id").alias("node"))
    nodes = pl.concat([subjects["node"], ends["node"]]).unique().sort()
    of_subject = _incidence(subjects["alert"], _codes(subjects["node"], nodes), len(alerts), len(nodes))
    quiet = ends.join(hub_transactions, on="transaction_id", how="anti")
    of_end = _incidence(quiet["alert"], _codes(quiet["node"], nodes), len(alerts), len(nodes))
    names = shared["transaction_id"].unique().sort()
    of_transaction = _incidence(shared["alert"], _codes(shared["transaction_id"], names), len(alerts), len(names))
    crossed = of_end @ of_subject.T
    return csr_array(of_subject @ of_subject.T + of_transaction @ of_transaction.T + crossed + crossed.T)


def _codes(values: pl.Series, sorted_names: pl.Series) -> NDArray[np.int64]:
    """The position of each value among the names."""
    lookup = pl.DataFrame({"value": sorted_names}).with_row_index("code")
    coded = pl.DataFrame({"value": values}).join(lookup, on="value", how="left", maintain_order="left")
    return coded["code"].cast(pl.Int64).to_numpy()


def _incidence(rows: pl.Series, columns: NDArray[np.int64], height: int, width: int) -> csr_array:
    ones = np.ones(len(columns), dtype=np.int32)
    return csr_array(coo_array((ones, (rows.to_numpy().astype(np.int64), columns)), shape=(height, max(width, 1))))


def _split_large(links: csr_array, labels: NDArray[np.int32]) -> list[int]:
    """Labels in which no neighbourhood of a large component reaches past two links of its best alert."""
    sizes = np.bincount(labels)
    split = [int(label) for label in labels]
    free = {alert for alert, label in enumerate(labels) if sizes[label] > COMPONENT_ALERTS}
    following = len(sizes)
    for alert in range(len(split)):
        if alert not in free:
            continue
        for member in _neighbourhood(links, alert, free):
            split[member] = following
        following += 1
    return split


def _neighbourhood(links: csr_array, start: int, free: set[int]) -> list[int]:
    """`start` and the free alerts within two links of it over free alerts; they are free no more."""
    free.discard(start)
    found = frontier = [start]
    for _ in range(NEIGHBOURHOOD_HOPS):
        following = []
        for alert in frontier:
            for neighbour in links.indices[links.indptr[alert] : links.indptr[alert + 1]]:
                if int(neighbour) in free:
                    free.discard(int(neighbour))
                    following.append(int(neighbour))
        found = found + following
        frontier = following
    return found


def _named(alert_ids: Sequence[str], labels: Sequence[int]) -> list[str]:
    smallest: dict[int, str] = {}
    for alert_id, label in zip(alert_ids, labels, strict=True):
        smallest[label] = min(alert_id, smallest.get(label, alert_id))
    return [smallest[label] for label in labels]
