SELECT
    team_id,
    day,
    uniqExactIf(person_id, day = first_day) AS new_people,
    uniqExactIf(person_id, day > first_day) AS returning_people
FROM active_people_daily
INNER JOIN
(
    SELECT team_id, person_id, min(day) AS first_day
    FROM active_people_daily
    GROUP BY team_id, person_id
) AS firsts USING (team_id, person_id)
GROUP BY team_id, day
