-- Which rows are published: events whose uuid is not stored yet, and of several with one uuid the first.
CREATE TABLE {numbers} ENGINE = Memory AS
SELECT number
FROM {staging}
WHERE reason = '' AND dropped_by = ''
  AND (team_id, uuid) NOT IN (SELECT team_id, uuid FROM {stored})
  AND number NOT IN (
      SELECT arrayJoin(arraySlice(
          arraySort(groupArray((received_at, event, distinct_id, timestamp, properties, number))), 2
      )).6
      FROM {staging}
      WHERE reason = '' AND dropped_by = ''
        AND (team_id, uuid) IN (
            SELECT team_id, uuid FROM {staging} WHERE reason = '' AND dropped_by = ''
            GROUP BY team_id, uuid HAVING count() > 1
        )
      GROUP BY team_id, uuid
  )
