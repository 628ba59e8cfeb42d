"""Trials: what typologies find over past nights, and would find with other values of a parameter. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from features.account_graph import confirmed
from features.typology import inputs, run, status
from features.typology.catalogue import Parameter, Typology
from pipelines.home import Settings
from pipelines.lake import Lake, Nights
from pipelines.progress import Progress, silent
from pipelines.steps import days


@dataclass(frozen=True)
class Trial:
    """What one typology finds over some nights with one value of a parameter.

    A subject is confirmed where analysts have decided so by today; `confirmed_hits` are hits on such subjects.
    """

    value: Parameter
    is_in_force: bool
    hits: int
    subjects: int
    confirmed_hits: int
    confirmed_subjects: int
    hits_a_night: float


@dataclass(frozen=True)
class Coverage:
    """On how many nights of a range a typology could run, and what it lacked on the others or missed on these."""

    nights: int
    ran: int
    missing: tuple[str, ...]


def tune(
    lake: Lake,
    nights: Nights,
    settings: Settings,
    typology: Typology,
    name: str,
    values: Sequence[Parameter],
    progress: Progress = silent,
) -> list[Trial]:
    """What each value of the parameter, and the one in force, would have found: by value, from the lowest.

    Raises:
        ValueError: the typology has no such parameter, or a value is none that it may have.
    """
    in_force = typology.parameters_for(settings.country)
    if name not in in_force:
        raise ValueError(f"{typology.id} has no parameter {name}; it has {', '.join(in_force) or 'none'}")
    every = sorted({*values, in_force[name]}, key=lambda value: (isinstance(value, str), value))
    variants = [replace(typology.with_parameters({name: value}), version=place) for place, value in enumerate(every, 1)]
    found = run.evaluate(lake, nights, settings, variants, progress)
    known = confirmed(lake, date.max).tolist()
    trials = []
    for place, value in enumerate(every, 1):
        hits = found.filter(pl.col("typology_version") == place)
        right = hits.filter(pl.col("node_id").is_in(known))
        count = len(list(days(nights)))
        trials.append(
            Trial(
                value=value,
                is_in_force=value == in_force[name],
                hits=hits.height,
                subjects=hits["node_id"].n_unique(),
                confirmed_hits=right.height,
                confirmed_subjects=right["node_id"].n_unique(),
                hits_a_night=hits.height / count,
            )
        )
    return trials


def coverage(lake: Lake, nights: Nights, typology: Typology) -> Coverage:
    """On how many nights the typology could run, and the tables that nobody had loaded by the last of them."""
    told = inputs.first_told(lake, nights)
    lacking = status.missing((*typology.data_required, *typology.data_optional), told, nights.last)
    ready = status.ready_nights(typology, nights, told)
    return Coverage(len(list(days(nights))), len(ready), tuple(lacking))


def has_outcomes(lake: Lake) -> bool:
    """Has any subject been confirmed by analysts."""
    return confirmed(lake, date.max).size > 0
