-- Lines of raw objects → normalised events, the rule that a line breaks, or what a project's rule dropped before it was
-- an event. One pass, no row leaves ClickHouse. `analytics_pipelines/events/normalise.py` says the same in Python.
-- (Steps are tables and not aliases, for an alias is written out wherever it is used.)
INSERT INTO {staging} (
    number, team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip,
    groups, {hot_names}, received_at, arrival_day, reason, dropped_by, dropped, warnings
)
WITH
    -- a time that no calendar of ours holds counts as unsaid: arithmetic on it would overflow and stop the whole batch
    toDateTime64('1900-01-01 00:00:00', 6, 'UTC') AS first_moment,
    toDateTime64('2200-01-01 00:00:00', 6, 'UTC') AS last_moment,

    arrived AS (
        SELECT
            project, ip, user_agent, refused, name, count,
            fromUnixTimestamp64Milli(if(received_at BETWEEN 1 AND 7258118400000, received_at, {arrival_ms}), 'UTC') AS received,
            parseDateTime64BestEffortOrNull(sent_at, 6, 'UTC') AS sent_at_read,
            uuid AS sent_uuid,
            dropped AS drop_rule,
            tupleElement(event, 'event') AS sent_name,
            tupleElement(event, 'distinct_id') AS sent_id,
            tupleElement(event, '$distinct_id') AS sent_other_id,
            tupleElement(event, 'timestamp') AS sent_timestamp,
            parseDateTime64BestEffortOrNull(sent_timestamp, 6, 'UTC') AS timestamp_read,
            if(tupleElement(event, 'offset') = '', NULL, toInt64OrNull(tupleElement(event, 'offset'))) AS offset_read,
            tupleElement(event, 'elements_chain') AS sent_chain,
            if(startsWith(tupleElement(event, 'properties'), '{{'), tupleElement(event, 'properties'), '{{}}') AS sent_properties,
            if(startsWith(tupleElement(event, '$set'), '{{'), tupleElement(event, '$set'), '') AS set_beside,
            if(startsWith(tupleElement(event, '$set_once'), '{{'), tupleElement(event, '$set_once'), '') AS set_once_beside
        FROM input('received_at Int64, sent_at String, ip String, user_agent String, project Int64, uuid Nullable(UUID), refused String, dropped String, name String, count Int64, event Tuple(event String, distinct_id String, `$distinct_id` String, timestamp String, offset String, properties String, elements_chain String, `$set` String, `$set_once` String)')
    ),

    -- What is said of the person beside the properties belongs among them, and wins over what stands there. Mostly nothing
    -- stands there, and one text is put behind the other; where it does, both are taken apart.
    compared AS (
        SELECT
            *,
            (set_beside != '' OR set_once_beside != '') AND position(sent_properties, '"$set') > 0 AS is_said_twice,
            if(is_said_twice, sent_properties, '') AS twice,
            if(is_said_twice, set_beside, '') AS set_twice,
            if(is_said_twice, set_once_beside, '') AS set_once_twice
        FROM arrived
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
            ), ','), '}}'), sent_properties) AS others
        FROM compared
    ),
    whole AS (
        SELECT
            * EXCEPT (set_beside, set_once_beside, others),
            if(set_beside = '' AND set_once_beside = '', others, concat(
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
        SELECT * EXCEPT (sent_properties), JSONExtract(text, 'Tuple({asked})') AS found FROM whole
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
            if(length(id_whole) <= 200, id_whole, leftUTF8(id_whole, 200)) AS id,
            if(length(sent_name) <= 200, sent_name, leftUTF8(sent_name, 200)) AS event_name,
            -- a client's clock may be wrong: what it says is moved by what it was off by when it sent
            toDateTime64(received, 6, 'UTC') AS received_exactly,
            if(timestamp_read BETWEEN first_moment AND last_moment, timestamp_read, NULL) AS said,
            if(sent_at_read BETWEEN first_moment AND last_moment, sent_at_read, NULL) AS sent_at,
            if(abs(offset_read) < 3153600000000, offset_read, NULL) AS milliseconds_ago,
            ifNull(found.`$process_person_profile`, true) AS is_of_person,
            toLowCardinality(coalesce(found.`$raw_user_agent`, if(startsWith(user_agent, 'Mozilla/'), user_agent, ''))) AS agent,
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
                sent_at IS NULL OR ifNull(found.`$ignore_sent_at`, false), assumeNotNull(said),
                received_exactly - toIntervalMicrosecond(dateDiff('microsecond', assumeNotNull(said), assumeNotNull(sent_at)))
            ) AS corrected,
            corrected > received_exactly + toIntervalHour(23) AS is_ahead,
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
        FROM read
    )
SELECT
    rowNumberInAllBlocks(),
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
    if(is_ahead OR corrected < first_moment, received_exactly, corrected),
    text,
    multiIf(
        sent_chain != '', sent_chain,
        found.`$elements_chain` IS NOT NULL, assumeNotNull(found.`$elements_chain`),
        {elements_chain}
    ),
    is_of_person,
    match(agent, '(?i)bot\\b|crawl|spider|slurp|headless|lighthouse|pingdom|uptime|monitor|curl/|wget/|python-requests|facebookexternalhit|preview'),
    ifNull(found.`$ip`, ip),
    if(is_of_person, mapFilter((type, key) -> key != '', found.`$groups`), map()),
    {hot_values},
    received,
    toDate('{arrival_day}'),
    rule_broken,
    if(rule_broken = '', drop_rule, ''),
    if(rule_broken = '' AND drop_rule != '', toUInt64(count), 0),
    arrayFilter(warning -> warning != '', [
        if(length(id_whole) > 200 AND lengthUTF8(id_whole) > 200, 'distinct_id_was_cut', ''),
        if(length(sent_name) > 200 AND lengthUTF8(sent_name) > 200, 'event_name_was_cut', ''),
        if(is_ahead, 'timestamp_in_the_future', ''),
        if(sent_timestamp != '' AND said IS NULL AND milliseconds_ago IS NULL, 'unreadable_timestamp', ''),
        if(
            found.`$process_person_profile` IS NULL AND position(text, '"$process_person_profile"') > 0
                AND JSONType(text, '$process_person_profile') NOT IN ('Null', 'Bool'),
            'invalid_process_person_profile', ''
        ),
        if(
            NOT is_of_person AND event_name IN ('$identify', '$create_alias', '$merge_dangerously', '$groupidentify'),
            'invalid_event_when_process_person_profile_is_false', ''
        )
    ])
FROM timed
FORMAT JSONEachRow
