-- What people say anew of actions, and of the types of properties, changes answers as new events do; and who is in the
-- cohorts that ask for actions.
CREATE FUNCTION note_action() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO data_versions VALUES (NEW.team_id, nextval('dirty_day_touches'), NEW.updated_at)
    ON CONFLICT (team_id) DO UPDATE SET touch = EXCLUDED.touch, at = EXCLUDED.at
    ; UPDATE cohorts SET is_calculating = true, pending_version = pending_version + 1
    WHERE team_id = NEW.team_id AND NOT deleted AND NOT is_static
        AND filters @? '$.** ? (@.event_type == "actions" || @.seq_event_type == "actions")'
    ; RETURN NULL; END $$;
CREATE TRIGGER note_action AFTER UPDATE OF steps, deleted ON actions FOR EACH ROW
    WHEN (NEW.steps IS DISTINCT FROM OLD.steps OR NEW.deleted IS DISTINCT FROM OLD.deleted) EXECUTE FUNCTION note_action();

CREATE FUNCTION note_property_type() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO data_versions
    SELECT id, nextval('dirty_day_touches'), now() FROM projects WHERE id = coalesce(NEW.team_id, OLD.team_id)
    ON CONFLICT (team_id) DO UPDATE SET touch = EXCLUDED.touch, at = EXCLUDED.at
    ; RETURN NULL; END $$;
CREATE TRIGGER note_property_type AFTER INSERT OR UPDATE OR DELETE ON property_types
    FOR EACH ROW EXECUTE FUNCTION note_property_type();
