-- untidy: one row per node whose edges did not become known in the order in which they occurred, or
-- of which some are no longer known: its nights may each know another past. The portable twin of
-- what the sweep of features/kernels/peaks.py finds.
-- inputs: sides. key: node.
with neighboured as (
    select
        node, received_on, superseded_on, occurred_s,
        lag(received_on) over along as before_on,
        lag(occurred_s) over along as before_s
    from sides
    window along as (partition by node order by occurred_s, received_on)
)
select distinct node
from neighboured
where
    superseded_on is not null
    or before_on > received_on
    or (before_on <> received_on and before_s = occurred_s)
