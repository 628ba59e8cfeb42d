"""What banks tell the FIU on suspicion: reports about a part of the planted subjects and about some innocents.

The texts come from one list for both, say what a clerk would see and never name a typology. Holds no XML.
"""

from datetime import timedelta

import numpy as np
import polars as pl

from synthetic.background import Town
from synthetic.draw import DAY
from synthetic.look_alikes import Casting
from synthetic.schemes import Scheme

CORE_SHARE, LOOK_ALIKE_SHARE, PASSERS_BY = 0.35, 0.4, 22
REASONS = (
    "Операции клиента не соответствуют сведениям о его доходах и роде занятий. На вопросы клиент пояснений не дал.",
    "Обороты по счёту за короткий срок выросли многократно против обычных для клиента. Экономический смысл неясен.",
    "Клиент не подтвердил документами источник средств. Просим учесть сведения при проверке.",
    "Остаток на счёте в конце дня близок к нулю, обычных бытовых платежей мало. Банк запросил пояснения.",
    "Поступления от физических лиц без ясных оснований, назначения платежей однообразны.",
    "Клиент затруднился назвать отправителей средств. Дистанционное обслуживание ограничено до получения пояснений.",
    "Поведение клиента в отделении вызвало сомнения сотрудника, пояснения были противоречивы.",
    "Сведения направляются по итогам внутренней проверки операций клиента за месяц.",
)
ACTIONS = (
    "Запрошены пояснения.",
    "Установлено усиленное наблюдение за счётом.",
    "Ограничено дистанционное обслуживание.",
)
INDICATORS = ("NEPROFIL", "NETPOYASN", "OBOROT", "ISTOCHNIK", "POVEDENIE")
SCHEMA = {
    "day": pl.Int64(),
    "account_id": pl.Int64(),
    "reason": pl.String(),
    "action": pl.String(),
    "indicators": pl.List(pl.String()),
    "significance": pl.Int64(),
}


def make_suspicions(town: Town, casting: Casting, schemes: list[Scheme]) -> pl.DataFrame:
    """One row a report: the day of the report (0 is the first), the account, and the clerk's words."""
    rng = town.rng("suspicions")
    rows = [*_guilty(rng, schemes), *_innocent(rng, town, casting)]
    rows = sorted({account: (day, account) for day, account in rows if day < town.days}.values())
    drawn = [(day, account, *_words(rng)) for day, account in rows]
    return pl.DataFrame(drawn, schema=SCHEMA, orient="row")


def _guilty(rng: np.random.Generator, schemes: list[Scheme]) -> list[tuple[int, int]]:
    rows = []
    for scheme in schemes:
        start = min(scheme.moves["second"].to_list()) // DAY
        accounts = [account for account in scheme.core if account >= 0 and rng.random() < CORE_SHARE]
        rows += [(start + int(rng.integers(1, 9)), account) for account in accounts]
    return rows


def _innocent(rng: np.random.Generator, town: Town, casting: Casting) -> list[tuple[int, int]]:
    suspects = [p for p in casting.everybody.tolist() if rng.random() < LOOK_ALIKE_SHARE]
    suspects += town.active_person(rng, max(round(PASSERS_BY * town.scale), 1)).tolist()
    accounts = town.people.main_account[suspects].tolist()
    return [(int(rng.integers(1, town.days)), int(account)) for account in accounts]


def _words(rng: np.random.Generator) -> tuple[str, str, list[str], int]:
    chosen = rng.choice(len(REASONS), int(rng.integers(1, 3)), replace=False)
    codes = sorted({INDICATORS[int(i)] for i in rng.integers(0, len(INDICATORS), 2)})
    reason = " ".join(REASONS[int(i)] for i in chosen)
    return reason, ACTIONS[int(rng.integers(len(ACTIONS)))], codes, int(rng.integers(3, 9))


def dated(suspicions: pl.DataFrame, town: Town) -> pl.DataFrame:
    """The reports with calendar days instead of day numbers."""
    days = [town.first_day + timedelta(days=day) for day in suspicions["day"].to_list()]
    return suspicions.with_columns(pl.Series("day", days, dtype=pl.Date))
