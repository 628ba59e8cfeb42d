-- known_edges: one row per edge that some night knows, with the night from which it is no longer
-- known. The next version of a report supersedes the last one, unless it only adds to it or says
-- the same again; a deletion supersedes and brings nothing; a duplicate of a report brings
-- nothing. An edge is known on night n when received_on <= n and (superseded_on is null or > n).
-- inputs: edges, versions. key: edge_id.
select
    edges.edge_id,
    edges.received_on,
    edges.transaction_id,
    edges.report_key,
    edges.src,
    edges.dst,
    edges.occurred_s,
    edges.amount_local,
    edges.amount_c,
    cast(round(ln(1 + cast(edges.amount_c as double) / 100) * 1000) as bigint) as log_m,
    edges.channel,
    edges.is_date_only,
    edges.movement_count,
    edges.is_cross_currency,
    coalesce(edges.src_country <> edges.dst_country, false) as is_cross_border,
    edges.src_country,
    edges.dst_country,
    edges.src_currency,
    edges.dst_currency,
    version.superseded_on
from edges
left join (
    select * from versions
    where superseded_on is not null or relation in ('delete', 'duplicate')
) as version on version.report_key = edges.report_key
where
    version.report_key is null
    or (
        version.relation <> 'delete'
        and (version.relation <> 'duplicate' or version.ordinal = 1)
        and (version.superseded_on is null or version.superseded_on > edges.received_on)
    )
