-- peaks: one row per node: the most that any window of 1, 7, 15 or 31 days held, ending with any
-- movement that some night of the range knows, superseded ones among them: bounds from above of
-- what a window of that length of any night may hold. A candidate is named from these bounds;
-- whether it is a hit is decided from `timeline`. The portable twin of the compiled pass
-- features/kernels/peaks.py.
-- inputs: sides. key: node.
with measure as (
    select
        node, other, occurred_s, is_out,
        (1 - is_out) * movement_count as in_n,
        is_out * movement_count as out_n,
        (1 - is_out) * amount_c as in_c,
        is_out * amount_c as out_c,
        case when channel = 'cash' then (1 - is_out) * movement_count else 0 end as cash_in_n,
        case when channel = 'cash' then is_out * movement_count else 0 end as cash_out_n,
        case when channel = 'cash' then (1 - is_out) * amount_c else 0 end as cash_in_c,
        case when channel = 'cash' then is_out * amount_c else 0 end as cash_out_c
    from sides
    where node <> other
),
rolling as (
    select
        node, other, is_out,
        sum(in_n) over days_1 as in_n_1,
        sum(out_n) over days_1 as out_n_1,
        sum(in_c) over days_1 as in_c_1,
        sum(out_c) over days_1 as out_c_1,
        sum(cash_in_n) over days_1 as cash_in_n_1,
        sum(cash_out_n) over days_1 as cash_out_n_1,
        sum(cash_in_c) over days_1 as cash_in_c_1,
        sum(cash_out_c) over days_1 as cash_out_c_1,
        sum(in_n) over days_7 as in_n_7,
        sum(out_n) over days_7 as out_n_7,
        sum(in_c) over days_7 as in_c_7,
        sum(out_c) over days_7 as out_c_7,
        sum(cash_in_n) over days_7 as cash_in_n_7,
        sum(cash_out_n) over days_7 as cash_out_n_7,
        sum(cash_in_c) over days_7 as cash_in_c_7,
        sum(cash_out_c) over days_7 as cash_out_c_7,
        sum(in_n) over days_15 as in_n_15,
        sum(out_n) over days_15 as out_n_15,
        sum(in_c) over days_15 as in_c_15,
        sum(out_c) over days_15 as out_c_15,
        sum(cash_in_n) over days_15 as cash_in_n_15,
        sum(cash_out_n) over days_15 as cash_out_n_15,
        sum(cash_in_c) over days_15 as cash_in_c_15,
        sum(cash_out_c) over days_15 as cash_out_c_15,
        sum(in_n) over days_31 as in_n_31,
        sum(out_n) over days_31 as out_n_31,
        sum(in_c) over days_31 as in_c_31,
        sum(out_c) over days_31 as out_c_31,
        sum(cash_in_n) over days_31 as cash_in_n_31,
        sum(cash_out_n) over days_31 as cash_out_n_31,
        sum(cash_in_c) over days_31 as cash_in_c_31,
        sum(cash_out_c) over days_31 as cash_out_c_31
    from measure
    window
        days_1 as (
            partition by node order by occurred_s
            range between 86399 preceding and current row
        ),
        days_7 as (
            partition by node order by occurred_s
            range between 604799 preceding and current row
        ),
        days_15 as (
            partition by node order by occurred_s
            range between 1295999 preceding and current row
        ),
        days_31 as (
            partition by node order by occurred_s
            range between 2678399 preceding and current row
        )
)
select
    node,
    count(distinct case when is_out = 0 then other end) as payers,
    count(distinct case when is_out = 1 then other end) as receivers,
    cast(max(in_n_1) as bigint) as in_n_1,
    cast(max(out_n_1) as bigint) as out_n_1,
    cast(max(in_c_1) as bigint) as in_c_1,
    cast(max(out_c_1) as bigint) as out_c_1,
    cast(max(cash_in_n_1) as bigint) as cash_in_n_1,
    cast(max(cash_out_n_1) as bigint) as cash_out_n_1,
    cast(max(cash_in_c_1) as bigint) as cash_in_c_1,
    cast(max(cash_out_c_1) as bigint) as cash_out_c_1,
    cast(max(in_n_7) as bigint) as in_n_7,
    cast(max(out_n_7) as bigint) as out_n_7,
    cast(max(in_c_7) as bigint) as in_c_7,
    cast(max(out_c_7) as bigint) as out_c_7,
    cast(max(cash_in_n_7) as bigint) as cash_in_n_7,
    cast(max(cash_out_n_7) as bigint) as cash_out_n_7,
    cast(max(cash_in_c_7) as bigint) as cash_in_c_7,
    cast(max(cash_out_c_7) as bigint) as cash_out_c_7,
    cast(max(in_n_15) as bigint) as in_n_15,
    cast(max(out_n_15) as bigint) as out_n_15,
    cast(max(in_c_15) as bigint) as in_c_15,
    cast(max(out_c_15) as bigint) as out_c_15,
    cast(max(cash_in_n_15) as bigint) as cash_in_n_15,
    cast(max(cash_out_n_15) as bigint) as cash_out_n_15,
    cast(max(cash_in_c_15) as bigint) as cash_in_c_15,
    cast(max(cash_out_c_15) as bigint) as cash_out_c_15,
    cast(max(in_n_31) as bigint) as in_n_31,
    cast(max(out_n_31) as bigint) as out_n_31,
    cast(max(in_c_31) as bigint) as in_c_31,
    cast(max(out_c_31) as bigint) as out_c_31,
    cast(max(cash_in_n_31) as bigint) as cash_in_n_31,
    cast(max(cash_out_n_31) as bigint) as cash_out_n_31,
    cast(max(cash_in_c_31) as bigint) as cash_in_c_31,
    cast(max(cash_out_c_31) as bigint) as cash_out_c_31
from rolling
group by node
