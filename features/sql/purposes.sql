-- purposes: one row per edge whose text or type names an everyday purpose, in English or Russian:
-- salary, tax, rent, utility, shop, loan. A text that names several has the first of them.
-- inputs: transactions. key: edge_id.
with said as (
    select
        transaction_id,
        lower(concat_ws(' ', transaction_type, description)) as words
    from transactions
    where transaction_type is not null or description is not null
),
named as (
    select
        transaction_id,
        case
            when
                regexp_matches(words, 'salary|wage|payroll|зарплат|заработн|стипенди|пенси')
                then 'salary'
            when
                regexp_matches(words, '\btax|duty|налог|пошлин|взнос в фонд')
                then 'tax'
            when
                regexp_matches(words, '\brent\b|rental|аренд|квартплат')
                then 'rent'
            when
                regexp_matches(words, 'utilit|electric|heating|коммунал|электроэнерг|жкх')
                then 'utility'
            when
                regexp_matches(words, 'grocer|supermarket|pharmacy|магазин|продукт|аптек')
                then 'shop'
            when
                regexp_matches(words, '\bloan|займ|заём|заем|ссуд')
                then 'loan'
        end as purpose
    from said
)
select
    cast('0x' || substr(sha256(transaction_id), 1, 15) as bigint) as edge_id,
    purpose
from named
where purpose is not null
