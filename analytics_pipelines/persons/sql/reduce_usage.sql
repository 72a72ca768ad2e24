CREATE TABLE {usage} ENGINE = Memory AS
SELECT
    team_id,
    distinct_id,
    min(timestamp) AS first_seen,
    -- an event that merges counts as an edge, or below when it turns out to be none
    minOrNullIf(timestamp, has_person AND event NOT IN ('$identify', '$create_alias', '$merge_dangerously')) AS first_with_person,
    minOrNullIf(timestamp, NOT has_person) AS first_without_person,
    groupUniqArray(toDate32(timestamp)) AS days,
    minOrNullIf(timestamp, {kept}) AS created_at, -- not by what is from before its person was deleted
    max(has_person AND {kept}) AS is_personful
FROM {source}
GROUP BY team_id, distinct_id
