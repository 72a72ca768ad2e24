-- What a batch stores is one part, stored whole or not at all; on a cluster one for each shard.
INSERT INTO {events} (
    team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip, groups,
    {hot_names}, received_at, arrival_day, batch_id
)
SELECT
    team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip, groups,
    {published_hot}, received_at, arrival_day, toUUID('{batch_id}')
FROM {staging} {located}
WHERE number GLOBAL IN (SELECT number FROM {numbers})
  AND (team_id, uuid) GLOBAL NOT IN (
      SELECT team_id, uuid FROM {events} WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
  )
