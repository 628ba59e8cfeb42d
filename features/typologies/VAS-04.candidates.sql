-- candidates: nodes that may have taken in and paid out enough in days, with a known opening.
-- parameters: $amount_min, $share_min. inputs: peaks, accounts. key: node.
select distinct peaks.node
from peaks
join accounts
    on cast('0x' || substr(sha256(accounts.node_key), 1, 15) as bigint) = peaks.node
where
    accounts.opened_on is not null
    and peaks.in_c_15 >= $amount_min * 100
    and peaks.out_c_15 >= $amount_min * 100 * $share_min
