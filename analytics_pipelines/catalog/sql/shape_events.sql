-- Events that say something of the same names become up to 32 rows, one for each part of the range of their uuids' hashes.
-- Each holds what the event of the least hash said. Only names are read of all events: values cost three times as much.
INSERT INTO {shapes}
WITH
    cityHash64(uuid) AS hash_of_uuid,
    has_person AND position(properties, '"$set') > 0 AS says_person,
    if(says_person, JSONExtractKeys(properties, '$set'), []) AS names_set,
    if(says_person, JSONExtractKeys(properties, '$set_once'), []) AS names_set_once,
    has_person AND event = '$groupidentify' AS identifies,
    if(identifies, arrayPushBack(JSONExtractKeys(properties, '$group_set'), JSONExtractRaw(properties, '$group_type')), [])
        AS names_of_group
SELECT
    team_id, event, has_person,
    cityHash64(
        JSONExtractKeys(properties),
        names_set, length(names_set), names_set_once, length(names_set_once), names_of_group
    ) AS shape,
    min(hash_of_uuid), argMin(properties, hash_of_uuid),
    min(timestamp), max(timestamp), max(received_at), uniqCombined64State(13)(uuid)
FROM {published}
GROUP BY team_id, event, has_person, shape, bitShiftRight(hash_of_uuid, 59)
