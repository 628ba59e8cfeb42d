"""The order of the values that the compiled passes write: names without a horizon or an end. Holds no code of them."""

SIDES = ("in", "out")
WINDOWS = ("1d", "7d", "30d")

A_SIDE = ("count", "sum", "max", "mean", "std", "fan")
"""What is said of each side of an account in each window."""
A_LONG_SIDE = (
    *("min", "skew", "kurtosis", "log_std", "log_skew", "log_kurtosis", "age_mean", "age_std"),
    *("gap_mean_hours", "gap_std_hours", "gap_skew", "gap_kurtosis"),
)
"""And in the two longer windows."""
AFTER_SIDE = (
    *("fresh_share_7d", "top_share_30d", "entropy_30d", "latest_days", "cash_share_30d"),
    *("once_fan_30d", "twice_fan_30d", "often_fan_30d", "regular_fan_30d"),
    *("countries_30d", "currencies_30d", "busiest_day_count_30d", "daily_count_std_30d"),
)
"""What is said once of each side."""
AFTER = (
    *(f"{what}_{window}" for window in WINDOWS for what in ("net_sum", "balance")),
    *(f"{what}_{window}" for window in ("7d", "30d") for what in ("pass_count", "pass_sum", "pass_share")),
    *("gather_scatter_7d", "gather_scatter_30d", "pass_wait_hours_30d", "hold_hours_30d", "reciprocity_30d"),
    *("round_share_30d", "below_threshold_count_7d", "below_threshold_count_30d", "cross_border_share_30d"),
    *("cross_currency_share_30d", "night_share_30d", "active_hours_30d", "active_days_30d", "first_seen_days_30d"),
    *("idle_days_30d", "longest_pause_days_30d", "corridors_30d", "is_capped"),
)
"""What is said of the whole account."""

PAST_END = (
    *(f"{side}_{what}_{window}" for window in WINDOWS for side in SIDES for what in ("count", "sum")),
    *("own_fan_7d", "own_fan_30d", "in_gap_hours", "out_gap_hours", "first_seen_days"),
    *("own_log_mean_30d", "own_log_std_30d"),
)
"""What is said of either end before an edge; `own` is the side on which the edge lies."""
PAST_PAIR = ("count_30d", "sum_30d", "reverse_count_30d", "gap_hours")

SHAPES = (
    *("scatter_middles", "scatter_paths", "scatter_kept", "scatter_ends", "scatter_wide_ends"),
    *("gather_middles", "gather_paths", "gather_kept", "gather_starts", "gather_wide_starts"),
    *("beside_paths", "cycles_2", "cycles_3", "cycles_4", "bipartite_payers", "bipartite_shared"),
    *("stack_width", "pair_count_14d", "pair_sum_14d", "pair_out_share", "pair_in_share"),
    *("src_fan_14d", "dst_fan_14d", "src_in_fan_14d", "dst_out_fan_14d", "shapes_capped"),
)
CHAINS = (
    *("chain_before", "chain_after", "chain_length", "chain_kept", "chain_wait_hours", "chain_branches"),
    "chain_capped",
)
LONGEST_RING = 6
RINGS = (
    *(f"ring_{length}" for length in range(2, LONGEST_RING + 1)),
    *("ring_kept", "ring_span_days", "ring_amount_share", "rings_capped"),
)
AROUND = (*SHAPES, *CHAINS, *RINGS)


def account() -> tuple[str, ...]:
    """The values of an account, in order."""
    sides = [
        f"{side}_{what}_{window}"
        for window in WINDOWS
        for side in SIDES
        for what in (A_SIDE if window == "1d" else (*A_SIDE, *A_LONG_SIDE))
    ]
    return (*sides, *(f"{side}_{what}" for side in SIDES for what in AFTER_SIDE), *AFTER)
