SELECT
    team_id, edge.1, concat(toString(edge.2), '+00'), edge.3, distinct_id, edge.4, concat(toString(edge.5), '+00')
FROM {reduced}
ARRAY JOIN edges AS edge
FORMAT TabSeparated
