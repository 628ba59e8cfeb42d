"""Node keys: equal for one holder, apart for homonyms, and never made of a placeholder."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity import account_key, canonical_number, entity_key, fold_name, institution_key, person_key


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  Артём  ПЕТРОВ ", "артем петров"),
        ("José-María O'Brien", "jose maria o brien"),
        ("STRAẞE", "strasse"),
        ("राम बहादुर", "राम बहादुर"),
        ("«Ромашка», ООО.", "ромашка ооо"),
        ("—", ""),
    ],
)
def test_fold_name(written: str, folded: str) -> None:
    assert fold_name(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)


@given(st.text(alphabet="0123456789ABCDEF", min_size=1), st.lists(st.sampled_from(" -\u00a0\u2013"), max_size=4))
def test_canonical_number_ignores_separators_and_keeps_leading_zeros(number: str, separators: list[str]) -> None:
    spread = "".join(separators) + "".join(f"{character}{''.join(separators)}" for character in number)
    assert canonical_number(spread) == canonical_number(number)
    assert canonical_number(number) in (number, "")


def test_accounts_by_iban_also_where_the_number_is_one() -> None:
    by_number = account_key("kz86 125K-ZT50 0410 0100", None, "bank", "r", 1)
    assert by_number == account_key(None, "KZ86125KZT5004100100", "other", "q", 9) == "iban:KZ86125KZT5004100100"


def test_accounts_keep_leading_zeros_and_belong_to_their_institution() -> None:
    assert account_key("00-12 34", None, "bank a", "r", 1) == "acc:bank a:001234"
    assert account_key("1234", None, "bank a", "r", 1) != account_key("001234", None, "bank a", "r", 1)
    assert account_key("1234", None, "bank a", "r", 1) != account_key("1234", None, "bank b", "r", 1)


def test_short_number_without_an_institution_joins_no_other_report() -> None:
    assert account_key("1234", None, "", "r", 1) == account_key("1234", None, "", "r", 2)
    assert account_key("1234", None, "", "r", 1) != account_key("1234", None, "", "q", 1)
    assert account_key("40817810000000000001", None, "", "r", 1) == "acc::40817810000000000001"


@pytest.mark.parametrize("nothing", [None, "", "-", "000", "0-0 0", "--"])
def test_a_placeholder_never_becomes_a_key(nothing: str | None) -> None:
    assert account_key(nothing, nothing, "bank", "r", 3) == "acc:report:r:3"
    assert person_key((("nid", "RU", nothing),), nothing, date(1980, 1, 1), "r", 3) == "per:report:r:3"
    assert entity_key((("reg", "RU", nothing),), nothing, "RU", "r", 3) == "ent:report:r:3"


def test_institution_by_code_then_bic_without_branch_then_name() -> None:
    assert institution_key("PCBL", "ABCDRUMMXXX", "Bank") == "pcbl"
    assert institution_key(None, "ABCDRUMMXXX", "Bank") == institution_key(None, "ABCDRUMM", None) == "abcdrumm"
    assert institution_key(None, None, "Банк «Ё»") == "банк е"
    assert institution_key(None, None, None) == ""


def test_persons_by_the_strongest_number() -> None:
    numbers = (("nid", "ru", None), ("pass", "RU", "45 08-123456"), ("id", "RU", "77"), ("tax", "RU", "88"))
    assert person_key(numbers, "Иван", date(1980, 1, 1), "r", 1) == "per:pass:RU:4508123456"
    assert person_key(numbers[2:], None, None, "r", 1) == "per:id:RU:77"


def test_homonyms_without_a_date_of_birth_stay_apart() -> None:
    assert person_key((), "Иван Петров", None, "r", 1) != person_key((), "Иван Петров", None, "r", 2)
    assert person_key((), "Иван Петров", None, "r", 1) != person_key((), "Иван Петров", None, "q", 1)
    assert person_key((), "ИВАН ПЕТРОВ", date(1980, 1, 2), "r", 1) == "per:name:иван петров|1980-01-02"


def test_entities_by_registration_then_tax_then_country_and_name() -> None:
    numbers = (("reg", "RU", "102"), ("tax", "RU", "77"))
    assert entity_key(numbers, "ООО", "RU", "r", 1) == "ent:reg:RU:102"
    assert entity_key((("reg", "RU", None), numbers[1]), "ООО", "RU", "r", 1) == "ent:tax:RU:77"
    assert entity_key((), "ООО «Ромашка»", "ru", "r", 1) == "ent:name:RU|ооо ромашка"
