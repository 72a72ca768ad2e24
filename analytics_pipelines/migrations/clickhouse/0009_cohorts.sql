-- Who is in which cohort. A cohort is a partition, made anew beside the table and swapped whole.
CREATE TABLE IF NOT EXISTS {{ stored('cohort_people') }}
(
    team_id   Int64,
    cohort_id Int64,
    person_id UUID
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY (team_id, cohort_id)
ORDER BY person_id;

{{ distributed('cohort_people', by='cityHash64(team_id, person_id)') }}
