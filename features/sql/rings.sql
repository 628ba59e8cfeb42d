-- rings: one row per night, node, direction and ring of age: the last day (1), the six days before
-- (7), the 23 before those (30). All sums are sums of integers, so that no order of rows, nor
-- number of threads, changes them.
-- inputs: ends. key: night, node, is_out, ring.
with aged as (
    select
        *,
        case when age_s < 86400 then 1 when age_s < 604800 then 7 else 30 end as ring,
        cast(floor(age_s / 60) as bigint) as age_m,
        cast(floor((occurred_s % 86400) / 3600) as bigint) as hour
    from ends
    where age_s >= 0 and age_s < 2592000
)
select
    night,
    node,
    is_out,
    ring,
    count(*) as n,
    sum(amount_c) as s1,
    sum(cast(amount_c as hugeint) * amount_c) as s2,
    max(amount_c) as top,
    sum(log_m) as g1,
    sum(log_m * log_m) as g2,
    sum(log_m * log_m * log_m) as g3,
    sum(log_m * log_m * log_m * log_m) as g4,
    sum(age_m) as a1,
    sum(age_m * age_m) as a2,
    max(age_s) as oldest_s,
    min(age_s) as latest_s,
    min(case when is_new = 0 then age_s end) as latest_known_s,
    sum(is_round) as n_round,
    sum(is_below) as n_below,
    sum(is_abroad) as n_abroad,
    sum(is_exchange) as n_exchange,
    sum(is_timed) as n_timed,
    sum(case when is_timed = 1 and hour < 6 then 1 else 0 end) as n_night,
    sum(case when is_cash = 1 then amount_c else 0 end) as s_cash,
    bit_or(case when is_timed = 1 then cast(1 as bigint) << hour else 0 end) as hours,
    bit_or(cast(1 as bigint) << cast(floor(age_s / 86400) as bigint)) as days
from aged
group by night, node, is_out, ring
