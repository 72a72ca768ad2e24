SELECT team_id, day, value AS page, uniqExactMerge(visitors) AS visitors, sum(views) AS views
FROM web_stats_daily
WHERE dimension = 'pathname'
GROUP BY team_id, day, page
