-- marks: timed movements, with the local day; the one with which a day has enough different hours.
-- parameters: $hours_min, $offset_s. inputs: timeline. key: part, node, edge_id.
with movement as (
    select
        part, night, node, edge_id, occurred_s, is_new, amount_local,
        (occurred_s + $offset_s) // 86400 as day,
        (occurred_s + $offset_s) // 3600 as hour
    from timeline
    where node <> other and not is_date_only
),
firsts as (
    select
        *,
        case
            when
                row_number() over (
                    partition by part, node, hour order by occurred_s, edge_id
                ) = 1
                then 1
            else 0
        end as is_first_of_hour
    from movement
),
counted as (
    select
        *,
        sum(is_first_of_hour) over (
            partition by part, node, day order by occurred_s, edge_id
            rows between unbounded preceding and current row
        ) as hours
    from firsts
)
select
    part, night, node, edge_id, occurred_s, is_new, amount_local,
    case when hour % 24 < 6 then 1 else 0 end as is_night,
    case when is_first_of_hour = 1 and hours = $hours_min then 1 else 0 end as is_long_day
from counted
