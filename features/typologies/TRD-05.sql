-- TRD-05, split and forward: one row per night, node and edge of the evidence: the receipt that
-- left most fully, in enough parts, to others than the payer and its kin, within the time.
-- parameters: $amount_min, $within_s, $share_min, $share_max, $parts_min.
-- inputs: timeline, kin_links. key: night, node_id, edge_id.
with kin as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        cast('0x' || substr(sha256(other_key), 1, 15) as bigint) as other,
        min(received_on) as since
    from kin_links
    group by node_key, other_key
),
linked as (
    select node, other, min(since) as since
    from (
        select node, other, since from kin
        union all
        select other, node, since from kin
    ) as either_way
    group by node, other
),
arrival as (
    select * from timeline
    where is_out = 0 and node <> other and amount_c >= $amount_min * 100 and not is_date_only
),
departure as (
    select * from timeline where is_out = 1 and node <> other and not is_date_only
),
leaving as (
    select
        arrival.part, arrival.node, arrival.edge_id as in_id, arrival.amount_c as in_c,
        arrival.occurred_s as in_s,
        departure.night, departure.edge_id as out_id, departure.other, departure.amount_c,
        departure.occurred_s,
        greatest(arrival.is_new, departure.is_new) as is_new
    from arrival
    join departure
        on departure.part = arrival.part
        and departure.node = arrival.node
        and departure.other <> arrival.other
        and departure.amount_c < arrival.amount_c
        and departure.occurred_s <= arrival.occurred_s + $within_s
        and (
            departure.occurred_s > arrival.occurred_s
            or (
                departure.occurred_s = arrival.occurred_s
                and departure.edge_id > arrival.edge_id
            )
        )
    left join linked on linked.node = arrival.other and linked.other = departure.other
    where coalesce(linked.since > greatest(arrival.received_on, departure.received_on), true)
),
rolling as (
    select
        part, node, in_id, in_c, in_s, night, out_id, occurred_s as to_s,
        count(*) over so_far as parts,
        count(distinct other) over so_far as receivers,
        cast(sum(amount_c) over so_far as bigint) as out_c,
        max(is_new) over so_far as is_new
    from leaving
    window so_far as (
        partition by part, node, in_id order by occurred_s
        range between unbounded preceding and current row
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by night, node order by out_c desc, to_s desc, in_id, out_id
        ) as place
    from rolling
    where
        night is not null
        and is_new = 1
        and receivers >= $parts_min
        and out_c >= $share_min * in_c
        and out_c <= $share_max * in_c
),
chosen as (
    select ranked.night, ranked.node, ranked.in_id, ranked.in_c, ranked.parts,
        ranked.receivers, ranked.out_c, leaving.out_id
    from ranked
    join leaving
        on leaving.part = ranked.part
        and leaving.node = ranked.node
        and leaving.in_id = ranked.in_id
        and leaving.occurred_s <= ranked.to_s
    where ranked.place = 1
),
evidence as (
    select night, node, in_c, parts, receivers, out_c, in_id as edge_id from chosen
    union
    select night, node, in_c, parts, receivers, out_c, out_id from chosen
)
select
    night,
    node as node_id,
    cast(receivers as double) as value,
    cast($parts_min as double) as threshold,
    cast(
        json_object(
            'received', in_c // 100,
            'hours', $within_s // 3600,
            'parts', parts,
            'receivers', receivers,
            'share', round(cast(out_c as double) / in_c, 4)
        ) as varchar
    ) as facts,
    edge_id
from evidence
