"""A world's bank reports as goAML 5.x XML: transfers (EFT), cash above the threshold (CTR), suspicion (SAR).

Element names and order are those of the goAML tree. A transaction is written once, by the payer's bank, or by the
receiver's where the payer is no account. SARs are activity reports: they name an account and carry no transaction.
Accounts are described in full where a report first names them, by number and name after that. Holds no chance.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from synthetic.places import BANKS, PHONE_PREFIX, Bank
from synthetic.world import World

Row = dict[str, Any]
FUNDS = {"CARD": "CARDF", "CHEQUE": "CHQ", "CRYPTO": "VASSET", "WALLET": "EMONEY"}
OFFICERS = {
    101: ("Ольга", "Ветрова"),
    102: ("Иван", "Зимин"),
    103: ("Анна", "Каменева"),
    104: ("Олег", "Сухов"),
    105: ("Динара", "Оспанова"),
    106: ("Азамат", "Асанов"),
    107: ("Нигина", "Назарова"),
    108: ("Отабек", "Каримов"),
}
INDICATORS = {"EFT": ("PEREVOD",), "CTR": ("NALPOROG",)}


@dataclass(frozen=True)
class Report:
    """One report to write: whose, of which kind and day, and its rows (transactions, or suspicions for a SAR)."""

    bank: Bank
    code: str
    day: date
    rows: list[Row]

    @property
    def reference(self) -> str:
        """The bank's own reference: unique in a world."""
        number = f"-{self.rows[0]['ordinal']:02d}" if self.code == "SAR" else ""
        return f"{self.code}-{self.bank.code}-{self.day:%Y%m%d}{number}"

    @property
    def file_name(self) -> str:
        """The name of the file as the bank delivers it."""
        return f"{self.reference}.xml"


@dataclass
class Directory:
    """Persons, entities and accounts of a world by number, as the writer needs them."""

    persons: list[Row]
    entities: list[Row]
    accounts: list[Row]
    balance_on: date
    banks: dict[int, Bank] = field(default_factory=lambda: {bank.code: bank for bank in BANKS})

    @classmethod
    def of(cls, world: World) -> "Directory":
        """The directory of a world; balances are those of the day before its first."""
        persons, entities, accounts = (f.to_dicts() for f in (world.persons, world.entities, world.accounts))
        return cls(persons, entities, accounts, world.first_day - timedelta(days=1))


def reports_of(world: World) -> Iterator[Report]:
    """All goAML reports of a world, by day, bank and kind."""
    ours = world.transactions.filter(pl.col("report") != "CSV")
    columns = [c for c in ours.columns if c not in {"scheme_id", "typology", "is_laundering", "look_alike", "kind"}]
    parts = ours.select(columns).partition_by("local_date", "bank", "report", as_dict=True, maintain_order=True)
    suspicions = _suspicions(world)
    for offset in range(world.days):
        day = world.first_day + timedelta(days=offset)
        for bank in BANKS:
            for code in ("CTR", "EFT"):
                part = parts.get((day, bank.code, code))
                if part is not None:
                    yield Report(bank, code, day, part.to_dicts())
            yield from (Report(bank, "SAR", day, [row]) for row in suspicions.get((day, bank.code), []))


def _suspicions(world: World) -> dict[tuple[date, int], list[Row]]:
    found: dict[tuple[date, int], list[Row]] = {}
    bank = world.accounts["bank"].to_list()
    for row in world.suspicions.to_dicts():
        rows = found.setdefault((row["day"], bank[row["account_id"]]), [])
        rows.append({**row, "ordinal": len(rows) + 1})
    return found


def write_report(report: Report, directory: Directory, path: Path) -> None:
    """Write one report as XML, streamed transaction by transaction."""
    writer = _Writer(report, directory)
    with path.open("wb") as target, etree.xmlfile(target, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element("report"):
            for element in writer.elements():
                xml.write(element)


def _leaf(parent: etree._Element, tag: str, text: object) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = str(text)
    return element


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


@dataclass
class _Writer:
    """Builds the elements of one report; remembers which accounts and persons it has described."""

    report: Report
    directory: Directory
    described: set[tuple[str, int]] = field(default_factory=set)

    def elements(self) -> Iterator[etree._Element]:
        """The children of `report`, in order."""
        yield from self._header()
        if self.report.code == "SAR":
            yield self._activity(self.report.rows[0])
        else:
            yield from (self._transaction(row) for row in self.report.rows)
        yield self._indicators()

    def _header(self) -> Iterable[etree._Element]:
        report, head = self.report, etree.Element("head")
        _leaf(head, "rentity_id", report.bank.code)
        _leaf(head, "submission_code", "E")
        _leaf(head, "report_code", report.code)
        _leaf(head, "entity_reference", report.reference)
        _leaf(head, "submission_date", datetime.combine(report.day, time(23, 50)).isoformat())
        _leaf(head, "currency_code_local", "RUB")
        first, last = OFFICERS[report.bank.code]
        person = etree.SubElement(head, "reporting_person")
        _leaf(person, "first_name", first)
        _leaf(person, "last_name", last)
        _leaf(person, "occupation", "Ответственный сотрудник")
        self._address(etree.SubElement(head, "location"), "пл. Центральная, 1", report.bank.city, report.bank.region)
        if report.code == "SAR":
            _leaf(head, "reason", report.rows[0]["reason"])
            _leaf(head, "action", report.rows[0]["action"])
        return list(head)

    def _address(self, parent: etree._Element, street: str, city: str, region: str) -> None:
        _leaf(parent, "address_type", "BU" if parent.tag == "location" else "REG")
        _leaf(parent, "address", street)
        _leaf(parent, "city", city)
        _leaf(parent, "country_code", region[:2])
        _leaf(parent, "state", region)

    def _indicators(self) -> etree._Element:
        found = etree.Element("report_indicators")
        codes = self.report.rows[0]["indicators"] if self.report.code == "SAR" else INDICATORS[self.report.code]
        for code in codes:
            _leaf(found, "indicator", code)
        return found

    def _activity(self, row: Row) -> etree._Element:
        activity = etree.Element("activity")
        party = etree.SubElement(etree.SubElement(activity, "report_parties"), "report_party")
        self._account(party, "account_my_client", row["account_id"])
        _leaf(party, "significance", row["significance"])
        _leaf(party, "reason", row["reason"])
        return activity

    def _transaction(self, row: Row) -> etree._Element:
        found = etree.Element("transaction")
        _leaf(found, "transactionnumber", row["transaction_number"])
        _leaf(found, "transaction_location", self.report.bank.city)
        _leaf(found, "date_transaction", row["local_time"].isoformat())
        _leaf(found, "transmode_code", row["channel"])
        _leaf(found, "amount_local", row["amount"])
        self._side(found, "from", row["from_account_id"], row["from_person_id"], row["channel"])
        self._side(found, "to", row["to_account_id"], row["to_person_id"], row["channel"])
        _leaf(found, "comments", row["purpose"])
        return found

    def _side(self, parent: etree._Element, side: str, account: int | None, person: int | None, channel: str) -> None:
        is_client = account is None or self.directory.accounts[account]["bank"] == self.report.bank.code
        element = etree.SubElement(parent, f"t_{side}_my_client" if is_client else f"t_{side}")
        is_cash = channel == "CASH" and account is None
        _leaf(element, f"{side}_funds_code", "CASH" if is_cash else FUNDS.get(channel, "BANKD"))
        if account is not None:
            self._account(element, f"{side}_account", account)
            country = self.directory.accounts[account]["country"]
        elif person is not None:
            self._person(etree.SubElement(element, f"{side}_person"), person)
            country = self.directory.persons[person]["country"]
        _leaf(element, f"{side}_country", self.report.bank.country if is_cash else country)

    def _account(self, parent: etree._Element, tag: str, number: int) -> None:
        row, element = self.directory.accounts[number], etree.SubElement(parent, tag)
        bank = self.directory.banks[row["bank"]]
        is_full, is_client = self._first_time("account", number), bank.code == self.report.bank.code
        if is_full:
            _leaf(element, "institution_name", bank.name)
        _leaf(element, "institution_code", bank.bic)
        if is_full and is_client:
            _leaf(element, "branch", row["branch"])
        _leaf(element, "account", row["account"])
        if is_full:
            _leaf(element, "currency_code", "RUB")
        _leaf(element, "account_name", self._owner_name(row))
        if is_full:
            self._description(element, row, is_client=is_client)

    def _description(self, element: etree._Element, row: Row, *, is_client: bool) -> None:
        """The owner, and for a client of the reporting bank what only that bank knows."""
        if is_client:
            _leaf(element, "client_number", row["client_number"])
        _leaf(element, "personal_account_type", "CURR" if row["person_id"] is not None else "BUS")
        if row["person_id"] is not None:
            signatory = etree.SubElement(element, "signatory")
            _leaf(signatory, "is_primary", "true")
            self._person(etree.SubElement(signatory, "t_person"), row["person_id"])
            _leaf(signatory, "role", "OWNER")
        else:
            self._entity(etree.SubElement(element, "t_entity"), self.directory.entities[row["entity_id"]])
        if is_client:
            self._state(element, row)

    def _state(self, element: etree._Element, row: Row) -> None:
        _leaf(element, "opened", _midnight(row["opened_on"]))
        _leaf(element, "balance", row["balance"])
        _leaf(element, "date_balance", _midnight(self.directory.balance_on))
        _leaf(element, "status_code", "ACT")

    def _owner_name(self, row: Row) -> str:
        if row["person_id"] is None:
            return str(self.directory.entities[row["entity_id"]]["name"])
        person = self.directory.persons[row["person_id"]]
        return f"{person['last_name']} {person['first_name']}"

    def _person(self, element: etree._Element, number: int) -> None:
        """A person: in full at the first mention, by name and identifiers after that."""
        row, is_full = self.directory.persons[number], self._first_time("person", number)
        if is_full:
            _leaf(element, "gender", row["gender"])
        _leaf(element, "first_name", row["first_name"])
        _leaf(element, "last_name", row["last_name"])
        _leaf(element, "birthdate", _midnight(row["birth_date"]))
        _leaf(element, "ssn", row["national_id"])
        _leaf(element, "id_number", row["document"])
        if is_full:
            _leaf(element, "residence", row["country"])
            self._contacts(element, row)

    def _contacts(self, element: etree._Element, row: Row) -> None:
        phone = etree.SubElement(etree.SubElement(element, "phones"), "phone")
        _leaf(phone, "tph_contact_type", "PRIV")
        _leaf(phone, "tph_communication_type", "M")
        prefix = PHONE_PREFIX[row["country"]]
        _leaf(phone, "tph_country_prefix", prefix)
        _leaf(phone, "tph_number", row["phone"].removeprefix(prefix))
        address = etree.SubElement(etree.SubElement(element, "addresses"), "address")
        self._address(address, row["address"], row["city"], row["region"])

    def _entity(self, element: etree._Element, row: Row) -> None:
        _leaf(element, "name", row["name"])
        _leaf(element, "incorporation_number", row["registration_number"])
        address = etree.SubElement(etree.SubElement(element, "addresses"), "address")
        self._address(address, row["address"], row["city"], row["region"])
        _leaf(element, "incorporation_country_code", row["country"])
        _leaf(element, "incorporation_date", _midnight(row["founded_on"]))

    def _first_time(self, kind: str, number: int) -> bool:
        is_new = (kind, number) not in self.described
        self.described.add((kind, number))
        return is_new
