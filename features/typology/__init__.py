"""The typology catalogue: one TOML and a few SQL files each in `typologies/`, the run that finds hits, their words."""

from features.typology.catalogue import FOLDER, THEMES, Typology, by_id, catalogue, load
from features.typology.countries import reporting_threshold
from features.typology.run import Found, LeftOut, build, evaluate, find
from features.typology.status import statuses
from features.typology.trials import Coverage, Trial, coverage, has_outcomes, tune
from features.typology.words import Language, fill, outline, sentence

__all__ = [
    "FOLDER",
    "THEMES",
    "Coverage",
    "Found",
    "Language",
    "LeftOut",
    "Trial",
    "Typology",
    "build",
    "by_id",
    "catalogue",
    "coverage",
    "evaluate",
    "fill",
    "find",
    "has_outcomes",
    "load",
    "outline",
    "reporting_threshold",
    "sentence",
    "statuses",
    "tune",
]
