"""The cold start: typologies first, the unusual next, and the same order on every run."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from models import cold_start
from pipelines.tables import HITS
from tests.models.world import hit

NIGHT = date(2024, 2, 1)
TRANSACTIONS = pl.DataFrame({"transaction_id": ["a", "b", "c"], "src": [1, 1, 3], "dst": [2, 4, 5]})


def strengths(*hits: dict[str, object]) -> list[float]:
    return cold_start.strengths(TRANSACTIONS, HITS.frame(hits)).tolist()


def test_evidence_counts_in_full_and_membership_in_part() -> None:
    assert strengths(hit(NIGHT, 1, 0.8, ["a"])) == pytest.approx([0.8, 0.24, 0.0])


def test_a_family_counts_once_and_families_add_up() -> None:
    same = [hit(NIGHT, 1, 0.5, ["a"]), hit(NIGHT, 2, 0.4, ["a"])]
    other = hit(NIGHT, 9, 0.5, ["a"], family="fan")
    assert strengths(*same)[0] == pytest.approx(0.5)
    assert strengths(*same, other)[0] == pytest.approx(0.75)


def test_without_hits_nothing_is_strong() -> None:
    assert strengths() == [0.0, 0.0, 0.0]
    assert cold_start.subject_strengths(pl.DataFrame({"node_id": [1]}), HITS.empty()).tolist() == [0.0]


def test_a_subject_is_as_strong_as_its_own_hits() -> None:
    hits = HITS.frame([hit(NIGHT, 4, 0.5, []), hit(NIGHT, 4, 0.5, [], family="fan"), hit(NIGHT, 1, 0.2, [])])
    found = cold_start.subject_strengths(pl.DataFrame({"node_id": [4, 1, 7]}), hits)
    assert found.tolist() == pytest.approx([0.75, 0.2, 0.0])


def test_a_hit_outweighs_any_anomaly_and_the_unusual_come_next() -> None:
    risk = cold_start.risk(np.array([0.5, 0.0, 0.0]), np.array([0.0, 1.0, 0.5]))
    assert risk[0] > risk[1] > risk[2] >= 0


def test_the_unusual_row_has_the_highest_percentile_on_every_run() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 5)).astype(np.float32)
    rows[7] = 9.0
    rows[::9, 2] = np.nan
    first, second = (cold_start.fit([rows], seed=3).anomaly(rows) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert int(np.argmax(first)) == 7
    assert first.max() == 1.0


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_rows_tell_nothing(count: int) -> None:
    rows = np.zeros((count, 3), dtype=np.float32)
    assert cold_start.fit([rows], seed=3).anomaly(rows).tolist() == [0.5] * count


def test_a_night_gives_its_share_of_the_background() -> None:
    rows = np.arange(10_000, dtype=np.float32).reshape(-1, 1)
    drawn = cold_start.sample_night(rows, NIGHT, seed=1)
    assert len(drawn) == len(np.unique(drawn)) == cold_start.BACKGROUND_ROWS // cold_start.BACKGROUND_NIGHTS
    np.testing.assert_array_equal(drawn, cold_start.sample_night(rows, NIGHT, seed=1))
    assert not np.array_equal(drawn, cold_start.sample_night(rows, NIGHT, seed=2))


def test_the_percentile_is_the_share_not_larger() -> None:
    assert cold_start.percentile(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [1.0, 0.25, 1.0, 0.5]
