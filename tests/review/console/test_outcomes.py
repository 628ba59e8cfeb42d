"""Decisions flow back to the lake as labels; only final ones, once, and taken back where a decision was undone."""

from datetime import timedelta
from pathlib import Path

from pipelines.lake import Lake, Nights
from pipelines.tables import OUTCOMES
from review.console.services import approvals, outcomes, workflow
from review.console.services.workflow import Choice
from tests.review.console.store import NOW, SALARY, WHY, Given, Store

TODAY = Nights.of(NOW.date())


def test_final_decisions_are_rows_of_the_lake_with_code_and_evidence(store: Store, tmp_path: Path):
    store.publish(*(Given(number) for number in range(1, 5)))
    lake = Lake(tmp_path / "lake")
    held = store.claimed(1)
    first = workflow.decide(store.actor("anna"), held.alert_id, held.version, SALARY)
    waiting = store.proposed(2)
    held = store.claimed(3)
    until = NOW.date() + timedelta(days=3)
    workflow.defer(store.actor("anna"), held.alert_id, held.version, until, [], WHY)
    assert outcomes.write(lake) == 1
    row = lake.read(OUTCOMES, TODAY).row(0, named=True)
    assert (row["alert_id"], row["code"], row["reason"], row["node_id"]) == (
        store.alert(1).alert_id,
        "D5",
        "salary",
        1_001,
    )
    assert row["evidence"] == ["t1", "t2"]
    approvals.approve(store.actor("sveta"), waiting.pk, store.alert(2).version)
    assert outcomes.write(lake) == 2
    version = lake.version(OUTCOMES)
    assert outcomes.write(lake) == 2
    assert lake.read(OUTCOMES, TODAY).height == 2
    assert version == lake.version(OUTCOMES)
    workflow.undo(store.actor("anna", timedelta(seconds=3)), first.step.pk)
    assert outcomes.write(lake) == 1
    assert lake.read(OUTCOMES, TODAY)["code"].to_list() == ["D5"]


def test_a_decision_that_was_overruled_later_stays_with_its_own_day(store: Store, tmp_path: Path):
    store.publish(Given(1))
    held = store.claimed(1)
    workflow.decide(store.actor("anna"), held.alert_id, held.version, SALARY)
    workflow.reopen(store.actor("sveta"), held.alert_id, store.alert(1).version, WHY)
    later = timedelta(days=2)
    again = store.claimed(1, after=later)
    workflow.decide(store.actor("anna", later), again.alert_id, again.version, Choice("D4", "", WHY))
    lake = Lake(tmp_path / "lake")
    assert outcomes.write(lake) == 2
    rows = lake.read(OUTCOMES, Nights(NOW.date(), NOW.date() + later)).sort("ordinal")
    assert rows.select("ordinal", "code", "received_on").rows() == [
        (1, "D5", NOW.date()),
        (2, "D4", NOW.date() + later),
    ]
