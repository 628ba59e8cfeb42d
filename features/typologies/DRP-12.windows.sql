-- windows: the days up to a night's last new credit, in which a few amounts make most of them.
-- parameters: $credits_min, $payers_min, $prices_max, $price_share_min, $window_days.
-- inputs: marks. key: part, node, night.
with repeated as (
    select
        part, node,
        count(*) over (
            partition by part, node, amount_c order by occurred_s
            range between $window_days * 86400 - 1 preceding and current row
        ) as same
    from marks
),
shop as (
    select part, node
    from repeated
    group by part, node
    having max(same) * $prices_max >= $price_share_min * $credits_min
),
counted as (
    select
        marks.part, marks.node, marks.night, marks.occurred_s, marks.is_new,
        count(*) over (
            partition by marks.part, marks.node order by marks.occurred_s
            range between $window_days * 86400 - 1 preceding and current row
        ) as credits
    from marks
    join shop on shop.part = marks.part and shop.node = marks.node
),
ending as (
    select part, node, night, max(occurred_s) as to_s
    from counted
    where is_new = 1
    group by part, node, night
    having max(credits) >= $credits_min
),
recent as (
    select
        ending.part, ending.node, ending.night, ending.to_s, marks.other, marks.amount_c
    from ending
    join marks
        on marks.part = ending.part
        and marks.node = ending.node
        and marks.occurred_s <= ending.to_s
        and marks.occurred_s > ending.to_s - $window_days * 86400
),
total as (
    select
        part, node, night, to_s, count(*) as credits, count(distinct other) as payers
    from recent
    group by part, node, night, to_s
    having count(*) >= $credits_min and count(distinct other) >= $payers_min
),
price as (
    select
        part, node, night, amount_c, count(*) as n,
        row_number() over (
            partition by part, node, night order by count(*) desc, amount_c
        ) as place
    from recent
    group by part, node, night, amount_c
),
top as (
    select part, node, night, cast(sum(n) as bigint) as same, count(*) as prices
    from price
    where place <= $prices_max
    group by part, node, night
)
select
    total.part,
    total.night,
    total.node,
    total.to_s - $window_days * 86400 as from_s,
    total.to_s,
    1 as is_new,
    top.same / cast(total.credits as double) as value,
    cast($price_share_min as double) as threshold,
    cast(
        json_object(
            'same', top.same,
            'credits', total.credits,
            'payers', total.payers,
            'prices', top.prices,
            'days', $window_days
        ) as varchar
    ) as facts
from total
join top
    on top.part = total.part and top.node = total.node and top.night = total.night
where top.same >= $price_share_min * total.credits
