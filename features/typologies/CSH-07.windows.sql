-- windows: the days, ending with a movement of cash, with much more cash than the income that the
-- night knows.
-- parameters: $times_income, $cash_min, $window_days. inputs: marks, incomes.
-- key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s,
        cast(sum(amount_c) over recent as bigint) as cash_c,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
),
asked as (
    select distinct night, node
    from rolling
    where night is not null and is_new = 1 and cash_c > $cash_min * 100
),
dated as (
    select
        asked.night, asked.node, incomes.income_c,
        rank() over (
            partition by asked.night, asked.node order by incomes.valid_from desc
        ) as place
    from asked
    join incomes
        on incomes.node = asked.node
        and incomes.known_from <= asked.night
        and (incomes.known_until is null or incomes.known_until > asked.night)
        and incomes.valid_from <= asked.night
),
income as (
    select night, node, max(income_c) as income_c
    from dated
    where place = 1
    group by night, node
)
select
    rolling.part,
    rolling.night,
    rolling.node,
    rolling.occurred_s - $window_days * 86400 as from_s,
    rolling.occurred_s as to_s,
    rolling.is_new,
    rolling.cash_c / cast(greatest(income.income_c, 1) as double) as value,
    cast($times_income as double) as threshold,
    cast(
        json_object(
            'times', round(rolling.cash_c / cast(greatest(income.income_c, 1) as double), 1),
            'days', $window_days
        ) as varchar
    ) as facts
from rolling
join income on income.night = rolling.night and income.node = rolling.node
where
    rolling.cash_c > $cash_min * 100
    and rolling.cash_c > $times_income * income.income_c
