"""The contracts of side tables: what an FIU may load beside reports so that more typologies can run.

Every row was told on a day (`received_on`); a night sees what had been told by then. A later row with the same
`replaces` columns stands in the place of an earlier one from its own day on. Nothing here reads a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.tables import Column, Reference, Rule, Table, Type


@dataclass(frozen=True)
class SideTable:
    """A side table: its contract, what makes a later row replace an earlier one, what it is for, and a row as example.

    The example is a line of a file: text by column.
    """

    table: Table
    replaces: tuple[str, ...]
    used_for: str
    example: Mapping[str, str]

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns that a file brings; the others come from the delivery."""
        return tuple(column for column in self.table.columns if column.name not in DELIVERY)


DELIVERY = ("submission_id", "received_on", "ordinal")


def _text(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, Type.TEXT, meaning, required)


def _one_of(column: str, *values: str) -> Rule:
    return Rule(f"{column}_unknown", f"{column} is one of {', '.join(values)}", pl.col(column).is_in(values))


def _not_negative(column: str) -> Rule:
    return Rule(f"{column}_negative", f"{column} is zero or more", pl.col(column) >= 0)


def _share(column: str) -> Rule:
    return Rule(f"{column}_out_of_range", f"{column} lies in 0..1", pl.col(column).is_between(0, 1))


def _side(
    name: str,
    one_row: str,
    used_for: str,
    replaces: tuple[str, ...],
    *columns: Column,
    example: Mapping[str, str],
    rules: tuple[Rule, ...] = (),
) -> SideTable:
    contract = Table(
        name,
        one_row,
        (
            _text("submission_id", "the delivered file that the row comes from (SHA-256)", required=True),
            Column("received_on", Type.DATE, "the day from which the FIU knew the row (UTC)", required=True),
            Column("ordinal", Type.INT, "position of the row in its file, from 1", required=True),
            *columns,
        ),
        key=("submission_id", "ordinal"),
        rules=rules,
        references=(Reference(("submission_id",), "submissions", ("submission_id",)),),
    )
    return SideTable(contract, replaces, used_for, example)


def _node(meaning: str) -> Column:
    return _text("node_key", meaning, required=True)


ALLOW_LIST = _side(
    "allow_list",
    "one subject that a typology, or every typology, leaves alone until a day",
    "known false alarms: merchants, charities, payroll cards, parents' collections, taxi drivers",
    ("node_key", "typology_id"),
    _node("the account, person or entity, as in table `nodes`"),
    _text("typology_id", "the typology, or * for all", required=True),
    Column("allowed_until", Type.DATE, "last night on which the subject is left alone", required=True),
    _text("reason", "why", required=True),
    _text("approved_by", "who approved it", required=True),
    example={
        "node_key": "iban:KZ86125KZT5004100100",
        "typology_id": "DRP-01",
        "allowed_until": "2026-06-30",
        "reason": "school fund, checked",
        "approved_by": "a.omarova",
    },
)

DEVICE_LINKS = _side(
    "device_links",
    "one device, address or phone from which an account or wallet was used",
    "DRP-08",
    ("node_key", "link_kind", "link_value"),
    _node("the account or wallet"),
    _text("link_kind", "device, ip_agent (address block and browser) or phone", required=True),
    _text("link_value", "the identifier, or a keyed hash of it", required=True),
    _text("person_key", "the holder, as in table `nodes`; the account stands for its holder where empty"),
    Column("seen_from", Type.DATE, "first day of use"),
    Column("seen_to", Type.DATE, "last day of use"),
    example={
        "node_key": "iban:KZ86125KZT5004100100",
        "link_kind": "phone",
        "link_value": "77011234567",
        "person_key": "per:nid:KZ:900101300123",
        "seen_from": "2025-03-01",
        "seen_to": "2025-04-30",
    },
    rules=(_one_of("link_kind", "device", "ip_agent", "phone"),),
)

KIN_LINKS = _side(
    "kin_links",
    "one pair of subjects whose dealings have a known everyday reason",
    "DRP-08, COR-04, COR-09, TRD-05: kin, employer and employee",
    ("node_key", "other_key", "kind"),
    _node("one side"),
    _text("other_key", "the other side", required=True),
    _text("kind", "family or employer (`node_key` employs `other_key`)", required=True),
    example={
        "node_key": "per:nid:KZ:900101300123",
        "other_key": "per:nid:KZ:650505400456",
        "kind": "family",
    },
    rules=(_one_of("kind", "family", "employer"),),
)

CASH_DECLARATIONS = _side(
    "cash_declarations",
    "one declaration of cash carried over the border",
    "CSH-08, CSH-09",
    ("declaration_id",),
    _text("declaration_id", "number of the declaration", required=True),
    _node("the traveller"),
    Column("declared_on", Type.DATE, "day of the declaration", required=True),
    _text("route_from", "ISO 3166 code of where the journey began", required=True),
    _text("route_to", "ISO 3166 code of where it ends", required=True),
    Column("amount_local", Type.MONEY, "declared sum in the local currency of the FIU", required=True),
    Column("monthly_income_local", Type.MONEY, "the traveller's monthly income; empty where unknown"),
    _text("agent", "for whom the cash is carried"),
    _text("phone", "contact phone"),
    _text("destination", "receiver or address at the destination"),
    example={
        "declaration_id": "D-2025-00017",
        "node_key": "per:pass:KG:AC1234567",
        "declared_on": "2025-04-02",
        "route_from": "KG",
        "route_to": "TR",
        "amount_local": "4500000",
        "monthly_income_local": "60000",
        "agent": "",
        "phone": "996555123456",
        "destination": "Istanbul",
    },
    rules=(_not_negative("amount_local"), _not_negative("monthly_income_local")),
)

DECLARED_INCOMES = _side(
    "declared_incomes",
    "one person's declared monthly income from a day on",
    "CSH-07, COR-03, DRP-14 (employer)",
    ("node_key", "valid_from"),
    _node("the person or the person's account"),
    Column("valid_from", Type.DATE, "first day of the period", required=True),
    Column("monthly_income_local", Type.MONEY, "monthly income in the local currency", required=True),
    _text("employer_key", "the employer, as in table `nodes`"),
    example={
        "node_key": "per:nid:KZ:900101300123",
        "valid_from": "2025-01-01",
        "monthly_income_local": "310000",
        "employer_key": "ent:reg:KZ:050140001234",
    },
    rules=(_not_negative("monthly_income_local"),),
)

PLACES = _side(
    "places",
    "one point of service: terminal, machine, branch or market",
    "CSH-02, CSH-03, CSH-05, COR-08, EVD-01, DRUG-SHOP",
    ("place_id",),
    _text("place_id", "the point, as transactions name it in `location`", required=True),
    _text("kind", "terminal, atm, branch, operator or market", required=True),
    Column("latitude", Type.REAL, "degrees north", required=True),
    Column("longitude", Type.REAL, "degrees east", required=True),
    _text("territory", "ISO 3166-2 code"),
    _text("city", "town"),
    example={
        "place_id": "T-00917",
        "kind": "terminal",
        "latitude": "43.2389",
        "longitude": "76.8897",
        "territory": "KZ-75",
        "city": "Almaty",
    },
    rules=(
        _one_of("kind", "terminal", "atm", "branch", "operator", "market"),
        Rule("latitude_out_of_range", "latitude lies in -90..90", pl.col("latitude").is_between(-90, 90)),
        Rule("longitude_out_of_range", "longitude lies in -180..180", pl.col("longitude").is_between(-180, 180)),
    ),
)

PRICE_BANDS = _side(
    "price_bands",
    "one price, or band of prices, of the theme desk's list",
    "DRP-12, DRUG-SHOP",
    ("territory", "valid_from", "amount_from"),
    _text("territory", "ISO 3166-2 code, ISO 3166-1 code for a country, or * for everywhere", required=True),
    Column("valid_from", Type.DATE, "first day", required=True),
    Column("valid_to", Type.DATE, "last day; empty where it still holds"),
    Column("amount_from", Type.MONEY, "lowest amount, local currency", required=True),
    Column("amount_to", Type.MONEY, "highest amount, local currency", required=True),
    example={
        "territory": "KZ-75",
        "valid_from": "2025-01-01",
        "valid_to": "",
        "amount_from": "14000",
        "amount_to": "16000",
    },
    rules=(
        _not_negative("amount_from"),
        Rule("band_reversed", "amount_to is not below amount_from", pl.col("amount_to") >= pl.col("amount_from")),
    ),
)

CUSTOMS_DECLARATIONS = _side(
    "customs_declarations",
    "one item of a customs declaration",
    "TRD-01, TRD-02, TRD-03, TRD-07, TRD-09, CSH-06, COR-06, COR-07",
    ("declaration_id", "item"),
    _text("declaration_id", "number of the declaration", required=True),
    Column("item", Type.INT, "item of the declaration, from 1", required=True),
    _node("the declarant's own entity, as in table `nodes`"),
    Column("declared_on", Type.DATE, "day of the declaration", required=True),
    _text("direction", "import or export", required=True),
    _text("partner_country", "ISO 3166-1 code of the other country", required=True),
    _text("partner_key", "the other side, where known"),
    _text("contract_number", "contract"),
    _text("hs_code", "goods code, 4 to 10 digits", required=True),
    Column("quantity", Type.REAL, "quantity in `unit`"),
    _text("unit", "unit of quantity"),
    Column("value_local", Type.MONEY, "value in the local currency", required=True),
    example={
        "declaration_id": "55302/120425/0001234",
        "item": "1",
        "node_key": "ent:reg:KZ:050140001234",
        "declared_on": "2025-04-12",
        "direction": "import",
        "partner_country": "CN",
        "partner_key": "",
        "contract_number": "17/25",
        "hs_code": "8471300000",
        "quantity": "120",
        "unit": "pcs",
        "value_local": "31200000",
    },
    rules=(
        _one_of("direction", "import", "export"),
        Rule("hs_code_malformed", "hs_code has 4 to 10 digits", pl.col("hs_code").str.contains(r"^[0-9]{4,10}$")),
        _not_negative("value_local"),
    ),
)

PARTNER_TRADE = _side(
    "partner_trade",
    "what a partner country says it exported to us in a month, by goods code",
    "TRD-07",
    ("partner_country", "month", "hs_code"),
    _text("partner_country", "ISO 3166-1 code", required=True),
    Column("month", Type.DATE, "first day of the month", required=True),
    _text("hs_code", "goods code, 4 to 10 digits", required=True),
    Column("value_local", Type.MONEY, "value in the local currency of the FIU", required=True),
    example={
        "partner_country": "CN",
        "month": "2025-03-01",
        "hs_code": "847130",
        "value_local": "912000000",
    },
    rules=(_not_negative("value_local"),),
)

WALLET_LABELS = _side(
    "wallet_labels",
    "one label of a wallet or of an account that serves one",
    "VAS-01, VAS-02, VAS-03, VAS-04, VAS-05, TRD-08, EVD-01, DRUG-SHOP",
    ("node_key", "label"),
    _node("the wallet or account"),
    _text("label", "vasp, p2p_trader, darknet_market, mixer, bridge, swap or risk", required=True),
    _text("address", "address on the chain"),
    _text("chain", "the chain"),
    Column("exposure", Type.REAL, "share of its value that comes from the label's cluster, 0 to 1"),
    Column("hops", Type.INT, "hops to the cluster"),
    _text("source", "who labelled it", required=True),
    example={
        "node_key": "acc::TQ5MXN3FBZQYW8C2LRVD9KPJ",
        "label": "darknet_market",
        "address": "TQ5mXn3fBzQyW8c2LrVd9KpJ",
        "chain": "tron",
        "exposure": "0.12",
        "hops": "2",
        "source": "labelling service",
    },
    rules=(
        _one_of("label", "vasp", "p2p_trader", "darknet_market", "mixer", "bridge", "swap", "risk"),
        _share("exposure"),
    ),
)

AGENCY_LIST = _side(
    "agency_list",
    "one subject, or one seizure, of a list that an agency keeps",
    "EVD-01",
    ("agency", "list_id"),
    _text("list_id", "number in the agency's list", required=True),
    _text("agency", "police, customs, border, security or fiu", required=True),
    _text("kind", "subject, seizure or confirmed", required=True),
    _text("node_key", "the subject, as in table `nodes`"),
    _text("phone", "phone number"),
    _text("wallet", "wallet address"),
    Column("happened_on", Type.DATE, "day of the seizure or of the entry"),
    Column("valid_to", Type.DATE, "last day in force; empty where it still is"),
    Column("latitude", Type.REAL, "degrees north"),
    Column("longitude", Type.REAL, "degrees east"),
    _text("territory", "ISO 3166-2 code"),
    _text("theme", "theme, such as DRUG-SYN"),
    example={
        "list_id": "P-2025-311",
        "agency": "police",
        "kind": "seizure",
        "node_key": "per:nid:KZ:900101300123",
        "phone": "77011234567",
        "wallet": "",
        "happened_on": "2025-04-18",
        "valid_to": "",
        "latitude": "43.2389",
        "longitude": "76.8897",
        "territory": "KZ-75",
        "theme": "DRUG-SYN",
    },
    rules=(
        _one_of("agency", "police", "customs", "border", "security", "fiu"),
        _one_of("kind", "subject", "seizure", "confirmed"),
    ),
)

COMPANY_REGISTRY = _side(
    "company_registry",
    "one company as the register has it from a day on",
    "TRD-03, TRD-04, TRD-09",
    ("node_key", "valid_from"),
    _node("the company, or its account"),
    Column("valid_from", Type.DATE, "first day on which the entry holds", required=True),
    Column("registered_on", Type.DATE, "day of registration"),
    _text("activity_code", "main activity, as the register codes it"),
    Column("staff_count", Type.INT, "employees"),
    Column("tax_paid_local", Type.MONEY, "payroll and tax paid in the last year"),
    Column("same_address_count", Type.INT, "companies at the same address"),
    Column("same_director_count", Type.INT, "companies with the same director"),
    _text("licences", "licences held, separated by spaces"),
    example={
        "node_key": "ent:reg:KZ:050140001234",
        "valid_from": "2025-02-01",
        "registered_on": "2025-01-20",
        "activity_code": "46510",
        "staff_count": "1",
        "tax_paid_local": "85000",
        "same_address_count": "140",
        "same_director_count": "6",
        "licences": "",
    },
    rules=(_not_negative("staff_count"), _not_negative("tax_paid_local")),
)

SIDE_TABLES = (
    *(ALLOW_LIST, DEVICE_LINKS, KIN_LINKS, CASH_DECLARATIONS, DECLARED_INCOMES, PLACES, PRICE_BANDS),
    *(CUSTOMS_DECLARATIONS, PARTNER_TRADE, WALLET_LABELS, AGENCY_LIST, COMPANY_REGISTRY),
)
BY_NAME = {side.table.name: side for side in SIDE_TABLES}
