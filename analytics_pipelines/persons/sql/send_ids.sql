SELECT
    team_id,
    distinct_id,
    -- uuid5 of the namespace and "team:distinct_id", as in `ingest/sql/stage.sql`
    toUUID(UUIDNumToString(toFixedString(concat(
        substring(SHA1(concat(unhex('932979b465c3442484670b66ec27bc22'), toString(team_id), ':', distinct_id)) AS digest, 1, 6),
        char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 7, 1)), 15), 80)),
        substring(digest, 8, 1), char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 9, 1)), 63), 128)),
        substring(digest, 10, 7)
    ), 16))),
    if(is_personful, 't', 'f'),
    concat(toString(created_at), '+00'),
    concat(toString(first_with_person), '+00'),
    concat(toString(first_without_person), '+00')
FROM {touched}
FORMAT TabSeparated
