-- NET-05, fan-in: one row per night, account or person, and edge of the evidence: the days with a
-- new edge in which the most counterparties paid it, most of them for the first time in sight, and
-- few of them also received from it: money is gathered, not exchanged.
-- parameters: $counterparties_min, $fresh_share_min, $back_share_max, $window_days.
-- inputs: ends, nodes. key: night, node_id, edge_id.
with movement as (
    select
        ends.night, ends.node, ends.other, ends.is_out, ends.edge_id, ends.occurred_s, ends.is_new,
        min(ends.occurred_s) over (
            partition by ends.night, ends.node, ends.other, ends.is_out
        ) as first_s,
        max(case when ends.is_out = 1 then 1 else 0 end) over (
            partition by ends.night, ends.node, ends.other
        ) as has_back
    from ends
    left join nodes as subject
        on subject.node_id = ends.node and subject.received_on = ends.night
    where ends.node <> ends.other and coalesce(subject.kind, 'account') <> 'entity'
),
fan as (
    select * from movement where is_out = 0
),
rolling as (
    select
        night, node, edge_id, occurred_s as to_s,
        count(distinct other) over recent as counterparties,
        max(is_new) over recent as is_new
    from fan
    window recent as (
        partition by night, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by counterparties desc, to_s desc, edge_id
        ) as place
    from rolling
    where is_new = 1 and counterparties >= $counterparties_min
),
chosen as (
    select
        ranked.night, ranked.node, ranked.counterparties, fan.edge_id, fan.other, fan.has_back,
        case
            when fan.first_s > ranked.to_s - $window_days * 86400 then 1 else 0
        end as is_fresh
    from ranked
    join fan
        on fan.night = ranked.night
        and fan.node = ranked.node
        and fan.occurred_s <= ranked.to_s
        and fan.occurred_s > ranked.to_s - $window_days * 86400
    where ranked.place = 1
),
judged as (
    select
        night, node,
        count(distinct case when is_fresh = 1 then other end) as fresh,
        count(distinct case when has_back = 1 then other end) as back
    from chosen
    group by night, node
)
select
    chosen.night,
    chosen.node as node_id,
    cast(chosen.counterparties as double) as value,
    cast($counterparties_min as double) as threshold,
    cast(
        json_object(
            'counterparties', chosen.counterparties,
            'fresh', judged.fresh,
            'days', $window_days
        ) as varchar
    ) as facts,
    chosen.edge_id
from chosen
join judged on judged.night = chosen.night and judged.node = chosen.node
where
    judged.fresh >= $fresh_share_min * chosen.counterparties
    and judged.back <= $back_share_max * chosen.counterparties
