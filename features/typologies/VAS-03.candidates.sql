-- candidates: nodes that dealt with a mixer, bridge or swap.
-- inputs: sides, wallet_labels. key: node.
select distinct sides.node
from sides
join wallet_labels
    on cast('0x' || substr(sha256(wallet_labels.node_key), 1, 15) as bigint) = sides.other
where wallet_labels.label in ('mixer', 'bridge', 'swap')
