"""The store that the console's benchmark fills by SQL fits the tables and their guards, and the console works on it."""

from benchmarks import console
from review.console.models import Alert, Decision, QueueEntry
from review.console.services import alerts, queues
from tests.review.console.store import Store


def test_the_benchmark_fills_a_store_that_pages_can_be_read_from(store: Store) -> None:
    console.fill(300, 2)
    assert (Alert.objects.count(), Decision.objects.count()) == (300, Alert.objects.filter(state="closed").count())
    entry = QueueEntry.objects.select_related("alert", "queue").order_by("pk")[0]
    chief = store.actor("chief")
    assert entry.alert in [item.alert for item in queues.page(chief, entry.queue.slug).items]
    assert alerts.open_alert(chief, entry.alert.alert_id).movements
