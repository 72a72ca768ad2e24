-- Events of other batches that carry a uuid of this one: sent again, or about to be told apart by who came first.
INSERT INTO {found} (team_id, uuid, received_at, batch_id, arrival_day)
SELECT team_id, uuid, received_at, batch_id, arrival_day
FROM {counting}
WHERE batch_id != toUUID('{batch_id}')
  AND {stored}
  AND team_id GLOBAL IN (SELECT team_id FROM {staging} WHERE reason = '' AND dropped_by = '')
  AND uuid GLOBAL IN (SELECT uuid FROM {staging} WHERE reason = '' AND dropped_by = '' AND {sent})
  AND (team_id, uuid) GLOBAL IN (SELECT team_id, uuid FROM {staging} WHERE reason = '' AND dropped_by = '' AND {sent})
