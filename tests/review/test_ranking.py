"""The formula against hand computations, and the laws of the order."""

from datetime import date
from math import log, log1p, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review import ranking
from review.ranking import Parameters, Standing, places

RU = Parameters.of("RU")
DAY = date(2026, 2, 3)


def _worth(**given: object) -> ranking.Worth:
    usual: dict[str, object] = {
        "risk": 0.5,
        "theme": "DRUG-SYN",
        "amount": 1_000_000.0,
        "transactions": 3,
        "subjects": 1,
        "age_days": 0,
        "is_moving": False,
    }
    return ranking.worth(RU, **{**usual, **given})  # type: ignore[arg-type]


def test_the_formula_by_hand() -> None:
    """Every factor of one alert, computed from the reference with a pencil."""
    worth = _worth(age_days=5, is_moving=True, link=ranking.linkage(has_open_case=True, boost=0.2))
    sev = log(2) / log1p(1000)
    harm = 0.5 * 1.0 + 0.3 * sev + 0.2 * (1 / 20)
    assert worth.sev == pytest.approx(sev)
    assert worth.harm == pytest.approx(harm)
    assert worth.fresh == pytest.approx(1 + 0.25 + 1)
    assert worth.link == pytest.approx(1.5)
    assert worth.minutes == pytest.approx(3 + log2(4) + log2(2))
    assert worth.value_per_minute == pytest.approx(0.5 * harm * 2.25 * 1.5 / 6)


def test_severity_and_reach_stay_within_bounds() -> None:
    """Nothing is worth less than nothing or more than everything, however large the amount."""
    assert [ranking.severity(a, 1e6, 1e9) for a in (0, 1e9, 1e30)] == [0, pytest.approx(1), 1]
    assert [ranking.reach(n) for n in (0, 5, 20, 4000)] == [0, 0.25, 1, 1]


def test_a_boost_is_capped() -> None:
    """No operation may lift an alert by more than one (section 5.3)."""
    with pytest.raises(ValueError, match="boost"):
        ranking.linkage(boost=1.1)


def test_parameters_of_countries_and_themes() -> None:
    """An unknown country has default amounts, an unknown theme weighs as OTHER; synthetics weigh like opiates."""
    assert Parameters.of("XX").a0 == Parameters.of("YY").a0 != RU.a0
    assert RU.theme_weight("NEW") == RU.theme_weight("OTHER")
    assert RU.theme_weight("DRUG-SYN") >= RU.theme_weight("DRUG-OPI")


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["amount", "age_days"]), st.floats(0, 1e12))
def test_more_is_never_worth_less(low: float, high: float, name: str, more: float) -> None:
    """More risk, a larger amount and a longer wait never lower an alert."""
    low, high = sorted((low, high))
    assert _worth(risk=low).value_per_minute <= _worth(risk=high).value_per_minute
    assert _worth(**{name: 0}).value_per_minute <= _worth(**{name: more}).value_per_minute


STANDINGS = st.lists(
    st.builds(
        Standing,
        alert_id=st.integers(0, 10**6).map(str),
        component_id=st.sampled_from("abcd"),
        value_per_minute=st.sampled_from([0.1, 0.2, 0.3, 0.5]),
        received=st.sampled_from([DAY, date(2026, 2, 1)]),
    ),
    unique_by=lambda s: s.alert_id,
    max_size=30,
)


@given(STANDINGS, st.randoms())
def test_ranks_have_no_gaps_and_do_not_depend_on_the_input_order(standings: list[Standing], random: object) -> None:
    """Ranks are 1..n; every component has one lead, its best; all leads stand before all others."""
    placed = ranking.places(standings)
    shuffled = list(standings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ranking.places(shuffled) == placed
    assert sorted(place.rank for place in placed.values()) == list(range(1, len(standings) + 1))
    leads = [s for s in standings if placed[s.alert_id].is_lead]
    assert len(leads) == len({s.component_id for s in standings})
    for lead in leads:
        assert placed[lead.alert_id].rank <= len(leads)
        own = [s for s in standings if s.component_id == lead.component_id]
        assert ranking.best_first(own)[0] == lead
        assert placed[lead.alert_id].linked_count == len(own) - 1


@given(STANDINGS.filter(bool), st.data())
def test_more_value_never_worsens_a_rank(standings: list[Standing], data: st.DataObject) -> None:
    """All else equal, an alert that gains value stands no lower than before."""
    raised = data.draw(st.sampled_from(standings))
    better = Standing(raised.alert_id, raised.component_id, raised.value_per_minute + 0.15, raised.received)
    after = ranking.places([better if s is raised else s for s in standings])
    assert after[raised.alert_id].rank <= ranking.places(standings)[raised.alert_id].rank


def test_ties_go_to_the_longest_known_then_to_the_identifier() -> None:
    """Equal values: received first, then alert_id."""
    rows = [Standing("b", "1", 0.5, DAY), Standing("a", "2", 0.5, DAY), Standing("c", "3", 0.5, date(2026, 2, 1))]
    assert [s.alert_id for s in ranking.best_first(rows)] == ["c", "a", "b"]


def test_no_component_shows_more_than_three_before_the_others_had_their_turn() -> None:
    """Folded alerts: second and third of each component first, the rest behind them."""
    large = [Standing(f"l{n}", "L", 0.9 - n / 100, DAY) for n in range(6)]
    small = [Standing(f"s{n}", "S", 0.2 - n / 100, DAY) for n in range(2)]
    placed = ranking.places([*small, *large])
    order = sorted(placed, key=lambda alert: placed[alert].rank)
    assert order == ["l0", "s0", "l1", "l2", "s1", "l3", "l4", "l5"]


def test_the_lead_is_what_a_typology_found_if_it_is_worth_half() -> None:
    day = date(2025, 1, 1)
    model = Standing("m", "c", 1.0, day)
    near, far = Standing("n", "c", 0.5, day, has_rule=True), Standing("f", "c", 0.49, day, has_rule=True)
    assert {key: place.is_lead for key, place in places([model, near]).items()} == {"m": False, "n": True}
    assert {key: place.is_lead for key, place in places([model, far]).items()} == {"m": True, "f": False}
