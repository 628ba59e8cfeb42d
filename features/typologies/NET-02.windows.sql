-- windows: the days, ending with a payment out, in which enough payers paid, then enough receivers
-- were paid, and most of the money passed on.
-- parameters: $payers_min, $receivers_min, $window_days, $kept_min, $kept_max, $mixed_share_max.
-- inputs: marks. key: part, node, to_s.
with rolling as (
    select
        part, night, node, occurred_s, is_out,
        count(distinct case when is_out = 0 then other end) over recent as payers,
        count(distinct case when is_out = 1 then other end) over recent as receivers,
        count(distinct other) over recent as others,
        sum(case when is_out = 0 then amount_c else 0 end) over recent as in_c,
        sum(case when is_out = 1 then amount_c else 0 end) over recent as out_c,
        sum(1 - is_out) over recent as in_n,
        sum(is_out) over recent as out_n,
        sum(case when is_out = 0 then occurred_s else 0 end) over recent as in_s,
        sum(case when is_out = 1 then occurred_s else 0 end) over recent as out_s,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $window_days * 86400 - 1 preceding and current row
    )
)
select
    part,
    night,
    node,
    occurred_s - $window_days * 86400 as from_s,
    occurred_s as to_s,
    is_new,
    least(
        cast(payers as double) / $payers_min, cast(receivers as double) / $receivers_min
    ) as value,
    cast(1 as double) as threshold,
    cast(
        json_object(
            'payers', payers,
            'receivers', receivers,
            'days', $window_days,
            'kept', round(cast(out_c as double) / cast(in_c as double), 4)
        ) as varchar
    ) as facts
from rolling
where
    is_out = 1
    and payers >= $payers_min
    and receivers >= $receivers_min
    and out_c >= $kept_min * in_c
    and out_c <= $kept_max * in_c
    and payers + receivers - others <= $mixed_share_max * others
    and cast(in_s as double) * cast(out_n as double) < cast(out_s as double) * cast(in_n as double)
