INSERT INTO distinct_id_usage (team_id, distinct_id, first_seen, first_with_person, first_without_person, days)
SELECT team_id, distinct_id, first_seen, first_with_person, first_without_person, days FROM {usage}
UNION ALL
SELECT team_id, distinct_id, min(timestamp), min(toNullable(timestamp)), NULL, [] FROM {edges} WHERE NOT is_edge
GROUP BY team_id, distinct_id
