CREATE TEMP TABLE IF NOT EXISTS sent_ids (
    team_id              bigint NOT NULL,
    distinct_id          text NOT NULL,
    own_person_id        uuid NOT NULL,
    is_personful         boolean NOT NULL,
    created_at           timestamptz,
    first_with_person    timestamptz,
    first_without_person timestamptz
) ON COMMIT DELETE ROWS
