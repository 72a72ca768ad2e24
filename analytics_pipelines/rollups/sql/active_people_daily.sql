SELECT
    team_id,
    toDate32(timestamp) AS day,
    event,
    {person} AS person_id,
    count() AS events,
    max(has_person) AS has_person
FROM {events}
WHERE {in_teams}
  AND timestamp >= toDateTime64({first}, 6, 'UTC')
  AND timestamp < toDateTime64({last} + 1, 6, 'UTC')
GROUP BY team_id, day, event, person_id
