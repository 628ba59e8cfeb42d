-- timeline: the rows of `lines` (time lines of every typology's candidates: timeline.sql) that a
-- typology's own candidates have.
-- inputs: lines, candidates. key: part, node, edge_id, is_out.
select lines.*
from lines
semi join candidates on candidates.node = lines.node
