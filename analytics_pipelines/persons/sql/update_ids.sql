-- What is sent goes over what is stored where it is newer (for $set_once: older); who knows both bounds knows it of all
-- properties at once.
WITH compared AS (
    SELECT
        sent.*,
        CASE
            WHEN sent.set_oldest > known.set_newest THEN '{}'
            ELSE person_losers(known.set_stamps, sent.set_stamps, false)
        END AS set_losers,
        sent.once_oldest > known.once_newest AS is_later,
        CASE
            WHEN sent.once_oldest > known.once_newest THEN '{}'
            ELSE person_losers(known.once_stamps, sent.once_stamps, true)
        END AS once_losers,
        CASE
            WHEN sent.again_stamps = '{}' THEN '{}'
            ELSE person_losers(known.again_stamps, sent.again_stamps, false)
        END AS again_losers,
        CASE
            WHEN sent.unset_stamps = '{}' THEN '{}'
            ELSE person_losers(known.unset_stamps, sent.unset_stamps, false)
        END AS unset_losers,
        known.once_stamps AS known_once_stamps
    FROM sent_ids AS sent JOIN distinct_ids AS known USING (team_id, distinct_id)
),
merged AS (
    SELECT
        *,
        set_stamps - set_losers AS won_sets,
        CASE WHEN is_later THEN once_stamps || known_once_stamps ELSE known_once_stamps || (once_stamps - once_losers) END
            AS all_once_stamps,
        again_stamps - again_losers AS won_agains,
        unset_stamps - unset_losers AS won_unsets
    FROM compared
)
UPDATE distinct_ids AS known
SET version = %(version)s,
    is_personful = known.is_personful OR merged.is_personful,
    created_at = least(known.created_at, merged.created_at),
    first_with_person = least(known.first_with_person, merged.first_with_person),
    first_without_person = least(known.first_without_person, merged.first_without_person),
    set_values = known.set_values || (merged.set_values - merged.set_losers),
    set_stamps = known.set_stamps || merged.won_sets,
    set_newest = greatest(known.set_newest, merged.set_newest),
    once_values = CASE
        WHEN merged.is_later THEN merged.once_values || known.once_values
        ELSE known.once_values || (merged.once_values - merged.once_losers)
    END,
    once_stamps = merged.all_once_stamps,
    once_newest = greatest(known.once_newest, merged.once_newest),
    again_values = known.again_values || (merged.again_values - merged.again_losers),
    again_stamps = known.again_stamps || merged.won_agains,
    unset_stamps = known.unset_stamps || merged.won_unsets
FROM merged
WHERE (known.team_id, known.distinct_id) = (merged.team_id, merged.distinct_id)
  AND (
      merged.is_personful AND NOT known.is_personful
      OR least(known.created_at, merged.created_at) IS DISTINCT FROM known.created_at
      OR least(known.first_with_person, merged.first_with_person) IS DISTINCT FROM known.first_with_person
      OR least(known.first_without_person, merged.first_without_person) IS DISTINCT FROM known.first_without_person
      OR merged.won_sets <> '{}'
      OR merged.all_once_stamps <> known.once_stamps
      OR merged.won_agains <> '{}'
      OR merged.won_unsets <> '{}'
  )
