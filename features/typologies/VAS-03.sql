-- VAS-03, mixer or chain hop: one row per night, node and edge of the evidence: the days with a new
-- edge that held the most deposits from mixers and quick swaps between chains.
-- parameters: $within_s, $kept_min, $kept_max, $window_days.
-- inputs: timeline, wallet_labels. key: night, node_id, edge_id.
with label as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(case when label = 'mixer' then received_on end) as mixer_since,
        min(case when label in ('bridge', 'swap') then received_on end) as swap_since
    from wallet_labels
    where label in ('mixer', 'bridge', 'swap')
    group by node_key
),
movement as (
    select
        timeline.*,
        coalesce(label.mixer_since <= timeline.received_on, false) as is_mixer,
        coalesce(label.swap_since <= timeline.received_on, false) as is_swap
    from timeline
    join label on label.node = timeline.other
    where timeline.node <> timeline.other
),
pair as (
    select
        departure.part, departure.night, departure.node, departure.occurred_s,
        departure.edge_id, arrival.edge_id as with_id,
        greatest(departure.is_new, arrival.is_new) as is_new,
        row_number() over (
            partition by departure.part, departure.node, departure.edge_id
            order by arrival.occurred_s desc, arrival.edge_id desc
        ) as place
    from movement as departure
    join movement as arrival
        on arrival.part = departure.part
        and arrival.node = departure.node
        and arrival.is_out = 0
        and arrival.is_swap
        and departure.occurred_s - arrival.occurred_s <= $within_s
        and (
            departure.occurred_s > arrival.occurred_s
            or (
                departure.occurred_s = arrival.occurred_s
                and departure.edge_id > arrival.edge_id
            )
        )
        and departure.amount_c >= arrival.amount_c * $kept_min
        and departure.amount_c <= arrival.amount_c * $kept_max
    where departure.is_out = 1 and departure.is_swap
),
happening as (
    select part, night, node, occurred_s, edge_id, with_id, is_new, 1 as is_hop
    from pair
    where place = 1
    union all
    select part, night, node, occurred_s, edge_id, cast(null as bigint), is_new, 0
    from movement
    where is_out = 0 and is_mixer
),
rolling as (
    select
        part, night, node, edge_id, occurred_s as to_s,
        sum(1 - is_hop) over recent as mixers,
        sum(is_hop) over recent as hops,
        max(is_new) over recent as is_new
    from happening
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by mixers + hops desc, to_s desc, edge_id
        ) as place
    from rolling
    where night is not null and is_new = 1
),
chosen as (
    select
        ranked.night, ranked.node, ranked.mixers, ranked.hops,
        happening.edge_id, happening.with_id
    from ranked
    join happening
        on happening.part = ranked.part
        and happening.node = ranked.node
        and happening.occurred_s <= ranked.to_s
        and happening.occurred_s > ranked.to_s - $window_days * 86400
    where ranked.place = 1
),
evidence as (
    select night, node, mixers, hops, edge_id from chosen
    union
    select night, node, mixers, hops, with_id from chosen where with_id is not null
)
select
    night,
    node as node_id,
    cast(mixers + hops as double) as value,
    cast(1 as double) as threshold,
    cast(
        json_object(
            'mixers', cast(mixers as bigint), 'hops', cast(hops as bigint), 'days', $window_days
        ) as varchar
    ) as facts,
    edge_id
from evidence
