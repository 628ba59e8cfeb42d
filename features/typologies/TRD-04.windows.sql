-- windows: the days, ending with a movement, in which a young company of a mass address or director
-- turned over much and paid next to no tax and payroll, as the register of the night has it.
-- parameters: $age_days_max, $turnover_min, $tax_share_max, $same_address_min, $same_director_min,
-- $window_days. inputs: marks, company_registry, owners. key: part, node, to_s.
with company as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        received_on as known_from, known_until, valid_from, registered_on,
        coalesce(staff_count, 0) as staff,
        cast(coalesce(tax_paid_local, 0) as double) as tax
    from company_registry
    where
        registered_on is not null
        and (
            same_address_count >= $same_address_min or same_director_count >= $same_director_min
        )
),
own_company as (
    select node, known_from, known_until, valid_from, registered_on, staff, tax from company
    union all
    select
        owners.node, greatest(company.known_from, owners.known_from), company.known_until,
        company.valid_from, company.registered_on, company.staff, company.tax
    from company
    join owners on owners.owner = company.node
),
rolling as (
    select
        part, night, node, occurred_s,
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
        rolling.*, own_company.registered_on, own_company.staff, own_company.tax,
        cast(rolling.sum_c as double) / 100 as turnover,
        rolling.occurred_s // 86400
        - date_diff('day', date '1970-01-01', own_company.registered_on) as age_days
    from rolling
    join own_company
        on own_company.node = rolling.node
        and own_company.known_from <= rolling.night
        and (own_company.known_until is null or own_company.known_until > rolling.night)
        and own_company.valid_from <= rolling.night
)
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    turnover as value,
    cast($turnover_min as double) as threshold,
    cast(
        json_object(
            'age', age_days, 'days', $window_days, 'staff', staff,
            'tax', cast(floor(tax) as bigint)
        ) as varchar
    ) as facts
from judged
where
    age_days >= 0
    and age_days < $age_days_max
    and turnover >= $turnover_min
    and tax < $tax_share_max * turnover
