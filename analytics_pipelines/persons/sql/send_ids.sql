-- One row a touched id, for Postgres. `kind`: s $set, o $set_once (its stamps turned round, so that the greatest is the
-- first), a $set_once said outright, u $unset.
WITH
    said AS (
        SELECT
            team_id, distinct_id, newest_stamp, oldest_stamp,
            JSONExtractKeysAndValuesRaw(newest) AS new_pairs,
            if(
                newest_stamp = oldest_stamp,
                new_pairs,
                JSONExtractKeysAndValuesRaw(if(newest_stamp = oldest_stamp, '', oldest))
            ) AS old_pairs,
            arrayMap(
                pair -> (if(pair.1 = '$os_name', '$os', pair.1), pair.2),
                arrayFilter(
                    pair -> has({copied}, pair.1) AND NOT (pair.1 = '$os_name' AND has(tupleElement(new_pairs, 1), '$os')),
                    new_pairs
                )
            ) AS new_copies,
            arrayMap(
                pair -> (if(pair.1 = '$os_name', '$os', pair.1), pair.2),
                arrayFilter(
                    pair -> has({copied}, pair.1) AND NOT (pair.1 = '$os_name' AND has(tupleElement(old_pairs, 1), '$os')),
                    old_pairs
                )
            ) AS old_copies,
            JSONExtractKeysAndValuesRaw(tupleElement(arrayFirst(pair -> pair.1 = '$set', new_pairs), 2)) AS sets,
            JSONExtractKeysAndValuesRaw(tupleElement(arrayFirst(pair -> pair.1 = '$set_once', old_pairs), 2)) AS onces,
            JSONExtractKeysAndValuesRaw(tupleElement(arrayFirst(pair -> pair.1 = '$set_once', new_pairs), 2)) AS agains,
            tupleElement(arrayFirst(pair -> pair.1 = '$unset', new_pairs), 2) AS unset,
            if(startsWith(unset, '['), JSONExtract(unset, 'Array(String)'), JSONExtractKeys(unset)) AS unsets
        FROM {reduced}
        WHERE newest != ''
    ),
    words AS (
        SELECT
            team_id, distinct_id, word.1 AS kind, word.2 AS key,
            max(word.4) AS stamp,
            argMax(word.3, (word.4, word.3)) AS value
        FROM said
        ARRAY JOIN arrayConcat(
            arrayMap(pair -> ('s', pair.1, pair.2, newest_stamp), arrayConcat(
                sets, arrayFilter(pair -> NOT has(tupleElement(sets, 1), pair.1), new_copies)
            )),
            arrayMap(pair -> ('o', pair.1, pair.2, translate(oldest_stamp, '0123456789ABCDEF', 'FEDCBA9876543210')), arrayConcat(
                onces,
                arrayFilter(pair -> NOT has(tupleElement(onces, 1), pair.1), arrayMap(
                    pair -> (concat('$initial_', substring(pair.1, if(startsWith(pair.1, '$'), 2, 1))), pair.2), old_copies
                ))
            )),
            arrayMap(pair -> ('a', pair.1, pair.2, newest_stamp), agains),
            arrayMap(name -> ('u', name, '', newest_stamp), unsets)
        ) AS word
        GROUP BY team_id, distinct_id, kind, key
    ),
    texts AS (
        SELECT
            team_id, distinct_id,
            concat('{{', arrayStringConcat(groupArrayIf(concat(name, ':', value), kind = 's'), ','), '}}') AS set_values,
            concat('{{', arrayStringConcat(groupArrayIf(concat(name, ':"', stamp, '"'), kind = 's'), ','), '}}') AS set_stamps,
            minIf(stamp, kind = 's') AS set_oldest,
            maxIf(stamp, kind = 's') AS set_newest,
            concat('{{', arrayStringConcat(groupArrayIf(concat(name, ':', value), kind = 'o'), ','), '}}') AS once_values,
            concat('{{', arrayStringConcat(groupArrayIf(
                concat(name, ':"', translate(stamp, '0123456789ABCDEF', 'FEDCBA9876543210'), '"'), kind = 'o'
            ), ','), '}}') AS once_stamps,
            translate(maxIf(stamp, kind = 'o'), '0123456789ABCDEF', 'FEDCBA9876543210') AS once_oldest,
            translate(minIf(stamp, kind = 'o'), '0123456789ABCDEF', 'FEDCBA9876543210') AS once_newest,
            concat('{{', arrayStringConcat(groupArrayIf(concat(name, ':', value), kind = 'a'), ','), '}}') AS again_values,
            concat('{{', arrayStringConcat(groupArrayIf(concat(name, ':"', stamp, '"'), kind = 'a'), ','), '}}') AS again_stamps,
            concat('{{', arrayStringConcat(groupArrayIf(concat(name, ':"', stamp, '"'), kind = 'u'), ','), '}}') AS unset_stamps
        FROM (
            SELECT
                team_id, distinct_id, kind, stamp,
                -- Postgres knows no NUL; \1 stands for a backslash that is none of an escape
                toJSONString(replaceAll(key, '\0', '�')) AS name,
                if(
                    position(words.value, '\\u0000') = 0,
                    words.value,
                    replaceAll(replaceAll(replaceAll(words.value, '\\\\', '\x01'), '\\u0000', '�'), '\x01', '\\\\')
                ) AS value
            FROM words
        )
        GROUP BY team_id, distinct_id
    )
SELECT
    team_id,
    distinct_id,
    toUUID(UUIDNumToString(toFixedString(concat(
        substring(SHA1(concat(unhex('932979b465c3442484670b66ec27bc22'), toString(team_id), ':', distinct_id)) AS digest, 1, 6),
        char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 7, 1)), 15), 80)),
        substring(digest, 8, 1), char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 9, 1)), 63), 128)),
        substring(digest, 10, 7)
    ), 16))) AS own_person_id,
    if(is_personful, 't', 'f'),
    concat(toString(created_at), '+00'),
    concat(toString(first_with_person), '+00'),
    concat(toString(first_without_person), '+00'),
    if(set_values = '', '{{}}', set_values), if(set_stamps = '', '{{}}', set_stamps), set_oldest, set_newest,
    if(once_values = '', '{{}}', once_values), if(once_stamps = '', '{{}}', once_stamps), once_oldest, once_newest,
    if(again_values = '', '{{}}', again_values), if(again_stamps = '', '{{}}', again_stamps),
    if(unset_stamps = '', '{{}}', unset_stamps)
FROM {touched} AS touched
LEFT JOIN texts USING (team_id, distinct_id)
FORMAT TabSeparated
