-- marks: receipts from persons, and payments out; with each payment, whether it went to virtual
-- assets soon after a receipt.
-- parameters: $within_s. inputs: timeline, wallet_labels. key: part, node, edge_id.
with provider as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        min(received_on) as since
    from wallet_labels
    where label in ('vasp', 'p2p_trader')
    group by node_key
),
movement as (
    select
        *,
        max(case when is_out = 0 then 1 else 0 end) over (
            partition by part, node order by occurred_s
            range between $within_s preceding and current row
        ) as has_receipt
    from timeline
    where node <> other and (is_out = 1 or is_other_company = 0)
)
select
    movement.part, movement.night, movement.node, movement.other, movement.is_out,
    movement.edge_id, movement.occurred_s, movement.is_new, movement.amount_c,
    movement.amount_local,
    case
        when
            movement.is_out = 1
            and movement.has_receipt = 1
            and (
                movement.channel = 'crypto'
                or coalesce(provider.since <= movement.received_on, false)
            )
            then movement.amount_c
        else 0
    end as va_c
from movement
left join provider on provider.node = movement.other
