-- Lines of raw objects → normalised events, the rule that a line breaks, or what a project's rule dropped before it was
-- an event. One pass, no row leaves ClickHouse. `analytics_pipelines/events/normalise.py` says the same in Python.
-- (Steps are tables and not aliases, for an alias is written out wherever it is used.)
INSERT INTO {staging} (
    number, team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip,
    located_by, groups, {hot_names}, received_at, arrival_day, reason, dropped_by, dropped, warnings
)
WITH
    -- a time that no calendar of ours holds counts as unsaid: arithmetic on it would overflow and stop the whole batch
    toDateTime64('1900-01-01 00:00:00', 6, 'UTC') AS first_moment,
    toDateTime64('2200-01-01 00:00:00', 6, 'UTC') AS last_moment,

    arrived AS (
        SELECT
            project, ip, user_agent, refused, name, count,
            fromUnixTimestamp64Milli(if(received_at BETWEEN 1 AND 7258118400000, received_at, {arrival_ms}), 'UTC') AS received,
            upper(trimBoth(sent_at)) AS sent_at_text,
            uuid AS sent_uuid,
            dropped AS drop_rule,
            tupleElement(event, 'event') AS sent_name,
            tupleElement(event, 'distinct_id') AS sent_id,
            tupleElement(event, '$distinct_id') AS sent_other_id,
            tupleElement(event, 'timestamp') AS sent_timestamp,
            upper(trimBoth(sent_timestamp)) AS timestamp_text,
            if(tupleElement(event, 'offset') = '', NULL, toInt64OrNull(tupleElement(event, 'offset'))) AS offset_read,
            tupleElement(event, 'elements_chain') AS sent_chain,
            tupleElement(event, 'properties') AS properties,
            if(startsWith(tupleElement(event, '$set'), '{{'), tupleElement(event, '$set'), '') AS set_beside,
            if(startsWith(tupleElement(event, '$set_once'), '{{'), tupleElement(event, '$set_once'), '') AS set_once_beside,
            -- mostly they are taken as they come
            set_beside = '' AND set_once_beside = '' AND startsWith(properties, '{{') AS is_whole
        FROM input('received_at Int64, sent_at String, ip String, user_agent String, project Int64, uuid Nullable(UUID), refused String, dropped String, name String, count Int64, event Tuple(event String, distinct_id String, `$distinct_id` String, timestamp String, offset String, properties String, elements_chain String, `$set` String, `$set_once` String)')
    ),

    -- A text of another form might be read as a time all the same, of the year that we are in. Most have one of the first.
    formed AS (
        SELECT
            * EXCEPT (sent_at_text, timestamp_text),
            translate(timestamp_text, '0123456789', '0000000000') IN ({common_forms})
                AND substring(timestamp_text, 12, 2) < '24' AND substring(timestamp_text, 15, 2) < '60'
                AND substring(timestamp_text, 18, 2) < '61' AND (endsWith(timestamp_text, 'Z') OR endsWith(timestamp_text, '+00:00'))
                AS has_common_form,
            if(has_common_form OR match(timestamp_text, '{timestamp_form}'), timestamp_text, '') AS timestamp_formed,
            translate(sent_at_text, '0123456789', '0000000000') IN ({common_forms})
                AND substring(sent_at_text, 12, 2) < '24' AND substring(sent_at_text, 15, 2) < '60'
                AND substring(sent_at_text, 18, 2) < '61' AND (endsWith(sent_at_text, 'Z') OR endsWith(sent_at_text, '+00:00'))
                AS is_sent_at_common,
            parseDateTime64BestEffortOrNull(
                if(is_sent_at_common OR match(sent_at_text, '{sent_at_form}'), sent_at_text, ''), 6, 'UTC'
            ) AS sent_at_read,
            parseDateTime64BestEffortOrNull(
                if(has_common_form OR position(substring(timestamp_formed, 1, 3), '/') = 0, timestamp_formed, replaceRegexpOne(
                    timestamp_formed, '^(\\d\\d?)/(\\d\\d?)/(\\d{{4}})', '\\3/\\1/\\2'
                )),
                6, 'UTC'
            ) AS timestamp_read
        FROM arrived
    ),

    -- What is said of the person beside the properties belongs among them, and wins over what stands there. Mostly nothing
    -- stands there, and one text is put behind the other; where it does, both are taken apart.
    compared AS (
        SELECT
            *,
            trimRight(multiIf(is_whole, '', startsWith(properties, '{{'), properties, '{{}}')) AS partial,
            (position(partial, '"$set') > 0 OR position(partial, '\\u') > 0)
                AND (set_beside = '' OR isValidJSON(set_beside)) AND (set_once_beside = '' OR isValidJSON(set_once_beside))
                AS is_said_twice,
            if(is_said_twice, partial, '') AS twice,
            if(is_said_twice, set_beside, '') AS set_twice,
            if(is_said_twice, set_once_beside, '') AS set_once_twice
        FROM formed
    ),
    merged AS (
        SELECT
            * EXCEPT (set_beside, set_once_beside, twice, set_twice, set_once_twice),
            if(set_twice = '', set_beside, concat('{{', arrayStringConcat(arrayMap(
                pair -> concat(toJSONString(pair.1), ':', pair.2),
                arrayConcat(
                    arrayFilter(pair -> NOT JSONHas(set_twice, pair.1), JSONExtractKeysAndValuesRaw(twice, '$set')),
                    JSONExtractKeysAndValuesRaw(set_twice)
                )
            ), ','), '}}')) AS set_beside,
            if(set_once_twice = '', set_once_beside, concat('{{', arrayStringConcat(arrayMap(
                pair -> concat(toJSONString(pair.1), ':', pair.2),
                arrayConcat(
                    arrayFilter(pair -> NOT JSONHas(set_once_twice, pair.1), JSONExtractKeysAndValuesRaw(twice, '$set_once')),
                    JSONExtractKeysAndValuesRaw(set_once_twice)
                )
            ), ','), '}}')) AS set_once_beside,
            if(is_said_twice, concat('{{', arrayStringConcat(arrayMap(
                pair -> concat(toJSONString(pair.1), ':', pair.2),
                arrayFilter(
                    pair -> NOT ((pair.1 = '$set' AND set_twice != '') OR (pair.1 = '$set_once' AND set_once_twice != '')),
                    JSONExtractKeysAndValuesRaw(twice)
                )
            ), ','), '}}'), partial) AS others
        FROM compared
    ),
    whole AS (
        SELECT
            * EXCEPT (set_beside, set_once_beside, others, partial, properties),
            if(is_whole OR NOT endsWith(partial, '}}'), properties, concat(
                '{{',
                arrayStringConcat(arrayFilter(part -> part != '', [
                    trimBoth(substring(others, 2, length(others) - 2)),
                    if(set_beside = '', '', concat('"$set":', set_beside)),
                    if(set_once_beside = '', '', concat('"$set_once":', set_once_beside))
                ]), ','),
                '}}'
            )) AS text
        FROM merged
    ),
    asked AS (
        SELECT *, JSONExtract(text, 'Tuple({asked})') AS found FROM whole
    ),

    read AS (
        SELECT
            *,
            -- the first of the three places that holds one; 200 characters, as PostHog cuts it
            multiIf(
                trimBoth(sent_id) != '', sent_id,
                trimBoth(sent_other_id) != '', sent_other_id,
                trimBoth(ifNull(found.distinct_id, '')) != '', assumeNotNull(found.distinct_id),
                ''
            ) AS id_sent,
            if(position(id_sent, '\0') > 0, replaceAll(id_sent, '\0', '�'), id_sent) AS id_whole,
            if(length(id_whole) <= 200, id_whole, leftUTF8(id_whole, 200)) AS id_cut,
            -- where a browser stores nothing, its SDK sends this for everybody
            id_whole = '$posthog_cookieless' AS is_cookieless,
            if(length(sent_name) <= 200, sent_name, leftUTF8(sent_name, 200)) AS event_name,
            -- a client's clock may be wrong: what it says is moved by what it was off by when it sent
            toDateTime64(received, 6, 'UTC') AS received_exactly,
            if(timestamp_read BETWEEN first_moment AND last_moment, timestamp_read, NULL) AS said,
            if(sent_at_read BETWEEN first_moment AND last_moment, sent_at_read, NULL) AS sent_at,
            if(abs(offset_read) < 3153600000000, offset_read, NULL) AS milliseconds_ago,
            ifNull(dynamicElement(found.`$process_person_profile`, 'Bool'), true) AS profile,
            (is_cookieless OR ifNull(dynamicElement(found.`$cookieless_mode`, 'Bool'), false))
                AND event_name IN ('$identify', '$create_alias', '$merge_dangerously') AS cannot_merge,
            profile AND NOT cannot_merge AS is_of_person,
            toLowCardinality(coalesce(found.`$raw_user_agent`, if(startsWith(user_agent, 'Mozilla/'), user_agent, ''))) AS agent,
            if(ifNull(found.`$ip`, '') = '', ip, assumeNotNull(found.`$ip`)) AS address,
            -- a text that can't be read gives none of them, and few events have none
            found.`$lib` IS NULL AND NOT isValidJSON(if(found.`$lib` IS NULL, text, '')) AS is_unreadable
        FROM asked
    ),
    timed AS (
        SELECT
            *,
            multiIf(
                milliseconds_ago IS NOT NULL, received_exactly - toIntervalMillisecond(assumeNotNull(milliseconds_ago)),
                said IS NULL, received_exactly,
                sent_at IS NULL OR ifNull(dynamicElement(found.`$ignore_sent_at`, 'Bool'), false), assumeNotNull(said),
                received_exactly - toIntervalMicrosecond(dateDiff('microsecond', assumeNotNull(said), assumeNotNull(sent_at)))
            ) AS corrected,
            corrected > received_exactly + toIntervalHour(23) AS is_ahead,
            if(is_ahead OR corrected < first_moment, received_exactly, corrected) AS moment,
            toDate32(moment) AS day
        FROM read
    ),
    visited AS (
        SELECT
            *,
            -- HMAC-SHA256 of the day is its salt; these are its key's two pads
            if(is_cookieless, hex(SHA256(concat(
                SHA256(concat(unhex({{outer_pad:String}}), SHA256(concat(unhex({{inner_pad:String}}), toString(day))))),
                toString(project), '\0', address, '\0',
                extract(replaceRegexpOne(lower(ifNull(found.`$host`, '')), ':[0-9]*$', ''), '{root_host}'), '\0', agent
            ))), '') AS visitor
        FROM timed
    ),
    known AS (
        SELECT
            *,
            leftPad(if(is_cookieless, hex(toInt64(toInt32(day)) * 86400000), ''), 16, '0') AS day_started,
            -- some SDKs write it in capitals; a visitor whose browser stores nothing has one a day, a UUID of version 7
            if(
                is_cookieless OR match(
                    ifNull(found.`$session_id`, ''), '^[0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}}$'
                ),
                lower(if(is_cookieless, concat(
                    substring(day_started, 5, 8), '-', substring(day_started, 13, 4), '-7', substring(visitor, 33, 3),
                    '-8', substring(visitor, 36, 3), '-', substring(visitor, 39, 12)
                ), assumeNotNull(found.`$session_id`))),
                found.`$session_id`
            ) AS session,
            if(is_cookieless, concat('cookieless_', lower(substring(visitor, 1, 32))), id_cut) AS id,
            -- lambdas run for every row, whatever stands around them
            if(is_cookieless, text, '') AS cookieless_text,
            SHA1(concat(unhex('932979b465c3442484670b66ec27bc22'), toString(project), ':', id)) AS digest,
            multiIf(
                drop_rule != '', if(count < 1, 'malformed_line', ''),
                refused != '', refused, -- by capture, before it was stored
                sent_uuid IS NULL, 'missing_uuid',
                trimBoth(sent_name) = '', 'missing_event_name',
                is_unreadable, 'malformed_line',
                id = '', 'missing_distinct_id',
                ''
            ) AS rule_broken
        FROM visited
    )
SELECT
    {first_number} + rowNumberInAllBlocks(),
    project,
    ifNull(sent_uuid, toUUID('00000000-0000-0000-0000-000000000000')),
    if(drop_rule != '', leftUTF8(name, 200), event_name),
    id,
    -- uuid5 of the namespace above and "team:distinct_id"
    toUUID(UUIDNumToString(toFixedString(concat(
        substring(digest, 1, 6), char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 7, 1)), 15), 80)),
        substring(digest, 8, 1), char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 9, 1)), 63), 128)),
        substring(digest, 10, 7)
    ), 16))),
    moment,
    if(is_cookieless, concat('{{', arrayStringConcat(arrayMap(
        pair -> concat(toJSONString(pair.1), ':', pair.2),
        arrayFilter(pair -> pair.1 NOT IN ('$ip', '$raw_user_agent'), JSONExtractKeysAndValuesRaw(cookieless_text))
    ), ','), '}}'), text),
    multiIf(
        sent_chain != '', sent_chain,
        found.`$elements_chain` IS NOT NULL, assumeNotNull(found.`$elements_chain`),
        {elements_chain}
    ),
    is_of_person,
    {is_bot},
    if(is_cookieless, '', address),
    if(ifNull(found.`$geoip_disable`, false), '', address),
    if(is_of_person, mapFilter((type, key) -> key != '', found.`$groups`), map()),
    {hot_values},
    received,
    toDate('{arrival_day}'),
    rule_broken,
    if(rule_broken = '', drop_rule, ''),
    if(rule_broken = '' AND drop_rule != '', toUInt64(count), 0),
    arrayFilter(warning -> warning != '', [
        if(length(id_whole) > 200 AND lengthUTF8(id_whole) > 200, 'distinct_id_truncated', ''),
        if(length(sent_name) > 200 AND lengthUTF8(sent_name) > 200, 'event_name_truncated', ''),
        if(is_ahead, 'event_timestamp_in_future', ''),
        if(sent_timestamp != '' AND said IS NULL AND offset_read IS NULL, 'ignored_invalid_timestamp', ''),
        if(dynamicType(found.`$process_person_profile`) NOT IN ('None', 'Bool'), 'invalid_process_person_profile', ''),
        if(
            NOT profile AND event_name IN ('$identify', '$create_alias', '$merge_dangerously', '$groupidentify'),
            'invalid_event_when_process_person_profile_is_false', ''
        ),
        if(cannot_merge, 'cookieless_event_cannot_merge', ''),
        if(sent_name = '$$client_ingestion_warning', 'client_ingestion_warning', '')
    ])
FROM known
-- steps that are merged into one are planned for a tenth of a second: the names of columns grow with each
SETTINGS query_plan_merge_expressions = 0
FORMAT JSONEachRow
