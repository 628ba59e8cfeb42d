"""Planted attempts: what the half tells on which no default was chosen. Nothing here measures a time."""

import polars as pl

from benchmarks.real_typologies import World, held_out, is_held_out
from pipelines.home import open_home


def test_the_held_out_half_counts_neither_attempts_nor_hits_of_the_other() -> None:
    numbers = [str(number) for number in range(40)]
    truth = pl.DataFrame({"attempt": numbers, "kind": "cycle", "transaction_id": [f"t{n}" for n in numbers]})
    out = set(truth.filter(is_held_out())["attempt"])
    assert 10 < len(out) < 30
    first, second = sorted(out)[:2]
    other = min(set(numbers) - out)
    hits = pl.DataFrame(
        {
            "hit_id": ["own", "wrong", "both", "of another"],
            "typology_id": ["NET-03", "NET-03", "NET-03", "NET-05"],
            "evidence": [[f"t{first}"], ["x"], [f"t{second}", f"t{other}"], [f"t{second}"]],
        }
    )
    world = World("amlworld", open_home(), truth, truth.select("transaction_id"))
    found = held_out(world, hits)["cycle"]
    assert found["attempts"] == len(out)
    assert found["half"] == round(1 / len(out), 3)
    assert (found["hits"], found["half_laundering"]) == (2, 0.5)
