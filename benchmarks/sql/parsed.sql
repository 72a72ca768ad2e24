-- What parsing alone gives: the envelope and the event in columns, and nothing stored.
CREATE TABLE parsed
(
    received_at Int64, sent_at String, ip String, user_agent String, token String, project Int64, path String, uuid UUID,
    event Tuple(event String, distinct_id String, timestamp String, properties String)
)
ENGINE = Null
