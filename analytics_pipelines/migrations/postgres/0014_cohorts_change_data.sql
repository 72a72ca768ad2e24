-- New members of a cohort are a change of the project's data like new events: kept answers are as old as they were.
CREATE FUNCTION note_members() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO data_versions VALUES (NEW.team_id, nextval('dirty_day_touches'), NEW.last_calculation)
    ON CONFLICT (team_id) DO UPDATE SET touch = EXCLUDED.touch, at = EXCLUDED.at
    ; RETURN NULL; END $$;
CREATE TRIGGER note_members AFTER UPDATE OF last_calculation ON cohorts
    FOR EACH ROW WHEN (NEW.last_calculation IS DISTINCT FROM OLD.last_calculation) EXECUTE FUNCTION note_members();
