SELECT
    team_id,
    toDate32(start) AS day,
    pair.1 AS dimension,
    pair.2 AS value,
    uniqExactState(person_id) AS visitors,
    sum(pair.3) AS views,
    count() AS sessions,
    sum(duration) AS duration_seconds,
    countIf(is_bounce) AS bounces,
    countIf(is_bounce IS NOT NULL) AS bounceable
FROM
(
    SELECT
        team_id,
        start,
        person_id,
        duration,
        is_bounce,
        pageviews + screens AS all_views,
        arrayConcat(
            arrayMap(
                named -> (named.1, ifNull(named.2, ''), all_views),
                [
                    ('', CAST('' AS Nullable(String))),
                    ('entry_hostname', entry_hostname),
                    ('entry_pathname', entry_pathname),
                    ('exit_pathname', exit_pathname),
                    ('referring_domain', entry_referring_domain),
                    ('utm_source', entry_utm_source),
                    ('utm_medium', entry_utm_medium),
                    ('utm_campaign', entry_utm_campaign),
                    ('utm_content', entry_utm_content),
                    ('utm_term', entry_utm_term),
                    ('channel_type', CAST(channel_type AS Nullable(String))),
                    ('browser', CAST(browser AS Nullable(String))),
                    ('os', CAST(os AS Nullable(String))),
                    ('device_type', CAST(device_type AS Nullable(String))),
                    ('country', CAST(country AS Nullable(String)))
                ]
            ),
            arrayMap((path, views) -> ('pathname', path, views), mapKeys(views_by_path), mapValues(views_by_path))
        ) AS pairs
    FROM {sessions}
    WHERE {in_teams}
      AND day >= {first} - 1 AND day <= {last} + 1
      AND start >= toDateTime64({first}, 6, 'UTC') AND start < toDateTime64({last} + 1, 6, 'UTC')
      AND pageviews + screens > 0
)
ARRAY JOIN pairs AS pair
GROUP BY team_id, day, dimension, value
