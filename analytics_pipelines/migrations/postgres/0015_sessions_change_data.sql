-- Questions read `sessions` as it stands. Once a day of it is built anew, answers of the projects whose events made that
-- necessary are old; a session's events lie up to a day from its own.
CREATE FUNCTION note_sessions() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO data_versions
    SELECT team_id, nextval('dirty_day_touches'), max(built_at)
    FROM (
        SELECT d.team_id, built.built_at FROM built JOIN dirty_days d ON d.day BETWEEN built.day - 1 AND built.day + 1
        WHERE built.rollup = 'sessions' ORDER BY d.team_id
    ) AS teams
    GROUP BY team_id ORDER BY team_id
    ON CONFLICT (team_id) DO UPDATE SET touch = EXCLUDED.touch, at = EXCLUDED.at
    ; RETURN NULL; END $$;
CREATE TRIGGER note_inserted_sessions AFTER INSERT ON rollup_watermark REFERENCING NEW TABLE AS built
    FOR EACH STATEMENT EXECUTE FUNCTION note_sessions();
CREATE TRIGGER note_updated_sessions AFTER UPDATE ON rollup_watermark REFERENCING NEW TABLE AS built
    FOR EACH STATEMENT EXECUTE FUNCTION note_sessions();
