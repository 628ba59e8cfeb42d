"""The page `docs/typologies.md`, written from the catalogue. Reads no table."""

from collections import Counter

from features import typology
from features.typology import Typology

_HEAD = """# Typologies

Generated from the catalogue (`make docs`). {count} typologies, each a TOML file and its SQL in `features/typologies/`;
`features/typologies/README.md` says how one is written. What a night found, and which typologies lacked data, is in
the tables `hits` and `typology_runs`. To read, try and tune them:

    sluice typologies list
    sluice typologies show DRP-01
    sluice typologies run DRP-01 NET-03 --from 2025-04-01 --to 2025-04-30
    sluice typologies tune DRP-01 payers_day --values 6,8,10,12,15 --plot payers.svg

A strength is 0.5 at the threshold and halves its distance to 1 with every further threshold. Sums of money are in a
default currency and are multiplied by the country's `unit` (`features/typology/countries.toml`) where the country has
no value of its own. No rule uses nationality, ethnicity or religion; age and corridor count only together with
behaviour. Only DRUG-SHOP, which needs several signs, has the theme of the same name. Values are proposals unless the
source is a published list: an FIU sets its own.

Tables in italics may be loaded beside reports (docs/side-tables.md); with an asterisk, a typology runs without them and
says in each hit what it lacked.
"""
_ALWAYS = {"transactions", "reports", "roles", "accounts", "parties", "edges", "nodes"}


def page() -> str:
    """The table of every typology, by theme and number, then each one's words and notes, as Markdown."""
    every = typology.catalogue()
    themes = Counter(item.theme for item in every)
    counted = ", ".join(f"{theme} {count}" for theme, count in sorted(themes.items()))
    rows = [
        f"| [{item.id}](#{item.id.lower()}) | {item.name_en} | {item.theme} | {_parameters(item)} | {_data(item)} "
        f"| {_cell(item.source)} |"
        for item in every
    ]
    head = _HEAD.format(count=len(every))
    table = ["| id | name | theme | parameters | data | source |", "|---|---|---|---|---|---|", *rows, ""]
    return "\n".join([head, f"By theme: {counted}.", "", *table, *(_section(item) for item in every)])


def _parameters(item: Typology) -> str:
    plain = ", ".join(f"`{name}={value}`" for name, value in item.parameters.items())
    return plain or "none"


def _data(item: Typology) -> str:
    required = [name if name in _ALWAYS else f"*{name}*" for name in item.data_required]
    return ", ".join([*required, *(f"*{name}*\\*" for name in item.data_optional)])


def _section(item: Typology) -> str:
    lines = [
        f"## {item.id}",
        "",
        f"**{item.name_en} / {item.name_ru}**",
        "",
        f"- {_cell(typology.outline(item.sentence_en))}",
        f"- {_cell(typology.outline(item.sentence_ru))}",
    ]
    lines += [f"- {place}: {', '.join(f'`{n}={v}`' for n, v in own.items())}" for place, own in item.by_country.items()]
    if item.signs:
        lines.append(f"- counts the hits of {', '.join(item.signs)}")
    if item.money:
        lines.append(f"- sums of money: {', '.join(f'`{name}`' for name in item.money)}")
    return "\n".join([*lines, *(["", item.notes] if item.notes else []), ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
