-- Events as posthog-js sends them, number by number: {n} of them from the {first}th on, the same for the same seed.
-- A thousand visitors are there at once; a session has 5 to 25 events; half of the events are nobody's in particular.
WITH
    (salt, x) -> cityHash64({seed:UInt64}, salt, x) AS dice,
    (milliseconds, salt, x) -> concat(
        substring(lower(hex(toUInt64(milliseconds))) AS clock, 1, 8), '-', substring(clock, 9, 4), '-7',
        substring(lower(hex(sipHash128({seed:UInt64}, salt, x))) AS random, 1, 3), '-8', substring(random, 4, 3), '-', substring(random, 7, 12)
    ) AS uuid7,
    1000 AS visitors,
    86400000. / {per_day:UInt64} AS pace,
    -- one in a hundred is an earlier one, sent again
    if(number > 5000 AND dice('again', number) % 100 = 0, toUInt64(number - 1 - dice('which', number) % 5000), number) AS n,
    n % visitors AS slot,
    intDiv(n, visitors) + slot % 30 AS step,
    5 + dice('length', (slot, intDiv(step, 30))) % 21 AS length,
    step % 30 >= length AS is_second,
    (intDiv(step, 30) * visitors + slot) * 2 + is_second AS session,
    step % 30 - is_second * length AS place,
    dice('session', session) AS of_session,
    dice('event', n) AS of_event,
    -- who
    of_session % 2 = 0 AS is_known,
    is_known AND intDiv(of_session, 2) % 10 < 6 AND length BETWEEN 5 AND 25 AS signs_in,
    signs_in AND place = 2 AS is_sign_in,
    is_known AND (NOT signs_in OR place >= 2) AS is_person,
    dice('customer', session) % (1 + intDiv(session, 3)) AS customer,
    concat('customer-', leftPad(toString(customer), 8, '0'), '@example.com') AS customer_id,
    if(signs_in OR intDiv(of_session, 20) % 10 < 7, session, dice('device', session) % (session + 1)) AS device,
    toUInt64({begin_ms:UInt64} + number * pace) AS received_ms,
    toUInt64({begin_ms:UInt64} + n * pace) AS seen_ms,
    -- one in a hundred was held back by its device, for up to three days
    if(intDiv(of_event, 7) % 100 = 0, intDiv(of_event, 1000) % 259200000, 200 + intDiv(of_event, 1000) % 2800) AS held_ms,
    seen_ms - held_ms AS timestamp_ms,
    uuid7({begin_ms:UInt64} - 86400000, 'device', device) AS device_id,
    if(is_person, customer_id, device_id) AS distinct_id,
    multiIf(
        is_sign_in, '$identify',
        place = 0, '$pageview',
        ['$pageview', '$pageview', '$pageview', '$autocapture', '$autocapture', '$autocapture', '$autocapture', '$pageleave',
         'product viewed', 'product viewed', 'added to cart', 'order completed'][intDiv(of_event, 100) % 12 + 1]
    ) AS event,
    -- where
    of_session % 5 AS of_browser,
    ['Chrome', 'Chrome', 'Safari', 'Firefox', 'Microsoft Edge'][of_browser + 1] AS browser,
    ['Windows', 'Mac OS X', 'iOS', 'Linux', 'Android'][intDiv(of_session, 50) % 5 + 1] AS os,
    ['Desktop', 'Desktop', 'Mobile'][intDiv(of_session, 250) % 3 + 1] AS device_type,
    ['DE', 'US', 'FR', 'GB', 'BR', 'IN', 'JP', 'NL'][intDiv(of_session, 750) % 8 + 1] AS country,
    concat(['/', '/products/', '/products/', '/category/', '/blog/', '/cart', '/checkout/step-'][intDiv(of_event, 1200) % 7 + 1],
        if(intDiv(of_event, 1200) % 7 IN (1, 2, 3, 4, 6), toString(intDiv(of_event, 8400) % 900), '')) AS path_name,
    ['$direct', 'www.google.com', 'www.google.com', 'duckduckgo.com', 'news.ycombinator.com', 't.co'][intDiv(of_session, 6000) % 6 + 1] AS referring_domain,
    if(referring_domain = '$direct', '$direct', concat('https://', referring_domain, '/')) AS referrer,
    intDiv(of_session, 36000) % 4 = 0 AS from_campaign,
    ['newsletter', 'google', 'linkedin'][intDiv(of_session, 144000) % 3 + 1] AS source,
    concat('campaign-', toString(intDiv(of_session, 432000) % 40)) AS campaign,
    concat('https://shop.example.com', path_name, if(from_campaign AND place = 0, concat('?utm_source=', source, '&utm_medium=cpc&utm_campaign=', campaign), '')) AS url,
    concat(toString(intDiv(of_session, 17) % 223 + 1), '.', toString(intDiv(of_session, 4000) % 256), '.', toString(intDiv(of_session, 1024000) % 256), '.7') AS address,
    concat(
        '{"$os":"', os, '","$os_version":"', toString(10 + of_session % 8), '.', toString(of_session % 7), '.1',
        '","$browser":"', browser, '","$device_type":"', device_type,
        '","$current_url":"', url, '","$host":"shop.example.com","$pathname":"', path_name,
        '","$browser_version":', toString(100 + of_session % 30), ',"$screen_height":', toString(720 + of_browser * 90), ',"$screen_width":', toString(1280 + of_browser * 160),
        ',"$lib":"web","$lib_version":"1.298.0","$insert_id":"', lower(hex(of_event)), '","$time":', toString(timestamp_ms / 1000),
        ',"distinct_id":"', distinct_id, '","$device_id":"', device_id,
        '","$referrer":"', referrer, '","$referring_domain":"', referring_domain,
        '","$session_id":"', uuid7(seen_ms - place * visitors * pace, 'session', session), '","$window_id":"', uuid7(seen_ms - place * visitors * pace, 'window', session),
        '","$geoip_country_code":"', country,
        '","$active_feature_flags":["new-checkout","search-v2"],"$feature/new-checkout":', if(of_session % 3 = 0, 'true', 'false'), ',"$feature/search-v2":"variant-', toString(of_session % 4),
        '","token":"phc_benchmark","$is_identified":', if(is_person, 'true', 'false'), ',"$process_person_profile":', if(is_person, 'true', 'false'),
        if(from_campaign, concat(',"utm_source":"', source, '","utm_medium":"cpc","utm_campaign":"', campaign, '"'), ''),
        if(is_person AND customer % 5 = 0, concat(',"$groups":{"company":"company-', toString(customer % 2000), '"}'), ''),
        if(event = '$autocapture', concat(',"$event_type":"click","$el_text":"Add to cart ', toString(of_event % 90), '"'), ''),
        if(event IN ('product viewed', 'added to cart', 'order completed'), concat(',"product_id":"sku-', toString(of_event % 3000), '","price":', toString((of_event % 20000) / 100), ',"currency":"EUR"'), ''),
        if(is_sign_in, concat(',"$anon_distinct_id":"', device_id, '"'), ''),
        if(is_sign_in OR (is_person AND of_event % 20 = 0), concat(',"$set":{"email":"', customer_id, '","plan":"', ['free', 'team', 'scale'][of_event % 3 + 1], '","visits":', toString(place), '},"$set_once":{"$initial_referrer":"', referrer, '"}'), ''),
        ',"title":"Shop ', path_name, '"}'
    ) AS properties
SELECT
    number, event, distinct_id, properties, address, received_ms, seen_ms, timestamp_ms, is_person,
    uuid7(timestamp_ms, 'uuid', n) AS uuid,
    concat('Mozilla/5.0 (', os, '; rv) AppleWebKit/537.36 (KHTML, like Gecko) ', browser, '/', toString(100 + of_session % 30), '.0.0.0 Safari/537.36') AS user_agent
FROM numbers({first:UInt64}, {n:UInt64})
