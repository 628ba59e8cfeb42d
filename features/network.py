"""The account network: nodes and edges of some nights. What is known of it on a night is `sql/known_edges.sql`."""

import polars as pl

from features.engine import SQL, Engine
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.tables import ACCOUNTS, EDGES, NODES, PARTIES, ROLES, TRANSACTIONS


def nodes(lake: Lake, nights: Nights, settings: Settings) -> pl.DataFrame:
    """The accounts, persons and entities that the nights' transactions name, as NODES."""
    with Engine.open(settings) as engine:
        for table in (TRANSACTIONS, ACCOUNTS, PARTIES, ROLES):
            engine.register_table(lake, table, nights)
        return engine.frame(NODES, SQL / "nodes.sql")


def edges(lake: Lake, nights: Nights, settings: Settings) -> pl.DataFrame:
    """The nights' transactions between two known nodes, as EDGES."""
    with Engine.open(settings) as engine:
        engine.register_table(lake, TRANSACTIONS, nights)
        return engine.frame(EDGES, SQL / "edges.sql")
