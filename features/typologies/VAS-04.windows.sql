-- windows: the hours, ending with a payment out, in which an account that was opened days before
-- paid out nearly all of a large sum that it had taken in, virtual assets among it.
-- parameters: $age_days_max, $amount_min, $share_min, $within_s. inputs: marks, accounts.
-- key: part, node, to_s.
with opening as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        opened_on, min(received_on) as known_from
    from accounts
    where opened_on is not null
    group by node_key, opened_on
),
rolling as (
    select
        part, night, node, occurred_s, is_out,
        cast(sum((1 - is_out) * amount_c) over recent as bigint) as in_c,
        cast(sum(is_out * amount_c) over recent as bigint) as out_c,
        max(is_virtual) over recent as has_virtual,
        max(is_new) over recent as is_new
    from marks
    window recent as (
        partition by part, node order by occurred_s
        range between $within_s - 1 preceding and current row
    )
),
judged as (
    select
        rolling.part, rolling.night, rolling.node, rolling.occurred_s, rolling.is_new,
        rolling.in_c, rolling.out_c,
        min(
            rolling.occurred_s // 86400 - date_diff('day', date '1970-01-01', opening.opened_on)
        ) as age_days
    from rolling
    join opening
        on opening.node = rolling.node
        and opening.known_from <= rolling.night
    where
        rolling.is_out = 1
        and rolling.has_virtual = 1
        and rolling.in_c >= $amount_min * 100
        and rolling.out_c >= $share_min * rolling.in_c
    group by
        rolling.part, rolling.night, rolling.node, rolling.occurred_s, rolling.is_new,
        rolling.in_c, rolling.out_c
)
select
    part,
    night,
    node,
    occurred_s - $within_s as from_s,
    occurred_s as to_s,
    is_new,
    cast(in_c as double) / 100 as value,
    cast($amount_min as double) as threshold,
    cast(
        json_object(
            'age', age_days,
            'received', in_c // 100,
            'share', round(cast(out_c as double) / in_c, 4),
            'hours', $within_s // 3600
        ) as varchar
    ) as facts
from judged
where age_days >= 0 and age_days < $age_days_max
