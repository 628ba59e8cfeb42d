-- shapes: one row per night and pair with a new edge, hubs left out; how many middles lie on the
-- paths of two hops that begin with the pair, end with it, run beside it, or lead back from it.
-- inputs: hops, paths. key: night, src, dst.
with bundle as (
    select
        night, src, dst,
        count(*) as middles,
        sum(least(in_c, out_c)) as kept_c,
        sum(greatest(in_c, out_c)) as most_c
    from paths
    group by night, src, dst
),
first_leg as (
    select
        paths.night, paths.src, paths.middle as dst,
        max(bundle.middles) as middles,
        count(*) as n,
        max(cast(bundle.kept_c as double) / nullif(bundle.most_c, 0)) as kept
    from paths
    join bundle
        on bundle.night = paths.night and bundle.src = paths.src and bundle.dst = paths.dst
    group by paths.night, paths.src, paths.middle
),
second_leg as (
    select
        paths.night, paths.middle as src, paths.dst,
        max(bundle.middles) as middles,
        count(*) as n,
        max(cast(bundle.kept_c as double) / nullif(bundle.most_c, 0)) as kept
    from paths
    join bundle
        on bundle.night = paths.night and bundle.src = paths.src and bundle.dst = paths.dst
    group by paths.night, paths.middle, paths.dst
),
fresh as (
    select night, src, dst, first_s, last_s from hops where is_new = 1
),
beside as (
    select fresh.night, fresh.src, fresh.dst, count(*) as n
    from fresh
    join hops as leg on leg.night = fresh.night and leg.src = fresh.src
    join hops as next_leg
        on next_leg.night = leg.night and next_leg.src = leg.dst and next_leg.dst = fresh.dst
    group by fresh.night, fresh.src, fresh.dst
),
back as (
    select fresh.night, fresh.src, fresh.dst, count(*) as n
    from fresh
    join hops as leg on leg.night = fresh.night and leg.src = fresh.dst
    join hops as next_leg
        on next_leg.night = leg.night and next_leg.src = leg.dst and next_leg.dst = fresh.src
    group by fresh.night, fresh.src, fresh.dst
),
longer as (
    select fresh.night, fresh.src, fresh.dst, count(*) as n
    from fresh
    join hops as leg on leg.night = fresh.night and leg.src = fresh.dst
    join hops as next_leg on next_leg.night = leg.night and next_leg.src = leg.dst
    join hops as last_leg
        on last_leg.night = leg.night
        and last_leg.src = next_leg.dst
        and last_leg.dst = fresh.src
    where next_leg.dst <> fresh.dst and leg.dst <> fresh.src
    group by fresh.night, fresh.src, fresh.dst
)
select
    fresh.night,
    fresh.src,
    fresh.dst,
    coalesce(first_leg.middles, 0) as scatter_middles,
    coalesce(first_leg.n, 0) as scatter_paths,
    first_leg.kept as scatter_kept,
    coalesce(second_leg.middles, 0) as gather_middles,
    coalesce(second_leg.n, 0) as gather_paths,
    second_leg.kept as gather_kept,
    coalesce(beside.n, 0) as beside_paths,
    case when mirror.src is null then 0 else 1 end as cycles_2,
    coalesce(back.n, 0) as cycles_3,
    coalesce(longer.n, 0) as cycles_4
from fresh
left join first_leg
    on first_leg.night = fresh.night and first_leg.src = fresh.src and first_leg.dst = fresh.dst
left join second_leg
    on second_leg.night = fresh.night
    and second_leg.src = fresh.src
    and second_leg.dst = fresh.dst
left join beside
    on beside.night = fresh.night and beside.src = fresh.src and beside.dst = fresh.dst
left join back on back.night = fresh.night and back.src = fresh.src and back.dst = fresh.dst
left join longer
    on longer.night = fresh.night and longer.src = fresh.src and longer.dst = fresh.dst
left join hops as mirror
    on mirror.night = fresh.night and mirror.src = fresh.dst and mirror.dst = fresh.src
