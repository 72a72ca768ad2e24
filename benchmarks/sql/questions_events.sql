-- A product's events over {days} days, number by number, straight into the table: {event_names} names of very different
-- frequency, {persons} people of very different zeal, 25 properties. The same for the same numbers.
INSERT INTO events (
    team_id, uuid, event, distinct_id, person_id, timestamp, properties, has_person,
    `$session_id`, `$current_url`, `$pathname`, `$browser`, `$os`, `$device_type`, `$host`, `$referring_domain`,
    utm_source, `$lib`, received_at, arrival_day
)
WITH
    (salt, x) -> cityHash64(salt, x) AS dice,
    -- people come for days, most of them often at first
    toUInt64(pow(dice('person', intDiv(number, 6)) / 18446744073709551615., 1.6) * {persons:UInt64}) AS person,
    dice('event', number) AS die,
    toUInt64(pow(intDiv(die, 7) % 1000000 / 1000000., 3) * {event_names:UInt64}) AS name_number,
    multiIf(
        die % 100 < 40, '$pageview', die % 100 < 50, '$autocapture', die % 100 < 54, 'signed up',
        die % 100 < 58, 'added to cart', die % 100 < 60, 'order completed', concat('event ', toString(name_number))
    ) AS event_name,
    toDateTime64({end:String}, 6, 'UTC') - toIntervalMicrosecond(
        toInt64(({first:UInt64} + number - {first:UInt64}) / {total:UInt64} * {days:UInt64} * 86400000000)
    ) AS moment,
    concat('user-', toString(person), '@example.com') AS id,
    ['Chrome', 'Chrome', 'Chrome', 'Safari', 'Firefox', 'Edge', 'Opera'][dice('browser', person) % 7 + 1] AS browser,
    ['Windows', 'Mac OS X', 'iOS', 'Android', 'Linux'][dice('os', person) % 5 + 1] AS os,
    ['Desktop', 'Mobile', 'Tablet'][dice('device', person) % 3 + 1] AS device,
    concat('/', ['', 'products', 'pricing', 'docs', 'blog', 'cart', 'checkout'][intDiv(die, 11) % 7 + 1], '/', toString(intDiv(die, 13) % 40)) AS path_name,
    concat('https://shop.example.com', path_name) AS url,
    ['$direct', 'www.google.com', 't.co', 'duckduckgo.com'][dice('referrer', person) % 4 + 1] AS referrer,
    ['newsletter', 'google', ''][dice('source', person) % 3 + 1] AS source,
    lower(hex(dice('session', intDiv(number, 6)))) AS random
SELECT
    {team:Int64}, generateUUIDv7(number), event_name, id,
    reinterpret(sipHash128('person', person), 'UUID'), moment,
    concat(
        '{{"$browser":"', browser, '","$os":"', os, '","$device_type":"', device, '","$current_url":"', url,
        '","$pathname":"', path_name, '","$host":"shop.example.com","$referring_domain":"', referrer,
        '","utm_source":"', source, '","$lib":"web","$lib_version":"1.449.2","$screen_width":1920,"$screen_height":1080,',
        '"$viewport_width":1600,"$viewport_height":900,"$timezone":"Europe/Berlin","$language":"de","title":"A page of the shop",',
        '"plan":"', ['free', 'pro', 'team', 'enterprise'][dice('plan', person) % 4 + 1],
        '","amount":', toString(intDiv(die, 17) % 50000 / 100), ',"quantity":', toString(intDiv(die, 19) % 5),
        ',"experiment":"', ['a', 'b', 'c'][dice('experiment', person) % 3 + 1],
        '","is_member":', if(dice('member', person) % 2 = 0, 'true', 'false'),
        ',"category":"category-', toString(intDiv(die, 23) % 60), '","product":"product-', toString(intDiv(die, 29) % 4000),
        '","$window_id":"', random, '","$device_id":"', lower(hex(dice('device id', person))), '"}}'
    ),
    true,
    concat('018f0000-0000-7', substring(random, 1, 3), '-8', substring(random, 4, 3), '-', substring(random, 5, 12)),
    url, path_name, browser, os, device, 'shop.example.com', referrer, nullIf(source, ''), 'web',
    toDateTime64(moment, 3, 'UTC'), toDate(moment)
FROM numbers({first:UInt64}, {n:UInt64})
