-- paths: one row per night and path of two hops, in time, between ends that a path with a new hop
-- joins.
-- inputs: hops. key: night, src, middle, dst.
with through as (
    select leg.night, leg.src, leg.dst as middle, next_leg.dst
    from hops as leg
    join hops as next_leg on next_leg.night = leg.night and next_leg.src = leg.dst
    where leg.is_new = 1 and next_leg.dst <> leg.src and leg.first_s <= next_leg.last_s
    union all
    select leg.night, leg.src, leg.dst as middle, next_leg.dst
    from hops as next_leg
    join hops as leg on leg.night = next_leg.night and leg.dst = next_leg.src
    where next_leg.is_new = 1 and next_leg.dst <> leg.src and leg.first_s <= next_leg.last_s
),
joined as (
    select night, src, dst
    from through
    group by night, src, dst
)
select
    joined.night,
    joined.src,
    leg.dst as middle,
    joined.dst,
    leg.amount_c as in_c,
    next_leg.amount_c as out_c
from joined
join hops as leg on leg.night = joined.night and leg.src = joined.src
join hops as next_leg
    on next_leg.night = joined.night
    and next_leg.src = leg.dst
    and next_leg.dst = joined.dst
where leg.first_s <= next_leg.last_s
