-- pairs: one row per night, node, direction and counterparty within 30 days of the cut-off.
-- inputs: ends. key: night, node, is_out, other.
select
    night,
    node,
    is_out,
    other,
    count(*) as n,
    sum(amount_c) as s1,
    min(age_s) as latest_s,
    max(age_s) as oldest_s
from ends
where age_s >= 0 and age_s < 2592000
group by night, node, is_out, other
