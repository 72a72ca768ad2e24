-- Events of these lines whose uuid is stored nowhere, neither in other batches nor in this one, in order of arrival.
SELECT team_id, uuid
FROM {staging}
WHERE reason = '' AND dropped_by = ''
  AND (team_id, uuid) NOT IN (SELECT team_id, uuid FROM {stored})
  AND (team_id, uuid) NOT IN (
      SELECT team_id, uuid FROM {events}
      WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
        AND (team_id, uuid) IN (SELECT team_id, uuid FROM {staging})
  )
GROUP BY team_id, uuid
ORDER BY min(received_at), uuid
