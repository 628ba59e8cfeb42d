"""Conditions and counts that every database answers from an index, and no further than it must."""

from django.db.models import Q, QuerySet

_LAST = "\U0010ffff"


def begins(field: str, text: str) -> Q:
    """That a field, compared by code point, begins with a text."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + _LAST})


def counted_to(rows: QuerySet, most: int) -> int:  # type: ignore[type-arg]
    """How many rows there are, counted no further than one above `most`, in whatever order is quickest."""
    return rows.order_by()[: most + 1].count()
