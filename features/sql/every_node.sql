-- candidates: every node that the range learnt something of.
-- inputs: fresh. key: node.
select node from fresh
