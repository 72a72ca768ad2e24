INSERT INTO distinct_id_usage (team_id, distinct_id, first_seen, first_with_person, first_without_person, days)
SELECT
    team_id, distinct_id, min(first_seen), min(first_with_person), min(first_without_person),
    groupUniqArrayArray(days)
FROM {reduced}
GROUP BY team_id, distinct_id
