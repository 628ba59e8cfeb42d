-- timeline: one row per part, candidate and end of an edge. Part 0 is the node's time line that all
-- of its plain nights share; every other night of the node has a part of its own, with what it
-- knew. A night is plain for a node where the window that ends with a new edge holds the same edges
-- on the shared line as in that night's knowledge: the new edges occurred after all that came
-- before them and before all that came later, and nothing within reach had been superseded by then.
-- Of a tidy node every night is plain; the others' nights are judged one by one.
-- `night` is the night whose hit a window that ends with the row can make; null where the row is
-- history only. A window may look at rows up to its end, never at later ones.
-- parameters: $reach_s, $is_unshared (true: no night is plain; for tests).
-- inputs: nights, candidates, sides, subjects, untidy.
-- key: part, node, edge_id, is_out.
with mine as (
    select
        sides.*,
        case
            when subject.company_since <= sides.received_on then 1 else 0
        end as is_other_company
    from candidates
    join sides on sides.node = candidates.node
    left join subjects as subject on subject.node = sides.other
),
judging as (
    select candidates.node
    from candidates
    left join untidy on untidy.node = candidates.node
    where untidy.node is not null or $is_unshared
),
judgeable as (
    select mine.* from mine join judging on judging.node = mine.node
),
batch as (
    select node, received_on, min(occurred_s) as first_s, max(occurred_s) as last_s
    from judgeable
    group by node, received_on
),
neighboured as (
    select
        *,
        max(last_s) over (
            partition by node order by received_on
            rows between unbounded preceding and 1 preceding
        ) as before_s,
        min(first_s) over (
            partition by node order by received_on
            rows between 1 following and unbounded following
        ) as after_s
    from batch
),
gone as (
    select node, superseded_on, max(occurred_s) as gone_s
    from judgeable
    where superseded_on is not null
    group by node, superseded_on
),
forgotten as (
    select neighboured.node, neighboured.received_on, max(gone.gone_s) as gone_s
    from neighboured
    join gone
        on gone.node = neighboured.node and gone.superseded_on <= neighboured.received_on
    group by neighboured.node, neighboured.received_on
),
judged as (
    select
        neighboured.node,
        neighboured.received_on as night,
        neighboured.first_s,
        case
            when
                neighboured.first_s > coalesce(neighboured.before_s, neighboured.first_s - 1)
                and neighboured.last_s < coalesce(neighboured.after_s, neighboured.last_s + 1)
                and neighboured.first_s - $reach_s
                >= coalesce(forgotten.gone_s, neighboured.first_s - $reach_s)
                and not $is_unshared
                then 1
            else 0
        end as is_plain
    from neighboured
    join nights on nights.night = neighboured.received_on
    left join forgotten
        on forgotten.node = neighboured.node
        and forgotten.received_on = neighboured.received_on
),
shared as (
    select distinct node from judged where is_plain = 1
),
row_of_part as (
    select
        0 as part,
        judged.night,
        case when judged.night is null then 0 else 1 end as is_new,
        mine.*
    from judgeable as mine
    join shared on shared.node = mine.node
    left join judged
        on judged.node = mine.node
        and judged.night = mine.received_on
        and judged.is_plain = 1
    union all
    select
        0,
        nights.night,
        case when nights.night is null then 0 else 1 end,
        mine.*
    from mine
    left join judging on judging.node = mine.node
    left join nights on nights.night = mine.received_on
    where judging.node is null
    union all
    select
        date_diff('day', date '1970-01-01', judged.night),
        judged.night,
        case when mine.received_on = judged.night then 1 else 0 end,
        mine.*
    from judged
    join judgeable as mine on mine.node = judged.node
    where
        judged.is_plain = 0
        and mine.received_on <= judged.night
        and (mine.superseded_on is null or mine.superseded_on > judged.night)
        and mine.occurred_s > judged.first_s - $reach_s
)
select
    cast(part as integer) as part,
    cast(night as date) as night,
    node,
    other,
    is_out,
    edge_id,
    received_on,
    occurred_s,
    amount_c,
    amount_local,
    channel,
    is_date_only,
    is_cross_border,
    movement_count,
    cast(is_new as integer) as is_new,
    is_other_company
from row_of_part
