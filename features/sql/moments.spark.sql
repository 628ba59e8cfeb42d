-- moments.spark: the rows of moments.sql, where a window's bounds must be constant. What lies in a
-- window is what lies before the edge less what lies before the window; a counterparty counts from
-- a payment until the pair's next one, or until the window has passed.
-- inputs: streams, nights. key: night, node, edge_id, is_out.
with run as (
    select
        stream, node, other, is_out, edge_id, received_on, occurred_s, amount_c, moment,
        count(case when is_out = 0 then 1 end) over earlier as in_n,
        sum(case when is_out = 0 then cast(amount_c as decimal(38, 0)) end) over earlier as in_c,
        count(case when is_out = 1 then 1 end) over earlier as out_n,
        sum(case when is_out = 1 then cast(amount_c as decimal(38, 0)) end) over earlier as out_c,
        max(case when is_out = 0 then occurred_s end) over earlier as in_last_s,
        max(case when is_out = 1 then occurred_s end) over earlier as out_last_s,
        count(case when is_out = 0 then 1 end) over gone_1d as in_n_1d,
        sum(case when is_out = 0 then cast(amount_c as decimal(38, 0)) end) over gone_1d as in_c_1d,
        count(case when is_out = 1 then 1 end) over gone_1d as out_n_1d,
        sum(case when is_out = 1 then cast(amount_c as decimal(38, 0)) end) over gone_1d
            as out_c_1d,
        count(case when is_out = 0 then 1 end) over gone_7d as in_n_7d,
        sum(case when is_out = 0 then cast(amount_c as decimal(38, 0)) end) over gone_7d as in_c_7d,
        count(case when is_out = 1 then 1 end) over gone_7d as out_n_7d,
        sum(case when is_out = 1 then cast(amount_c as decimal(38, 0)) end) over gone_7d
            as out_c_7d,
        count(case when is_out = 0 then 1 end) over gone_30d as in_n_30d,
        sum(case when is_out = 0 then cast(amount_c as decimal(38, 0)) end) over gone_30d
            as in_c_30d,
        count(case when is_out = 1 then 1 end) over gone_30d as out_n_30d,
        sum(case when is_out = 1 then cast(amount_c as decimal(38, 0)) end) over gone_30d
            as out_c_30d,
        min(occurred_s) over near_30d as near_s,
        count(case when is_out = 1 then 1 end) over pair_earlier as pair_out_n,
        sum(case when is_out = 1 then cast(amount_c as decimal(38, 0)) end) over pair_earlier
            as pair_out_c,
        count(case when is_out = 0 then 1 end) over pair_earlier as pair_in_n,
        max(occurred_s) over pair_earlier as pair_last_s,
        count(case when is_out = 1 then 1 end) over pair_gone as pair_out_n_gone,
        sum(case when is_out = 1 then cast(amount_c as decimal(38, 0)) end) over pair_gone
            as pair_out_c_gone,
        count(case when is_out = 0 then 1 end) over pair_gone as pair_in_n_gone
    from streams
    window
        earlier as (
            partition by stream, node order by moment
            range between unbounded preceding and 1 preceding
        ),
        gone_1d as (
            partition by stream, node order by occurred_s
            range between unbounded preceding and 86400 preceding
        ),
        gone_7d as (
            partition by stream, node order by occurred_s
            range between unbounded preceding and 604800 preceding
        ),
        gone_30d as (
            partition by stream, node order by occurred_s
            range between unbounded preceding and 2592000 preceding
        ),
        near_30d as (
            partition by stream, node order by occurred_s
            range between 2591999 preceding and current row
        ),
        pair_earlier as (
            partition by stream, node, other order by moment
            range between unbounded preceding and 1 preceding
        ),
        pair_gone as (
            partition by stream, node, other order by occurred_s
            range between unbounded preceding and 2592000 preceding
        )
),
met as (
    select
        stream, node, is_out, moment, occurred_s,
        lead(moment) over (partition by stream, node, is_out, other order by moment) as next_moment
    from streams
),
step as (
    select stream, node, is_out, 2 * moment + 1 as place, 1 as by_7d, 1 as by_30d from met
    union all
    select
        stream, node, is_out,
        least(
            coalesce(2 * next_moment + 1, 2 * (occurred_s + 604800) * 1048576 - 1),
            2 * (occurred_s + 604800) * 1048576 - 1
        ),
        -1, 0
    from met
    union all
    select
        stream, node, is_out,
        least(
            coalesce(2 * next_moment + 1, 2 * (occurred_s + 2592000) * 1048576 - 1),
            2 * (occurred_s + 2592000) * 1048576 - 1
        ),
        0, -1
    from met
    union all
    select stream, node, is_out, 2 * moment, 0, 0 from met
),
walked as (
    select
        stream, node, is_out, place,
        sum(by_7d) over until_now as fan_7d,
        sum(by_30d) over until_now as fan_30d
    from step
    window until_now as (
        partition by stream, node, is_out order by place
        range between unbounded preceding and current row
    )
),
fanned as (
    select stream, node, is_out, place, fan_7d, fan_30d
    from walked
    where place % 2 = 0
)
select
    run.stream, run.node, run.is_out, run.edge_id, run.received_on, run.occurred_s, run.amount_c,
    run.in_n - run.in_n_1d as in_count_1d,
    case when run.in_n > run.in_n_1d then run.in_c - coalesce(run.in_c_1d, 0) end as in_sum_1d,
    run.out_n - run.out_n_1d as out_count_1d,
    case when run.out_n > run.out_n_1d then run.out_c - coalesce(run.out_c_1d, 0) end
        as out_sum_1d,
    run.in_n - run.in_n_7d as in_count_7d,
    case when run.in_n > run.in_n_7d then run.in_c - coalesce(run.in_c_7d, 0) end as in_sum_7d,
    run.out_n - run.out_n_7d as out_count_7d,
    case when run.out_n > run.out_n_7d then run.out_c - coalesce(run.out_c_7d, 0) end
        as out_sum_7d,
    run.in_n - run.in_n_30d as in_count_30d,
    case when run.in_n > run.in_n_30d then run.in_c - coalesce(run.in_c_30d, 0) end as in_sum_30d,
    run.out_n - run.out_n_30d as out_count_30d,
    case when run.out_n > run.out_n_30d then run.out_c - coalesce(run.out_c_30d, 0) end
        as out_sum_30d,
    case when run.in_last_s > run.occurred_s - 2592000 then run.in_last_s end as in_previous_s,
    case when run.out_last_s > run.occurred_s - 2592000 then run.out_last_s end as out_previous_s,
    case
        when run.in_n + run.out_n > run.in_n_30d + run.out_n_30d then run.near_s
    end as first_s,
    run.pair_out_n - run.pair_out_n_gone as pair_out_count,
    case
        when run.pair_out_n > run.pair_out_n_gone
            then run.pair_out_c - coalesce(run.pair_out_c_gone, 0)
    end as pair_out_sum,
    run.pair_in_n - run.pair_in_n_gone as pair_in_count,
    case
        when run.pair_last_s > run.occurred_s - 2592000 then run.pair_last_s
    end as pair_previous_s,
    nights.night,
    fanned.fan_7d,
    fanned.fan_30d
from run
join nights on nights.night = run.received_on
join fanned
    on fanned.stream = run.stream
    and fanned.node = run.node
    and fanned.is_out = run.is_out
    and fanned.place = 2 * run.moment
where run.stream = nights.night or run.stream = cast('1900-01-01' as date)
