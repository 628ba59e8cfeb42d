-- marks: transfers in and cash out, and the first cash out of a local day with which enough of what
-- came in within 24 hours is out again.
-- parameters: $share_min, $offset_s. inputs: timeline. key: part, node, edge_id.
with movement as (
    select
        part, night, node, edge_id, occurred_s, is_new, amount_local, is_out, amount_c,
        (occurred_s + $offset_s) // 86400 as day
    from timeline
    where
        node <> other
        and ((is_out = 0 and channel <> 'cash') or (is_out = 1 and channel = 'cash'))
),
compared as (
    select
        *,
        sum(case when is_out = 0 then amount_c else 0 end) over last_day as in_c,
        sum(case when is_out = 1 then amount_c else 0 end) over last_day as out_c
    from movement
    window last_day as (
        partition by part, node order by occurred_s range between 86399 preceding and current row
    )
),
judged as (
    select
        *,
        case
            when is_out = 1 and in_c > 0 and out_c >= $share_min * in_c then 1 else 0
        end as is_done
    from compared
)
select
    part, night, node, edge_id, occurred_s, is_new, amount_local, is_done,
    case
        when
            is_done = 1
            and sum(is_done) over (
                partition by part, node, day order by occurred_s, edge_id
                rows between unbounded preceding and current row
            ) = 1
            then 1
        else 0
    end as is_out_day
from judged
