-- windows: three months that end with a receipt from abroad, in each of which more came in than the
-- factor times what went out, on a corridor whose money mainly runs the other way.
-- parameters: $factor, $amount_min, $main_share_min.
-- inputs: marks, nights, edges, known_edges. key: part, node, to_s.
with rolling as (
    select
        part, night, node, home, abroad, occurred_s, is_out,
        sum(case when is_out = 0 then amount_c else 0 end) over month_3 as in_3,
        sum(case when is_out = 1 then amount_c else 0 end) over month_3 as out_3,
        sum(case when is_out = 0 then amount_c else 0 end) over month_2 as in_2,
        sum(case when is_out = 1 then amount_c else 0 end) over month_2 as out_2,
        sum(case when is_out = 0 then amount_c else 0 end) over month_1 as in_1,
        sum(case when is_out = 1 then amount_c else 0 end) over month_1 as out_1,
        max(is_new) over whole as is_new
    from marks
    window
        whole as (
            partition by part, node, home, abroad order by occurred_s
            range between 7775999 preceding and current row
        ),
        month_3 as (
            partition by part, node, home, abroad order by occurred_s
            range between 2591999 preceding and current row
        ),
        month_2 as (
            partition by part, node, home, abroad order by occurred_s
            range between 5183999 preceding and 2592000 preceding
        ),
        month_1 as (
            partition by part, node, home, abroad order by occurred_s
            range between 7775999 preceding and 5184000 preceding
        )
),
streak as (
    select *
    from rolling
    where
        is_out = 0
        and least(in_3, in_2, in_1) >= $amount_min * 100
        and in_3 > $factor * out_3
        and in_2 > $factor * out_2
        and in_1 > $factor * out_1
),
cell as (
    select
        edges.src_country, edges.dst_country, known_edges.occurred_s // 86400 as day,
        known_edges.received_on, known_edges.superseded_on,
        sum(known_edges.amount_c) as sum_c
    from known_edges
    join edges on edges.edge_id = known_edges.edge_id
    where known_edges.is_cross_border
    group by
        edges.src_country, edges.dst_country, known_edges.occurred_s // 86400,
        known_edges.received_on, known_edges.superseded_on
),
corridor as (
    select
        nights.night, cell.src_country, cell.dst_country, cast(sum(cell.sum_c) as double) as sum_c
    from nights
    join cell
        on cell.received_on <= nights.night
        and (cell.superseded_on is null or cell.superseded_on > nights.night)
        and cell.day <= nights.cutoff_s // 86400
        and cell.day > nights.cutoff_s // 86400 - 90
    group by nights.night, cell.src_country, cell.dst_country
)
select
    streak.part,
    streak.night,
    streak.node,
    streak.occurred_s - 7776000 as from_s,
    streak.occurred_s as to_s,
    streak.is_new,
    least(
        cast(streak.in_3 as double) / greatest(streak.out_3, 1),
        cast(streak.in_2 as double) / greatest(streak.out_2, 1),
        cast(streak.in_1 as double) / greatest(streak.out_1, 1),
        4.0 * $factor
    ) as value,
    cast($factor as double) as threshold,
    cast(
        json_object('factor', $factor, 'corridor', streak.abroad || ' > ' || streak.home) as varchar
    ) as facts
from streak
join corridor as main
    on main.night = streak.night
    and main.src_country = streak.home
    and main.dst_country = streak.abroad
left join corridor as counter
    on counter.night = streak.night
    and counter.src_country = streak.abroad
    and counter.dst_country = streak.home
where main.sum_c >= $main_share_min * (main.sum_c + coalesce(counter.sum_c, 0))
