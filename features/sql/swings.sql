-- swings: one row per edge of a share of the nodes that some night knows, with what the bounds of
-- `peaks` and `untidy` are made from.
-- parameters: $share, $shares. inputs: known_edges. key: none.
select
    src,
    dst,
    occurred_s,
    received_on,
    superseded_on is not null as is_superseded,
    amount_c,
    movement_count,
    channel = 'cash' as is_cash
from known_edges
where abs(src % $shares) = $share or abs(dst % $shares) = $share
