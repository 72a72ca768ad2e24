SELECT
    team_id,
    day,
    uniqExactMerge(visitors) AS visitors,
    sum(views) AS views,
    sum(sessions) AS visits,
    sum(duration_seconds) / nullIf(visits, 0) AS seconds_of_visit,
    sum(bounces) / nullIf(sum(bounceable), 0) AS bounce_rate
FROM web_stats_daily
WHERE dimension = ''
GROUP BY team_id, day
