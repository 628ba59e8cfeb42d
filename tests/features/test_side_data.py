"""What a side table says counts from the day it was told, until a later row takes its place."""

from pathlib import Path

from features import typology
from features.typology.status import DATA_MISSING, RAN
from pipelines import side_tables
from pipelines.lake import Lake, Nights
from pipelines.tables import HITS
from tests.features.worlds import at as moment
from tests.features.worlds import day, hits_of, movement, put, quick, with_delivery, world

LABELS = side_tables.WALLET_LABELS.table


def test_a_label_counts_from_its_day_until_replaced(tmp_path: Path) -> None:
    rows = [movement("w", "x", 10, moment(number), id=f"m{number}") for number in range(9)]
    told = {"node_key": "w", "label": "darknet_market", "source": "desk", "hops": 1}
    labels = [{**told, "received_on": day(3)}, {**told, "received_on": day(6), "hops": 9, "exposure": 0.0}]
    got = hits_of(tmp_path, "VAS-02", rows, tables=[(LABELS, labels)])
    assert sorted(hit["received_on"] for hit in got) == [day(3), day(4), day(5)]


def test_every_typology_says_what_it_lacks(tmp_path: Path) -> None:
    lake, nights = world(tmp_path, [movement("a", "b", 1, moment(0))]), Nights(day(0), day(2))
    put(lake, LABELS, with_delivery(LABELS, [{"node_key": "w", "label": "risk", "source": "d", "received_on": day(1)}]))
    runs = typology.statuses(lake, HITS.empty(), nights)
    became = {(row["typology_id"], row["received_on"]): row for row in runs.iter_rows(named=True)}
    assert [became["VAS-02", day(number)]["status"] for number in range(3)] == [DATA_MISSING, RAN, RAN]
    assert [became["VAS-01", day(number)]["missing_data"] for number in range(2)] == ["wallet_labels", ""]
    for item in typology.catalogue():
        needed = [name for name in item.data_required if name in side_tables.BY_NAME or name == "outcomes"]
        row = became[item.id, day(0)]
        assert row["status"] == (DATA_MISSING if needed else RAN)
        assert set(needed) <= set(row["missing_data"].split(","))


def test_the_words_name_every_typology_that_reads_a_table() -> None:
    for item in typology.catalogue():
        for name in {*item.data_required, *item.data_optional} & set(side_tables.BY_NAME):
            assert item.id in side_tables.BY_NAME[name].used_for, (item.id, name)


def test_a_night_without_data_makes_no_hit(tmp_path: Path) -> None:
    lake: Lake = world(tmp_path, [movement("a", "b", 1, moment(0))])
    needy = [item for item in typology.catalogue() if set(item.data_required) & set(side_tables.BY_NAME)]
    assert len(needy) > 10
    assert typology.evaluate(lake, Nights.of(day(0)), quick(tmp_path), needy).is_empty()
