SELECT team_id, toMonday(day) AS week, uniqExact(person_id) AS people, sum(events) AS events
FROM active_people_daily
GROUP BY team_id, week
