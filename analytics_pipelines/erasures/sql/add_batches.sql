-- The batches that rows were loaded with which go.
INSERT INTO {batches} (batch_id, arrival_day)
SELECT DISTINCT batch_id, arrival_day FROM events WHERE {events_go}
UNION DISTINCT
SELECT DISTINCT batch_id, arrival_day FROM dead_letters WHERE {letters_go}
UNION DISTINCT
SELECT DISTINCT batch_id, arrival_day FROM dropped_events WHERE {drops_go}
