"""The goAML reader on self-written reports: every value is accounted for, and bad input is refused in plain words."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats import goaml
from pipelines.formats.goaml import parse_moment, parse_money, read, report_class, sniff
from pipelines.formats.profiles import Profile, load_profile, parse_profile, profile_for, profile_names
from pipelines.formats.reader import BadFile
from pipelines.tables import ACCOUNTS, INDICATORS, PARTIES, REPORTS, ROLES, TRANSACTIONS
from tests.pipelines.collecting import Collecting, extra_of, leaves, source

HEADER = (
    "<rentity_id>7</rentity_id><rentity_branch>B1</rentity_branch><submission_code>E</submission_code>"
    "<report_code>STR</report_code><entity_reference>REF-1</entity_reference>"
    "<submission_date>2026-06-01T10:00:00</submission_date><currency_code_local>RUB</currency_code_local>"
)
FOOTER = "<report_indicators><indicator>A1</indicator><indicator>B2</indicator></report_indicators>"
PERSON = "<first_name>Иван</first_name><middle_name>Ильич</middle_name><last_name>Петров</last_name>"
ACCOUNT = "<institution_code>044</institution_code><account>0040817810</account>"


def transaction(
    when: str = "2026-05-24T14:30:00",
    amount: str = "10.50",
    sides: str = "<t_from_my_client><from_funds_code>K</from_funds_code><from_account>"
    f"{ACCOUNT}</from_account><from_country>RU</from_country></t_from_my_client>"
    f"<t_to><to_funds_code>E</to_funds_code><to_person>{PERSON}</to_person><to_country>KZ</to_country></t_to>",
    more: str = "",
) -> str:
    return (
        f"<transaction><transactionnumber>T1</transactionnumber><date_transaction>{when}</date_transaction>"
        f"<transmode_code>CASH</transmode_code><amount_local>{amount}</amount_local>{sides}{more}</transaction>"
    )


def report(body: str = "", header: str = HEADER, footer: str = FOOTER) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><report>{header}{body}{footer}</report>'


Reading = Callable[..., Collecting]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Reads a text or bytes and checks that every leaf is accounted for."""

    def read_it(content: str | bytes, profile: Profile | str = "eag-demo") -> Collecting:
        path = tmp_path / "report.xml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        staging = Collecting()
        read(source(path), staging, load_profile(profile) if isinstance(profile, str) else profile)
        found = sum(1 for _ in leaves(path))
        counts = staging.counts
        assert counts["leaves"] == found
        assert counts["typed"] + counts["extra"] + counts["placeholder"] + counts["dropped"] == found
        return staging

    return read_it


def refused(reading: Reading, content: str | bytes, profile: Profile | str = "eag-demo") -> BadFile:
    with pytest.raises(BadFile) as caught:
        reading(content, profile)
    assert caught.value.__cause__ is None or caught.value.__suppress_context__
    return caught.value


# -- rows -------------------------------------------------------------------------------------------------------------


def test_two_sided_transaction(reading: Reading) -> None:
    staging = reading(report(transaction()))
    (row,) = staging.rows(TRANSACTIONS)
    (account,) = staging.rows(ACCOUNTS)
    (person,) = staging.rows(PARTIES)
    (header,) = staging.rows(REPORTS)
    assert row["occurred_at"] == datetime(2026, 5, 24, 11, 30, tzinfo=UTC)
    assert (row["utc_offset_minutes"], row["is_date_only"], row["movement_count"]) == (180, False, 1)
    assert row["amount_local"] == Decimal("10.50")
    assert (row["channel"], row["channel_code"]) == ("cash", "CASH")
    assert (row["from_kind"], row["from_node_key"], row["from_is_client"]) == ("account", "acc:044:0040817810", True)
    assert (row["from_currency"], row["from_amount"], row["from_rate"]) == ("RUB", Decimal("10.50"), None)
    assert (row["from_funds_code"], row["from_country"], row["from_institution"]) == ("K", "RU", "044")
    assert (row["to_kind"], row["to_is_client"], row["to_country"]) == ("person", False, "KZ")
    assert account["account_number"] == "0040817810"
    assert person["name"] == "Иван Ильич Петров"
    assert extra_of(person) == {"middle_name": "Ильич"}
    assert row["to_node_key"] == person["node_key"] == f"per:report:{header['report_key']}:1"
    assert (header["report_class"], header["relation"], header["jurisdiction"]) == ("suspicion", "new", "ZZ")
    assert header["reported_at"] == datetime(2026, 6, 1, 7, tzinfo=UTC)
    assert row["report_key"] == header["report_key"]
    assert row["transaction_id"] == f"{header['report_key']}-1"
    assert sorted(staging.table(INDICATORS)["code"]) == ["A1", "B2"]
    assert [(r["role"], r["subject_kind"], r["subject_ordinal"]) for r in staging.rows(ROLES)] == [
        ("from", "account", 1),
        ("to", "party", 1),
    ]
    assert staging.places[ACCOUNTS.name] == ["/report/transaction[1]/t_from_my_client/from_account"]
    assert staging.counts["source_rows"] == 1
    assert not staging.findings


def test_nested_subjects_each_get_their_own_row(reading: Reading) -> None:
    """A director of the holder of an account is no signatory, and his name no one else's."""
    entity = (
        "<t_entity><name>ООО Ромашка</name><incorporation_number>102</incorporation_number>"
        f"<director_id>{PERSON}<ssn>55</ssn><role>D</role></director_id></t_entity>"
    )
    signatory = (
        "<signatory><is_primary>true</is_primary><t_person><first_name>Анна</first_name>"
        "<last_name>Ли</last_name><ssn>66</ssn></t_person><role>S</role></signatory>"
    )
    related = (
        "<related_persons><account_related_person><t_person><first_name>Ян</first_name><last_name>Ор</last_name>"
        "<related_persons><person_related_person><person_person_relation>W</person_person_relation><person>"
        "<first_name>Ева</first_name><last_name>Ор</last_name></person></person_related_person></related_persons>"
        "</t_person><role>P</role></account_related_person></related_persons>"
    )
    side = f"<t_from_my_client><from_account>{ACCOUNT}{entity}{signatory}{signatory}{related}</from_account>"
    staging = reading(report(transaction(sides=f"{side}</t_from_my_client>")))
    parties = {row["ordinal"]: row["name"] for row in staging.rows(PARTIES)}
    roles = {
        (
            row["role"],
            row["role_code"],
            row["of_kind"],
            parties.get(row["of_ordinal"], ""),
            parties[row["subject_ordinal"]],
        )
        for row in staging.rows(ROLES)
        if row["subject_kind"] == "party"
    }
    assert roles == {
        ("holder", None, "account", "ООО Ромашка", "ООО Ромашка"),
        ("director", "D", "party", "ООО Ромашка", "Иван Ильич Петров"),
        ("signatory", "S", "account", "ООО Ромашка", "Анна Ли"),
        ("related", "P", "account", "ООО Ромашка", "Ян Ор"),
        ("related", "W", "party", "Ян Ор", "Ева Ор"),
    }
    assert staging.table(PARTIES).filter(name="ООО Ромашка")["is_client"].to_list() == [True]
    assert "/report/transaction[1]/t_from_my_client/from_account/signatory[2]/t_person" in staging.places[PARTIES.name]


def test_multi_party_sides_follow_from_the_role_alone(reading: Reading) -> None:
    party = (
        "<party><role>{}</role>{}<funds_code>K</funds_code><country>RU</country><significance>8</significance></party>"
    )
    body = "".join(
        (
            party.format("PAYER", f"<account_my_client>{ACCOUNT}</account_my_client>"),
            party.format("WITNESS", f"<person>{PERSON}<ssn>1</ssn></person>"),
            party.format("PAYEE", "<entity><name>ООО</name></entity>"),
            party.format("PAYEE", "<entity><name>АО</name></entity>"),
            party.format("NEWCODE", "<entity><name>ИП</name></entity>"),
        )
    )
    staging = reading(report(transaction(sides=f"<involved_parties>{body}</involved_parties>")))
    (row,) = staging.rows(TRANSACTIONS)
    assert (row["from_kind"], row["from_is_client"], row["from_funds_code"], row["from_country"]) == (
        "account", True, "K", "RU",
    )  # fmt: skip
    assert (row["to_kind"], row["to_node_key"]) == ("entity", "ent:name:|ооо")
    roles = [(r["role"], r["role_code"], r["significance"]) for r in staging.rows(ROLES)]
    assert roles == [
        ("from", "PAYER", 8),
        ("involved", "WITNESS", 8),
        ("to", "PAYEE", 8),
        ("to", "PAYEE", 8),
        ("involved", "NEWCODE", 8),
    ]
    assert extra_of(staging.rows(ROLES)[1]) == {"funds_code": "K", "country": "RU"}
    assert staging.codes == ["side_repeated"]


def test_unknown_role_names_no_side(reading: Reading) -> None:
    body = f"<involved_parties><party><role>X</role><person>{PERSON}</person></party></involved_parties>"
    (row,) = reading(report(transaction(sides=body)), "generic").rows(TRANSACTIONS)
    assert (row["from_node_key"], row["to_node_key"], row["from_amount"]) == (None, None, None)


def test_conductor_and_suspected_flags(reading: Reading) -> None:
    side = (
        "<t_from><from_funds_code>K</from_funds_code><conductor_is_suspected>1</conductor_is_suspected>"
        f"<t_conductor>{PERSON}<ssn>77</ssn></t_conductor><from_is_suspected>false</from_is_suspected>"
        "<from_entity><name>ООО</name></from_entity></t_from>"
    )
    staging = reading(report(transaction(sides=side)))
    (row,) = staging.rows(TRANSACTIONS)
    assert row["conductor_node_key"] == "per:nid:ZZ:77"
    roles = {r["role"]: r for r in staging.rows(ROLES)}
    assert (roles["conductor"]["is_suspected"], roles["from"]["is_suspected"]) == (True, False)
    assert (roles["conductor"]["of_kind"], roles["conductor"]["of_ordinal"]) == (
        "party",
        roles["from"]["subject_ordinal"],
    )


def test_flag_of_a_side_that_names_nobody_is_kept(reading: Reading) -> None:
    side = "<t_from><from_is_suspected>1</from_is_suspected><conductor_is_suspected>0</conductor_is_suspected></t_from>"
    (row,) = reading(report(transaction(sides=side))).rows(TRANSACTIONS)
    assert extra_of(row) == {"t_from/from_is_suspected": "1", "t_from/conductor_is_suspected": "0"}


def test_foreign_currency(reading: Reading) -> None:
    side = (
        "<t_to><to_foreign_currency><foreign_currency_code>USD</foreign_currency_code><foreign_amount>2.5"
        "</foreign_amount><foreign_exchange_rate>90.1234567</foreign_exchange_rate></to_foreign_currency>"
        f"<to_person>{PERSON}</to_person></t_to>"
    )
    (row,) = reading(report(transaction(sides=side))).rows(TRANSACTIONS)
    assert (row["to_currency"], row["to_amount"], row["to_rate"]) == ("USD", Decimal("2.5"), Decimal("90.1234567"))


def test_activity_parties_are_subjects_of_the_report(reading: Reading) -> None:
    party = f"<report_party><person_my_client>{PERSON}</person_my_client><reason>почему</reason></report_party>"
    goods = "<goods_services><item><item_type>CAR</item_type></item></goods_services>"
    staging = reading(report(f"<activity><report_parties>{party}{party}</report_parties>{goods}</activity>"))
    roles = staging.rows(ROLES)
    assert [(r["role"], r["reason"], r["transaction_ordinal"]) for r in roles] == [("subject", "почему", None)] * 2
    assert extra_of(staging.rows(REPORTS)[0]) == {"activity/goods_services/item/item_type": "CAR"}
    assert staging.places[ROLES.name][1] == "/report/activity/report_parties/report_party[2]"
    assert staging.table(PARTIES)["is_client"].to_list() == [True, True]


def test_reporter_and_location(reading: Reading) -> None:
    header = (
        f"<reporting_person>{PERSON}<ssn>9</ssn></reporting_person><location><city>Омск</city>"
        "<country_code>RU</country_code><state>OMS</state></location><fiu_ref_number>F-1</fiu_ref_number>"
    )
    staging = reading(report(transaction(), header=HEADER + header))
    (row,) = staging.rows(REPORTS)
    assert (row["territory"], row["prior_reference"], row["relation"]) == ("RU-OMS", "F-1", "new")
    assert extra_of(row)["location/country_code"] == "RU"
    assert staging.rows(ROLES)[0]["role"] == "reporter"


def test_correction_names_the_rejected_report(reading: Reading) -> None:
    header = "<fiu_ref_number>F-1</fiu_ref_number><prev_rejected_ref_number>R-0</prev_rejected_ref_number>"
    (row,) = reading(report(transaction(), header=HEADER + header)).rows(REPORTS)
    assert (row["relation"], row["prior_reference"]) == ("correct", "R-0")
    assert extra_of(row) == {"fiu_ref_number": "F-1"}


def test_repeated_transaction_number_makes_two_rows(reading: Reading) -> None:
    staging = reading(report(transaction() + transaction()))
    rows = staging.rows(TRANSACTIONS)
    assert [row["transaction_number"] for row in rows] == ["T1", "T1"]
    assert len({row["transaction_id"] for row in rows}) == 2
    assert staging.counts["source_rows"] == 2


@pytest.mark.parametrize(
    "content",
    [
        f"<reportdata>{transaction()}{transaction()}</reportdata>",
        f"<report><transactions>{transaction()}{transaction()}</transactions></report>",
    ],
)
def test_transactions_only(reading: Reading, content: str) -> None:
    staging = reading(content)
    (row,) = staging.rows(REPORTS)
    assert len(staging.rows(TRANSACTIONS)) == 2
    assert row["report_reference"] == row["submission_id"]
    assert (row["reporting_entity_id"], row["report_class"]) == ("unknown", "data")
    assert set(staging.codes) == {"rentity_id_missing", "reference_missing", "report_code_missing"}


def test_header_behind_the_transactions_is_still_read(reading: Reading) -> None:
    staging = reading(report(transaction(), header="", footer=HEADER + FOOTER))
    assert staging.rows(REPORTS)[0]["report_reference"] == "REF-1"
    assert "header_late" in staging.codes


# -- every value ------------------------------------------------------------------------------------------------------


def test_repeated_values_keep_their_index(reading: Reading) -> None:
    phones = "<phones><phone><tph_number>1</tph_number></phone><phone><tph_number>2</tph_number></phone></phones>"
    staging = reading(report(transaction(sides=f"<t_to><to_person>{PERSON}{phones}</to_person></t_to>")))
    (person,) = staging.rows(PARTIES)
    assert person["phone"] == "1"
    assert extra_of(person)["phones/phone[2]/tph_number"] == "2"


def test_nil_attributes_and_text_between_elements(reading: Reading) -> None:
    content = report(
        transaction(
            more='<comments lang="ru">да</comments><teller xsi:nil="true"/><late_deposit><x>1</x>gap</late_deposit>'
        )
    ).replace("<report>", '<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="4">')
    path_free = content.replace("gap", "")
    staging = reading(path_free)
    (row,) = staging.rows(TRANSACTIONS)
    assert extra_of(row) == {"comments": "да", "comments/@lang": "ru", "late_deposit/x": "1"}
    assert extra_of(staging.rows(REPORTS)[0]) == {"@version": "4"}
    assert staging.counts["placeholder"] == 1


def test_text_between_elements_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mixed.xml"
    path.write_text(f"<report>{HEADER}stray<transaction>loose{transaction()[13:]}tail{FOOTER}</report>")
    staging = Collecting()
    read(source(path), staging, load_profile("eag-demo"))
    assert extra_of(staging.rows(TRANSACTIONS)[0]) == {"text()[1]": "loose"}
    assert sorted(extra_of(staging.rows(REPORTS)[0]).values()) == ["stray", "tail"]


def test_comments_and_cdata_do_not_cut_a_value(reading: Reading) -> None:
    body = transaction(more="<comments>раз<!-- x -->два<![CDATA[<три>]]></comments>")
    (row,) = reading(report(body)).rows(TRANSACTIONS)
    assert extra_of(row)["comments"] == "раздва<три>"


def test_placeholders_become_null_and_no_key(reading: Reading) -> None:
    person = (
        "<first_name>Иван</first_name><last_name>Не указано</last_name><birthdate>1900-01-01T00:00:00</birthdate>"
        "<ssn>000-000</ssn><passport_number>-</passport_number><id_number>N/A</id_number>"
        "<identification><number>-</number><expiry_date>2100-12-31T00:00:00</expiry_date></identification>"
    )
    staging = reading(report(transaction(sides=f"<t_to><to_person>{person}</to_person></t_to>")))
    (row,) = staging.rows(PARTIES)
    assert (row["last_name"], row["birth_date"], row["national_id"], row["passport_number"]) == (None, None, None, None)
    assert row["node_key"].startswith("per:report:")
    assert row["extra"] is None
    assert staging.counts["placeholder"] == 7


def test_dates_that_a_column_cannot_hold_stay_in_extra(reading: Reading) -> None:
    person = f"{PERSON}<birthdate>1980-02-03T13:45:00</birthdate>"
    entity = "<name>ООО</name><incorporation_date>soon</incorporation_date>"
    sides = f"<t_from><from_entity>{entity}</from_entity></t_from><t_to><to_person>{person}</to_person></t_to>"
    staging = reading(report(transaction(sides=sides)))
    rows = {row["kind"]: row for row in staging.rows(PARTIES)}
    assert rows["person"]["birth_date"] == date(1980, 2, 3)
    assert extra_of(rows["person"])["birthdate"] == "1980-02-03T13:45:00"
    assert rows["entity"]["incorporated_on"] is None
    assert extra_of(rows["entity"])["incorporation_date"] == "soon"
    assert [(f["code"], f["place"]) for f in staging.findings] == [
        ("date_unreadable", "/report/transaction[1]/t_from/from_entity/incorporation_date")
    ]


def test_dropped_paths_are_counted_and_not_kept(reading: Reading) -> None:
    profile = parse_profile(
        "strict", 'title="x"\njurisdiction="ZZ"\ntimezone="UTC"\ndropped=["transaction/teller", "reason"]'
    )
    body = transaction(more="<teller><name>Анна</name></teller>") + transaction(
        amount="-1", more="<teller>Анна</teller>"
    )
    staging = reading(report(body, header=f"{HEADER}<reason>why</reason>"), profile)
    assert staging.counts["dropped"] == 3 + 13
    assert "Анна" not in str(staging.frames) + str(staging.bad)
    assert staging.rows(REPORTS)[0]["reason"] is None


_TAGS = (
    *(
        "t_from",
        "t_to_my_client",
        "from_account",
        "to_person",
        "from_entity",
        "t_conductor",
        "account",
        "person",
        "t_entity",
    ),
    *("signatory", "t_person", "director_id", "related_persons", "person_related_person", "role", "involved_parties"),
    *("party", "entity_my_client", "is_suspected", "significance", "phones", "phone", "tph_number", "birthdate", "ssn"),
    *(
        "activity",
        "report_parties",
        "report_party",
        "transactions",
        "report_indicators",
        "indicator",
        "reporting_person",
    ),
    *("from_foreign_currency", "foreign_amount", "location", "state", "country_code", "transaction", "x"),
)
_TEXTS = st.sampled_from(
    ("", " ", "-", "0", "1", "ё", "true", "PAYER", "PAYEE", "2026-01-01", "1900-01-01T00:00:00", "5.5")
)
_TREES = st.recursive(
    st.tuples(st.sampled_from(_TAGS), st.booleans(), _TEXTS),
    lambda below: st.tuples(st.sampled_from(_TAGS), st.booleans(), st.lists(below, min_size=1, max_size=4)),
    max_leaves=40,
)


def _xml(tree: tuple[str, bool, object]) -> str:
    tag, has_attribute, content = tree
    inner = content if isinstance(content, str) else "".join(map(_xml, content))  # type: ignore[call-overload]
    return f"<{tag}{' a=' + chr(34) + '1' + chr(34) if has_attribute else ''}>{inner}</{tag}>"


@settings(max_examples=150, deadline=None)
@given(st.lists(_TREES, max_size=4), st.lists(_TREES, max_size=6))
def test_whatever_the_tree_every_value_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    header: list[tuple[str, bool, object]],
    below: list[tuple[str, bool, object]],
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    inside = "".join(map(_xml, below))
    path.write_text(report(transaction(more=inside) + "".join(map(_xml, header)) + transaction()), encoding="utf-8")
    staging = Collecting()
    read(source(path), staging, load_profile("eag-demo"))
    found = sum(1 for _ in leaves(path))
    counts = staging.counts
    assert counts["leaves"] == found
    assert counts["typed"] + counts["extra"] + counts["placeholder"] + counts["dropped"] == found
    in_extra = sum(
        len(extra_of(row)) for table in (REPORTS, TRANSACTIONS, ACCOUNTS, PARTIES, ROLES) for row in staging.rows(table)
    )
    assert in_extra >= counts["extra"]
    ordinals = {"account": set(staging.table(ACCOUNTS)["ordinal"]), "party": set(staging.table(PARTIES)["ordinal"])}
    for row in staging.rows(ROLES):
        assert row["subject_ordinal"] in ordinals[row["subject_kind"]]
        assert row["of_kind"] is None or row["of_ordinal"] in ordinals[row["of_kind"]]
    assert {bad["table"] for bad in staging.bad} <= {"transactions"}


# -- rows that break a rule -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (transaction(amount="-5"), "amount_negative"),
        (transaction(amount="1,000.00"), "amount_unreadable"),
        (transaction(amount="1e3"), "amount_unreadable"),
        (transaction(amount="0.00000000000001"), "amount_unreadable"),
        (transaction(amount="1" + "0" * 25), "amount_unreadable"),
        (transaction(amount="-"), "amount_local_missing"),
        (transaction(when="yesterday"), "date_unreadable"),
        (transaction(when="2026-02-30T00:00:00"), "date_unreadable"),
        (transaction(when="1900-01-01T00:00:00"), "occurred_at_missing"),
        (transaction(when="2999-01-01T00:00:00"), "occurred_out_of_range"),
    ],
)
def test_bad_transaction_is_quarantined_with_its_text_and_without_its_subjects(
    reading: Reading, body: str, rule: str
) -> None:
    staging = reading(report(body + transaction()))
    (bad,) = staging.bad
    assert (bad["table"], bad["rule"]) == ("transactions", rule)
    assert bad["place"].startswith("/report/transaction[1]")
    assert bad["payload"] == body
    assert len(staging.rows(TRANSACTIONS)) == 1
    assert set(staging.table(ACCOUNTS)["transaction_ordinal"]) == {2}
    assert set(staging.table(ROLES)["transaction_ordinal"]) == {2}
    assert len(staging.rows(PARTIES)) == 1
    assert staging.counts["dropped"] == 13
    assert staging.counts["source_rows"] == 2


def test_amounts_are_exact(reading: Reading) -> None:
    amounts = ["0", "0.1", "0.2", "1234567890123456789012345.1234567890123", "+7", "5."]
    staging = reading(report("".join(transaction(amount=amount) for amount in amounts)))
    assert staging.table(TRANSACTIONS)["amount_local"].to_list() == [Decimal(amount.rstrip(".")) for amount in amounts]


# -- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "offset"),
    [
        ("2026-05-24T14:30:00", datetime(2026, 5, 24, 11, 30, tzinfo=UTC), 180),
        ("2026-05-24T14:30:00Z", datetime(2026, 5, 24, 14, 30, tzinfo=UTC), 0),
        ("2026-05-24T14:30:00+04:00", datetime(2026, 5, 24, 10, 30, tzinfo=UTC), 240),
        ("2026-05-24T14:30:00.1234567-03:30", datetime(2026, 5, 24, 18, 0, 0, 123456, tzinfo=UTC), -210),
        ("2026-05-24T24:00:00", datetime(2026, 5, 24, 21, tzinfo=UTC), 180),
        ("2026-05-24", datetime(2026, 5, 23, 21, tzinfo=UTC), 180),
        ("2026-05-24 14:30:00", datetime(2026, 5, 24, 11, 30, tzinfo=UTC), 180),
    ],
)
def test_moments(reading: Reading, text: str, at: datetime, offset: int) -> None:
    staging = reading(report(transaction(when=text)))
    (row,) = staging.rows(TRANSACTIONS)
    assert (row["occurred_at"], row["utc_offset_minutes"]) == (at, offset)
    assert row["is_date_only"] == (len(text) == 10)
    assert staging.codes == (["date_not_standard"] if "T" not in text else [])
    assert ("date_transaction" in extra_of(row)) == (".1234567" in text)


@pytest.mark.parametrize(
    "text",
    ["", "20260524", "2026-05-24T24:00:01", "2026-05-24T10:00", "2026-05-24T10:00:60", "2026-05-24T10:00:00+15:00",
     "24.05.2026", "2026-W20-1", "9999-12-31T24:00:00", "0000-01-01T00:00:00", "٢٠٢٦-05-24T10:00:00"],
)  # fmt: skip
def test_what_is_no_moment(text: str) -> None:
    assert parse_moment(text, UTC) is None


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_moments_round_trip(naive: datetime, minutes: int) -> None:
    aware = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    moment = parse_moment(aware.isoformat(), ZoneInfo("Asia/Dubai"))
    assert moment is not None
    assert (moment.at, moment.offset_minutes, moment.day) == (aware, minutes, naive.date())
    assert moment.is_exact
    assert moment.has_zone


@given(st.text(max_size=30))
def test_no_text_breaks_the_parsers(text: str) -> None:
    parse_moment(text, UTC)
    parse_money(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=13, min_value=-(10**24), max_value=10**24))
def test_money_round_trips(value: Decimal) -> None:
    assert parse_money(f"{value:f}") == value


@given(st.integers(min_value=10**25), st.integers(min_value=1, max_value=9))
def test_money_beyond_the_column_is_refused(large: int, digit: int) -> None:
    assert parse_money(str(large)) is None
    assert parse_money(f"0.{'0' * 13}{digit}") is None


# -- whole files ------------------------------------------------------------------------------------------------------


def test_batches_are_bounded_and_order_is_kept(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goaml, "_BATCH_TRANSACTIONS", 10)
    staging = reading(report("".join(transaction(amount=str(amount)) for amount in range(35))))
    assert staging.batches[TRANSACTIONS.name] == [10, 10, 10, 5]
    assert staging.table(TRANSACTIONS)["amount_local"].to_list() == list(range(35))
    assert staging.table(ACCOUNTS)["ordinal"].to_list() == list(range(1, 36))


def test_memory_does_not_hold_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree never holds more than a chunk's worth of transactions."""
    path = tmp_path / "long.xml"
    path.write_text(report("\n".join(transaction() for _ in range(3_000))))
    most = 0
    take = goaml._Reader.take

    def watched(self: goaml._Reader, element: object) -> bool:
        nonlocal most
        kept = take(self, element)  # type: ignore[arg-type]
        most = max(most, sum(1 for sibling in element.getparent() if len(sibling)))  # type: ignore[attr-defined]
        return kept

    monkeypatch.setattr(goaml._Reader, "take", watched)
    read(source(path), Collecting(), load_profile("eag-demo"))
    assert most < 3 * 64 * 1024 // len(transaction())


def test_one_part_larger_than_the_limit_is_refused(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goaml, "_PART_LIMIT_BYTES", 200_000)
    body = transaction(more="<comments>" + "x" * 400_000 + "</comments>")
    assert refused(reading, report(body)).code == "xml_part_too_large"


def test_many_findings_of_a_kind_become_one(reading: Reading) -> None:
    staging = reading(report("".join(transaction(when="2026-05-24") for _ in range(50))))
    assert len(staging.findings) == 20
    assert staging.findings[-1]["message"].startswith("31 more")


@pytest.mark.parametrize(
    "doctype",
    ['<!DOCTYPE report [<!ENTITY a "x">]>', '<!DOCTYPE report SYSTEM "http://example.org/x.dtd">', "<!DOCTYPE report>"],
)
def test_doctype_is_refused(reading: Reading, doctype: str) -> None:
    content = report(transaction(more="<comments>&amp;</comments>")).replace("?>", f"?>{doctype}", 1)
    assert sniff(content.encode())
    problem = refused(reading, content)
    assert (problem.code, problem.stage) == ("doctype", "xml")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_truncated_file_is_refused_with_its_line(reading: Reading, kept: float) -> None:
    content = report("\n".join(transaction() for _ in range(20)))
    problem = refused(reading, content[: int(len(content) * kept)].encode())
    assert (problem.code, problem.stage) == ("xml_malformed", "xml")
    assert problem.place is not None
    assert problem.place.startswith("line ")


@pytest.mark.parametrize(
    "broken",
    ["<Секрет></b>", "<a>Секрет < Тайна</a>", "<a b=Секрет>", "<a>&Секрет;</a>", "<a>&secret;</a>", "</report>Секрет"],
)
def test_malformed_file_is_refused_without_its_text(reading: Reading, broken: str) -> None:
    problem = refused(reading, report(transaction() + broken))
    assert problem.code == "xml_malformed"
    assert "Секрет" not in problem.message + str(problem) + (problem.place or "")
    assert "secret" not in problem.message


@pytest.mark.parametrize("content", [b"", b"  \n\t "])
def test_empty_file(reading: Reading, content: bytes) -> None:
    assert refused(reading, content).code == "file_empty"


@pytest.mark.parametrize("content", ["<html/>", "<a:report xmlns:a='x'/>", "<Document><report/></Document>"])
def test_other_xml_is_refused(reading: Reading, content: str) -> None:
    assert not sniff(content.encode())
    assert refused(reading, content).code == "not_goaml"


# -- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1251", "cp866", "gb18030"])
def test_allowed_encodings(reading: Reading, codec: str) -> None:
    declared = codec.removesuffix("-sig").removesuffix("-le")
    content = report(transaction()).replace("UTF-8", declared).encode(codec)
    assert sniff(content)
    assert reading(content).rows(PARTIES)[0]["first_name"] == "Иван"


@pytest.mark.parametrize("declared", ["windows-1251", "cp866", "GB18030", "ISO-8859-1", "no-such-code", "UTF-16"])
def test_encodings_that_a_profile_does_not_allow(reading: Reading, declared: str) -> None:
    content = report(header=HEADER).replace("UTF-8", declared).encode()
    assert refused(reading, content, "generic").code == "encoding"


def test_bytes_that_are_not_utf8(reading: Reading) -> None:
    content = report(transaction()).encode("windows-1251")
    problem = refused(reading, content, "generic")
    assert (problem.code, problem.stage) == ("encoding", "file")
    assert problem.place == f"byte {content.index('Иван'.encode('windows-1251')) + 1}"


def test_mislabelled_encoding_is_read_where_the_profile_allows_it(tmp_path: Path) -> None:
    path = tmp_path / "mislabelled.xml"
    path.write_bytes(report(transaction()).encode("windows-1251"))
    staging = Collecting()
    read(source(path), staging, load_profile("eag-demo"))
    assert staging.rows(PARTIES)[0]["first_name"] == "Иван"
    assert staging.codes == ["encoding_mislabelled"]


def test_rows_do_not_depend_on_how_the_file_is_cut(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the key: what follows the first transaction has no part in it."""
    party = "<report_party><entity><name>ООО</name></entity></report_party>"
    body = f"{transaction() * 3}<activity><report_parties>{party * 3}</report_parties></activity>"
    content = report(
        body, header="<rentity_id>7</rentity_id>", footer="<entity_reference>L</entity_reference>" + FOOTER
    )
    whole = reading(content)
    monkeypatch.setattr(goaml, "_CHUNK_BYTES", 50)
    pieces = reading(content)
    for table in (REPORTS, TRANSACTIONS, ACCOUNTS, PARTIES, ROLES, INDICATORS):
        assert whole.table(table).equals(pieces.table(table))
        assert whole.places[table.name] == pieces.places[table.name]
    assert whole.findings == pieces.findings


def test_utf8_letters_split_between_chunks(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goaml, "_CHUNK_BYTES", 7)
    assert reading(report(transaction())).rows(PARTIES)[0]["first_name"] == "Иван"


@pytest.mark.parametrize(
    ("head", "is_goaml"),
    [
        (b"<report>", True),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <report> --><report a='1'", True),
        (b"<!DOCTYPE report [<!ENTITY a '>'>]><report>", True),
        (b"<reports>", False),
        (b"<?xml version='1.0'?>", False),
        (b"<!-- <report>", False),
        (b"<!DOCTYPE report [", False),
        (b"PK\x03\x04", False),
        (b"", False),
        (b"a,b\n1,2\n", False),
    ],
)
def test_sniff(head: bytes, is_goaml: bool) -> None:
    assert sniff(head) is is_goaml


# -- profiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *[(code, "suspicion") for code in ("STR", "SAR", "STR-L", "STRH", "SAR-P")],
        *[(code, "threshold") for code in ("CTR", "TTR", "ECTR")],
        *[(code, "transfer") for code in ("EFT", "IFT")],
        *[(code, "information") for code in ("AIF", "IRF", "IRD", "ITR", "BCR")],
        ("DPMSR", "data"),
        ("-", "data"),
    ],
)
def test_report_classes(code: str, expected: str) -> None:
    assert report_class(code, load_profile("generic")) == expected


def test_a_profile_overrides_the_class() -> None:
    assert report_class("DPMSR", load_profile("ae")) == "threshold"


def test_profiles_load_and_unknown_names_are_refused() -> None:
    assert set(profile_names()) == {"generic", "ae", "lk", "np", "eag-demo"}
    assert Counter(load_profile(name).name for name in profile_names()) == Counter(profile_names())
    assert profile_for(None, "LK").name == "lk"
    assert profile_for(None, "ZZ").name == profile_for(None, None).name == "generic"
    with pytest.raises(ValueError, match=r"'xx'.*ae, eag-demo, generic, lk, np"):
        profile_for("xx")


@pytest.mark.parametrize(
    "wrong",
    ['transmode = {A = "barter"}', 'party_roles = {A = "up"}', 'encodings = ["koi8-r"]', "colour = 1"],
)
def test_a_profile_with_unknown_words_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="profile bad"):
        parse_profile("bad", f'title = "x"\njurisdiction = "ZZ"\ntimezone = "UTC"\n{wrong}')
