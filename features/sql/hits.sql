-- hits: one row per typology, subject and night. The strength is 0.5 at the threshold and halves
-- its distance to 1 with every further threshold. Subjects on the allow-list that night are left
-- out.
-- parameters: $typology_id, $typology_version, $family, $theme.
-- inputs: gathered, lacking (the nights on which it runs, and what optional data they had not),
-- allowed. key: hit_id.
with allowed_here as (
    select distinct gathered.night, gathered.node_id
    from gathered
    join allowed
        on allowed.node = gathered.node_id
        and allowed.typology_id in ('*', $typology_id)
        and allowed.known_from <= gathered.night
        and (allowed.known_until is null or allowed.known_until > gathered.night)
        and allowed.allowed_until >= gathered.night
)
select
    cast(
        sha256(
            concat_ws(
                '|',
                cast($typology_id as varchar),
                cast($typology_version as varchar),
                cast(gathered.node_id as varchar),
                cast(gathered.night as varchar)
            )
        ) as varchar
    ) as hit_id,
    cast(gathered.night as date) as received_on,
    cast($typology_id as varchar) as typology_id,
    cast($typology_version as bigint) as typology_version,
    cast($family as varchar) as family,
    cast($theme as varchar) as theme,
    cast(gathered.node_id as bigint) as node_id,
    cast(to_timestamp(gathered.from_s) as timestamp with time zone) as window_from,
    cast(to_timestamp(gathered.to_s) as timestamp with time zone) as window_to,
    cast(gathered.value as double) as value,
    cast(gathered.threshold as double) as threshold,
    cast(1 - pow(0.5, gathered.value / nullif(gathered.threshold, 0)) as double) as strength,
    cast(gathered.amount_local as decimal(38, 13)) as amount_local,
    cast(list_slice(gathered.transaction_ids, 1, 200) as varchar []) as evidence,
    cast(gathered.evidence_count as bigint) as evidence_count,
    cast(gathered.facts as varchar) as facts,
    cast(lacking.missing_data as varchar) as missing_data
from gathered
join lacking on lacking.night = gathered.night
left join allowed_here
    on allowed_here.night = gathered.night and allowed_here.node_id = gathered.node_id
where allowed_here.node_id is null
order by hit_id
