-- chosen: one row per night and node: of the windows that a typology found with a new edge, the one
-- that passes its threshold most, the latest of several.
-- parameters: $subject (any; natural: nodes that no report by then calls a company; company;
-- account).
-- inputs: windows, subjects. key: night, node.
with ranked as (
    select
        windows.*,
        row_number() over (
            partition by windows.night, windows.node
            order by
                windows.value / nullif(windows.threshold, 0) desc,
                windows.to_s desc,
                windows.from_s desc,
                windows.facts
        ) as place
    from windows
    left join subjects as subject on subject.node = windows.node
    where
        windows.night is not null
        and windows.is_new = 1
        and case $subject
            when 'natural' then coalesce(subject.company_since > windows.night, true)
            when 'company' then coalesce(subject.company_since <= windows.night, false)
            when 'account' then coalesce(subject.kind, 'account') = 'account'
            else true
        end
)
select night, part, node, from_s, to_s, value, threshold, facts
from ranked
where place = 1
