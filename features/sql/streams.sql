-- streams: one row per end of an edge in the order in which its node met it. Where a node's edges
-- became known in the order in which they occurred, in good time, and none was superseded, what a
-- night knew of the past is the past: one stream serves every night. Other nodes have a stream per
-- night. `moment` orders by time and then edge; ends of a self transfer share it.
-- parameters: $window_s, $lookback_s. inputs: active, ends. key: stream, node, edge_id, is_out.
with once as (
    select distinct
        node, other, is_out, edge_id, received_on, superseded_on, occurred_s, amount_c
    from ends
),
followed as (
    select
        *,
        lag(received_on) over (partition by node order by occurred_s, edge_id) as before
    from once
),
untidy as (
    select node
    from followed
    group by node
    having
        max(
            case
                when superseded_on is not null then 1
                when before > received_on then 1
                when
                    epoch(cast(received_on as timestamp)) + 86399 - occurred_s
                    >= $lookback_s - $window_s then 1
                else 0
            end
        ) = 1
),
streamed as (
    select
        cast('1900-01-01' as date) as stream,
        once.node, once.other, once.is_out, once.edge_id, once.received_on,
        once.occurred_s, once.amount_c
    from once
    left join untidy on untidy.node = once.node
    where untidy.node is null
    union all
    select
        ends.night,
        ends.node, ends.other, ends.is_out, ends.edge_id, ends.received_on,
        ends.occurred_s, ends.amount_c
    from ends
    join untidy on untidy.node = ends.node
),
ranked as (
    select
        *,
        rank() over (partition by stream, node, occurred_s order by edge_id) - 1 as tie
    from streamed
)
select
    stream, node, other, is_out, edge_id, received_on, occurred_s, amount_c, tie,
    occurred_s * 1048576 + tie as moment
from ranked
