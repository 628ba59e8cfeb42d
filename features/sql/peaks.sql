-- peaks: one row per node: bounds from above of what any window of 1, 7, 15 or 31 days of any night
-- of the range may hold. A window of some days lies in two neighbouring spans of a day more, so
-- the largest sum of two neighbours bounds it; for a day, twice the largest day. A candidate is
-- named from these bounds; whether it is a hit is decided from `timeline`.
-- inputs: daily, sides. key: node.
with week as (
    select
        node,
        day // 8 as span,
        cast(sum(in_n) as bigint) as in_n,
        cast(sum(out_n) as bigint) as out_n,
        cast(sum(in_c) as bigint) as in_c,
        cast(sum(out_c) as bigint) as out_c,
        cast(sum(cash_in_n) as bigint) as cash_in_n,
        cast(sum(cash_out_n) as bigint) as cash_out_n,
        cast(sum(cash_in_c) as bigint) as cash_in_c,
        cast(sum(cash_out_c) as bigint) as cash_out_c
    from daily
    group by node, day // 8
),
fortnight as (
    select
        node,
        span // 2 as span,
        cast(sum(in_n) as bigint) as in_n,
        cast(sum(out_n) as bigint) as out_n,
        cast(sum(in_c) as bigint) as in_c,
        cast(sum(out_c) as bigint) as out_c,
        cast(sum(cash_in_n) as bigint) as cash_in_n,
        cast(sum(cash_out_n) as bigint) as cash_out_n,
        cast(sum(cash_in_c) as bigint) as cash_in_c,
        cast(sum(cash_out_c) as bigint) as cash_out_c
    from week
    group by node, span // 2
),
month as (
    select
        node,
        span // 2 as span,
        cast(sum(in_n) as bigint) as in_n,
        cast(sum(out_n) as bigint) as out_n,
        cast(sum(in_c) as bigint) as in_c,
        cast(sum(out_c) as bigint) as out_c,
        cast(sum(cash_in_n) as bigint) as cash_in_n,
        cast(sum(cash_out_n) as bigint) as cash_out_n,
        cast(sum(cash_in_c) as bigint) as cash_in_c,
        cast(sum(cash_out_c) as bigint) as cash_out_c
    from fortnight
    group by node, span // 2
),
day_top as (
    select
        node,
        max(in_n) as in_n,
        max(out_n) as out_n,
        max(in_c) as in_c,
        max(out_c) as out_c,
        max(cash_in_n) as cash_in_n,
        max(cash_out_n) as cash_out_n,
        max(cash_in_c) as cash_in_c,
        max(cash_out_c) as cash_out_c
    from daily
    group by node
),
two_weeks as (
    select
        node,
        in_n + case
            when lag(span) over by_time = span - 1 then lag(in_n) over by_time else 0
        end as in_n,
        out_n + case
            when lag(span) over by_time = span - 1 then lag(out_n) over by_time else 0
        end as out_n,
        in_c + case
            when lag(span) over by_time = span - 1 then lag(in_c) over by_time else 0
        end as in_c,
        out_c + case
            when lag(span) over by_time = span - 1 then lag(out_c) over by_time else 0
        end as out_c,
        cash_in_n + case
            when lag(span) over by_time = span - 1 then lag(cash_in_n) over by_time else 0
        end as cash_in_n,
        cash_out_n + case
            when lag(span) over by_time = span - 1 then lag(cash_out_n) over by_time else 0
        end as cash_out_n,
        cash_in_c + case
            when lag(span) over by_time = span - 1 then lag(cash_in_c) over by_time else 0
        end as cash_in_c,
        cash_out_c + case
            when lag(span) over by_time = span - 1 then lag(cash_out_c) over by_time else 0
        end as cash_out_c
    from week
    window by_time as (partition by node order by span)
),
week_top as (
    select
        node,
        max(in_n) as in_n,
        max(out_n) as out_n,
        max(in_c) as in_c,
        max(out_c) as out_c,
        max(cash_in_n) as cash_in_n,
        max(cash_out_n) as cash_out_n,
        max(cash_in_c) as cash_in_c,
        max(cash_out_c) as cash_out_c
    from two_weeks
    group by node
),
two_fortnights as (
    select
        node,
        in_n + case
            when lag(span) over by_time = span - 1 then lag(in_n) over by_time else 0
        end as in_n,
        out_n + case
            when lag(span) over by_time = span - 1 then lag(out_n) over by_time else 0
        end as out_n,
        in_c + case
            when lag(span) over by_time = span - 1 then lag(in_c) over by_time else 0
        end as in_c,
        out_c + case
            when lag(span) over by_time = span - 1 then lag(out_c) over by_time else 0
        end as out_c,
        cash_in_n + case
            when lag(span) over by_time = span - 1 then lag(cash_in_n) over by_time else 0
        end as cash_in_n,
        cash_out_n + case
            when lag(span) over by_time = span - 1 then lag(cash_out_n) over by_time else 0
        end as cash_out_n,
        cash_in_c + case
            when lag(span) over by_time = span - 1 then lag(cash_in_c) over by_time else 0
        end as cash_in_c,
        cash_out_c + case
            when lag(span) over by_time = span - 1 then lag(cash_out_c) over by_time else 0
        end as cash_out_c
    from fortnight
    window by_time as (partition by node order by span)
),
fortnight_top as (
    select
        node,
        max(in_n) as in_n,
        max(out_n) as out_n,
        max(in_c) as in_c,
        max(out_c) as out_c,
        max(cash_in_n) as cash_in_n,
        max(cash_out_n) as cash_out_n,
        max(cash_in_c) as cash_in_c,
        max(cash_out_c) as cash_out_c
    from two_fortnights
    group by node
),
two_months as (
    select
        node,
        in_n + case
            when lag(span) over by_time = span - 1 then lag(in_n) over by_time else 0
        end as in_n,
        out_n + case
            when lag(span) over by_time = span - 1 then lag(out_n) over by_time else 0
        end as out_n,
        in_c + case
            when lag(span) over by_time = span - 1 then lag(in_c) over by_time else 0
        end as in_c,
        out_c + case
            when lag(span) over by_time = span - 1 then lag(out_c) over by_time else 0
        end as out_c,
        cash_in_n + case
            when lag(span) over by_time = span - 1 then lag(cash_in_n) over by_time else 0
        end as cash_in_n,
        cash_out_n + case
            when lag(span) over by_time = span - 1 then lag(cash_out_n) over by_time else 0
        end as cash_out_n,
        cash_in_c + case
            when lag(span) over by_time = span - 1 then lag(cash_in_c) over by_time else 0
        end as cash_in_c,
        cash_out_c + case
            when lag(span) over by_time = span - 1 then lag(cash_out_c) over by_time else 0
        end as cash_out_c
    from month
    window by_time as (partition by node order by span)
),
month_top as (
    select
        node,
        max(in_n) as in_n,
        max(out_n) as out_n,
        max(in_c) as in_c,
        max(out_c) as out_c,
        max(cash_in_n) as cash_in_n,
        max(cash_out_n) as cash_out_n,
        max(cash_in_c) as cash_in_c,
        max(cash_out_c) as cash_out_c
    from two_months
    group by node
),
partner as (
    select
        node,
        count(distinct case when is_out = 0 then other end) as payers,
        count(distinct case when is_out = 1 then other end) as receivers
    from sides
    where node <> other
    group by node
)
select
    day_top.node,
    partner.payers,
    partner.receivers,
    2 * day_top.in_n as in_n_1,
    2 * day_top.out_n as out_n_1,
    2 * day_top.in_c as in_c_1,
    2 * day_top.out_c as out_c_1,
    2 * day_top.cash_in_n as cash_in_n_1,
    2 * day_top.cash_out_n as cash_out_n_1,
    2 * day_top.cash_in_c as cash_in_c_1,
    2 * day_top.cash_out_c as cash_out_c_1,
    week_top.in_n as in_n_7,
    week_top.out_n as out_n_7,
    week_top.in_c as in_c_7,
    week_top.out_c as out_c_7,
    week_top.cash_in_n as cash_in_n_7,
    week_top.cash_out_n as cash_out_n_7,
    week_top.cash_in_c as cash_in_c_7,
    week_top.cash_out_c as cash_out_c_7,
    fortnight_top.in_n as in_n_15,
    fortnight_top.out_n as out_n_15,
    fortnight_top.in_c as in_c_15,
    fortnight_top.out_c as out_c_15,
    fortnight_top.cash_in_n as cash_in_n_15,
    fortnight_top.cash_out_n as cash_out_n_15,
    fortnight_top.cash_in_c as cash_in_c_15,
    fortnight_top.cash_out_c as cash_out_c_15,
    month_top.in_n as in_n_31,
    month_top.out_n as out_n_31,
    month_top.in_c as in_c_31,
    month_top.out_c as out_c_31,
    month_top.cash_in_n as cash_in_n_31,
    month_top.cash_out_n as cash_out_n_31,
    month_top.cash_in_c as cash_in_c_31,
    month_top.cash_out_c as cash_out_c_31
from day_top
join week_top on week_top.node = day_top.node
join fortnight_top on fortnight_top.node = day_top.node
join month_top on month_top.node = day_top.node
join partner on partner.node = day_top.node
