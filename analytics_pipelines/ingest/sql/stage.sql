-- Lines of raw objects → normalised events, a reason why a line is none, or what a rule dropped before it was one.
-- One pass, no row leaves ClickHouse.
INSERT INTO {staging} (team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, received_at, reason, stage, dropped_by, dropped, line)
WITH
    -- readers of JSON refuse a number beyond all doubles, and with it the line; it counts as none
    if(isValidJSON(sent_line), sent_line, replaceRegexpAll(
        sent_line, '([:,\\[]\\s*)-?[0-9.]+[eE][+]?[0-9]{{3,}}', '\\1null'
    )) AS line,
    JSONExtract(line, 'Tuple(received_at Int64, sent_at String, project Int64, uuid Nullable(UUID), event String, refused String, dropped String, name String, count Int64)') AS envelope,
    JSONExtract(envelope.event, 'Tuple(event String, distinct_id String, `$distinct_id` String, timestamp String, offset Nullable(Int64), properties String, elements_chain String)') AS sent,
    -- a line that can't be read has no time of its own; it arrived with its batch
    fromUnixTimestamp64Milli(if(envelope.received_at BETWEEN 1 AND 7258118400000, envelope.received_at, {arrival_ms}), 'UTC') AS received,
    envelope.dropped != '' AS is_drop,
    JSONType(envelope.event, 'properties') = 'Object' AS has_properties,
    if(has_properties, sent.properties, '{{}}') AS properties_sent,
    -- what is said of the person beside the properties belongs among them, and wins over what stands there
    arrayFilter(holder -> JSONType(envelope.event, holder) = 'Object', ['$set', '$set_once']) AS beside,
    if(empty(beside), properties_sent, concat('{{', arrayStringConcat(arrayConcat(
        arrayMap(
            pair -> concat(toJSONString(pair.1), ':', pair.2),
            arrayFilter(pair -> NOT has(beside, pair.1), JSONExtractKeysAndValuesRaw(properties_sent))
        ),
        arrayMap(holder -> concat(toJSONString(holder), ':{{', arrayStringConcat(arrayMap(
            pair -> concat(toJSONString(pair.1), ':', pair.2),
            arrayConcat(
                arrayFilter(
                    pair -> NOT JSONHas(envelope.event, holder, pair.1),
                    JSONExtractKeysAndValuesRaw(properties_sent, holder)
                ),
                JSONExtractKeysAndValuesRaw(envelope.event, holder)
            )
        ), ','), '}}'), beside)
    ), ','), '}}')) AS properties_text,
    -- the first of the three places that holds one; 200 characters, as PostHog cuts it
    leftUTF8(replaceAll(arrayFirst(
        value -> trimBoth(value) != '' AND value != 'null',
        [sent.distinct_id, sent.2, JSONExtract(properties_text, 'distinct_id', 'String')]
    ), '\0', '�'), 200) AS id,
    -- a client's clock may be wrong: what it says is moved by what it was off by when it sent
    -- (what no calendar of ours holds counts as unsaid: arithmetic on it would overflow and stop the whole batch)
    toDateTime64('1900-01-01 00:00:00', 6, 'UTC') AS first_moment,
    toDateTime64('2200-01-01 00:00:00', 6, 'UTC') AS last_moment,
    parseDateTime64BestEffortOrNull(sent.timestamp, 6, 'UTC') AS said_text,
    parseDateTime64BestEffortOrNull(envelope.sent_at, 6, 'UTC') AS sent_at_text,
    if(said_text BETWEEN first_moment AND last_moment, said_text, NULL) AS said,
    if(sent_at_text BETWEEN first_moment AND last_moment, sent_at_text, NULL) AS sent_at,
    if(abs(sent.offset) < 3153600000000, sent.offset, NULL) AS milliseconds_ago,
    toDateTime64(received, 6, 'UTC') AS received_exactly,
    multiIf(
        milliseconds_ago IS NOT NULL, received_exactly - toIntervalMillisecond(assumeNotNull(milliseconds_ago)),
        said IS NULL, received_exactly,
        sent_at IS NULL OR JSONExtractBool(properties_text, '$ignore_sent_at'), assumeNotNull(said),
        received_exactly - toIntervalMicrosecond(dateDiff('microsecond', assumeNotNull(said), assumeNotNull(sent_at)))
    ) AS corrected,
    hex(substring(SHA1(concat(unhex('932979b465c3442484670b66ec27bc22'), toString(envelope.project), ':', id)), 1, 16)) AS digest,
    multiIf(
        NOT isValidJSON(line) OR (is_drop AND envelope.count < 1), 'malformed_line',
        is_drop, '',
        envelope.refused != '', envelope.refused, -- by capture, before it was stored
        envelope.uuid IS NULL, 'missing_uuid',
        JSONType(envelope.event) != 'Object', 'event_is_not_an_object',
        trimBoth(sent.event) = '', 'missing_event_name',
        id = '', 'missing_distinct_id',
        ''
    ) AS rule_broken
SELECT
    envelope.project,
    coalesce(envelope.uuid, toUUID('00000000-0000-0000-0000-000000000000')),
    leftUTF8(if(is_drop, envelope.name, sent.event), 200),
    id,
    -- uuid5 of the namespace above and "team:distinct_id"
    toUUID(concat(
        substring(digest, 1, 8), '-', substring(digest, 9, 4), '-5', substring(digest, 14, 3), '-',
        substring('89AB', bitAnd(reinterpretAsUInt8(unhex(concat('0', substring(digest, 17, 1)))), 3) + 1, 1),
        substring(digest, 18, 3), '-', substring(digest, 21, 12)
    )),
    if(corrected BETWEEN first_moment AND received_exactly + toIntervalHour(23), corrected, received_exactly),
    properties_text,
    if(sent.elements_chain != '', sent.elements_chain, JSONExtractString(properties_text, '$elements_chain')),
    received,
    rule_broken,
    if(rule_broken != '' AND rule_broken = envelope.refused, 'capture', 'ingest'),
    if(rule_broken = '', envelope.dropped, ''),
    if(rule_broken = '' AND is_drop, toUInt64(envelope.count), 0),
    if(rule_broken = '', '', sent_line)
FROM input('sent_line String')
WHERE sent_line != '' -- the format takes what follows the last newline for one more line
FORMAT LineAsString
