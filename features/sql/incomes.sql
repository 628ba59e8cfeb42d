-- incomes: one row per account or person and declared income that is theirs: their own, or that of
-- the account's holder. On a night the one counts that is known (known_from <= night < known_until)
-- and has the latest valid_from that is not later than the night.
-- inputs: declared_incomes, owners. key: none.
with declared as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        cast('0x' || substr(sha256(employer_key), 1, 15) as bigint) as employer,
        received_on as known_from,
        known_until,
        valid_from,
        cast(round(monthly_income_local * 100) as bigint) as income_c
    from declared_incomes
)
select node, employer, known_from, known_until, valid_from, income_c
from declared
union all
select
    owners.node,
    declared.employer,
    greatest(declared.known_from, owners.known_from),
    declared.known_until,
    declared.valid_from,
    declared.income_c
from declared
join owners on owners.owner = declared.node
