"""`sluice features`: what a person types to read the features, and to see where a number comes from."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click
from rich.text import Text

from pipelines.home import UserError, open_home
from pipelines.lake import Lake, Nights
from pipelines.tables import Table
from review.wording import quantity
from sluice import screen

TABLES = ("transaction", "account", "graph")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def features() -> None:
    """Read what is measured of transactions and accounts, and where each number comes from.

    \b
      sluice features list --match ring               features by name or meaning
      sluice features show pit_src_out_count_7d       one of them: meaning, window, its values on the newest night
      sluice features explain 64a33d4e                an alert's numbers, with the transactions they are made of
      sluice features cost                            what the last runs cost, stage by stage
    """


@features.command("list")
@click.option("--table", type=click.Choice(TABLES), help="Only features of transactions, accounts, or their graph.")
@click.option("--window", type=click.Choice(["1d", "7d", "30d"]), help="Only features over this window.")
@click.option("--horizon", type=click.Choice(["raw", "pit", "asof", "graph"]), help="Only features of this horizon.")
@click.option("--match", help="Only features whose name or meaning (English or Russian) contains this.")
@_JSON
def list_features(
    table: str | None, window: str | None, horizon: str | None, match: str | None, *, as_json: bool
) -> None:
    """List the features: name, meaning, unit, window, and whether `explain` can trace the number to its transactions.

    \b
    Horizons: raw   the transaction alone
              pit   what had occurred before it
              asof  what was known at the cut-off of the night that learnt of it
              graph the account graph of the week
    """
    from features import catalog, trace

    by_table = {"transaction": catalog.TRANSACTION, "account": catalog.ACCOUNT, "graph": catalog.GRAPH}
    rows = [
        {"table": name, **vars(item), "traceable": trace.traceable(item.name)}
        for name, items in by_table.items()
        for item in items
        if (table is None or name == table)
        and (window is None or item.window == window)
        and (horizon is None or item.horizon == horizon)
        and (match is None or match.lower() in f"{item.name} {item.meaning_en} {item.meaning_ru}".lower())
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = screen.table(f"Features: {len(rows)}", "name", "meaning", "unit", "table", "traceable")
    for row in rows:
        screen.row(shown, row["name"], row["meaning_en"], row["unit"], row["table"], "yes" if row["traceable"] else "")
    screen.out.print(shown)
    count = sum(bool(row["traceable"]) for row in rows)
    screen.out.print(f"Traceable to their transactions: {count} of {len(rows)}.")


@features.command()
@click.argument("name")
@_JSON
def show(name: str, *, as_json: bool) -> None:
    """Show one feature: what it means, in both languages, and how its values lay on the newest night."""
    from features import catalog, trace

    try:
        item = catalog.feature(name)
    except KeyError:
        raise UserError(
            f"There is no feature {name}. {_near(name)}Find one: sluice features list --match WORD."
        ) from None
    lake = Lake(open_home().lake)
    spread = _spread(lake, _table_of(name), name)
    told = {**vars(item), "reason_en": item.reason_en, "reason_ru": item.reason_ru, "traceable": trace.traceable(name)}
    if as_json:
        click.echo(json.dumps({**told, "newest_night": spread}, ensure_ascii=False))
        return
    shown = screen.table(name, "what", "")
    for key in ("meaning_en", "meaning_ru", "unit", "window", "horizon", "source", "reason_en", "reason_ru"):
        screen.row(shown, key.replace("_", " "), told[key])
    screen.row(shown, "traceable", "yes" if told["traceable"] else "no: it is read from where it was computed")
    screen.out.print(shown)
    if spread is None:
        screen.out.print("No night has computed it yet.")
        return
    values = ", ".join(f"{label} {quantity(spread[label], item.unit, 'en')}" for label in _QUANTILES)
    screen.out.print(
        f"On {spread['night']}: {screen.number(spread['rows'])} rows, {spread['missing']} without a value."
    )
    screen.out.print(f"Values: {values}.")


_QUANTILES = {
    "least": 0.0,
    "5 %": 0.05,
    "quarter": 0.25,
    "half": 0.5,
    "three quarters": 0.75,
    "95 %": 0.95,
    "most": 1.0,
}


def _near(name: str) -> str:
    from difflib import get_close_matches

    from features import catalog

    near = get_close_matches(name, [item.name for item in catalog.FEATURES], n=3)
    return f"Did you mean {', '.join(near)}? " if near else ""


def _table_of(name: str) -> Table:
    from features import catalog

    tables = (catalog.TRANSACTION_FEATURES, catalog.ACCOUNT_FEATURES, catalog.ACCOUNT_GRAPH)
    return next(table for table in tables if name in {column.name for column in table.columns})


def _spread(lake: Lake, table: Table, name: str) -> dict[str, Any] | None:
    """Quantiles of a feature's values on the newest night that has some."""
    nights = lake.nights(table)
    if not nights:
        return None
    values = lake.scan(table, Nights.of(nights[-1])).select(name).collect()[name]
    told = values.drop_nulls()
    return {
        "night": nights[-1].isoformat(),
        "rows": len(values),
        "missing": len(values) - len(told),
        **{label: told.quantile(share, "nearest") if len(told) else None for label, share in _QUANTILES.items()},
    }


@features.command()
@click.argument("alert_or_edge")
@click.option("--feature", "named", multiple=True, help="Only this feature; may be given several times.")
@click.option("--all", "every", is_flag=True, help="Every feature of the transaction.")
@click.option("--transactions", type=click.IntRange(1, 200), default=3, show_default=True, help="Most of an alert.")
@click.option("--rows", "most", type=click.IntRange(1), default=15, show_default=True, help="Most rows of a number.")
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="Language of meanings.")
@_JSON
def explain(
    alert_or_edge: str, named: tuple[str, ...], transactions: int, most: int, lang: str, *, every: bool, as_json: bool
) -> None:
    """Show where the numbers behind an alert come from, transaction by transaction.

    ALERT_OR_EDGE is the id of an alert, as `sluice queue` prints it, or of an edge or a transaction. Each number is
    computed once more from what the night knew, with the transactions it is made of; a number that differs from the
    stored one is marked. Of an alert, the features that raised the risk of its riskiest transactions are shown.
    """
    from features import trace
    from review import used

    home = open_home()
    lake = Lake(home.lake)
    told = []
    for one in used.used(lake, alert_or_edge, transactions):
        names = named or (used.every(one.subject) if every else one.features)
        told.append((one, trace.trace(lake, home.settings, one.subject, names)))
    if as_json:
        click.echo(json.dumps([_as_json(one, traces) for one, traces in told], ensure_ascii=False))
        return
    nodes = {node for one, traces in told for node in _nodes(one, traces)}
    keys = {move.report_key for _, traces in told for item in traces if item.found for move in item.found.rows}
    names_of, references = used.names(lake, nodes), used.references(lake, keys)
    for one, traces in told:
        _print_subject(one, names_of, named=bool(named) or every)
        for item in traces:
            _print_trace(item, names_of, references, most, lang)
    wrong = sum(not item.agrees for _, traces in told for item in traces)
    if wrong:
        screen.out.print(
            f"{wrong} numbers differ from what is stored. Run the night again, and tell those who keep Sluice."
        )
        raise click.exceptions.Exit(4)


@features.command()
@_JSON
def cost(*, as_json: bool) -> None:
    """Show what each step of a night cost when it ran last, stage by stage: rows, seconds and memory."""
    from review.costs import read_costs

    costs = read_costs(open_home())
    if as_json:
        click.echo(json.dumps([vars(item) for item in costs]))
        return
    if not costs:
        raise UserError("No run has left its costs yet. Run a night first: sluice night --date YYYY-MM-DD.")
    numbers = ("rows", "seconds", "MB")
    shown = screen.table("", "step", "stage", *numbers, right=numbers)
    for item in costs:
        cells = (screen.number(item.rows), f"{item.seconds:.2f}", f"{item.memory_mb:.0f}")
        step = "" if item.stage else f"{item.step}\n{item.nights}"
        screen.row(shown, step, item.stage, *cells)
    screen.out.print(shown)


def _nodes(one: Any, traces: Iterable[Any]) -> set[int]:
    found = {one.subject.row["src"], one.subject.row["dst"]}
    for item in traces:
        if item.found:
            found |= {node for move in item.found.rows for node in (move.src, move.dst)} | set(item.found.nodes)
    return found


def _print_subject(one: Any, names_of: dict[int, str], *, named: bool) -> None:
    row = one.subject.row
    when = datetime.fromtimestamp(row["occurred_s"], UTC)
    ends = " to ".join(names_of.get(row[end], str(row[end])) for end in ("src", "dst"))
    risk = f", risk {100 * one.risk:.0f}" if one.risk is not None else ""
    screen.out.print(Text.assemble("\n", (f"Transaction {row['transaction_id']}", "bold"), f" (edge {row['edge_id']})"))
    screen.out.print(
        f"  {when:%Y-%m-%d %H:%M} UTC, {screen.number(row['raw_amount'])}, {ends}; learnt on {one.subject.night}{risk}"
    )
    if not one.is_named and not named:
        screen.out.print("  No model's explanation names features of it; these are the usual ones.")


def _print_trace(item: Any, names_of: dict[int, str], references: dict[str, str], most: int, lang: str) -> None:
    meaning = item.feature.meaning_ru if lang == "ru" else item.feature.meaning_en
    value = quantity(item.stored, item.feature.unit, "ru" if lang == "ru" else "en")
    screen.out.print(Text.assemble("\n", (f"{meaning}: {value}", "bold"), f"  {item.feature.name}"))
    since = f"; later than {item.window_from:%Y-%m-%d %H:%M}, up to {item.window_to:%Y-%m-%d %H:%M} UTC"
    screen.out.print(f"  {item.source}{since if item.window_from else ''}")
    if item.found is None:
        screen.out.print("  read from where it was computed; not recomputed here")
        return
    if item.agrees:
        screen.out.print(f"  recomputed from {len(item.found.rows)} transactions: the same")
    else:
        screen.out.print(Text(f"  DIFFERS: recomputed {item.found.value}, stored {item.stored}", style="bold red"))
    if item.found.note:
        screen.out.print(f"  {item.found.note}")
    if item.found.nodes:
        some = ", ".join(names_of.get(node, str(node)) for node in item.found.nodes[:most])
        screen.out.print(f"  accounts: {some}{_more(len(item.found.nodes), most)}")
    if not item.found.rows:
        return
    shown = screen.table("", "edge", "when (UTC)", "amount", "payer", "receiver", "report", right=("amount",))
    for move in sorted(item.found.rows, key=lambda move: move.place)[:most]:
        screen.row(
            shown,
            str(move.edge_id),
            f"{datetime.fromtimestamp(move.occurred_s, UTC):%Y-%m-%d %H:%M}",
            f"{move.cents / 100:,.2f}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
            names_of.get(move.src, str(move.src)),
            names_of.get(move.dst, str(move.dst)),
            references.get(move.report_key, move.report_key),
        )
    screen.out.print(shown)
    if len(item.found.rows) > most:
        screen.out.print(f"  {_more(len(item.found.rows), most).strip()} (--rows)")


def _more(count: int, most: int) -> str:
    return f" and {count - most} more" if count > most else ""


def _as_json(one: Any, traces: Iterable[Any]) -> dict[str, Any]:
    row = one.subject.row
    return {
        "transaction_id": row["transaction_id"],
        "edge_id": row["edge_id"],
        "night": one.subject.night.isoformat(),
        "risk": one.risk,
        "features": [
            {
                "feature": item.feature.name,
                "stored": item.stored,
                "recomputed": item.found.value if item.found else None,
                "agrees": item.agrees,
                "is_traceable": item.found is not None,
                "source": item.source,
                "window_from": item.window_from.isoformat() if item.window_from else None,
                "window_to": item.window_to.isoformat(),
                "note": item.found.note if item.found else "",
                "nodes": list(item.found.nodes) if item.found else [],
                "edges": [
                    {
                        "edge_id": move.edge_id,
                        "transaction_id": move.transaction_id,
                        "report_key": move.report_key,
                        "occurred_s": move.occurred_s,
                        "amount": f"{move.cents / 100:.2f}",
                        "src": move.src,
                        "dst": move.dst,
                    }
                    for move in (item.found.rows if item.found else ())
                ],
            }
            for item in traces
        ],
    }
