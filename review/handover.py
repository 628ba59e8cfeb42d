"""What a night hands to the review console: its alerts with all that a screen shows of them. Reads the lake alone.

The console keeps a copy, so that it needs no lake to show an alert, and shows what the night knew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.lake import Lake, Nights
from pipelines.steps import digest_of
from pipelines.tables import ACCOUNTS, ALERTS, EDGES, INDICATORS, NODES, PARTIES, REPORTS, ROLES, RUNS, TRANSACTIONS
from review import flow, flows, spelling
from review.reasons import MODEL, from_json

EDITION = 4
"""Raised when the shape of what is handed over changes, so that a night is handed over again."""
MOVEMENTS_MAX = 300
"""Movements of the subject that are listed beside the evidence, the largest; the others are summed up by hour."""
TRACED_DAYS = 40
"""How far before an alert's first evidence the transactions lie that numbers of the model are made of."""
REPORTS_MAX = 40
PARTIES_MAX = 40
"""Other subjects of an alert that can be searched for, those of the largest movements."""
NAMING_DAYS = 400
"""How far back reports of suspicion that name the subject are looked for."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """What an alert's page shows.

    Attributes:
        reasons: {source, code, en, ru, weight, evidence, about, rows, among, since, until}, strongest first.
        missing_data: names of what was lacking.
        evidence: transaction_id, in time order.
        movements: the evidence, the subject's other movements in the window that is drawn, and what else reasons rest
            on, in time order: {transaction_id, occurred_at, is_date_only, utc_offset_minutes, src, dst, amount,
            channel, is_evidence, is_drawn, report_key, transaction_type, description, currency}; amounts are text, in
            local currency. `is_drawn` is false for what only a reason's own rows show.
        flow: see review/flows.py; `beyond` are the subject's movements that are not listed, summed up by hour and way:
            {at, is_incoming, amount, count}.
        nodes: by node_id as text: {name, kind, holder_kind, institution, country, territory, key}; the subject's also
            has `named_in`, the reports of suspicion that name it.
        reports: report_key and how much of the evidence comes from each.
    """

    reasons: list[Row]
    missing_data: list[str]
    evidence: list[str]
    movements: list[Row]
    flow: Row
    nodes: dict[str, Row]
    reports: dict[str, int]


@dataclass(frozen=True)
class SubjectFacts:
    """One subject as the reports describe it, and the terms that find it: kind (name, exact, number) and value."""

    node_id: int
    described: Row
    details: Row
    terms: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Handover:
    """A night's alerts for the console.

    Attributes:
        night: the night.
        digest: of everything below; equal digests, equal content.
        alerts: rows of ALERTS by rank, with `known_on`.
        contents: by alert_id.
        subjects: by node_id: the alerts' own subjects and the parties to their movements.
        own_and_parties: by alert_id, the node_ids under which it is found; its own first.
        reports: by report_key, columns of REPORTS and `indicators`.
    """

    night: date
    digest: str
    alerts: list[Row] = field(default_factory=list)
    contents: dict[str, Content] = field(default_factory=dict)
    subjects: dict[int, SubjectFacts] = field(default_factory=dict)
    own_and_parties: dict[str, list[int]] = field(default_factory=dict)
    reports: dict[str, Row] = field(default_factory=dict)


def complete_nights(lake: Lake, nights: Nights | None = None) -> dict[date, str]:
    """The nights whose alerts are complete, in order, with the digest that a handover of each has."""
    runs = lake.scan(RUNS, nights).filter(pl.col("step") == ALERTS.name).collect().sort("received_on")
    return {night: digest_of(EDITION, inputs) for night, inputs in runs.select("received_on", "inputs_digest").rows()}


def read(lake: Lake, night: date, digest: str) -> Handover:
    """A complete night's handover."""
    alerts = lake.scan(ALERTS, Nights.of(night)).collect().sort("rank")
    if alerts.is_empty():
        return Handover(night, digest)
    alerts = _with_drawn(alerts, night)
    since: datetime = alerts["drawn_from"].min()  # type: ignore[assignment]
    until: datetime = alerts["drawn_to"].max()  # type: ignore[assignment]
    span = Nights(since.date() - timedelta(days=1), night)
    edges = flow.known_edges(lake, (since, until), night)
    own = _own_movements(alerts, edges)
    pictures = flows.flows(alerts, edges)
    for alert, beyond in _beyond(own).items():
        pictures[alert]["beyond"] = beyond
    movements = _movements(lake, alerts, edges, own, span)
    wanted = {
        *alerts["node_id"],
        *movements["src"],
        *movements["dst"],
        *(node for picture in pictures.values() for node in flows.node_ids(picture)),
    }
    nodes = _nodes(lake, wanted, Nights(night - timedelta(days=366), night))
    naming = _naming_reports(lake, alerts, nodes, Nights(night - timedelta(days=NAMING_DAYS), night))
    contents = _contents(alerts, movements, pictures, nodes, naming)
    keys = {key for content in contents.values() for key in content.reports}
    parties = {alert: _parties(alert_row, contents[alert]) for alert, alert_row in _by_id(alerts).items()}
    subjects = set(alerts["node_id"])
    return Handover(
        night=night,
        digest=digest,
        alerts=_with_known_on(alerts, movements),
        contents=contents,
        subjects=_subjects(lake, nodes, subjects, {n for found in parties.values() for n in found}, keys, span),
        own_and_parties=parties,
        reports=_reports(lake, keys, Nights(night - timedelta(days=NAMING_DAYS), night)),
    )


def _by_id(alerts: pl.DataFrame) -> dict[str, Row]:
    return {row["alert_id"]: row for row in alerts.iter_rows(named=True)}


def _with_known_on(alerts: pl.DataFrame, movements: pl.DataFrame) -> list[Row]:
    """The alerts' rows, each with the day on which its newest evidence was received."""
    known = movements.filter("is_evidence").group_by("alert_id").agg(pl.col("known_on").max())
    joined = alerts.join(known, on="alert_id", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("known_on", "received_on").alias("known_on")).to_dicts()


def _with_drawn(alerts: pl.DataFrame, night: date) -> pl.DataFrame:
    """The alerts with the window that their pictures show."""
    windows = alerts.select("window_from", "window_to").iter_rows()
    drawn = [flow.window_of(first, last, night) for first, last in windows]
    schema = {"drawn_from": pl.Datetime("us", "UTC"), "drawn_to": pl.Datetime("us", "UTC")}
    return alerts.hstack(pl.DataFrame(drawn, schema=schema, orient="row"))


_MOVED = ["transaction_id", "src", "dst", "occurred_at", "occurred_s", "amount_local"]


def _own_movements(alerts: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """The subject's movements in the window of each alert, the evidence apart, the largest first."""
    windows = alerts.select("alert_id", "node_id", "drawn_from", "drawn_to")
    own = pl.concat(
        [
            edges.join(windows, left_on=side, right_on="node_id", coalesce=False)
            .filter(pl.col("occurred_at").is_between("drawn_from", "drawn_to"))
            .select("alert_id", "node_id", *_MOVED)
            for side in ("src", "dst")
        ]
    ).unique(["alert_id", "transaction_id"])
    return (
        own.join(_evidence(alerts), on=["alert_id", "transaction_id"], how="anti")
        .sort("alert_id", "amount_local", "transaction_id", descending=[False, True, False])
        .with_columns(pl.int_range(pl.len()).over("alert_id").alias("place"))
    )


def _evidence(alerts: pl.DataFrame) -> pl.DataFrame:
    """`alert_id` and `transaction_id` of the evidence."""
    named = alerts.select("alert_id", pl.col("evidence").alias("transaction_id"))
    return named.explode("transaction_id", empty_as_null=False, keep_nulls=False)


def _beyond(own: pl.DataFrame) -> dict[str, list[Row]]:
    """By alert, the movements that are too many to be listed, summed up by hour and way."""
    summed = (
        own.filter(pl.col("place") >= MOVEMENTS_MAX)
        .group_by(
            "alert_id",
            pl.col("occurred_at").dt.truncate("1h").alias("at"),
            (pl.col("dst") == pl.col("node_id")).alias("is_incoming"),
        )
        .agg(pl.col("amount_local").sum().alias("amount"), pl.len().alias("count"))
        .sort("alert_id", "at", "is_incoming")
    )
    found: dict[str, list[Row]] = defaultdict(list)
    for alert, at, is_incoming, amount, count in summed.iter_rows():
        moment = at.astimezone(UTC).isoformat()
        row = {"at": moment, "is_incoming": is_incoming, "amount": flows.plain(amount), "count": count}
        found[alert].append(row)
    return found


def _movements(lake: Lake, alerts: pl.DataFrame, edges: pl.DataFrame, own: pl.DataFrame, span: Nights) -> pl.DataFrame:
    """What every alert's page lists, in time order, with what the reports say of it.

    That is the evidence, the subject's other movements, and what else the numbers of its reasons are made of.
    """
    far = Nights(span.first - timedelta(days=TRACED_DAYS), span.last)
    evidence = _evidence(alerts).join(edges.select(_MOVED), on="transaction_id")
    drawn = pl.concat(
        [
            evidence.with_columns(is_evidence=pl.lit(value=True)),
            own.filter(pl.col("place") < MOVEMENTS_MAX)
            .select("alert_id", *_MOVED)
            .with_columns(is_evidence=pl.lit(value=False)),
        ]
    ).with_columns(is_drawn=pl.lit(value=True))
    others = _made_of(lake, alerts, far).join(drawn, on=["alert_id", "transaction_id"], how="anti")
    marks = {"is_evidence": pl.lit(value=False), "is_drawn": pl.lit(value=False)}
    moved = pl.concat([drawn, others.with_columns(**marks)])
    told = (
        lake.scan(TRANSACTIONS, far)
        .join(moved.select("transaction_id").unique().lazy(), on="transaction_id", how="semi")
        .select(
            *("transaction_id", "report_key", "is_date_only", "utc_offset_minutes", "channel", "transaction_type"),
            *("description", pl.col("currency_local").alias("currency"), pl.col("received_on").alias("known_on")),
        )
        .collect()
    )
    return moved.join(told, on="transaction_id", how="left").sort("alert_id", "occurred_s", "transaction_id")


def _made_of(lake: Lake, alerts: pl.DataFrame, far: Nights) -> pl.DataFrame:
    """The transactions that the reasons link to, by alert."""
    rows = alerts.select("alert_id", "reasons").iter_rows()
    linked = {(alert, name) for alert, text in rows for reason in from_json(text) for name in reason.evidence}
    named = pl.DataFrame(sorted(linked), schema={"alert_id": pl.String, "transaction_id": pl.String}, orient="row")
    wanted = named.select("transaction_id").unique().lazy()
    edges = lake.scan(EDGES, far).join(wanted, on="transaction_id", how="semi").select(_MOVED).collect()
    return named.join(edges.unique("transaction_id"), on="transaction_id")


def _nodes(lake: Lake, node_ids: Iterable[int], nights: Nights) -> dict[int, Row]:
    """Each node as last described."""
    wanted = pl.DataFrame({"node_id": sorted(node_ids)}, schema={"node_id": pl.Int64})
    facts = ("node_key", "name", "kind", "holder_kind", "institution", "country", "territory")
    described = (
        lake.scan(NODES, nights)
        .join(wanted.lazy(), on="node_id", how="semi")
        .select("node_id", "received_on", *facts)
        .collect()
        .sort("received_on", "node_key")
        .group_by("node_id")
        .agg(*(pl.col(name).drop_nulls().last() for name in facts), pl.col("received_on").max().alias("described_on"))
    )
    found = {row["node_id"]: row for row in described.iter_rows(named=True)}
    return {node: found.get(node, _unknown(node, nights.last)) for node in wanted["node_id"]}


def _unknown(node: int, night: date) -> Row:
    named = {"node_id": node, "node_key": f"node {node}", "kind": "account", "described_on": night}
    return {**named, **dict.fromkeys(("name", "holder_kind", "institution", "country", "territory"))}


def _naming_reports(lake: Lake, alerts: pl.DataFrame, nodes: Mapping[int, Row], nights: Nights) -> dict[str, set[str]]:
    """By alert, the reports of suspicion that name its subject, as account or as party."""
    keys = pl.DataFrame(
        [{"alert_id": alert, "node_key": nodes[node]["node_key"]} for alert, node in _ids(alerts)],
        schema={"alert_id": pl.String, "node_key": pl.String},
    )
    suspicion = lake.scan(REPORTS, nights).filter(pl.col("report_class") == "suspicion").select("report_key")
    found = pl.concat(
        [
            lake.scan(table, nights)
            .join(keys.lazy().select("node_key").unique(), on="node_key", how="semi")
            .select("node_key", "report_key")
            .join(suspicion, on="report_key", how="semi")
            .collect()
            for table in (ACCOUNTS, PARTIES)
        ]
    ).unique()
    named: dict[str, set[str]] = defaultdict(set)
    for alert, key in found.join(keys, on="node_key").select("alert_id", "report_key").iter_rows():
        named[alert].add(key)
    return named


def _ids(alerts: pl.DataFrame) -> Iterable[tuple[str, int]]:
    return alerts.select("alert_id", "node_id").iter_rows()


def _contents(
    alerts: pl.DataFrame,
    movements: pl.DataFrame,
    pictures: Mapping[str, Row],
    nodes: Mapping[int, Row],
    naming: Mapping[str, set[str]],
) -> dict[str, Content]:
    moved = movements.partition_by("alert_id", as_dict=True)
    made = {}
    for row in alerts.iter_rows(named=True):
        alert = row["alert_id"]
        rows = moved.get((alert,), movements.clear())
        named = {row["node_id"], *rows["src"], *rows["dst"], *flows.node_ids(pictures[alert])}
        naming_it = naming.get(alert, set())
        shown = {str(node): _shown(nodes[node]) for node in sorted(named)}
        shown[str(row["node_id"])]["named_in"] = sorted(naming_it)
        made[alert] = Content(
            reasons=[{**vars(reason), "evidence": list(reason.evidence)} for reason in from_json(row["reasons"])],
            missing_data=[name for name in row["missing_data"].split(",") if name],
            evidence=list(row["evidence"]),
            movements=[_movement(item) for item in rows.iter_rows(named=True)],
            flow=pictures[alert],
            nodes=shown,
            reports=_report_counts(rows, naming_it),
        )
    return made


def _movement(row: Row) -> Row:
    same = ("transaction_id", "is_date_only", "utc_offset_minutes", "src", "dst", "channel", "is_evidence", "is_drawn")
    told = ("report_key", "transaction_type", "description", "currency")
    moment = row["occurred_at"].astimezone(UTC).isoformat()
    return {
        **{name: row[name] for name in (*same, *told)},
        "occurred_at": moment,
        "amount": flows.plain(row["amount_local"]),
    }


def _shown(node: Row) -> Row:
    told = {name: node[name] for name in ("kind", "holder_kind", "institution", "country", "territory")}
    return {"name": node["name"] or node["node_key"], "key": node["node_key"], **told}


def _report_counts(movements: pl.DataFrame, naming: set[str]) -> dict[str, int]:
    """Reports of an alert with their share of the evidence: those that name the subject, then those with most of it."""
    counted = movements.filter("is_evidence").drop_nulls("report_key").group_by("report_key").len()
    counts = dict.fromkeys(sorted(naming), 0) | dict(counted.sort("len", "report_key", descending=[True, False]).rows())
    order = sorted(counts, key=lambda key: (key not in naming, -counts[key], key))
    return {key: counts[key] for key in order[:REPORTS_MAX]}


def _parties(alert: Row, content: Content) -> list[int]:
    """The subjects under which an alert is found: its own, then those of the evidence, largest movements first."""
    largest = sorted(
        (movement for movement in content.movements if movement["is_evidence"]),
        key=lambda movement: (-float(movement["amount"]), movement["transaction_id"]),
    )
    named = dict.fromkeys([alert["node_id"], *(node for m in largest for node in (m["src"], m["dst"]))])
    return list(named)[: PARTIES_MAX + 1]


def _subjects(
    lake: Lake, nodes: Mapping[int, Row], own: set[int], found: set[int], report_keys: set[str], span: Nights
) -> dict[int, SubjectFacts]:
    described = _described(lake, {nodes[node]["node_key"] for node in own}, report_keys, span)
    made = {}
    for node in sorted(found | own):
        row = nodes[node]
        details = described.get(row["node_key"], {})
        made[node] = SubjectFacts(node, row, details, _terms(row, details))
    return made


_PARTY_FACTS = (
    *("name", "kind", "birth_date", "national_id", "id_number", "passport_number", "passport_country", "tax_number"),
    *("incorporation_number", "incorporation_country", "incorporated_on", "legal_form", "phone", "email", "address"),
    *("city", "territory", "country", "residence", "occupation"),
)
_ACCOUNT_FACTS = (
    *("account_number", "iban", "institution_name", "institution_code", "branch", "currency", "account_name"),
    *("account_type", "opened_on", "closed_on", "balance", "balance_at", "status_code", "client_number", "beneficiary"),
)
_NUMBERS = (
    *("national_id", "id_number", "passport_number", "tax_number", "incorporation_number", "phone", "account_number"),
    *("iban", "client_number"),
)


def _described(lake: Lake, node_keys: set[str], report_keys: set[str], span: Nights) -> dict[str, Row]:
    """By node_key what the reports say of an account or a party, newest last; of an account also who holds it."""
    reports = pl.LazyFrame({"report_key": sorted(report_keys)}, schema={"report_key": pl.String})
    keys = pl.LazyFrame({"node_key": sorted(node_keys)}, schema={"node_key": pl.String})
    accounts = lake.scan(ACCOUNTS, span).join(reports, on="report_key", how="semi").collect()
    parties = lake.scan(PARTIES, span).join(reports, on="report_key", how="semi").collect()
    holds = (
        lake.scan(ROLES, span)
        .join(reports, on="report_key", how="semi")
        .filter(pl.col("subject_kind") == "party", pl.col("of_kind") == "account")
        .select("report_key", "role", pl.col("subject_ordinal").alias("ordinal"), "of_ordinal")
        .collect()
    )
    mine = accounts.join(keys.collect(), on="node_key", how="semi")
    holders = (
        mine.select(
            "report_key", "received_on", pl.col("ordinal").alias("of_ordinal"), pl.col("node_key").alias("held")
        )
        .join(holds, on=["report_key", "of_ordinal"])
        .join(parties.drop("received_on"), on=["report_key", "ordinal"])
        .sort("received_on", "node_key")
        .unique(["held", "node_key", "role"], keep="last", maintain_order=True)
    )
    told: dict[str, Row] = defaultdict(dict)
    for row in mine.sort("received_on", "report_key", "ordinal").iter_rows(named=True):
        told[row["node_key"]].update(_given(row, _ACCOUNT_FACTS))
    for row in parties.join(keys.collect(), on="node_key", how="semi").sort("received_on").iter_rows(named=True):
        told[row["node_key"]].update(_given(row, _PARTY_FACTS))
    for row in holders.iter_rows(named=True):
        told[row["held"]].setdefault("holders", []).append({"part": row["role"], **_given(row, _PARTY_FACTS)})
    return dict(told)


def _given(row: Row, names: Sequence[str]) -> Row:
    return {name: str(row[name]) for name in names if row[name] not in (None, "")}


def _terms(node: Row, details: Row) -> frozenset[tuple[str, str]]:
    """Terms that find a subject: its names in any script, its numbers, and those of whoever holds it."""
    people = [details, *details.get("holders", [])]
    names = {node["name"], *(p.get("name") for p in people), details.get("account_name")} - {None}
    numbers = {person[name] for person in people for name in _NUMBERS if name in person}
    numbers.add(str(node["node_key"]).rsplit(":", 1)[-1].split("|")[0])
    terms = {("name", key) for name in names for key in spelling.name_keys(str(name))}
    terms |= {("exact", word) for name in names for word in spelling.exact_words(str(name))}
    terms |= {("number", key) for number in numbers if len(key := spelling.number_key(number)) >= 4}
    return frozenset(terms)


def _reports(lake: Lake, keys: set[str], nights: Nights) -> dict[str, Row]:
    wanted = pl.LazyFrame({"report_key": sorted(keys)}, schema={"report_key": pl.String})
    rows = lake.scan(REPORTS, nights).join(wanted, on="report_key", how="semi").collect().sort("report_key")
    codes = lake.scan(INDICATORS, nights).join(wanted, on="report_key", how="semi").collect().sort("report_key", "code")
    by_report: dict[str, list[str]] = defaultdict(list)
    for key, code in codes.select("report_key", "code").iter_rows():
        by_report[key].append(code)
    return {
        row["report_key"]: {**row, "indicators": by_report[row["report_key"]]} for row in rows.iter_rows(named=True)
    }


def typologies(content: Content) -> list[str]:
    """The typologies among an alert's reasons, sorted."""
    return sorted({reason["source"] for reason in content.reasons} - {MODEL})


def lead_features(content: Content) -> list[str]:
    """What the two strongest reasons of an alert that no typology found are about, sorted; nothing where one did."""
    return [] if typologies(content) else sorted({str(reason["code"]) for reason in content.reasons[:2]} - {""})
