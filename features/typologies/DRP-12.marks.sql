-- marks: credits without cash from others that no report by the receipt calls a company; where the
-- list of prices was loaded by the receipt, those within a band in force for the receiver's place.
-- inputs: timeline, price_bands, nodes. key: part, node, edge_id.
with loaded as (
    select min(received_on) as first_on from price_bands
),
credit as (
    select timeline.*, nodes.territory, nodes.country
    from timeline
    left join nodes
        on nodes.node_id = timeline.node and nodes.received_on = timeline.received_on
    where
        timeline.is_out = 0
        and timeline.node <> timeline.other
        and timeline.is_other_company = 0
        and timeline.channel <> 'cash'
),
banded as (
    select distinct credit.part, credit.node, credit.edge_id
    from credit
    join price_bands
        on price_bands.received_on <= credit.received_on
        and (price_bands.known_until is null or price_bands.known_until > credit.received_on)
        and credit.amount_local >= price_bands.amount_from
        and credit.amount_local <= price_bands.amount_to
        and price_bands.territory in ('*', credit.country, credit.territory)
        and credit.occurred_s >= epoch(price_bands.valid_from)
        and (
            price_bands.valid_to is null or credit.occurred_s < epoch(price_bands.valid_to) + 86400
        )
)
select
    credit.part, credit.night, credit.node, credit.other, credit.edge_id, credit.occurred_s,
    credit.is_new, credit.amount_local, credit.amount_c
from credit
cross join loaded
left join banded
    on banded.part = credit.part
    and banded.node = credit.node
    and banded.edge_id = credit.edge_id
where banded.edge_id is not null or coalesce(loaded.first_on > credit.received_on, true)
