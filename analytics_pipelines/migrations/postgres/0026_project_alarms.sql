-- Whom a project tells of what goes wrong in it. `alert_url` of chats is a secret by itself.
ALTER TABLE projects
    ADD alert_url  text,
    ADD alert_mail text;

-- What is wrong is told to the installation's people (NULL), and to those of the projects that it concerns.
ALTER TABLE alarm_incidents
    ADD team_id bigint REFERENCES projects ON DELETE CASCADE,
    DROP CONSTRAINT alarm_incidents_pkey;
CREATE UNIQUE INDEX alarm_incidents_subject ON alarm_incidents (team_id, subject) NULLS NOT DISTINCT;

-- When something of an erasure that was verified was found to be stored again.
ALTER TABLE erasures
    ADD resurfaced_at timestamptz;
