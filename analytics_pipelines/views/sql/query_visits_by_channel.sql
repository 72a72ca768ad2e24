SELECT
    team_id,
    day,
    channel_type AS channel,
    count() AS visits,
    uniqExact(person_id) AS visitors,
    avg(is_bounce) AS bounce_rate
FROM sessions
WHERE pageviews + screens > 0
GROUP BY team_id, day, channel
