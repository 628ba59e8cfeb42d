-- CSH-01, structuring: one row per night, account and edge of the evidence: the days with a new
-- edge in which most cash came in, in amounts just under the reporting threshold.
-- parameters: $reporting_threshold, $share_min, $deposits_min, $sum_thresholds, $window_days.
-- inputs: ends, nodes. key: night, node_id, edge_id.
with deposit as (
    select ends.night, ends.node, ends.edge_id, ends.occurred_s, ends.amount_c, ends.is_new
    from ends
    left join nodes as subject
        on subject.node_id = ends.node and subject.received_on = ends.night
    where
        ends.is_out = 0
        and ends.is_cash = 1
        and coalesce(subject.kind, 'account') = 'account'
        and ends.amount_c >= $share_min * $reporting_threshold * 100
        and ends.amount_c < $reporting_threshold * 100
),
rolling as (
    select
        night, node, edge_id, occurred_s as to_s,
        count(*) over recent as deposits,
        sum(amount_c) over recent as sum_c,
        max(is_new) over recent as is_new
    from deposit
    window recent as (
        partition by night, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by deposits desc, to_s desc, edge_id
        ) as place
    from rolling
    where
        is_new = 1
        and deposits >= $deposits_min
        and sum_c >= $sum_thresholds * $reporting_threshold * 100
)
select
    ranked.night,
    ranked.node as node_id,
    cast(ranked.deposits as double) as value,
    cast($deposits_min as double) as threshold,
    cast(
        json_object(
            'deposits', ranked.deposits,
            'limit', $reporting_threshold,
            'days', $window_days
        ) as varchar
    ) as facts,
    deposit.edge_id
from ranked
join deposit
    on deposit.night = ranked.night
    and deposit.node = ranked.node
    and deposit.occurred_s <= ranked.to_s
    and deposit.occurred_s > ranked.to_s - $window_days * 86400
where ranked.place = 1
