-- DRP-10, wallet ladder: one row per night, first receiver of a chain of steps in time over
-- wallets, and edge of the evidence: the longest chain with a new edge, then the one that kept
-- most. A chain is found on the night that knew the last of its edges.
-- parameters: $hops_min, $hops_max, $hop_hours, $kept_min, $owners_min.
-- inputs: nights, known_edges, owners. key: night, node_id, edge_id.
with recursive edge as (
    select
        edge_id, src, dst, occurred_s, amount_c, received_on,
        coalesce(superseded_on, date '9999-12-31') as gone_on,
        case when channel = 'wallet' then 1 else 0 end as is_wallet
    from known_edges
    where
        channel in ('wallet', 'card', 'transfer', 'remittance')
        and src <> dst
        and not is_date_only
        and amount_c > 0
),
wallet_node as (
    select src as node from edge where is_wallet = 1
    union
    select dst from edge where is_wallet = 1
),
near as (
    select edge.*
    from edge
    left join wallet_node as payer on payer.node = edge.src
    left join wallet_node as receiver on receiver.node = edge.dst
    where payer.node is not null or receiver.node is not null
),
chain as (
    select
        dst as first_receiver, dst as node, edge_id, occurred_s, amount_c,
        amount_c as first_c, is_wallet, received_on as night, gone_on,
        1 as hops, [edge_id] as path, [src, dst] as met
    from near
    union all
    select
        chain.first_receiver, near.dst, near.edge_id, near.occurred_s, near.amount_c,
        chain.first_c, near.is_wallet,
        greatest(chain.night, near.received_on),
        least(chain.gone_on, near.gone_on),
        chain.hops + 1,
        list_append(chain.path, near.edge_id),
        list_append(chain.met, near.dst)
    from chain
    join near on near.src = chain.node
    where
        chain.hops < $hops_max
        and (chain.is_wallet = 1 or near.is_wallet = 1)
        and near.occurred_s > chain.occurred_s
        and near.occurred_s <= chain.occurred_s + $hop_hours * 3600
        and near.amount_c <= chain.amount_c
        and near.amount_c >= chain.first_c * $kept_min
        and not list_contains(chain.met, near.dst)
),
long as (
    select
        row_number() over (order by path) as number,
        nights.night, chain.first_receiver, chain.hops, chain.path, chain.met,
        chain.amount_c / cast(chain.first_c as double) as kept
    from chain
    join nights on nights.night = chain.night
    where chain.hops >= $hops_min and chain.gone_on > chain.night
),
owner as (
    select node, min(owner) as owner, min(known_from) as known_from
    from owners
    group by node
),
step as (
    select number, night, unnest(met) as node from long
),
owned as (
    select
        step.number,
        count(distinct case
            when owner.known_from <= step.night then owner.owner else step.node
        end) as owners
    from step
    left join owner on owner.node = step.node
    group by step.number
),
ranked as (
    select
        long.*,
        owned.owners,
        row_number() over (
            partition by long.night, long.first_receiver
            order by long.hops desc, long.kept desc, long.path
        ) as place
    from long
    join owned on owned.number = long.number
    where owned.owners >= $owners_min
)
select
    night,
    first_receiver as node_id,
    cast(hops as double) as value,
    cast($hops_min as double) as threshold,
    cast(
        json_object('hops', hops, 'owners', owners, 'kept', round(kept, 4)) as varchar
    ) as facts,
    unnest(path) as edge_id
from ranked
where place = 1
