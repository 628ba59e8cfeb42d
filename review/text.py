"""The queue and an alert for a terminal (English or Russian), and as JSON and CSV for machines. Reads no table.

Names come from outside, so they are shown without markup, control characters or changes of direction.
"""

import csv
import io
import json
import unicodedata
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from review.picture import FlowPicture
from review.queue import AlertView, LinkedAlert, QueueRow, QueueView
from review.wording import number

SHORT_ID = 8
_JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_SENTENCE = 110

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "queue": "Queue of {night}",
        "age": " ({age} days old)",
        "rank": "#",
        "alert": "alert",
        "risk": "risk",
        "subject": "subject",
        "entry": "subject, and why",
        "theme": "theme",
        "territory": "territory",
        "amount": "amount",
        "linked": "+n",
        "empty": "No alert here.",
        "cut": "The day's reading ends at rank {capacity}: {within} of these lie above the cut, {below} below it.",
        "totals": "{total} alerts in {leads} groups; {shown} shown.",
        "uncalibrated": "~ marks a risk that is an order, not a probability (cold start).",
        "header": "Alert {alert}, rank {rank} of {night}",
        "family": "family",
        "corridor": "corridor",
        "window": "window (UTC)",
        "worth": "value per minute",
        "minutes": "minutes",
        "reasons": "Why",
        "rules": "rules",
        "model": "model",
        "links": "{count}{among} transactions",
        "among": " of {count}",
        "flow": "Money flow (local currency; two hops in, two out)",
        "evidence": "Evidence: {count}",
        "time": "time (UTC)",
        "from": "from",
        "to": "to",
        "channel": "channel",
        "transaction": "transaction",
        "linked_alerts": "Linked alerts: {count}",
        "missing": "What is missing",
        "nothing_missing": "Nothing that the rules asked for.",
        "provenance": "Night {night}, model {model}, inputs {digest}",
        "others": "+{count} others",
        "no_flow": "No other known movement in the window.",
    },
    "ru": {
        "queue": "Очередь за {night}",
        "age": " (возраст в днях: {age})",
        "rank": "№",
        "alert": "сигнал",
        "risk": "риск",
        "subject": "субъект",
        "entry": "субъект и почему",
        "theme": "тема",
        "territory": "территория",
        "amount": "сумма",
        "linked": "+n",
        "empty": "Здесь нет сигналов.",
        "cut": "Чтение дня кончается на месте {capacity}: из этих сигналов выше черты {within}, ниже — {below}.",
        "totals": "Сигналов: {total}, групп: {leads}; показано: {shown}.",
        "uncalibrated": "~ отмечает риск, который задаёт порядок и не является вероятностью (холодный старт).",
        "header": "Сигнал {alert}, место {rank} за {night}",
        "family": "семейство",
        "corridor": "коридор",
        "window": "период (UTC)",
        "worth": "ценность минуты",
        "minutes": "минут",
        "reasons": "Почему",
        "rules": "правила",
        "model": "модель",
        "links": "операций: {count}{among}",
        "among": " из {count}",
        "flow": "Движение денег (местная валюта; два шага до и после)",
        "evidence": "Операции: {count}",
        "time": "время (UTC)",
        "from": "от кого",
        "to": "кому",
        "channel": "канал",
        "transaction": "операция",
        "linked_alerts": "Связанные сигналы: {count}",
        "missing": "Чего не хватает",
        "nothing_missing": "Всё, что нужно правилам, есть.",
        "provenance": "Ночь {night}, модель {model}, входы {digest}",
        "others": "+{count} др.",
        "no_flow": "Других известных движений за период нет.",
    },
}


THEMES_RU = {
    "DRUG-SYN": "синтетические наркотики",
    "DRUG-OPI": "опиаты",
    "DRUG-PREC": "прекурсоры",
    "DRUG-SHOP": "интернет-магазины наркотиков",
    "CORR": "коррупция",
    "FRAUD-CYBER": "кибермошенничество",
    "TAX-CASHOUT": "обналичивание и налоги",
    "TRADE": "внешняя торговля",
    "TF": "финансирование терроризма",
    "PF": "финансирование ОМУ",
    "VA": "виртуальные активы",
    "OTHER": "прочие тематики",
}
CHANNELS_RU = {
    "card": "карта",
    "cash": "наличные",
    "transfer": "перевод",
    "wire": "банковский перевод",
    "wallet": "кошелёк",
    "crypto": "виртуальные активы",
    "cheque": "чек",
    "remittance": "денежный перевод",
}
"""Codes in Russian, as the console's catalogue has them, which a terminal does without; a test holds both together."""


def clean(text: str) -> str:
    """Text from outside without control characters, line breaks or marks that change the direction of writing."""
    kept = (c for c in " ".join(text.split()) if c in _JOINERS or unicodedata.category(c) not in _HIDDEN)
    return "".join(kept)


def first_sentence(text: str) -> str:
    """The first sentence of a reason, cut at a word's end where it is long."""
    whole = clean(text)
    end = whole.find(". ")
    sentence = whole if end < 0 else whole[: end + 1]
    if len(sentence) <= _LONGEST_SENTENCE:
        return sentence
    return sentence[:_LONGEST_SENTENCE].rsplit(" ", 1)[0] + "…"


def queue_table(view: QueueView, lang: str = "en") -> RenderableType:
    """The queue as a table with its cut line, and what lies above and below it."""
    words = _WORDS[lang]
    age = words["age"].format(age=view.age_days) if view.age_days else ""
    title = Text(words["queue"].format(night=_day(view.night, lang)) + age, style="bold")
    if not view.rows:
        return Group(title, Text(words["empty"]))
    table = _table(words, "rank", "alert", "risk", "amount", "linked", "entry")
    for position, row in enumerate(view.rows):
        table.add_row(*_queue_cells(row, lang))
        if position + 1 < len(view.rows) and row.rank <= view.capacity < view.rows[position + 1].rank:
            table.add_section()
    return Group(title, table, *(Text(line) for line in _queue_notes(view, words)))


def _queue_cells(row: QueueRow, lang: str) -> list[Text]:
    """Narrow columns, then the subject with its theme and territory and, on a line of its own, the first reason."""
    reason = first_sentence(row.first_reason.ru if lang == "ru" else row.first_reason.en)
    linked = f"+{row.linked_count}" if row.linked_count else ""
    subject = Text(clean(row.subject_name), style="bold")
    subject.append(f"  {_theme(row.theme, lang)} · {clean(row.territory)}", style="not bold dim")
    subject.append(f"\n{reason}", style="not bold")
    cells = (str(row.rank), row.alert_id[:SHORT_ID], _risk(row), _money(row.amount_local), linked)
    return [*(Text(cell) for cell in cells), subject]


def _queue_notes(view: QueueView, words: dict[str, str]) -> list[str]:
    notes = [
        words["totals"].format(total=view.total, leads=view.leads, shown=len(view.rows)),
        words["cut"].format(capacity=view.capacity, within=view.within, below=view.below),
    ]
    uncalibrated = [] if all(row.is_calibrated for row in view.rows) else [words["uncalibrated"]]
    return notes + uncalibrated


def _risk(row: QueueRow | LinkedAlert) -> str:
    """The risk in hundredths, marked where it is no probability."""
    return f"{'' if row.is_calibrated else '~'}{100 * row.risk:.0f}"


def _money(amount: Decimal | None) -> str:
    """The amount in whole units of the local currency."""
    return "" if amount is None else f"{amount:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _table(words: dict[str, str], *columns: str) -> Table:
    table = Table(header_style="bold")
    for column in columns:
        right = column in {"rank", "risk", "amount", "linked"}
        table.add_column(words[column], justify="right" if right else "left", overflow="fold", no_wrap=right)
    return table


def alert_page(view: AlertView, lang: str = "en") -> RenderableType:
    """One alert: what it is, why, how the money flowed, the evidence, and what was missing."""
    words = _WORDS[lang]
    row = view.row
    missing = ", ".join(clean(name) for name in view.missing_data) or words["nothing_missing"]
    made_by = view.provenance
    return Group(
        Text(
            words["header"].format(alert=row.alert_id[:SHORT_ID], rank=row.rank, night=_day(made_by.night, lang)),
            style="bold",
        ),
        _facts(view, lang),
        *_reasons(view, lang),
        _heading(words["flow"]),
        FlowPicture(view.flow, lang, words["others"], words["no_flow"], clean),
        _heading(words["evidence"].format(count=len(view.evidence))),
        _evidence(view, lang),
        *_linked(view, lang),
        _heading(words["missing"]),
        Text(missing),
        Text(
            words["provenance"].format(
                night=_day(made_by.night, lang), model=clean(made_by.model_id), digest=made_by.inputs_digest
            ),
            style="dim",
        ),
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _facts(view: AlertView, lang: str) -> Table:
    words, row = _WORDS[lang], view.row
    facts = {
        "subject": clean(row.subject_name),
        "risk": _risk(row),
        "theme": _theme(row.theme, lang),
        "family": row.family,
        "territory": clean(row.territory),
        "corridor": clean(row.corridor or "–"),
        "amount": _money(row.amount_local),
        "window": f"{_time(view.window_from, lang)} … {_time(view.window_to, lang)}",
        "minutes": number(round(row.minutes), lang),
        "worth": number(row.value_per_minute, lang),
    }
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        grid.add_row(Text(words[name], style="dim"), Text(value))
    return grid


def _reasons(view: AlertView, lang: str) -> list[Text]:
    """Rule reasons and model reasons apart, each strongest first."""
    words = _WORDS[lang]
    lines = [_heading(words["reasons"])]
    for heading, is_model in (("rules", False), ("model", True)):
        chosen = [reason for reason in view.reasons if (reason.source == "model") is is_model]
        if chosen:
            lines.append(Text(f"  {words[heading]}", style="italic"))
        for reason in chosen:
            source = "" if is_model else f"{reason.source}: "
            sentence = clean(reason.ru if lang == "ru" else reason.en)
            count = len(reason.evidence) if reason.rows is None else reason.rows
            among = "" if reason.among is None else words["among"].format(count=number(reason.among, lang))
            links = words["links"].format(count=number(count, lang), among=among)
            lines.append(Text(f"    {reason.weight:.2f}  {source}{sentence}  [{links}]"))
    return lines


def _evidence(view: AlertView, lang: str) -> Table:
    table = _table(_WORDS[lang], "time", "from", "to", "amount", "channel", "transaction")
    for row in view.evidence:
        moment = "" if row.occurred_at is None else _time(row.occurred_at, lang, is_date_only=bool(row.is_date_only))
        names = (clean(row.from_name or "–"), clean(row.to_name or "–"))
        cells = (moment, *names, _money(row.amount_local), _channel(row.channel, lang), clean(row.transaction_id))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _linked(view: AlertView, lang: str) -> list[RenderableType]:
    if not view.linked:
        return []
    words = _WORDS[lang]
    table = _table(words, "rank", "alert", "risk", "subject", "theme", "family")
    for other in view.linked:
        name = clean(other.subject_name)
        cells = (
            str(other.rank),
            other.alert_id[:SHORT_ID],
            _risk(other),
            name,
            _theme(other.theme, lang),
            other.family,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return [_heading(words["linked_alerts"].format(count=len(view.linked))), table]


def _time(moment: datetime, lang: str, *, is_date_only: bool = False) -> str:
    local = moment.astimezone(UTC)
    return _day(local, lang) if is_date_only else f"{_day(local, lang)} {local:%H:%M}"


def _day(day: date, lang: str) -> str:
    """A day in the language's own way, as the console writes it."""
    return day.strftime("%d.%m.%Y" if lang == "ru" else "%Y-%m-%d")


def _theme(code: str, lang: str) -> str:
    return THEMES_RU.get(code, code) if lang == "ru" else code


def _channel(code: str | None, lang: str) -> str:
    return CHANNELS_RU.get(code or "", code or "–") if lang == "ru" else code or "–"


def plain(renderable: RenderableType, width: int = 120) -> str:
    """What a terminal of this width would show, without colours."""
    buffer = io.StringIO()
    Console(file=buffer, width=width, color_system=None, highlight=False, markup=False).print(renderable)
    return buffer.getvalue()


def to_json(view: QueueView | AlertView) -> str:
    """The view as JSON; amounts are text, times are ISO 8601 in UTC."""
    return json.dumps(_plain_values(view), ensure_ascii=False, indent=2)


def _plain_values(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain_values(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain_values(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return decimal_text(value) if isinstance(value, Decimal) else value


def decimal_text(amount: Decimal) -> str:
    """The amount with all its digits, without exponent and trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_csv(view: QueueView | AlertView) -> str:
    """The rows of a queue, or the evidence of an alert, as CSV; a cell that a spreadsheet would run is made text."""
    rows = [_flat(row) for row in (view.rows if isinstance(view, QueueView) else view.evidence)]
    columns = list(rows[0]) if rows else []
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    if columns:
        writer.writeheader()
    writer.writerows({name: guarded(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _flat(row: object) -> dict[str, Any]:
    """One level of plain values; of the first reason, its sentences."""
    values: dict[str, Any] = _plain_values(row)
    reason = values.pop("first_reason", None)
    return {**values, "reason_en": reason["en"], "reason_ru": reason["ru"]} if reason else values


def guarded(value: Any) -> Any:
    """The value, or with a leading apostrophe where a spreadsheet would take the text for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
