"""Broken files for demonstrations and tests: what an intake must survive. Each file's name says what is wrong with it.

Good rows beside bad ones belong to nobody of a world, and their numbers start with BAD, so truth never names them.
"""

import re
import zipfile
from datetime import date
from pathlib import Path

import numpy as np

from synthetic.csv_writer import OPERATOR_COLUMNS, OPERATOR_ID
from synthetic.draw import generator

BOMB_BYTES, BOMB_CHUNK = 200_000_000, 1_000_000
BOMB_STAMP = (2025, 1, 1, 0, 0, 0)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def write_broken(folder: Path, seed: int) -> list[Path]:
    """Write one file of each kind; the paths, sorted.

    Args:
        folder: an inbox with folders named YYYY-MM-DD, of which the last three are used in turn, or a single folder.
        seed: decides numbers and amounts.
    """
    days = sorted(child for child in folder.iterdir() if child.is_dir() and _DAY.fullmatch(child.name))[-3:] or [folder]
    makers = (
        _empty_file,
        _truncated_xml,
        _entity_bomb,
        _zip_bomb,
        _csv_without_a_column,
        _csv_in_wrong_encoding,
        _xml_with_two_bad_transactions,
    )
    rng = generator(seed, "broken")
    return sorted(make(days[turn % len(days)], rng) for turn, make in enumerate(makers))


def _day_of(folder: Path) -> date:
    return date.fromisoformat(folder.name) if _DAY.fullmatch(folder.name) else date(2025, 9, 1)


def _empty_file(folder: Path, rng: np.random.Generator) -> Path:
    path = folder / "broken_empty_file.xml"
    path.write_bytes(b"")
    return path


def _truncated_xml(folder: Path, rng: np.random.Generator) -> Path:
    path = folder / "broken_truncated.xml"
    text = _report(_day_of(folder), "BAD-TRUNC", [_transaction(_day_of(folder), rng, n) for n in range(1, 6)])
    path.write_bytes(text.encode()[: int(len(text.encode()) * 0.7)])
    return path


def _entity_bomb(folder: Path, rng: np.random.Generator) -> Path:
    """Nested entities: some hundred bytes that would grow to a billion characters."""
    path = folder / "broken_doctype_entity_bomb.xml"
    entities = ['<!ENTITY a0 "boom">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)]
    doctype = f"<!DOCTYPE report [{''.join(entities)}]>"
    body = "<report><rentity_id>101</rentity_id><reason>&a8;</reason></report>"
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>{doctype}{body}', encoding="utf-8")
    return path


def _zip_bomb(folder: Path, rng: np.random.Generator) -> Path:
    path = folder / "broken_zip_bomb.zip"
    member = zipfile.ZipInfo("EFT-101.xml", BOMB_STAMP)
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive, archive.open(member, "w") as target:
        for _ in range(BOMB_BYTES // BOMB_CHUNK):
            target.write(bytes(BOMB_CHUNK))
    return path


def _transfer(day: date, rng: np.random.Generator, number: int) -> dict[str, str]:
    people = ("Лугов Иван", "5299000001", "1988-04-02", "RU-OMS", "RU", "Назаров Далер", "A99000002", "1979-11-30")
    values = (
        OPERATOR_ID,
        f"BAD-MT-{day:%y%m%d}-{number}",
        f"{day} 12:{number:02d}:00",
        *people,
        "TJ-DU",
        "TJ",
        f"{rng.integers(1_000, 50_000)}.00",
        "RUB",
    )
    return dict(zip(OPERATOR_COLUMNS, values, strict=True))


def _csv(columns: list[str], rows: list[dict[str, str]]) -> str:
    return "".join(";".join(line) + "\n" for line in [columns, *([row[c] for c in columns] for row in rows)])


def _csv_without_a_column(folder: Path, rng: np.random.Generator) -> Path:
    path = folder / "broken_csv_without_amount.csv"
    rows = [_transfer(_day_of(folder), rng, n) for n in range(1, 6)]
    path.write_text(_csv([c for c in OPERATOR_COLUMNS if c != "amount"], rows), encoding="utf-8")
    return path


def _csv_in_wrong_encoding(folder: Path, rng: np.random.Generator) -> Path:
    path = folder / "broken_csv_in_cp1251.csv"
    rows = [_transfer(_day_of(folder), rng, n) for n in range(11, 16)]
    path.write_bytes(_csv(list(OPERATOR_COLUMNS), rows).encode("cp1251"))
    return path


def _xml_with_two_bad_transactions(folder: Path, rng: np.random.Generator) -> Path:
    """Six transactions: the second has a negative amount, the fifth the 31st of February; four are good."""
    path, day = folder / "broken_two_bad_transactions.xml", _day_of(folder)
    rows = [_transaction(day, rng, n) for n in range(11, 17)]
    rows[1] = _transaction(day, rng, 12, amount="-2500.00")
    rows[4] = _transaction(day, rng, 15, stamp=f"{day.year}-02-31T10:00:00")
    path.write_text(_report(day, "BAD-TWO", rows), encoding="utf-8")
    return path


def _transaction(
    day: date, rng: np.random.Generator, number: int, *, amount: str | None = None, stamp: str | None = None
) -> str:
    drawn = f"{rng.integers(500, 20_000)}.00"
    return (
        f"<transaction><transactionnumber>BAD-{day:%y%m%d}-{number}</transactionnumber>"
        f"<transaction_location>Москва</transaction_location>"
        f"<date_transaction>{stamp or f'{day}T11:{number:02d}:00'}</date_transaction>"
        f"<transmode_code>TRANSFER</transmode_code><amount_local>{amount or drawn}</amount_local>"
        f"<t_from_my_client><from_funds_code>BANKD</from_funds_code>{_account('from', number)}"
        f"<from_country>RU</from_country></t_from_my_client>"
        f"<t_to_my_client><to_funds_code>BANKD</to_funds_code>{_account('to', number + 50)}"
        f"<to_country>RU</to_country></t_to_my_client></transaction>"
    )


def _account(side: str, number: int) -> str:
    return (
        f"<{side}_account><institution_code>SVLURU00</institution_code>"
        f"<account>40817101999999{number:06d}</account><account_name>Образцов Пример</account_name></{side}_account>"
    )


def _report(day: date, reference: str, transactions: list[str]) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<report><rentity_id>101</rentity_id>'
        f"<submission_code>E</submission_code><report_code>EFT</report_code>"
        f"<entity_reference>{reference}-{day:%Y%m%d}</entity_reference>"
        f"<submission_date>{day}T23:55:00</submission_date><currency_code_local>RUB</currency_code_local>"
        f"<reporting_person><first_name>Ольга</first_name><last_name>Ветрова</last_name></reporting_person>"
        f"<location><address_type>BU</address_type><address>пл. Центральная, 1</address><city>Москва</city>"
        f"<country_code>RU</country_code><state>RU-MOW</state></location>{''.join(transactions)}"
        f"<report_indicators><indicator>PEREVOD</indicator></report_indicators></report>\n"
    )
