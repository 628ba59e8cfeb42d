-- graph_pairs: one row per payer and receiver of the account graph: how much went between them in
-- the window that ends with the cut-off, as known on the night. Self transfers connect nothing.
-- parameters: $night, $cutoff_s, $window_s. inputs: known_edges. key: src, dst.
select
    cast(src as bigint) as src,
    cast(dst as bigint) as dst,
    cast(sum(amount_c) as double) as cents
from known_edges
where
    received_on <= cast($night as date)
    and (superseded_on is null or superseded_on > cast($night as date))
    and occurred_s > $cutoff_s - $window_s
    and occurred_s <= $cutoff_s
    and src <> dst
group by src, dst
order by src, dst
