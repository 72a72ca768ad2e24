-- Events of other batches that carry a uuid of this one: sent again, or about to be told apart by who came first.
CREATE TABLE {stored} ENGINE = Memory AS
SELECT team_id, uuid, received_at, batch_id
FROM {counting}
WHERE batch_id != toUUID('{batch_id}')
  AND team_id GLOBAL IN (SELECT team_id FROM {staging} WHERE reason = '' AND dropped_by = '')
  AND uuid GLOBAL IN (SELECT uuid FROM {staging} WHERE reason = '' AND dropped_by = '')
  AND (team_id, uuid) GLOBAL IN (SELECT team_id, uuid FROM {staging} WHERE reason = '' AND dropped_by = '')
