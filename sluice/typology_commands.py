"""`sluice typologies`: what a person types to read the catalogue, try it and tune it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.engine import TooManyRows
from pipelines.home import Home, UserError, open_home
from pipelines.lake import Lake, Nights
from pipelines.tables import HITS, TYPOLOGY_RUNS
from sluice import screen
from sluice.days import DAY, require_order

if TYPE_CHECKING:
    from features.typology import Typology
    from features.typology.catalogue import Parameter

_FIRST = click.option("--from", "first", type=DAY, help="First night.  [default: 30 nights before the last]")
_LAST = click.option("--to", "last", type=DAY, help="Last night.  [default: the last day with reports]")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_NIGHTS = 30
_MORE_ROWS = "Raise memory_limit_gb or stage_rows_max in the settings, or lower its hub_cap where it has one."
_FACTORS = (0.5, 0.75, 1.25, 1.5, 2.0)


@click.group(invoke_without_command=True)
@click.pass_context
def typologies(ctx: click.Context) -> None:
    """Read the typologies in force, try them over past nights, and tune their parameters before they are put in force.

    \b
      sluice typologies list                                  every typology, and what became of it on the newest night
      sluice typologies show DRP-01                           one in full: words, parameters, data, hits
      sluice typologies run DRP-01 NET-03 --from 2025-04-01   what they find over past nights; nothing is written
      sluice typologies tune DRP-01 payers_day --values 6,8,10,12,15
                                                              how many hits each value would have given

    A parameter is put in force by an FIU in the typology's TOML file (features/typologies/), under its country.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(typologies_list)


@typologies.command("list")
@_JSON
def typologies_list(*, as_json: bool) -> None:
    """List the typologies: name, theme, parameters of the country, source, and what became of each last night."""
    from features import typology

    home = open_home()
    country = home.settings.country
    became = _newest_night(Lake(home.lake))
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "id": item.id,
                        "name_en": item.name_en,
                        "name_ru": item.name_ru,
                        "theme": item.theme,
                        "parameters": item.parameters_for(country),
                        **became.get(item.id, {}),
                    }
                    for item in typology.catalogue()
                ],
                ensure_ascii=False,
                default=str,
            )
        )
        return
    title = f"Typologies: {len(typology.catalogue())}, parameters of {country}"
    shown = screen.table(title, "id", "name", "theme", "parameters", "newest night")
    for item in typology.catalogue():
        parameters = ", ".join(f"{name}={_number(value)}" for name, value in item.parameters_for(country).items())
        screen.row(shown, item.id, f"{item.name_en} / {item.name_ru}", item.theme, parameters, _said(became, item.id))
    screen.out.print(shown)
    screen.out.print("Next: sluice typologies show DRP-01")


def _newest_night(lake: Lake) -> dict[str, dict[str, object]]:
    """What became of each typology on the newest night that is computed."""
    known = lake.nights(TYPOLOGY_RUNS)
    if not known:
        return {}
    rows = lake.read(TYPOLOGY_RUNS, Nights.of(known[-1]))
    columns = ("received_on", "status", "missing_data", "hit_count")
    return {row["typology_id"]: {name: row[name] for name in columns} for row in rows.iter_rows(named=True)}


def _said(became: Mapping[str, Mapping[str, object]], identifier: str) -> str:
    told = became.get(identifier)
    if told is None:
        return "not run yet"
    if told["status"] == "data_missing":
        return f"data missing: {told['missing_data']}"
    if told["status"] == "too_many_rows":
        return f"too many rows on {told['received_on']}: left out; raise memory_limit_gb or stage_rows_max"
    if told["status"] == "not_in_force":
        return "not in force"
    lacked = f"; without {told['missing_data']}" if told["missing_data"] else ""
    return f"{told['hit_count']} hits on {told['received_on']}{lacked}"


@typologies.command("show")
@click.argument("typology_id", metavar="ID")
@_JSON
def typologies_show(typology_id: str, *, as_json: bool) -> None:
    """Show typology ID in full: its words, its parameters per country, its data and whether it is loaded, its hits.

    \b
    Example:
      sluice typologies show CSH-03
    """
    from features import typology

    home = open_home()
    lake, country = Lake(home.lake), home.settings.country
    (item,) = _named([typology_id])
    data = {name: _loaded(lake, name) for name in (*item.data_required, *item.data_optional)}
    became = _newest_night(lake)
    if as_json:
        countries = {place: dict(values) for place, values in item.by_country.items()}
        texts = ("name_en", "name_ru", "sentence_en", "sentence_ru", "theme", "predicate", "source", "notes")
        told = {
            "id": item.id,
            "version": item.version,
            **{name: getattr(item, name) for name in texts},
            "parameters": item.parameters_for(country),
            "country": country,
            "by_country": countries,
            "data": data,
            "signs": item.signs,
            "newest_night": became.get(item.id),
        }
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    out = screen.out
    out.print(f"{item.id}  {item.name_en} / {item.name_ru}", style="bold")
    out.print(f"version {item.version}, theme {item.theme}, predicates {item.predicate}, {item.approved_by}")
    out.print(f"in force from {item.valid_from}" + (f" to {item.valid_to}" if item.valid_to else ""))
    out.print(f"source: {item.source}")
    out.print(f"\n  {typology.outline(item.sentence_en)}\n  {typology.outline(item.sentence_ru)}\n")
    if item.notes:
        out.print(f"{item.notes}\n")
    _print_parameters(item, country)
    shown = screen.table("Data", "table", "needed", "loaded")
    for name, loaded in data.items():
        screen.row(shown, name, "always" if name in item.data_required else "if loaded", loaded)
    out.print(shown)
    if item.signs:
        out.print(f"It counts the hits of {', '.join(item.signs)}.")
    out.print(f"Newest night: {_said(became, item.id)}")
    if became.get(item.id):
        _print_hits(lake, item)
    tunable = [name for name, value in item.parameters.items() if not isinstance(value, str)]
    if tunable:
        out.print(f"Next: sluice typologies tune {item.id} {tunable[0]}")


def _print_parameters(item: "Typology", country: str) -> None:
    others = [place for place in item.by_country if place != country]
    shown = screen.table("Parameters", "parameter", f"in force ({country})", *others, right=(f"in force ({country})",))
    in_force = item.parameters_for(country)
    elsewhere = [item.parameters_for(place) for place in others]
    for name, value in in_force.items():
        screen.row(shown, name, _number(value), *(_number(values[name]) for values in elsewhere))
    if in_force:
        screen.out.print(shown)
    if item.money:
        screen.out.print(f"{', '.join(item.money)}: sums in the country's currency.")


def _print_hits(lake: Lake, item: "Typology", most: int = 5) -> None:
    from features import typology

    newest = lake.nights(TYPOLOGY_RUNS)[-1]
    hits = lake.read(HITS, Nights.of(newest))
    found = hits.filter(hits["typology_id"] == item.id).sort("strength", "hit_id", descending=[True, False])
    for hit in found.head(most).iter_rows(named=True):
        screen.out.print(f"  {hit['strength']:.2f}  {typology.sentence(hit, 'en')}")


def _loaded(lake: Lake, name: str) -> str:
    from review import nightly

    table = next(table for table in nightly.TABLES if table.name == name)
    nights = lake.nights(table)
    if not nights:
        return "no" if name not in _side_names() else f"no: sluice side load {name} FILE"
    return f"{nights[0]} to {nights[-1]}"


def _side_names() -> set[str]:
    from pipelines.side_tables import BY_NAME

    return set(BY_NAME)


@typologies.command("run")
@click.argument("typology_ids", nargs=-1, required=True, metavar="ID...")
@_FIRST
@_LAST
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Most hits to show.")
@_JSON
def typologies_run(
    typology_ids: tuple[str, ...], first: datetime | None, last: datetime | None, limit: int, *, as_json: bool
) -> None:
    """Try typologies over past nights, with the parameters in force. Nothing is written.

    Each night sees what was known on its day. The strongest hits come first.

    \b
    Examples:
      sluice typologies run DRP-01 DRP-04 --from 2025-04-01 --to 2025-04-30
      sluice typologies run DRUG-SHOP --json > shops.json
    """
    from features import typology

    home = open_home()
    lake, chosen = Lake(home.lake), _named(typology_ids)
    nights = _period(home, first, last)
    with screen.bars() as tell:
        found = typology.find(lake, nights, home.settings, chosen, tell)
    for one in found.left_out:
        screen.err.print(f"{one.typology_id} left out on {one.night}: {one.message}. {_MORE_ROWS}")
    hits = found.hits
    ranked = hits.sort("strength", "received_on", "hit_id", descending=[True, False, False])
    if as_json:
        rows = [
            {**row, "sentence_en": typology.sentence(row, "en"), "sentence_ru": typology.sentence(row, "ru")}
            for row in ranked.iter_rows(named=True)
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    shown = screen.table(
        f"Nights {nights}: {hits.height} hits", "id", "hits", "subjects", "nights", "data", right=("hits", "subjects")
    )
    for item in chosen:
        own = hits.filter(hits["typology_id"] == item.id)
        covered = typology.coverage(lake, nights, item)
        left_out = [one for one in found.left_out if one.typology_id == item.id]
        ran = f"{covered.ran - len(left_out)} of {covered.nights}"
        data = f"left out on {len(left_out)}: too many rows" if left_out else _lacks(covered)
        screen.row(shown, item.id, screen.number(own.height), screen.number(own["node_id"].n_unique()), ran, data)
    screen.out.print(shown)
    if ranked.height:
        listed = screen.table(f"The strongest {min(limit, ranked.height)}", "night", "id", "strength", "what it says")
        for hit in ranked.head(limit).iter_rows(named=True):
            words = typology.sentence(hit, "en")
            screen.row(listed, str(hit["received_on"]), hit["typology_id"], f"{hit['strength']:.2f}", words)
        screen.out.print(listed)


def _lacks(covered: object) -> str:
    missing: Sequence[str] = getattr(covered, "missing", ())
    return f"missing: {', '.join(missing)} (sluice side load)" if missing else "complete"


@typologies.command("tune")
@click.argument("typology_id", metavar="ID")
@click.argument("parameter", metavar="PARAM")
@click.option("--values", help="Values to try, separated by commas.  [default: around the value in force]")
@_FIRST
@_LAST
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Also draw the table as an SVG file.")
@_JSON
def typologies_tune(
    typology_id: str,
    parameter: str,
    values: str | None,
    first: datetime | None,
    last: datetime | None,
    plot: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show how many hits each value of PARAM of typology ID would have given. Nothing is written.

    Sums of money are in the country's currency. The value in force is always among those shown. Where analysts have
    decided alerts, the hits on subjects that they confirmed are counted apart: a good value loses few of them and
    many of the others.

    \b
    Examples:
      sluice typologies tune DRP-01 payers_day --values 6,8,10,12,15 --from 2025-04-01 --to 2025-04-30
      sluice typologies tune CSH-01 share_min --plot structuring.svg
    """
    from features import typology
    from sluice import trial_plot

    home = open_home()
    lake = Lake(home.lake)
    (item,) = _named([typology_id])
    nights = _period(home, first, last)
    tried = _values(item, parameter, values, home.settings.country)
    if plot and not plot.absolute().parent.is_dir():
        raise UserError(f"The folder of {plot} does not exist. Make it, or name another file with --plot.")
    try:
        with screen.bars() as tell:
            trials = typology.tune(lake, nights, home.settings, item, parameter, tried, tell)
    except TooManyRows as error:
        raise UserError(f"{error}. {_MORE_ROWS}") from None
    except ValueError as error:
        raise UserError(f"{error}. See: sluice typologies show {item.id}") from None
    covered = typology.coverage(lake, nights, item)
    title = f"{item.id} {item.name_en}: {parameter}"
    if plot:
        span = f"nights {nights} ({covered.ran} of {covered.nights} ran), {home.settings.country}"
        plot.write_text(trial_plot.svg(title, span, trials), encoding="utf-8")
    if as_json:
        told = {"typology_id": item.id, "parameter": parameter, "from": nights.first, "to": nights.last}
        told |= {"nights_ran": covered.ran, "missing": covered.missing, "trials": [asdict(trial) for trial in trials]}
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    decided = typology.has_outcomes(lake)
    columns = ("value", "hits", "a night", "subjects", *(("confirmed hits", "confirmed subjects") if decided else ()))
    shown = screen.table(f"{title}, nights {nights}", *columns, "", right=columns)
    for trial, bar in zip(trials, trial_plot.bars(trials), strict=True):
        cells = [_number(trial.value), screen.number(trial.hits), f"{trial.hits_a_night:.1f}"]
        cells.append(screen.number(trial.subjects))
        if decided:
            cells += [screen.number(trial.confirmed_hits), screen.number(trial.confirmed_subjects)]
        mark = "  \N{LEFTWARDS ARROW} in force" if trial.is_in_force else ""
        screen.row(shown, *cells, bar + mark)
    screen.out.print(shown)
    if covered.missing:
        screen.out.print(f"It ran on {covered.ran} of {covered.nights} nights; data {_lacks(covered)}.")
    if not decided:
        screen.out.print("No alert is confirmed yet, so that it can't be said which hits were right.")
    if plot:
        screen.out.print(f"Drawn: {plot}")


def _named(identifiers: Sequence[str]) -> list["Typology"]:
    """The typologies of these ids, each once.

    Raises:
        UserError: no typology has an id.
    """
    from features import typology

    known = typology.by_id()
    asked = [identifier.strip().upper() for identifier in identifiers]
    unknown = sorted({identifier for identifier in asked if identifier not in known})
    if unknown:
        raise UserError(f"No typology is named {', '.join(unknown)}. See: sluice typologies list")
    return [known[identifier] for identifier in dict.fromkeys(asked)]


def _period(home: Home, first: datetime | None, last: datetime | None) -> Nights:
    """The nights from `first` to `last`; where they are not given, the last 30 nights with reports.

    Raises:
        UserError: the range is empty, lies in the future, or the lake has no report.
    """
    from review import nightly

    known = nightly.nights_with_reports(home)
    if known is None:
        raise UserError("The lake holds no report yet. Take some in first: sluice ingest PATH.")
    today = datetime.now(UTC).date()
    end = last.date() if last else known.last
    start = first.date() if first else max(known.first, end - timedelta(days=_NIGHTS - 1))
    for day in (start, end):
        if not date(1900, 1, 1) <= day <= today:
            raise UserError(f"{day} is not between 1900-01-01 and today, {today} (UTC). Correct --from or --to.")
    require_order(first, last, start, end, because="where the reports begin or end")
    return Nights(start, end)


def _values(item: "Typology", name: str, text: str | None, country: str) -> list["Parameter"]:
    """The values to try: those given, or some around the value in force.

    Raises:
        UserError: the typology has no such parameter, or a value is no number.
    """
    in_force = item.parameters_for(country)
    if name not in in_force:
        known = ", ".join(in_force) or "no parameter"
        raise UserError(f"{item.id} has no parameter {name}; it has {known}. See: sluice typologies show {item.id}")
    value = in_force[name]
    if isinstance(value, str):
        raise UserError(f"{name} of {item.id} is a text, not a number; only numbers can be tuned.")
    if text is None:
        near = {value * factor for factor in _FACTORS}
        return sorted({max(1, round(other)) for other in near} if isinstance(value, int) else near)
    try:
        numbers = [float(part) for part in text.replace("\N{NO-BREAK SPACE}", "").split(",") if part.strip()]
    except ValueError:
        raise UserError(f"--values {text}: give numbers separated by commas, such as 6,8,10.") from None
    if not numbers or len(numbers) > 50 or any(number != number or abs(number) > 1e15 for number in numbers):
        raise UserError(f"--values {text}: give 1 to 50 numbers separated by commas, such as 6,8,10.")
    return [int(number) if number.is_integer() and isinstance(value, int) else number for number in numbers]


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
