SELECT
    team_id, uuid, concat(toString(timestamp), '+00'), event, distinct_id, other, concat(toString(received_at), '+00')
FROM {edges}
WHERE is_edge
FORMAT TabSeparated
