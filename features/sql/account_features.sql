-- account_features: one row per active node and night; what is known of it at the night's cut-off.
-- Windows end at the cut-off. Amounts are in units of the local currency, ages in days.
-- parameters: $hub_cap (edges in 30 days above which a node is left out of pair searches).
-- inputs: active, rings, pairs, passes. key: node_id, received_on.
with summed as (
    select
        night,
        node,
        sum(case when is_out = 0 and ring <= 1 then n else 0 end) as in_n_1d,
        sum(case when is_out = 0 and ring <= 1 then s1 else 0 end) as in_s1_1d,
        sum(case when is_out = 0 and ring <= 1 then s2 else 0 end) as in_s2_1d,
        max(case when is_out = 0 and ring <= 1 then top end) as in_top_1d,
        sum(case when is_out = 0 and ring <= 7 then n else 0 end) as in_n_7d,
        sum(case when is_out = 0 and ring <= 7 then s1 else 0 end) as in_s1_7d,
        sum(case when is_out = 0 and ring <= 7 then s2 else 0 end) as in_s2_7d,
        sum(case when is_out = 0 and ring <= 7 then g1 else 0 end) as in_g1_7d,
        sum(case when is_out = 0 and ring <= 7 then g2 else 0 end) as in_g2_7d,
        sum(case when is_out = 0 and ring <= 7 then g3 else 0 end) as in_g3_7d,
        sum(case when is_out = 0 and ring <= 7 then g4 else 0 end) as in_g4_7d,
        sum(case when is_out = 0 and ring <= 7 then a1 else 0 end) as in_a1_7d,
        sum(case when is_out = 0 and ring <= 7 then a2 else 0 end) as in_a2_7d,
        max(case when is_out = 0 and ring <= 7 then top end) as in_top_7d,
        sum(case when is_out = 0 and ring <= 30 then n else 0 end) as in_n_30d,
        sum(case when is_out = 0 and ring <= 30 then s1 else 0 end) as in_s1_30d,
        sum(case when is_out = 0 and ring <= 30 then s2 else 0 end) as in_s2_30d,
        sum(case when is_out = 0 and ring <= 30 then g1 else 0 end) as in_g1_30d,
        sum(case when is_out = 0 and ring <= 30 then g2 else 0 end) as in_g2_30d,
        sum(case when is_out = 0 and ring <= 30 then g3 else 0 end) as in_g3_30d,
        sum(case when is_out = 0 and ring <= 30 then g4 else 0 end) as in_g4_30d,
        sum(case when is_out = 0 and ring <= 30 then a1 else 0 end) as in_a1_30d,
        sum(case when is_out = 0 and ring <= 30 then a2 else 0 end) as in_a2_30d,
        max(case when is_out = 0 and ring <= 30 then top end) as in_top_30d,
        sum(case when is_out = 1 and ring <= 1 then n else 0 end) as out_n_1d,
        sum(case when is_out = 1 and ring <= 1 then s1 else 0 end) as out_s1_1d,
        sum(case when is_out = 1 and ring <= 1 then s2 else 0 end) as out_s2_1d,
        max(case when is_out = 1 and ring <= 1 then top end) as out_top_1d,
        sum(case when is_out = 1 and ring <= 7 then n else 0 end) as out_n_7d,
        sum(case when is_out = 1 and ring <= 7 then s1 else 0 end) as out_s1_7d,
        sum(case when is_out = 1 and ring <= 7 then s2 else 0 end) as out_s2_7d,
        sum(case when is_out = 1 and ring <= 7 then g1 else 0 end) as out_g1_7d,
        sum(case when is_out = 1 and ring <= 7 then g2 else 0 end) as out_g2_7d,
        sum(case when is_out = 1 and ring <= 7 then g3 else 0 end) as out_g3_7d,
        sum(case when is_out = 1 and ring <= 7 then g4 else 0 end) as out_g4_7d,
        sum(case when is_out = 1 and ring <= 7 then a1 else 0 end) as out_a1_7d,
        sum(case when is_out = 1 and ring <= 7 then a2 else 0 end) as out_a2_7d,
        max(case when is_out = 1 and ring <= 7 then top end) as out_top_7d,
        sum(case when is_out = 1 and ring <= 30 then n else 0 end) as out_n_30d,
        sum(case when is_out = 1 and ring <= 30 then s1 else 0 end) as out_s1_30d,
        sum(case when is_out = 1 and ring <= 30 then s2 else 0 end) as out_s2_30d,
        sum(case when is_out = 1 and ring <= 30 then g1 else 0 end) as out_g1_30d,
        sum(case when is_out = 1 and ring <= 30 then g2 else 0 end) as out_g2_30d,
        sum(case when is_out = 1 and ring <= 30 then g3 else 0 end) as out_g3_30d,
        sum(case when is_out = 1 and ring <= 30 then g4 else 0 end) as out_g4_30d,
        sum(case when is_out = 1 and ring <= 30 then a1 else 0 end) as out_a1_30d,
        sum(case when is_out = 1 and ring <= 30 then a2 else 0 end) as out_a2_30d,
        max(case when is_out = 1 and ring <= 30 then top end) as out_top_30d,
        sum(n) as n_all,
        sum(n_round) as n_round,
        sum(n_below) as n_below,
        sum(case when ring <= 7 then n_below else 0 end) as n_below_7d,
        sum(n_abroad) as n_abroad,
        sum(n_exchange) as n_exchange,
        sum(n_timed) as n_timed,
        sum(n_night) as n_night,
        sum(case when is_out = 0 then s_cash else 0 end) as in_cash,
        sum(case when is_out = 1 then s_cash else 0 end) as out_cash,
        bit_count(bit_or(hours)) as active_hours,
        bit_count(bit_or(days)) as active_days,
        max(oldest_s) as oldest_s,
        min(case when is_out = 0 then latest_s end) as in_latest_s,
        min(case when is_out = 1 then latest_s end) as out_latest_s,
        min(latest_known_s) as latest_known_s
    from rings
    group by night, node
),
total as (
    select
        *,
        in_s1_1d / nullif(in_n_1d, 0) as in_m1_1d,
        greatest(
            in_s2_1d / nullif(in_n_1d, 0) - pow(in_s1_1d / nullif(in_n_1d, 0), 2), 0
        ) as in_var_1d,
        in_s1_7d / nullif(in_n_7d, 0) as in_m1_7d,
        greatest(
            in_s2_7d / nullif(in_n_7d, 0) - pow(in_s1_7d / nullif(in_n_7d, 0), 2), 0
        ) as in_var_7d,
        in_g1_7d / nullif(in_n_7d, 0) as in_l1_7d,
        in_g2_7d / nullif(in_n_7d, 0) as in_l2_7d,
        in_g3_7d / nullif(in_n_7d, 0) as in_l3_7d,
        in_g4_7d / nullif(in_n_7d, 0) as in_l4_7d,
        greatest(
            in_g2_7d / nullif(in_n_7d, 0) - pow(in_g1_7d / nullif(in_n_7d, 0), 2), 0
        ) as in_gvar_7d,
        greatest(
            in_a2_7d / nullif(in_n_7d, 0) - pow(in_a1_7d / nullif(in_n_7d, 0), 2), 0
        ) as in_avar_7d,
        in_s1_30d / nullif(in_n_30d, 0) as in_m1_30d,
        greatest(
            in_s2_30d / nullif(in_n_30d, 0) - pow(in_s1_30d / nullif(in_n_30d, 0), 2), 0
        ) as in_var_30d,
        in_g1_30d / nullif(in_n_30d, 0) as in_l1_30d,
        in_g2_30d / nullif(in_n_30d, 0) as in_l2_30d,
        in_g3_30d / nullif(in_n_30d, 0) as in_l3_30d,
        in_g4_30d / nullif(in_n_30d, 0) as in_l4_30d,
        greatest(
            in_g2_30d / nullif(in_n_30d, 0) - pow(in_g1_30d / nullif(in_n_30d, 0), 2), 0
        ) as in_gvar_30d,
        greatest(
            in_a2_30d / nullif(in_n_30d, 0) - pow(in_a1_30d / nullif(in_n_30d, 0), 2), 0
        ) as in_avar_30d,
        out_s1_1d / nullif(out_n_1d, 0) as out_m1_1d,
        greatest(
            out_s2_1d / nullif(out_n_1d, 0) - pow(out_s1_1d / nullif(out_n_1d, 0), 2), 0
        ) as out_var_1d,
        out_s1_7d / nullif(out_n_7d, 0) as out_m1_7d,
        greatest(
            out_s2_7d / nullif(out_n_7d, 0) - pow(out_s1_7d / nullif(out_n_7d, 0), 2), 0
        ) as out_var_7d,
        out_g1_7d / nullif(out_n_7d, 0) as out_l1_7d,
        out_g2_7d / nullif(out_n_7d, 0) as out_l2_7d,
        out_g3_7d / nullif(out_n_7d, 0) as out_l3_7d,
        out_g4_7d / nullif(out_n_7d, 0) as out_l4_7d,
        greatest(
            out_g2_7d / nullif(out_n_7d, 0) - pow(out_g1_7d / nullif(out_n_7d, 0), 2), 0
        ) as out_gvar_7d,
        greatest(
            out_a2_7d / nullif(out_n_7d, 0) - pow(out_a1_7d / nullif(out_n_7d, 0), 2), 0
        ) as out_avar_7d,
        out_s1_30d / nullif(out_n_30d, 0) as out_m1_30d,
        greatest(
            out_s2_30d / nullif(out_n_30d, 0) - pow(out_s1_30d / nullif(out_n_30d, 0), 2), 0
        ) as out_var_30d,
        out_g1_30d / nullif(out_n_30d, 0) as out_l1_30d,
        out_g2_30d / nullif(out_n_30d, 0) as out_l2_30d,
        out_g3_30d / nullif(out_n_30d, 0) as out_l3_30d,
        out_g4_30d / nullif(out_n_30d, 0) as out_l4_30d,
        greatest(
            out_g2_30d / nullif(out_n_30d, 0) - pow(out_g1_30d / nullif(out_n_30d, 0), 2), 0
        ) as out_gvar_30d,
        greatest(
            out_a2_30d / nullif(out_n_30d, 0) - pow(out_a1_30d / nullif(out_n_30d, 0), 2), 0
        ) as out_avar_30d
    from (
        select
            night,
            node,
            cast(in_n_1d as double) as in_n_1d,
            cast(in_s1_1d as double) as in_s1_1d,
            cast(in_s2_1d as double) as in_s2_1d,
            cast(in_top_1d as double) as in_top_1d,
            cast(in_n_7d as double) as in_n_7d,
            cast(in_s1_7d as double) as in_s1_7d,
            cast(in_s2_7d as double) as in_s2_7d,
            cast(in_g1_7d as double) as in_g1_7d,
            cast(in_g2_7d as double) as in_g2_7d,
            cast(in_g3_7d as double) as in_g3_7d,
            cast(in_g4_7d as double) as in_g4_7d,
            cast(in_a1_7d as double) as in_a1_7d,
            cast(in_a2_7d as double) as in_a2_7d,
            cast(in_top_7d as double) as in_top_7d,
            cast(in_n_30d as double) as in_n_30d,
            cast(in_s1_30d as double) as in_s1_30d,
            cast(in_s2_30d as double) as in_s2_30d,
            cast(in_g1_30d as double) as in_g1_30d,
            cast(in_g2_30d as double) as in_g2_30d,
            cast(in_g3_30d as double) as in_g3_30d,
            cast(in_g4_30d as double) as in_g4_30d,
            cast(in_a1_30d as double) as in_a1_30d,
            cast(in_a2_30d as double) as in_a2_30d,
            cast(in_top_30d as double) as in_top_30d,
            cast(out_n_1d as double) as out_n_1d,
            cast(out_s1_1d as double) as out_s1_1d,
            cast(out_s2_1d as double) as out_s2_1d,
            cast(out_top_1d as double) as out_top_1d,
            cast(out_n_7d as double) as out_n_7d,
            cast(out_s1_7d as double) as out_s1_7d,
            cast(out_s2_7d as double) as out_s2_7d,
            cast(out_g1_7d as double) as out_g1_7d,
            cast(out_g2_7d as double) as out_g2_7d,
            cast(out_g3_7d as double) as out_g3_7d,
            cast(out_g4_7d as double) as out_g4_7d,
            cast(out_a1_7d as double) as out_a1_7d,
            cast(out_a2_7d as double) as out_a2_7d,
            cast(out_top_7d as double) as out_top_7d,
            cast(out_n_30d as double) as out_n_30d,
            cast(out_s1_30d as double) as out_s1_30d,
            cast(out_s2_30d as double) as out_s2_30d,
            cast(out_g1_30d as double) as out_g1_30d,
            cast(out_g2_30d as double) as out_g2_30d,
            cast(out_g3_30d as double) as out_g3_30d,
            cast(out_g4_30d as double) as out_g4_30d,
            cast(out_a1_30d as double) as out_a1_30d,
            cast(out_a2_30d as double) as out_a2_30d,
            cast(out_top_30d as double) as out_top_30d,
            cast(n_all as double) as n_all,
            cast(n_round as double) as n_round,
            cast(n_below as double) as n_below,
            cast(n_below_7d as double) as n_below_7d,
            cast(n_abroad as double) as n_abroad,
            cast(n_exchange as double) as n_exchange,
            cast(n_timed as double) as n_timed,
            cast(n_night as double) as n_night,
            cast(in_cash as double) as in_cash,
            cast(out_cash as double) as out_cash,
            cast(active_hours as double) as active_hours,
            cast(active_days as double) as active_days,
            cast(oldest_s as double) as oldest_s,
            cast(in_latest_s as double) as in_latest_s,
            cast(out_latest_s as double) as out_latest_s,
            cast(latest_known_s as double) as latest_known_s
        from summed
    ) as doubled
),
contact as (
    select
        night,
        node,
        sum(case when is_out = 0 and latest_s < 86400 then 1 else 0 end) as in_fan_1d,
        sum(case when is_out = 0 and latest_s < 604800 then 1 else 0 end) as in_fan_7d,
        sum(case when is_out = 0 and latest_s < 2592000 then 1 else 0 end) as in_fan_30d,
        sum(case when is_out = 0 and oldest_s < 604800 then 1 else 0 end) as in_fresh_7d,
        max(case when is_out = 0 then s1 end) as in_pair_top,
        sum(case when is_out = 1 and latest_s < 86400 then 1 else 0 end) as out_fan_1d,
        sum(case when is_out = 1 and latest_s < 604800 then 1 else 0 end) as out_fan_7d,
        sum(case when is_out = 1 and latest_s < 2592000 then 1 else 0 end) as out_fan_30d,
        sum(case when is_out = 1 and oldest_s < 604800 then 1 else 0 end) as out_fresh_7d,
        max(case when is_out = 1 then s1 end) as out_pair_top
    from pairs
    group by night, node
),
mutual as (
    select paid.night, paid.node, count(*) as n
    from pairs as paid
    join pairs as received
        on received.night = paid.night
        and received.node = paid.node
        and received.other = paid.other
        and received.is_out = 0
    where paid.is_out = 1
    group by paid.night, paid.node
)
select
    cast(active.node as bigint) as node_id,
    cast(active.night as date) as received_on,
    cast(coalesce(t.in_n_1d, 0) as double) as asof_in_count_1d,
    cast(coalesce(t.in_s1_1d, 0) / 100.0 as double) as asof_in_sum_1d,
    cast(t.in_top_1d / 100.0 as double) as asof_in_max_1d,
    cast(t.in_m1_1d / 100.0 as double) as asof_in_mean_1d,
    cast(case when t.in_n_1d > 0 then sqrt(t.in_var_1d) end / 100.0 as double) as asof_in_std_1d,
    cast(coalesce(c.in_fan_1d, 0) as double) as asof_in_fan_1d,
    cast(coalesce(t.in_n_7d, 0) as double) as asof_in_count_7d,
    cast(coalesce(t.in_s1_7d, 0) / 100.0 as double) as asof_in_sum_7d,
    cast(t.in_top_7d / 100.0 as double) as asof_in_max_7d,
    cast(t.in_m1_7d / 100.0 as double) as asof_in_mean_7d,
    cast(case when t.in_n_7d > 0 then sqrt(t.in_var_7d) end / 100.0 as double) as asof_in_std_7d,
    cast(coalesce(c.in_fan_7d, 0) as double) as asof_in_fan_7d,
    cast(coalesce(t.in_n_30d, 0) as double) as asof_in_count_30d,
    cast(coalesce(t.in_s1_30d, 0) / 100.0 as double) as asof_in_sum_30d,
    cast(t.in_top_30d / 100.0 as double) as asof_in_max_30d,
    cast(t.in_m1_30d / 100.0 as double) as asof_in_mean_30d,
    cast(case when t.in_n_30d > 0 then sqrt(t.in_var_30d) end / 100.0 as double) as asof_in_std_30d,
    cast(coalesce(c.in_fan_30d, 0) as double) as asof_in_fan_30d,
    cast(
        case when t.in_n_7d > 0 then sqrt(t.in_gvar_7d) end / 1000.0 as double
    ) as asof_in_log_std_7d,
    cast(case when t.in_gvar_7d > 1 then
        (t.in_l3_7d - 3 * t.in_l1_7d * t.in_l2_7d + 2 * pow(t.in_l1_7d, 3))
        / pow(t.in_gvar_7d, 1.5) end as double) as asof_in_log_skew_7d,
    cast(case when t.in_gvar_7d > 1 then
        (
            t.in_l4_7d - 4 * t.in_l1_7d * t.in_l3_7d
            + 6 * pow(t.in_l1_7d, 2) * t.in_l2_7d - 3 * pow(t.in_l1_7d, 4)
        ) / pow(t.in_gvar_7d, 2) end as double) as asof_in_log_kurtosis_7d,
    cast(t.in_a1_7d / nullif(t.in_n_7d, 0) / 1440.0 as double) as asof_in_age_mean_7d,
    cast(
        case when t.in_n_7d > 0 then sqrt(t.in_avar_7d) end / 1440.0 as double
    ) as asof_in_age_std_7d,
    cast(
        case when t.in_n_30d > 0 then sqrt(t.in_gvar_30d) end / 1000.0 as double
    ) as asof_in_log_std_30d,
    cast(case when t.in_gvar_30d > 1 then
        (t.in_l3_30d - 3 * t.in_l1_30d * t.in_l2_30d + 2 * pow(t.in_l1_30d, 3))
        / pow(t.in_gvar_30d, 1.5) end as double) as asof_in_log_skew_30d,
    cast(case when t.in_gvar_30d > 1 then
        (
            t.in_l4_30d - 4 * t.in_l1_30d * t.in_l3_30d
            + 6 * pow(t.in_l1_30d, 2) * t.in_l2_30d - 3 * pow(t.in_l1_30d, 4)
        ) / pow(t.in_gvar_30d, 2) end as double) as asof_in_log_kurtosis_30d,
    cast(t.in_a1_30d / nullif(t.in_n_30d, 0) / 1440.0 as double) as asof_in_age_mean_30d,
    cast(
        case when t.in_n_30d > 0 then sqrt(t.in_avar_30d) end / 1440.0 as double
    ) as asof_in_age_std_30d,
    cast(c.in_fresh_7d / nullif(c.in_fan_7d, 0) as double) as asof_in_fresh_share_7d,
    cast(c.in_pair_top / nullif(t.in_s1_30d, 0) as double) as asof_in_top_share_30d,
    cast(t.in_latest_s / 86400.0 as double) as asof_in_latest_days,
    cast(t.in_cash / nullif(t.in_s1_30d, 0) as double) as asof_in_cash_share_30d,
    cast(coalesce(t.out_n_1d, 0) as double) as asof_out_count_1d,
    cast(coalesce(t.out_s1_1d, 0) / 100.0 as double) as asof_out_sum_1d,
    cast(t.out_top_1d / 100.0 as double) as asof_out_max_1d,
    cast(t.out_m1_1d / 100.0 as double) as asof_out_mean_1d,
    cast(case when t.out_n_1d > 0 then sqrt(t.out_var_1d) end / 100.0 as double) as asof_out_std_1d,
    cast(coalesce(c.out_fan_1d, 0) as double) as asof_out_fan_1d,
    cast(coalesce(t.out_n_7d, 0) as double) as asof_out_count_7d,
    cast(coalesce(t.out_s1_7d, 0) / 100.0 as double) as asof_out_sum_7d,
    cast(t.out_top_7d / 100.0 as double) as asof_out_max_7d,
    cast(t.out_m1_7d / 100.0 as double) as asof_out_mean_7d,
    cast(case when t.out_n_7d > 0 then sqrt(t.out_var_7d) end / 100.0 as double) as asof_out_std_7d,
    cast(coalesce(c.out_fan_7d, 0) as double) as asof_out_fan_7d,
    cast(coalesce(t.out_n_30d, 0) as double) as asof_out_count_30d,
    cast(coalesce(t.out_s1_30d, 0) / 100.0 as double) as asof_out_sum_30d,
    cast(t.out_top_30d / 100.0 as double) as asof_out_max_30d,
    cast(t.out_m1_30d / 100.0 as double) as asof_out_mean_30d,
    cast(
        case when t.out_n_30d > 0 then sqrt(t.out_var_30d) end / 100.0 as double
    ) as asof_out_std_30d,
    cast(coalesce(c.out_fan_30d, 0) as double) as asof_out_fan_30d,
    cast(
        case when t.out_n_7d > 0 then sqrt(t.out_gvar_7d) end / 1000.0 as double
    ) as asof_out_log_std_7d,
    cast(case when t.out_gvar_7d > 1 then
        (t.out_l3_7d - 3 * t.out_l1_7d * t.out_l2_7d + 2 * pow(t.out_l1_7d, 3))
        / pow(t.out_gvar_7d, 1.5) end as double) as asof_out_log_skew_7d,
    cast(case when t.out_gvar_7d > 1 then
        (
            t.out_l4_7d - 4 * t.out_l1_7d * t.out_l3_7d
            + 6 * pow(t.out_l1_7d, 2) * t.out_l2_7d - 3 * pow(t.out_l1_7d, 4)
        ) / pow(t.out_gvar_7d, 2) end as double) as asof_out_log_kurtosis_7d,
    cast(t.out_a1_7d / nullif(t.out_n_7d, 0) / 1440.0 as double) as asof_out_age_mean_7d,
    cast(
        case when t.out_n_7d > 0 then sqrt(t.out_avar_7d) end / 1440.0 as double
    ) as asof_out_age_std_7d,
    cast(
        case when t.out_n_30d > 0 then sqrt(t.out_gvar_30d) end / 1000.0 as double
    ) as asof_out_log_std_30d,
    cast(case when t.out_gvar_30d > 1 then
        (t.out_l3_30d - 3 * t.out_l1_30d * t.out_l2_30d + 2 * pow(t.out_l1_30d, 3))
        / pow(t.out_gvar_30d, 1.5) end as double) as asof_out_log_skew_30d,
    cast(case when t.out_gvar_30d > 1 then
        (
            t.out_l4_30d - 4 * t.out_l1_30d * t.out_l3_30d
            + 6 * pow(t.out_l1_30d, 2) * t.out_l2_30d - 3 * pow(t.out_l1_30d, 4)
        ) / pow(t.out_gvar_30d, 2) end as double) as asof_out_log_kurtosis_30d,
    cast(t.out_a1_30d / nullif(t.out_n_30d, 0) / 1440.0 as double) as asof_out_age_mean_30d,
    cast(
        case when t.out_n_30d > 0 then sqrt(t.out_avar_30d) end / 1440.0 as double
    ) as asof_out_age_std_30d,
    cast(c.out_fresh_7d / nullif(c.out_fan_7d, 0) as double) as asof_out_fresh_share_7d,
    cast(c.out_pair_top / nullif(t.out_s1_30d, 0) as double) as asof_out_top_share_30d,
    cast(t.out_latest_s / 86400.0 as double) as asof_out_latest_days,
    cast(t.out_cash / nullif(t.out_s1_30d, 0) as double) as asof_out_cash_share_30d,
    cast(coalesce(t.in_s1_1d - t.out_s1_1d, 0) / 100.0 as double) as asof_net_sum_1d,
    cast(
        (t.in_s1_1d - t.out_s1_1d) / nullif(t.in_s1_1d + t.out_s1_1d, 0) as double
    ) as asof_balance_1d,
    cast(coalesce(t.in_s1_7d - t.out_s1_7d, 0) / 100.0 as double) as asof_net_sum_7d,
    cast(
        (t.in_s1_7d - t.out_s1_7d) / nullif(t.in_s1_7d + t.out_s1_7d, 0) as double
    ) as asof_balance_7d,
    cast(coalesce(t.in_s1_30d - t.out_s1_30d, 0) / 100.0 as double) as asof_net_sum_30d,
    cast(
        (t.in_s1_30d - t.out_s1_30d) / nullif(t.in_s1_30d + t.out_s1_30d, 0) as double
    ) as asof_balance_30d,
    cast(coalesce(p.n_7d, 0) as double) as asof_pass_count_7d,
    cast(coalesce(p.s_7d, 0) / 100.0 as double) as asof_pass_sum_7d,
    cast(coalesce(p.s_7d, 0) / nullif(t.out_s1_7d, 0) as double) as asof_pass_share_7d,
    cast(coalesce(c.in_fan_7d * c.out_fan_7d, 0)
        * least(t.in_s1_7d, t.out_s1_7d) / nullif(greatest(t.in_s1_7d, t.out_s1_7d), 0)
    as double) as asof_gather_scatter_7d,
    cast(coalesce(p.n_30d, 0) as double) as asof_pass_count_30d,
    cast(coalesce(p.s_30d, 0) / 100.0 as double) as asof_pass_sum_30d,
    cast(coalesce(p.s_30d, 0) / nullif(t.out_s1_30d, 0) as double) as asof_pass_share_30d,
    cast(coalesce(c.in_fan_30d * c.out_fan_30d, 0)
        * least(t.in_s1_30d, t.out_s1_30d) / nullif(greatest(t.in_s1_30d, t.out_s1_30d), 0)
    as double) as asof_gather_scatter_30d,
    cast(p.wait_s / 3600.0 as double) as asof_pass_wait_hours_30d,
    cast(
        coalesce(m.n, 0) / nullif(c.in_fan_30d + c.out_fan_30d - coalesce(m.n, 0), 0) as double
    ) as asof_reciprocity_30d,
    cast(t.n_round / nullif(t.n_all, 0) as double) as asof_round_share_30d,
    cast(coalesce(t.n_below_7d, 0) as double) as asof_below_threshold_count_7d,
    cast(coalesce(t.n_below, 0) as double) as asof_below_threshold_count_30d,
    cast(t.n_abroad / nullif(t.n_all, 0) as double) as asof_cross_border_share_30d,
    cast(t.n_exchange / nullif(t.n_all, 0) as double) as asof_cross_currency_share_30d,
    cast(t.n_night / nullif(t.n_timed, 0) as double) as asof_night_share_30d,
    cast(coalesce(t.active_hours, 0) as double) as asof_active_hours_30d,
    cast(coalesce(t.active_days, 0) as double) as asof_active_days_30d,
    cast(t.oldest_s / 86400.0 as double) as asof_first_seen_days_30d,
    cast(t.latest_known_s / 86400.0 as double) as asof_idle_days_30d,
    cast(case when t.n_all > $hub_cap then 1 else 0 end as double) as asof_is_capped
from active
left join total as t on t.night = active.night and t.node = active.node
left join contact as c on c.night = active.night and c.node = active.node
left join mutual as m on m.night = active.night and m.node = active.node
left join passes as p on p.night = active.night and p.node = active.node
order by node_id, received_on
