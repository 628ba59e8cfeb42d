"""Every arrow of the data's flow as an asset: a thin call of the function that owns the work.

Each asset holds the home's lock while it writes. Nothing here computes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from dagster_project.partitions import DAYS, nights_of, per_night
from dagster_project.resources import HomeResource
from models import lifecycle
from pipelines import tables
from pipelines.intake import ingest_inbox
from pipelines.lake import Lake
from pipelines.progress import silent
from review import nightly
from review.console import command

_INTAKE = [table.name for table in tables.INTAKE_TABLES]


@per_night(
    dg.multi_asset,
    specs=[
        dg.AssetSpec(table.name, description=table.one_row, group_name="intake", kinds={"parquet", "deltalake"})
        for table in tables.INTAKE_TABLES
    ],
)
def intake(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """What lies in the inbox, as tables; files that can't be read go to quarantine."""
    opened = home.open()
    with opened.writing():
        report = ingest_inbox(opened, nights_of(context))
    for name in _INTAKE:
        yield dg.MaterializeResult(asset_key=name, metadata={**report.metadata(), "new_rows": report.rows[name]})


def _step(
    context: dg.AssetExecutionContext,
    home: HomeResource,
    step: nightly.Step,
) -> dg.MaterializeResult[None]:
    opened = home.open()
    with opened.writing():
        return dg.MaterializeResult(metadata=nightly.take(step, opened, nights_of(context)).metadata())


@per_night(
    dg.asset,
    deps=["transactions", "accounts", "parties"],
    group_name="network",
    kinds={"duckdb"},
)
def nodes(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Accounts, persons and entities that the nights' transactions name."""
    return _step(context, home, nightly.build_nodes)


@per_night(
    dg.asset,
    deps=["reports", "transactions"],
    group_name="network",
    kinds={"duckdb"},
)
def edges(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """The nights' transactions between two known nodes."""
    return _step(context, home, nightly.build_edges)


@per_night(dg.asset, deps=[nodes, edges], group_name="features", kinds={"duckdb", "scipy"})
def account_graph(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """The network of accounts as of the last Sunday: ranks, communities, cores, ways to confirmed accounts."""
    return _step(context, home, nightly.build_account_graph)


@per_night(dg.asset, deps=[nodes, edges, account_graph], group_name="features", kinds={"duckdb"})
def transaction_features(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Point-in-time and as-of features of every transaction that the night learnt of."""
    return _step(context, home, nightly.build_transaction_features)


@per_night(dg.asset, deps=[nodes, edges, account_graph], group_name="features", kinds={"duckdb"})
def account_features(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Features of every account that moved on the night."""
    return _step(context, home, nightly.build_account_features)


@per_night(dg.asset, deps=[nodes, edges], group_name="features", kinds={"duckdb"})
def hits(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Typologies found on the night."""
    return _step(context, home, nightly.build_hits)


@dg.asset(deps=["labels", transaction_features], group_name="models", kinds={"scikitlearn"})
def transaction_model(home: HomeResource) -> dg.MaterializeResult[None]:
    """A model of laundering transactions, trained on everything known by the last night; promoted if it wins."""
    opened = home.open()
    known = nightly.nights_with_reports(opened)
    if known is None:
        raise dg.Failure("The lake holds no report yet. Run the night job first.", allow_retries=False)
    with opened.writing():
        trained = lifecycle.train_and_promote(opened, known.last, progress=silent)
    return dg.MaterializeResult(metadata=trained.metadata())


@per_night(
    dg.asset,
    deps=[transaction_features, account_features, hits, transaction_model],
    group_name="models",
    kinds={"scikitlearn"},
)
def scores(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Calibrated risk of the night's transactions and accounts; an order where no model is in force yet."""
    return _step(context, home, nightly.build_scores)


@per_night(dg.asset, deps=[hits, scores], group_name="review", kinds={"polars"})
def alerts(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """The night's ranked alerts, each with its reasons and evidence."""
    return _step(context, home, nightly.build_alerts)


@per_night(dg.asset, deps=[alerts], group_name="review", kinds={"django"})
def console(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """The nights in the review console, where the home has one; the decisions made there come back as outcomes."""
    opened = home.open()
    with opened.writing():
        published = command.hand_over(opened, nights_of(context), datetime.now(UTC))
    return dg.MaterializeResult(
        metadata={
            "nights": sum(not night.was_known for night in published),
            "new_alerts": sum(night.new for night in published),
            "renewed_alerts": sum(night.changed for night in published),
        }
    )


outcomes = dg.AssetSpec(
    "outcomes", deps=[alerts], group_name="review", description=tables.OUTCOMES.one_row, partitions_def=DAYS
)
"""Decisions of analysts; made by people, and read by the next training."""

NIGHT = (intake, nodes, edges, account_graph, transaction_features, account_features, hits, scores, alerts, console)
"""What the night job makes."""

ALL = (*NIGHT, transaction_model, outcomes)


def lake_of(home: HomeResource) -> Lake:
    """The home's lake."""
    return Lake(home.open().lake)
