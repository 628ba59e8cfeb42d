"""Who could be put before an analyst on a night: subjects with typology hits, and accounts that the model finds.

Reads the lake; decides no order. Every row depends on its own night and on what was known by then, so a range of
nights gives the rows that its nights give one by one.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import polars as pl

from models.accounts import WINDOW_NIGHTS
from pipelines.lake import Lake, Nights
from pipelines.tables import EDGES, HITS, NODES, SCORES

MODEL = "MODEL"
"""The family of alerts that rest on the model alone."""
UNKNOWN = "ZZ"
WINDOW_DAYS = 30
DESCRIBED_DAYS = 366
EVIDENCE_MAX = 200
MODEL_NIGHTS = WINDOW_NIGHTS
MODEL_EVIDENCE_MAX = 20
MODEL_EVIDENCE_SHARE = 0.5
"""A model alert's evidence: transactions at least this share as risky as the account's riskiest of the night."""
FLOOR_CALIBRATED = 0.05
FLOOR_COLD = 0.9
"""The least account risk that makes an alert without a hit: a probability, or on a cold start the anomaly's fourth
power (the most unusual 2.6 % of accounts)."""
TYPOLOGY_TRUST = 0.7
COLD_MODEL_TRUST = 0.3
ANOMALY_POWER = 4
"""On a cold start, the probability that a hit of strength 1, or the most unusual account, is useful: priors to be
tuned. The fourth power keeps the ordinary, half of all percentiles, below a sixteenth."""
UNSCORED_SHARE = 0.5
"""A subject without a calibrated risk on a night that has such risks keeps this share of its strength."""
COLD_START = "cold-start"

_ALERT = ["received_on", "alert_id"]
_EDGE_COLUMNS = [
    *("received_on", "transaction_id", "src", "dst", "occurred_at", "occurred_s", "amount_local", "channel"),
    *("src_country", "dst_country"),
]


@dataclass(frozen=True)
class Candidates:
    """The alerts of some nights before they are ordered, and what they rest on; keys `received_on`, `alert_id`.

    Attributes:
        alerts: one row per alert, sorted by key: subject, family, theme, risk, window, amount and counts.
        evidence: one row per alert and evidence transaction, in time order, with its edge and the night's `risk`.
        hits: one row per hit, with its alert.
        accounts: account-level scores of the nights' subjects (without explanations), with the night's median risk.
    """

    alerts: pl.DataFrame
    evidence: pl.DataFrame
    hits: pl.DataFrame
    accounts: pl.DataFrame


def alert_id(node_id: int, family: str, night: date) -> str:
    """The alert of a subject and family in the 30-day window of a night: 32 hexadecimal digits.

    Windows are counted from 1970-01-01, alike for everybody. Border effect: a scheme that runs over a window's border
    gets a second alert on the first night after it, up to 29 days after the first one.
    """
    window = (night - date(1970, 1, 1)).days // WINDOW_DAYS
    return sha256(f"{node_id}|{family}|{window}".encode()).hexdigest()[:32]


def candidates(lake: Lake, nights: Nights, capacity: int) -> Candidates:
    """The alerts of these nights, unordered.

    Args:
        lake: where hits, scores, edges and nodes are.
        nights: the range.
        capacity: the most model alerts of one night.
    """
    hits = _with_alert(lake.read(HITS, nights))
    scores = _scores(lake, nights)
    accounts = _accounts(scores)
    risks = _transaction_risks(scores)
    chosen = _model_accounts(lake, nights, accounts, hits, capacity)
    evidence = pl.concat([_hit_evidence(lake, nights, hits, risks), _model_evidence(chosen, risks)])
    evidence = evidence.sort(*_ALERT, pl.col("occurred_s").fill_null(2**62), "transaction_id")
    alerts = pl.concat([_of_hits(hits), _of_model(chosen, evidence, hits)])
    alerts = _measured(alerts, evidence).pipe(_with_risk, evidence, accounts).pipe(_with_subject, lake, nights)
    return Candidates(alerts.sort(_ALERT), evidence, hits, accounts)


def _with_alert(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the alert_id of its `node_id`, `family` and `received_on`."""
    rows = frame.select("node_id", "family", "received_on").iter_rows()
    return frame.with_columns(pl.Series("alert_id", [alert_id(*row) for row in rows], pl.String))


def _scores(lake: Lake, nights: Nights) -> pl.DataFrame:
    """Scores without explanations; `risk` is what the model alone says.

    A cold-start risk already holds the typologies' strength, also that of hits on counterparties. Here it would count
    twice and make an alert of everybody who met a subject, so on a cold start only the anomaly speaks for the model.
    """
    alone = pl.when("is_calibrated").then("risk").otherwise(pl.col("anomaly") ** ANOMALY_POWER)
    return lake.scan(SCORES, nights).drop("explanation", "inputs_digest").with_columns(alone.alias("risk")).collect()


def _accounts(scores: pl.DataFrame) -> pl.DataFrame:
    """Account-level scores with `node_id`, and the median risk of the night's accounts."""
    return (
        scores.filter(pl.col("level") == "account")
        .with_columns(
            pl.col("subject_id").cast(pl.Int64, strict=False).alias("node_id"),
            pl.col("risk").median().over("received_on").alias("median_risk"),
        )
        .drop_nulls("node_id")
        .drop("level", "subject_id")
    )


def _transaction_risks(scores: pl.DataFrame) -> pl.DataFrame:
    return scores.filter(pl.col("level") != "account").select(
        "received_on", "risk", "is_calibrated", "model_id", pl.col("subject_id").alias("transaction_id")
    )


def _hit_evidence(lake: Lake, nights: Nights, hits: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """The union of the hits' evidence per alert: at most 200 transactions, those of the strongest hits first."""
    named = (
        hits.select(*_ALERT, "strength", pl.col("evidence").alias("transaction_id"))
        .explode("transaction_id", empty_as_null=True)
        .drop_nulls("transaction_id")
        .group_by(*_ALERT, "transaction_id")
        .agg(pl.col("strength").max().alias("weight"))
    )
    # An edge is received no earlier than a day before it occurs, so nothing older than the hits' windows is read.
    first = hits["window_from"].dt.date().min()
    since = (first if isinstance(first, date) else nights.first) - timedelta(days=1)
    edges = (
        lake.scan(EDGES, Nights(min(since, nights.first), nights.last))
        .select(_EDGE_COLUMNS)
        .join(named.select("transaction_id").unique().lazy(), on="transaction_id", how="semi")
        .collect()
        .rename({"received_on": "known_on"})
    )
    # A transaction that only a later night knew is no evidence of this night's.
    known = (
        named.join(edges, on="transaction_id", how="left")
        .filter(pl.col("known_on").is_null() | (pl.col("known_on") <= pl.col("received_on")))
        .sort(*_ALERT, "weight", "occurred_s", "transaction_id", descending=[False, False, True, False, False])
        .group_by(_ALERT, maintain_order=True)
        .head(EVIDENCE_MAX)
    )
    return _judged(known, risks)


def _judged(evidence: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """Evidence with the night's transaction risks, in a fixed column order."""
    return evidence.join(risks, on=["received_on", "transaction_id"], how="left").select(
        *(*_ALERT, "transaction_id", "known_on", *_EDGE_COLUMNS[2:], "risk", "is_calibrated", "model_id"),
    )


def _model_accounts(
    lake: Lake, nights: Nights, accounts: pl.DataFrame, hits: pl.DataFrame, capacity: int
) -> pl.DataFrame:
    """The riskiest accounts of each night above the floor that have no hit, with their edges of the last nights."""
    floor = pl.when("is_calibrated").then(FLOOR_CALIBRATED).otherwise(FLOOR_COLD)
    high = accounts.filter(pl.col("risk") >= floor).join(hits, on=["received_on", "node_id"], how="anti")
    window = Nights(nights.first - timedelta(days=MODEL_NIGHTS - 1), nights.last)
    edges = lake.scan(EDGES, window).select(_EDGE_COLUMNS).rename({"received_on": "known_on"})
    ends = pl.concat([edges.with_columns(pl.col(side).alias("node_id")) for side in ("src", "dst")])
    age = pl.col("received_on") - pl.col("known_on")
    moved = (
        ends.join(high.lazy().select("received_on", "node_id"), on="node_id")
        .filter((age >= timedelta(0)) & (age < timedelta(days=MODEL_NIGHTS)))
        .unique(["node_id", "transaction_id", "received_on"])
        .collect()
    )
    chosen = (
        high.join(moved, on=["received_on", "node_id"], how="semi")
        .sort("received_on", "risk", "node_id", descending=[False, True, False])
        .group_by("received_on", maintain_order=True)
        .head(capacity)
        .select("received_on", "node_id", pl.lit(MODEL).alias("family"))
    )
    return _with_alert(chosen).join(moved, on=["received_on", "node_id"])


def _model_evidence(chosen: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """The riskiest of the last nights' transactions of each chosen account; the largest where none is scored."""
    judged = _judged(chosen, risks)
    risk = pl.col("risk").fill_null(0.0)
    return (
        judged.filter(risk >= MODEL_EVIDENCE_SHARE * risk.max().over(_ALERT))
        .sort(*_ALERT, risk, "amount_local", "transaction_id", descending=[False, False, True, True, False])
        .group_by(_ALERT, maintain_order=True)
        .head(MODEL_EVIDENCE_MAX)
        .select(judged.columns)
    )


def _of_hits(hits: pl.DataFrame) -> pl.DataFrame:
    """One alert per subject and family: the theme of its strongest hit, and the chance that all hits are in vain."""
    return (
        hits.sort("strength", "typology_id", "hit_id", descending=[True, False, False])
        .group_by(*_ALERT, "node_id", "family", maintain_order=True)
        .agg(
            pl.col("theme").first(),
            (1 - TYPOLOGY_TRUST * pl.col("strength")).product().alias("in_vain"),
            pl.col("window_from").min().alias("hit_from"),
            pl.col("window_to").max().alias("hit_to"),
            pl.col("amount_local").max().alias("hit_amount"),
            _joined_names("missing_data"),
        )
    )


def _joined_names(column: str) -> pl.Expr:
    """The union of comma-separated names, sorted."""
    names = pl.col(column).str.split(",").list.explode(keep_nulls=False, empty_as_null=False)
    names = names.str.strip_chars()
    return names.filter(names != "").unique().sort().str.join(",").alias(column)


def _of_model(chosen: pl.DataFrame, evidence: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """One alert per chosen account; its theme is that of the strongest hit that shares evidence, VA, or OTHER."""
    alerts = chosen.select(*_ALERT, "node_id", "family").unique()
    rows = evidence.join(alerts, on=_ALERT, how="semi")
    themes = hits.select("received_on", "theme", "strength", pl.col("evidence").alias("transaction_id"))
    shared = (
        rows.join(themes.explode("transaction_id", empty_as_null=True), on=["received_on", "transaction_id"])
        .sort("strength", "theme", descending=[True, False])
        .group_by(_ALERT, maintain_order=True)
        .agg(pl.col("theme").first())
    )
    amount = pl.col("amount_local").cast(pl.Float64)
    crypto = rows.group_by(_ALERT).agg(
        (amount.filter(pl.col("channel") == "crypto").sum() * 2 >= amount.sum())
        .and_((pl.col("channel") == "crypto").any())
        .alias("is_crypto")
    )
    by_channel = pl.when("is_crypto").then(pl.lit("VA")).otherwise(pl.lit("OTHER"))
    return (
        alerts.join(shared, on=_ALERT, how="left")
        .join(crypto, on=_ALERT, how="left")
        .select(
            *(pl.col(name) for name in (*_ALERT, "node_id", "family")),
            pl.coalesce("theme", by_channel).alias("theme"),
            pl.lit(1.0).alias("in_vain"),
            pl.lit(None, HITS.polars_schema["window_from"]).alias("hit_from"),
            pl.lit(None, HITS.polars_schema["window_to"]).alias("hit_to"),
            pl.lit(None, HITS.polars_schema["amount_local"]).alias("hit_amount"),
            pl.lit("").alias("missing_data"),
        )
    )


def _measured(alerts: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """Alerts with evidence, its window, amount, counts, corridor and the days on which it was known."""
    subjects = evidence.join(alerts.select(*_ALERT, "node_id"), on=_ALERT)
    others = (
        pl.concat([subjects.select(*_ALERT, "node_id", pl.col(side).alias("other")) for side in ("src", "dst")])
        .filter(pl.col("other") != pl.col("node_id"))
        .group_by(_ALERT)
        .agg(pl.col("other").n_unique().alias("subjects"))
    )
    totals = evidence.group_by(_ALERT).agg(
        pl.col("transaction_id").sort_by(pl.col("occurred_s").fill_null(2**62), "transaction_id").alias("evidence"),
        pl.col("occurred_at").min().alias("window_from"),
        pl.col("occurred_at").max().alias("window_to"),
        pl.col("amount_local").sum(),
        pl.col("amount_local").count().alias("priced"),
        pl.len().alias("transactions"),
        pl.col("known_on").max().alias("known_to"),
    )
    joined = alerts.join(totals, on=_ALERT).join(others, on=_ALERT, how="left")
    return joined.join(_corridors(evidence), on=_ALERT, how="left").with_columns(
        pl.coalesce("window_from", "hit_from", _midnight("received_on")).alias("window_from"),
        pl.coalesce("window_to", "hit_to", _midnight("received_on")).alias("window_to"),
        pl.when(pl.col("priced") > 0).then("amount_local").otherwise("hit_amount").alias("amount_local"),
        pl.col("subjects").fill_null(0),
        pl.coalesce("known_to", "received_on").alias("known_to"),
    )


def _midnight(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _corridors(evidence: pl.DataFrame) -> pl.DataFrame:
    """The ordered pair of differing countries between which most of an alert's evidence moved, by amount."""
    return (
        evidence.filter(pl.col("src_country") != pl.col("dst_country"))
        .group_by(*_ALERT, pl.concat_str("src_country", pl.lit(">"), "dst_country").alias("corridor"))
        .agg(pl.col("amount_local").sum().alias("moved"))
        .sort("moved", "corridor", descending=[True, False])
        .group_by(_ALERT, maintain_order=True)
        .agg(pl.col("corridor").first())
    )


def _with_risk(alerts: pl.DataFrame, evidence: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Alerts with `risk`, `is_calibrated` and `model_id`.

    The account's risk and that of its riskiest evidence transaction speak of the same deed, so the larger counts; a
    calibrated one stands alone. Without one (cold start) typologies and the anomaly are combined as independent
    witnesses, each discounted (noisy-or): 1 - (1 - .3 anomaly^4) * product of (1 - .7 strength).
    """
    keys = alerts.select(*_ALERT, "node_id")
    witnesses = pl.concat(
        [
            keys.join(accounts, on=["received_on", "node_id"]).select(*_ALERT, "risk", "is_calibrated", "model_id"),
            evidence.drop_nulls("risk").select(*_ALERT, "risk", "is_calibrated", "model_id"),
        ]
    )
    best = (
        witnesses.sort("is_calibrated", "risk", "model_id", descending=[True, True, False])
        .group_by(_ALERT, maintain_order=True)
        .agg(pl.col("risk").first(), pl.col("is_calibrated").first(), pl.col("model_id").first())
    )
    calibrated = pl.col("is_calibrated").fill_null(value=False)
    cold = 1 - (1 - COLD_MODEL_TRUST * pl.col("risk").fill_null(0.0)) * pl.col("in_vain")
    share = pl.when(calibrated.any().over("received_on")).then(UNSCORED_SHARE).otherwise(1.0)
    return alerts.join(best, on=_ALERT, how="left").with_columns(
        pl.when(calibrated).then("risk").otherwise(cold * share).alias("risk"),
        calibrated.alias("is_calibrated"),
        pl.col("model_id").fill_null(COLD_START),
    )


def _with_subject(alerts: pl.DataFrame, lake: Lake, nights: Nights) -> pl.DataFrame:
    """Alerts with the subject's name and home territory (else its country), as last described within a year."""
    described = (
        lake.scan(NODES, Nights(nights.first - timedelta(days=DESCRIBED_DAYS), nights.last))
        .join(alerts.lazy().select("node_id").unique(), on="node_id", how="semi")
        .select("node_id", "node_key", "name", "territory", "country", described_on="received_on")
        .collect()
        .join(alerts.select(*_ALERT, "node_id"), on="node_id")
        .with_columns(age=pl.col("received_on") - pl.col("described_on"))
        .filter((pl.col("age") >= timedelta(0)) & (pl.col("age") <= timedelta(days=DESCRIBED_DAYS)))
        .sort("described_on")
        .group_by(_ALERT, maintain_order=True)
        .agg(pl.col(name).drop_nulls().last() for name in ("node_key", "name", "territory", "country"))
    )
    return alerts.join(described, on=_ALERT, how="left").with_columns(
        pl.coalesce("name", "node_key", pl.format("node {}", "node_id")).alias("subject_name"),
        pl.coalesce("territory", "country", pl.lit(UNKNOWN)).alias("territory"),
    )
