-- windows: the days, ending with a payment, in which more was sent than declared and usual incomes
-- explain, by somebody whom no company paid.
-- parameters: $factor, $window_days. inputs: marks, incomes. key: part, node, to_s.
with income as (
    select
        nights.night,
        incomes.node,
        cast(incomes.income_c as double) / 100 as monthly,
        row_number() over (
            partition by nights.night, incomes.node
            order by incomes.valid_from desc, incomes.income_c desc
        ) as place
    from (select distinct night from marks where night is not null) as nights
    join incomes
        on incomes.known_from <= nights.night
        and (incomes.known_until is null or incomes.known_until > nights.night)
        and incomes.valid_from <= nights.night
),
peer as (
    select
        night, node, monthly,
        row_number() over (partition by night order by monthly, node) as place,
        count(*) over (partition by night) as everyone
    from income
    where place = 1
),
middle as (
    select night, avg(monthly) as monthly
    from peer
    where place in ((everyone + 1) // 2, (everyone + 2) // 2)
    group by night
),
rolling as (
    select
        part, night, node, occurred_s, payroll,
        sum(amount_c) over recent as sum_c,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
judged as (
    select
        rolling.*,
        $factor * peer.monthly * $window_days / 30.0 + middle.monthly as explained
    from rolling
    join peer on peer.night = rolling.night and peer.node = rolling.node
    join middle on middle.night = rolling.night
    where rolling.payroll = 0
)
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    cast(sum_c as double) / 100 as value,
    greatest(explained, 1) as threshold,
    cast(
        json_object('days', $window_days, 'limit', cast(round(explained) as bigint)) as varchar
    ) as facts
from judged
where cast(sum_c as double) / 100 > explained
