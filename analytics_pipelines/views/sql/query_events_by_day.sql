SELECT team_id, day, event, sum(events) AS events, uniqExactMerge(people) AS people
FROM event_counts_hourly
GROUP BY team_id, day, event
