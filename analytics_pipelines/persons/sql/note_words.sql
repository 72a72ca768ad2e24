INSERT INTO person_words (team_id, distinct_id, shape, newest_sets, newest_agains, newest_unsets, oldest_onces)
WITH
    JSONExtractKeysAndValuesRaw(newest) AS new_pairs,
    newest_stamp = oldest_stamp AS is_one,
    JSONExtractKeysAndValuesRaw(if(is_one, '', oldest)) AS old_pairs,
    -- what stands among the properties themselves; $os_name is another name for $os
    arrayFilter(pair -> has({copied}, pair.1), new_pairs) AS new_found,
    arrayFilter(pair -> has({copied}, pair.1), old_pairs) AS old_found,
    has(tupleElement(new_found, 1), '$os_name') AS names_os,
    if(names_os, arrayMap(
        pair -> (if(pair.1 = '$os_name', '$os', pair.1), pair.2),
        arrayFilter(pair -> pair.1 != '$os_name' OR NOT has(tupleElement(new_found, 1), '$os'), new_found)
    ), new_found) AS new_copies,
    if(names_os, arrayMap(
        pair -> (if(pair.1 = '$os_name', '$os', pair.1), pair.2),
        arrayFilter(pair -> pair.1 != '$os_name' OR NOT has(tupleElement(old_found, 1), '$os'), old_found)
    ), old_found) AS old_copies,
    JSONExtractKeysAndValuesRaw(tupleElement(arrayLast(pair -> pair.1 = '$set', new_pairs), 2)) AS sets,
    JSONExtractKeysAndValuesRaw(tupleElement(arrayLast(pair -> pair.1 = '$set_once', new_pairs), 2)) AS agains,
    if(is_one, agains, JSONExtractKeysAndValuesRaw(tupleElement(arrayLast(pair -> pair.1 = '$set_once', old_pairs), 2))) AS onces,
    tupleElement(arrayLast(pair -> pair.1 = '$unset', new_pairs), 2) AS unset,
    if(startsWith(unset, '['), JSONExtract(unset, 'Array(String)'), JSONExtractKeys(unset)) AS unsets,
    arrayMap(
        pair -> (concat('$initial_', substring(pair.1, if(startsWith(pair.1, '$'), 2, 1))), pair.2), if(is_one, new_copies, old_copies)
    ) AS first_copies,
    if(empty(sets), new_copies, arrayConcat(
        arrayFilter(pair -> NOT has(tupleElement(sets, 1), pair.1), new_copies), sets
    )) AS all_sets,
    if(empty(onces), first_copies, arrayConcat(
        arrayFilter(pair -> NOT has(tupleElement(onces, 1), pair.1), first_copies), onces
    )) AS all_onces
SELECT
    team_id,
    distinct_id,
    shape,
    concat(newest_stamp, '{{', arrayStringConcat(arrayMap(pair -> concat(toJSONString(pair.1), ':', pair.2), all_sets), ','), '}}'),
    if(empty(agains), '', concat(
        newest_stamp, '{{', arrayStringConcat(arrayMap(pair -> concat(toJSONString(pair.1), ':', pair.2), agains), ','), '}}'
    )),
    if(empty(unsets), '', concat(newest_stamp, toJSONString(unsets))),
    concat(oldest_stamp, '{{', arrayStringConcat(arrayMap(pair -> concat(toJSONString(pair.1), ':', pair.2), all_onces), ','), '}}')
FROM {words}
