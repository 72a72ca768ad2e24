SELECT
    team_id,
    event,
    distinct_id,
    person_id,
    timestamp,
    (timestamp, uuid) AS at,
    assumeNotNull(`$session_id`) AS session_id,
    toInt64(reinterpretAsUInt64(reverse(unhex(concat(
        substring(session_id, 1, 8), substring(session_id, 10, 4)
    ))))) AS began_ms,
    nullIf(`$current_url`, '') AS url,
    nullIf(`$referring_domain`, '') AS referring_domain,
    nullIf(utm_source, '') AS source,
    nullIf(utm_medium, '') AS medium,
    nullIf(utm_campaign, '') AS campaign,
    nullIf(utm_content, '') AS content,
    nullIf(utm_term, '') AS term,
    nullIf(gclid, '') AS google_click,
    nullIf(gad_source, '') AS google_ad,
    nullIf(fbclid, '') AS facebook_click,
    nullIf(`$browser`, '') AS browser,
    nullIf(`$os`, '') AS os,
    nullIf(`$device_type`, '') AS device_type,
    nullIf(`$geoip_country_code`, '') AS country,
    if(event = '$screen', ifNull(`$screen_name`, ''), coalesce(`$pathname`, path(`$current_url`), '')) AS view,
    if(event = '$autocapture', nullIf(`$external_click_url`, ''), NULL) AS external_click,
    if(event = '$web_vitals', toFloat64OrNull(`$web_vitals_LCP_value`), NULL) AS lcp
FROM events
WHERE {in_teams}
  AND timestamp >= toDateTime64(greatest({first} - 1, toDate32('1970-01-01')), 6, 'UTC')
  AND timestamp < toDateTime64({last} + 2, 6, 'UTC')
  AND length(`$session_id`) = 36
  AND substring(`$session_id`, 15, 1) = '7'
  AND toUUIDOrNull(`$session_id`) IS NOT NULL
  AND abs(began_ms - toUnixTimestamp64Milli(timestamp)) <= 86400000
  AND began_ms >= toUnixTimestamp64Milli(toDateTime64({first}, 3, 'UTC'))
  AND began_ms < toUnixTimestamp64Milli(toDateTime64({last} + 1, 3, 'UTC'))
