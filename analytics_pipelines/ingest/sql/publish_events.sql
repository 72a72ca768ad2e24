-- What a batch stores is one part, stored whole or not at all; on a cluster one for each shard. An id whose person a squash
-- wrote into its events has it in new ones too, for no override stands for it any more.
INSERT INTO {events} (
    team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip, groups,
    {hot_names}, received_at, arrival_day, batch_id
)
SELECT
    team_id, uuid, event, distinct_id, ifNull(squashed_person_id, person_id), timestamp, properties, elements_chain,
    has_person, is_bot, ip, groups, {published_hot}, received_at, arrival_day, toUUID('{batch_id}')
FROM {staging} AS staged
{located}
GLOBAL ANY LEFT JOIN (
    SELECT team_id AS squashed_team_id, distinct_id AS squashed_id, toNullable(person_id) AS squashed_person_id
    FROM squashed_ids FINAL
    WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM {staging})
) AS squashed ON staged.team_id = squashed_team_id AND staged.distinct_id = squashed_id
WHERE number GLOBAL IN (SELECT number FROM {numbers})
  AND (team_id, uuid) GLOBAL NOT IN (
      SELECT team_id, uuid FROM {events} WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
  )
