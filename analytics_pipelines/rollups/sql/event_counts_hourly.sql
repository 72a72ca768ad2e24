SELECT
    team_id,
    toDate32(timestamp) AS day,
    event,
    -- toStartOfHour knows no time before 1970
    toDateTime64(toDate32(timestamp), 0, 'UTC') + toIntervalHour(toHour(timestamp)) AS hour,
    count() AS events,
    uniqExactState({person}) AS people
FROM {events}
WHERE {in_teams}
  AND timestamp >= toDateTime64({first}, 6, 'UTC')
  AND timestamp < toDateTime64({last} + 1, 6, 'UTC')
GROUP BY team_id, day, event, hour
