-- moments: one row per night and end of an edge that it learnt of; what its node had done in the
-- 1, 7 and 30 days before the edge. The edge itself, and ties that come after it, are not in.
-- inputs: streams, nights. key: night, node, edge_id, is_out.
with windowed as (
    select
        stream, node, is_out, edge_id, received_on, occurred_s, amount_c,
        count(case when is_out = 0 then 1 end) over last_1d as in_count_1d,
        sum(case when is_out = 0 then amount_c end) over last_1d as in_sum_1d,
        count(case when is_out = 1 then 1 end) over last_1d as out_count_1d,
        sum(case when is_out = 1 then amount_c end) over last_1d as out_sum_1d,
        count(case when is_out = 0 then 1 end) over last_7d as in_count_7d,
        sum(case when is_out = 0 then amount_c end) over last_7d as in_sum_7d,
        count(case when is_out = 1 then 1 end) over last_7d as out_count_7d,
        sum(case when is_out = 1 then amount_c end) over last_7d as out_sum_7d,
        count(case when is_out = 0 then 1 end) over last_30d as in_count_30d,
        sum(case when is_out = 0 then amount_c end) over last_30d as in_sum_30d,
        count(case when is_out = 1 then 1 end) over last_30d as out_count_30d,
        sum(case when is_out = 1 then amount_c end) over last_30d as out_sum_30d,
        max(case when is_out = 0 then occurred_s end) over last_30d as in_previous_s,
        max(case when is_out = 1 then occurred_s end) over last_30d as out_previous_s,
        min(occurred_s) over last_30d as first_s,
        count(case when is_out = 1 then 1 end) over pair_30d as pair_out_count,
        sum(case when is_out = 1 then amount_c end) over pair_30d as pair_out_sum,
        count(case when is_out = 0 then 1 end) over pair_30d as pair_in_count,
        max(occurred_s) over pair_30d as pair_previous_s
    from streams
    window
        last_1d as (
            partition by stream, node order by moment
            range between 90595917824 + tie preceding and 1 preceding
        ),
        last_7d as (
            partition by stream, node order by moment
            range between 634177716224 + tie preceding and 1 preceding
        ),
        last_30d as (
            partition by stream, node order by moment
            range between 2717907943424 + tie preceding and 1 preceding
        ),
        pair_30d as (
            partition by stream, node, other order by moment
            range between 2717907943424 + tie preceding and 1 preceding
        )
),
fanned as (
    select
        stream, node, is_out, edge_id,
        count(distinct other) over last_7d as fan_7d,
        count(distinct other) over last_30d as fan_30d
    from streams
    window
        last_7d as (
            partition by stream, node, is_out order by moment
            range between 634177716224 + tie preceding and 1 preceding
        ),
        last_30d as (
            partition by stream, node, is_out order by moment
            range between 2717907943424 + tie preceding and 1 preceding
        )
)
select
    windowed.*,
    nights.night,
    fanned.fan_7d,
    fanned.fan_30d
from windowed
join nights on nights.night = windowed.received_on
join fanned
    on fanned.stream = windowed.stream
    and fanned.node = windowed.node
    and fanned.edge_id = windowed.edge_id
    and fanned.is_out = windowed.is_out
where windowed.stream = nights.night or windowed.stream = cast('1900-01-01' as date)
