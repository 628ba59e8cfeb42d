"""What every feature means: name, words in English and Russian, unit, window, horizon and the file it is from."""

from dataclasses import dataclass
from typing import Literal

from features import layout
from pipelines.tables import CHANNELS, Column, Table, Type

Horizon = Literal["raw", "pit", "asof", "graph"]
"""The transaction alone; before it; known by the night's cut-off; known by the last computation of the graph."""

CHANNEL_FEATURES = tuple(f"raw_channel_{channel}" for channel in CHANNELS)
"""The features that a model which must not see the channel leaves out."""


@dataclass(frozen=True)
class Feature:
    """One column of a feature table; the reasons are templates over `value` and `usual`."""

    name: str
    meaning_en: str
    meaning_ru: str
    unit: str
    window: str
    horizon: Horizon
    source: str
    end: str = ""
    """Whose it is, of a transaction's ends: src, dst, or empty where it is of both or of none."""

    @property
    def reason_en(self) -> str:
        """A sentence for an alert, in English; `whose` says who the end is, after its name."""
        return f"{_with_whose(self.meaning_en, self.end, 0)}: {{value}} (median of all transactions: {{usual}})"

    @property
    def reason_ru(self) -> str:
        """A sentence for an alert, in Russian."""
        return f"{_with_whose(self.meaning_ru, self.end, 1)}: {{value}} (медиана по всем операциям: {{usual}})"


_Words = tuple[str, str, str]

_WINDOWS = {"1d": ("in 1 day", "за 1 день"), "7d": ("in 7 days", "за 7 дней"), "30d": ("in 30 days", "за 30 дней")}
_SIDES = {"in": ("incoming", "входящих"), "out": ("outgoing", "исходящих")}
_ENDS = {"src": ("payer", "плательщик"), "dst": ("receiver", "получатель")}


def _with_whose(meaning: str, end: str, language: int) -> str:
    """The meaning with a slot after the end's name; as it is where it does not begin with one."""
    name = f"{_ENDS[end][language]}: " if end else ""
    return meaning if not name else meaning.replace(name, f"{name[:-2]}{{whose}}: ", 1)


_PER_SIDE: dict[str, _Words] = {
    "count": ("{side} transactions", "число {side} операций", "count"),
    "sum": ("sum of {side} transactions", "сумма {side} операций", "local currency"),
    "max": ("largest of {side} transactions", "наибольшая из {side} операций", "local currency"),
    "mean": ("mean of {side} transactions", "средняя сумма {side} операций", "local currency"),
    "std": (
        "typical distance of {side} amounts from their mean",
        "типичное отклонение сумм {side} операций от средней",
        "local currency",
    ),
    "fan": ("distinct counterparties of {side} transactions", "число контрагентов {side} операций", "count"),
    "log_std": ("spread of {side} log amounts", "разброс логарифмов сумм {side} операций", "log"),
    "log_skew": ("skewness of {side} log amounts", "асимметрия логарифмов сумм {side} операций", "ratio"),
    "log_kurtosis": ("kurtosis of {side} log amounts", "эксцесс логарифмов сумм {side} операций", "ratio"),
    "age_mean": ("mean age of {side} transactions", "средняя давность {side} операций", "days"),
    "age_std": ("spread of the ages of {side} transactions", "разброс давности {side} операций", "days"),
    "min": ("smallest of {side} transactions", "наименьшая из {side} операций", "local currency"),
    "skew": ("skewness of {side} amounts", "асимметрия сумм {side} операций", "ratio"),
    "kurtosis": ("kurtosis of {side} amounts", "эксцесс сумм {side} операций", "ratio"),
    "gap_mean_hours": ("mean time between {side} transactions", "среднее время между {side} операциями", "hours"),
    "gap_std_hours": (
        "spread of the times between {side} transactions",
        "разброс времени между {side} операциями",
        "hours",
    ),
    "gap_skew": (
        "skewness of the times between {side} transactions",
        "асимметрия времени между {side} операциями",
        "ratio",
    ),
    "gap_kurtosis": (
        "kurtosis of the times between {side} transactions",
        "эксцесс времени между {side} операциями",
        "ratio",
    ),
    "entropy": (
        "evenness of counterparties, {side} (entropy)",
        "равномерность контрагентов {side} операций (энтропия)",
        "nat",
    ),
    "once_fan": (
        "counterparties of one of the {side} transactions",
        "контрагентов с одной из {side} операций",
        "count",
    ),
    "twice_fan": ("counterparties of two {side} transactions", "контрагентов с двумя из {side} операций", "count"),
    "often_fan": ("counterparties of 3 or 4 {side} transactions", "контрагентов с 3–4 из {side} операций", "count"),
    "regular_fan": (
        "counterparties of 5 or more {side} transactions",
        "контрагентов с 5 и более из {side} операций",
        "count",
    ),
    "countries": ("countries of counterparties, {side}", "стран контрагентов {side} операций", "count"),
    "currencies": ("currencies of counterparties, {side}", "валют контрагентов {side} операций", "count"),
    "busiest_day_count": (
        "{side} transactions of the busiest day",
        "число {side} операций самого бурного дня",
        "count",
    ),
    "daily_count_std": (
        "spread of the daily number of {side} transactions",
        "разброс числа {side} операций по дням",
        "count",
    ),
    "fresh_share": ("share of new counterparties, {side}", "доля новых контрагентов {side} операций", "share"),
    "top_share": ("largest counterparty's share, {side}", "доля главного контрагента {side} операций", "share"),
    "cash_share": ("share of cash in {side} amounts", "доля наличных в сумме {side} операций", "share"),
    "latest_days": ("days since the latest of {side} transactions", "дней после последней из {side} операций", "days"),
}
_PER_WINDOW: dict[str, _Words] = {
    "net_sum": ("received less paid", "получено за вычетом уплаченного", "local currency"),
    "balance": ("received less paid, to turnover", "отношение остатка к обороту", "ratio"),
    "pass_count": ("transactions that pass on an amount received within 72 h", "число транзитных операций", "count"),
    "pass_sum": ("sum passed on within 72 h", "сумма транзита в течение 72 ч", "local currency"),
    "pass_share": ("share of payments that pass on money received", "доля транзита в платежах", "share"),
    "gather_scatter": ("payers x receivers x share kept", "плательщики x получатели x сохранённая доля", "index"),
}
_PLAIN: dict[str, _Words] = {
    "pass_wait_hours_30d": ("shortest wait before money is passed on", "наименьшее время до транзита", "hours"),
    "reciprocity_30d": ("share of counterparties both ways", "доля взаимных контрагентов", "share"),
    "round_share_30d": ("share of round amounts", "доля круглых сумм", "share"),
    "below_threshold_count_7d": ("amounts just below the threshold", "число сумм чуть ниже порога", "count"),
    "below_threshold_count_30d": ("amounts just below the threshold", "число сумм чуть ниже порога", "count"),
    "cross_border_share_30d": ("share of cross-border transactions", "доля трансграничных операций", "share"),
    "cross_currency_share_30d": ("share of currency exchanges", "доля операций с разными валютами", "share"),
    "night_share_30d": ("share of transactions from 00 to 06 UTC", "доля операций с 00 до 06 UTC", "share"),
    "active_hours_30d": ("distinct hours of the day with transactions", "число часов суток с операциями", "count"),
    "active_days_30d": ("distinct days with transactions", "число дней с операциями", "count"),
    "first_seen_days_30d": ("days since the first transaction", "дней после первой операции", "days"),
    "idle_days_30d": ("days without transactions before the night", "дней без операций до этой ночи", "days"),
    "longest_pause_days_30d": ("longest pause between transactions", "наибольший перерыв между операциями", "days"),
    "corridors_30d": ("distinct routes from country to country", "число направлений между странами", "count"),
    "hold_hours_30d": ("mean time that money stays", "среднее время хранения денег", "hours"),
    "is_capped": ("too many transactions to search for pairs", "слишком много операций для поиска пар", "flag"),
}
_RAW: dict[str, _Words] = {
    "log_amount": ("amount, logarithm", "логарифм суммы", "log"),
    "amount": ("amount", "сумма", "local currency"),
    "is_round": ("round amount", "круглая сумма", "flag"),
    "is_below_threshold": ("amount just below the threshold", "сумма чуть ниже порога", "flag"),
    "hour_sin": ("time of day (UTC), sine", "время суток (UTC), синус", "ratio"),
    "hour_cos": ("time of day (UTC), cosine", "время суток (UTC), косинус", "ratio"),
    "weekday": ("day of the week, Monday is 0", "день недели, понедельник — 0", "day"),
    "delay_days": ("days from the transaction to the cut-off", "дней от операции до среза", "days"),
    "is_self": ("payer and receiver are one", "плательщик и получатель совпадают", "flag"),
    "is_cross_currency": ("different currencies", "разные валюты сторон", "flag"),
    "is_cross_border": ("different countries", "разные страны сторон", "flag"),
}
_PAIR: dict[str, _Words] = {
    "pit_pair_count_30d": ("earlier payments of this pair", "прежних платежей этой пары", "count"),
    "pit_pair_sum_30d": ("sum of earlier payments of this pair", "сумма прежних платежей этой пары", "local currency"),
    "pit_pair_reverse_count_30d": ("earlier payments the other way", "прежних встречных платежей", "count"),
    "pit_pair_gap_hours": ("hours since the pair's last payment", "часов после прошлого платежа пары", "hours"),
    "pit_is_pair_first_30d": ("first payment of this pair", "первый платёж этой пары", "flag"),
}
_SHAPES: dict[str, _Words] = {
    "asof_scatter_middles": (
        "accounts beside the receiver on the way to one end",
        "посредников до общего конца",
        "count",
    ),
    "asof_scatter_paths": ("paths of two hops that begin here", "путей из двух переводов отсюда", "count"),
    "asof_scatter_kept": ("share kept on the way to one end", "доля, дошедшая до общего конца", "share"),
    "asof_gather_middles": ("accounts beside the payer from one start", "посредников от общего начала", "count"),
    "asof_gather_paths": ("paths of two hops that end here", "путей из двух переводов сюда", "count"),
    "asof_gather_kept": ("share kept from one start", "доля, дошедшая от общего начала", "share"),
    "asof_scatter_ends": (
        "ends that two or more of its paths lead to",
        "концов, к которым ведут два и более путей",
        "count",
    ),
    "asof_scatter_wide_ends": (
        "ends that five or more of its paths lead to",
        "концов, к которым ведут пять и более путей",
        "count",
    ),
    "asof_gather_starts": (
        "starts that two or more of its paths come from",
        "начал, от которых идут два и более путей",
        "count",
    ),
    "asof_gather_wide_starts": (
        "starts that five or more of its paths come from",
        "начал, от которых идут пять и более путей",
        "count",
    ),
    "asof_beside_paths": ("paths of two hops beside the payment", "обходных путей из двух переводов", "count"),
    "asof_cycles_2": ("payments back", "встречный платёж", "flag"),
    "asof_cycles_3": ("cycles of three", "циклов из трёх переводов", "count"),
    "asof_cycles_4": ("cycles of four", "циклов из четырёх переводов", "count"),
    "asof_bipartite_payers": (
        "other payers of the receiver that share two or more receivers with the payer",
        "других плательщиков получателя с двумя и более общими получателями",
        "count",
    ),
    "asof_bipartite_shared": ("most receivers shared with such a payer", "наибольшее число общих получателей", "count"),
    "asof_stack_width": (
        "width of the layers on both sides of the payment",
        "ширина слоёв по обе стороны платежа",
        "count",
    ),
    "asof_pair_count_14d": ("payments of this pair in 14 days", "платежей этой пары за 14 дней", "count"),
    "asof_pair_sum_14d": ("sum of this pair in 14 days", "сумма этой пары за 14 дней", "local currency"),
    "asof_pair_out_share": (
        "share of this receiver in what the payer paid in 14 days",
        "доля получателя в платежах за 14 дней",
        "share",
    ),
    "asof_pair_in_share": (
        "share of this payer in what the receiver received in 14 days",
        "доля плательщика в поступлениях за 14 дней",
        "share",
    ),
    "asof_src_fan_14d": ("receivers of the payer in 14 days", "получателей у плательщика за 14 дней", "count"),
    "asof_dst_fan_14d": ("payers of the receiver in 14 days", "плательщиков у получателя за 14 дней", "count"),
    "asof_src_in_fan_14d": ("payers of the payer in 14 days", "плательщиков у плательщика за 14 дней", "count"),
    "asof_dst_out_fan_14d": ("receivers of the receiver in 14 days", "получателей у получателя за 14 дней", "count"),
    "asof_shapes_capped": (
        "an end has too many counterparties to search shapes",
        "у стороны слишком много контрагентов",
        "flag",
    ),
    "asof_chain_before": (
        "hands that this money went through before, at most 6",
        "переводов по цепочке до этого, не более 6",
        "count",
    ),
    "asof_chain_after": (
        "hands that this money went through after, at most 6",
        "переводов по цепочке после этого, не более 6",
        "count",
    ),
    "asof_chain_length": ("length of the chain of payments", "длина цепочки переводов", "count"),
    "asof_chain_kept": (
        "share of the payment before that is passed on",
        "доля прошлого звена, переданная дальше",
        "share",
    ),
    "asof_chain_wait_hours": (
        "hours since the payment before in the chain",
        "часов после прошлого звена цепочки",
        "hours",
    ),
    "asof_chain_branches": ("payments that this one may pass on", "платежей, которые мог передать этот", "count"),
    "asof_chain_capped": ("too many transactions to follow the chain", "слишком много операций для цепочки", "flag"),
    **{
        f"asof_ring_{length}": (
            f"rings of {length} payments that bring the money back",
            f"колец из {length} переводов с возвратом денег",
            "count",
        )
        for length in range(2, layout.LONGEST_RING + 1)
    },
    "asof_ring_kept": ("share of the money that a ring brings back", "доля денег, возвращённая по кольцу", "share"),
    "asof_ring_span_days": ("shortest time in which a ring closes", "кратчайшее время замыкания кольца", "days"),
    "asof_ring_amount_share": ("amount to the one that opens the ring", "сумма к первой сумме кольца", "share"),
    "asof_rings_capped": (
        "too many transactions to search for rings",
        "слишком много операций для поиска колец",
        "flag",
    ),
    "asof_amount_to_pair_mean_14d": ("amount to the mean of this pair", "сумма к средней этой пары", "ratio"),
    "asof_fan_product_7d": ("receivers of the payer x payers of the receiver", "произведение вееров сторон", "index"),
    "asof_fan_product_30d": ("receivers of the payer x payers of the receiver", "произведение вееров сторон", "index"),
    "asof_is_capped": ("an end has too many transactions to search", "у стороны слишком много операций", "flag"),
}
_GRAPH: dict[str, _Words] = {
    "in_fan": ("payers", "число плательщиков", "count"),
    "out_fan": ("receivers", "число получателей", "count"),
    "in_partner_fan": ("receivers of its payers, mean", "получателей у его плательщиков, в среднем", "count"),
    "out_partner_fan": ("payers of its receivers, mean", "плательщиков у его получателей, в среднем", "count"),
    "in_receiving_share": (
        "share of its payers that receive more than they pay",
        "доля его плательщиков, получающих больше, чем платят",
        "share",
    ),
    "out_receiving_share": (
        "share of its receivers that receive more than they pay",
        "доля его получателей, получающих больше, чем платят",
        "share",
    ),
    "in_2hop_fan": ("accounts that pay it directly or through one other", "плательщиков в двух шагах", "count"),
    "out_2hop_fan": ("accounts that it pays directly or through one other", "получателей в двух шагах", "count"),
    "in_2hop_sum": ("received by it and by its payers", "получено им и его плательщиками", "local currency"),
    "out_2hop_sum": ("paid by it and by its receivers", "уплачено им и его получателями", "local currency"),
    "triangles": (
        "pairs of its partners that deal with each other",
        "пар его контрагентов, связанных между собой",
        "count",
    ),
    "clustering": (
        "share of the pairs of its partners that deal with each other",
        "доля пар его контрагентов, связанных между собой",
        "share",
    ),
    "core": ("depth in the dense core of the network", "глубина в плотном ядре сети", "count"),
    "component_size": ("accounts connected with it", "связанных с ним счетов", "count"),
    "cycle_size": ("accounts that money can take a round trip through", "счетов на путях возврата денег", "count"),
    "rank": ("weight as an end of money flows, 1 is the mean", "вес в конце потоков денег, 1 — средний", "index"),
    "reverse_rank": (
        "weight as a start of money flows, 1 is the mean",
        "вес в начале потоков денег, 1 — средний",
        "index",
    ),
    "confirmed_rank": ("money that reaches it from confirmed accounts", "поступает от подтверждённых счетов", "index"),
    "reverse_confirmed_rank": ("money of it that reaches confirmed accounts", "уходит подтверждённым счетам", "index"),
    "confirmed_hops": ("steps to the nearest confirmed account", "шагов до подтверждённого счёта", "count"),
    "community_size": ("accounts in its community", "счетов в его сообществе", "count"),
    "community_pairs": ("pairs that deal, to the accounts of its community", "связей на счёт сообщества", "ratio"),
    "community_inner_share": (
        "share of the community's flow that stays inside",
        "доля потока внутри сообщества",
        "share",
    ),
    "community_balance": (
        "received less paid by its community, to turnover with others",
        "отношение остатка сообщества к внешнему обороту",
        "ratio",
    ),
    "community_confirmed_share": (
        "share of confirmed accounts in its community",
        "доля подтверждённых счетов",
        "share",
    ),
    "community_in_share": ("share received from its own community", "доля полученного от своего сообщества", "share"),
    "community_out_share": ("share paid to its own community", "доля уплаченного своему сообществу", "share"),
    "is_capped": ("a partner has too many partners to look behind", "у контрагента слишком много контрагентов", "flag"),
}


def _window(name: str) -> str:
    last = name.rsplit("_", 1)[-1]
    return last if last in _WINDOWS else ""


def _feature(
    name: str, words: _Words, side: str = "", end: str = "", source: str = "features/transactions.py"
) -> Feature:
    window = _window(name)
    english, russian, unit = words
    sides = _SIDES.get(side, ("", ""))
    ends = _ENDS.get(end, ("", ""))
    spans = _WINDOWS.get(window, ("", ""))
    parts_en = (f"{ends[0]}: " if end else "", english.format(side=sides[0]), f" {spans[0]}" if window else "")
    parts_ru = (f"{ends[1]}: " if end else "", russian.format(side=sides[1]), f" {spans[1]}" if window else "")
    horizon: Horizon = "raw" if name.startswith("raw_") else "pit" if name.startswith("pit_") else "asof"
    return Feature(name, "".join(parts_en), "".join(parts_ru), unit, window, horizon, source, end)


def _bare(name: str) -> str:
    """The name without its window."""
    head, _, last = name.rpartition("_")
    return head if last in _WINDOWS else name


def _account_words() -> dict[str, tuple[_Words, str]]:
    """Names of account features after the horizon, with their words and side, in the order of the contract."""
    found: dict[str, tuple[_Words, str]] = {}
    for name in layout.account():
        side, _, what = name.partition("_")
        if side in _SIDES:
            found[name] = (_PER_SIDE[_bare(what)], side)
        else:
            found[name] = (_PLAIN[name] if name in _PLAIN else _PER_WINDOW[_bare(name)], "")
    return found


def _accounts() -> tuple[Feature, ...]:
    return tuple(
        _feature(f"asof_{name}", words, side, source="features/accounts.py")
        for name, (words, side) in _account_words().items()
    )


def _raw() -> list[Feature]:
    channels: dict[str, _Words] = {
        f"channel_{channel}": (f"channel: {channel}", f"канал: {channel}", "flag") for channel in CHANNELS
    }
    return [_feature(f"raw_{name}", words) for name, words in {**_RAW, **channels}.items()]


_BEFORE: dict[str, _Words] = {
    "gap_hours": ("hours since the last of {side} transactions", "часов после последней из {side} операций", "hours"),
    "first_seen_days": ("days since the first transaction", "дней после первой операции", "days"),
    "log_mean": ("mean log amount of {side} transactions", "средний логарифм сумм {side} операций", "log"),
    "log_std": ("spread of {side} log amounts", "разброс логарифмов сумм {side} операций", "log"),
}


def past_names(end: str) -> list[str]:
    """The names of `layout.PAST_END` for one end of an edge, in order."""
    own = "out" if end == "src" else "in"
    return [f"pit_{end}_{name.replace('own_', own + '_')}" for name in layout.PAST_END]


def _before(end: str) -> list[Feature]:
    """Point-in-time features of one end."""
    own, other = ("out", "in") if end == "src" else ("in", "out")
    found = []
    for name in past_names(end):
        side, _, what = name.removeprefix(f"pit_{end}_").partition("_")
        side, what = (side, what) if side in _SIDES else ("", f"{side}_{what}")
        found.append(_feature(name, {**_PER_SIDE, **_BEFORE}[_bare(what)], side, end))
    mean: _Words = ("amount to the mean of {side} ones", "сумма к средней из {side}", "ratio")
    flow: _Words = ("amount to the sum of {side} ones", "сумма к сумме {side}", "ratio")
    z: _Words = ("log amount less the mean of {side} ones, in spreads", "отклонение суммы от обычных {side}", "ratio")
    return [
        *found,
        _feature(f"pit_{end}_amount_to_{own}_mean_30d", mean, own, end),
        _feature(f"pit_amount_to_{end}_{other}_sum_1d", flow, other, end),
        _feature(f"pit_{end}_log_z_30d", z, own, end),
    ]


def _against(end: str, side: str) -> list[Feature]:
    mean: _Words = ("amount to the mean of {side} ones", "сумма к средней из {side}", "ratio")
    z: _Words = ("amount less the mean of {side} ones, in spreads", "отклонение суммы от средней из {side}", "ratio")
    return [
        _feature(f"asof_amount_to_{end}_{side}_mean_30d", mean, side, end),
        _feature(f"asof_amount_z_{end}_{side}_30d", z, side, end),
    ]


def _transactions() -> tuple[Feature, ...]:
    return (
        *_raw(),
        *_before("src"),
        *_before("dst"),
        *(_feature(name, words) for name, words in _PAIR.items()),
        *_against("src", "out"),
        *_against("dst", "in"),
        *(_feature(name, words) for name, words in _SHAPES.items()),
        *(
            _feature(f"asof_{end}_{name}", words, side, end)
            for end in _ENDS
            for name, (words, side) in _account_words().items()
            if name != "is_capped"
        ),
        *(
            Feature(
                f"graph_{end}_{name}",
                f"{_ENDS[end][0]}: {english}",
                f"{_ENDS[end][1]}: {russian}",
                unit,
                "30d",
                "graph",
                "features/graph.py",
                end,
            )
            for end in _ENDS
            for name, (english, russian, unit) in _GRAPH.items()
        ),
    )


def _graph() -> tuple[Feature, ...]:
    return tuple(
        Feature(f"graph_{name}", english, russian, unit, "30d", "graph", "features/graph.py")
        for name, (english, russian, unit) in _GRAPH.items()
    )


ACCOUNT = _accounts()
TRANSACTION = _transactions()
GRAPH = _graph()
FEATURES = (*TRANSACTION, *ACCOUNT, *GRAPH)


def _columns(features: tuple[Feature, ...]) -> tuple[Column, ...]:
    return tuple(Column(feature.name, Type.SINGLE, feature.meaning_en) for feature in features)


TRANSACTION_FEATURES = Table(
    "transaction_features",
    "one edge and the night that learnt of it",
    (
        Column("edge_id", Type.INT, "the edge", required=True),
        Column("transaction_id", Type.TEXT, "the transaction", required=True),
        Column("received_on", Type.DATE, "the night that computed the row (UTC)", required=True),
        Column("src", Type.INT, "`node_id` of the payer", required=True),
        Column("dst", Type.INT, "`node_id` of the receiver", required=True),
        Column("occurred_s", Type.INT, "when the value moved, in seconds since 1970", required=True),
        *_columns(TRANSACTION),
    ),
    key=("edge_id",),
)

ACCOUNT_FEATURES = Table(
    "account_features",
    "one account and a night that learnt something new of it",
    (
        Column("node_id", Type.INT, "the account, person or entity", required=True),
        Column("received_on", Type.DATE, "the night that computed the row (UTC)", required=True),
        *_columns(ACCOUNT),
    ),
    key=("node_id", "received_on"),
)

ACCOUNT_GRAPH = Table(
    "account_graph",
    "one account of the network as it stood at the end of a day on which the graph is computed",
    (
        Column("node_id", Type.INT, "the account, person or entity", required=True),
        Column("received_on", Type.DATE, "the last day whose reports and outcomes are known (UTC)", required=True),
        Column("community_id", Type.INT, "the smallest `node_id` of its community", required=True),
        *_columns(GRAPH),
    ),
    key=("node_id", "received_on"),
)


def model_features() -> list[str]:
    """The columns of TRANSACTION_FEATURES that a model may learn from."""
    return [feature.name for feature in TRANSACTION]


def account_model_features() -> list[str]:
    """The columns of ACCOUNT_FEATURES that a model may learn from."""
    return [feature.name for feature in ACCOUNT]


def feature_names() -> frozenset[str]:
    """The names of every feature."""
    return frozenset(_BY_NAME)


def feature(name: str) -> Feature:
    """The feature of a column of TRANSACTION_FEATURES, ACCOUNT_FEATURES or ACCOUNT_GRAPH.

    Raises:
        KeyError: there is no such feature.
    """
    return _BY_NAME[name]


_BY_NAME = {item.name: item for item in FEATURES}
