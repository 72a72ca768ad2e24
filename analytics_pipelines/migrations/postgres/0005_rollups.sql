-- Every touch of a day gets a number, whoever writes it: clocks of different hosts can't be compared, numbers can.
CREATE SEQUENCE dirty_day_touches;
ALTER TABLE dirty_days ADD touch bigint NOT NULL DEFAULT nextval('dirty_day_touches');
CREATE INDEX dirty_days_day ON dirty_days (day, touch);

CREATE FUNCTION number_touch() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.touch := nextval('dirty_day_touches'); RETURN NEW; END $$;
CREATE TRIGGER number_touch BEFORE INSERT OR UPDATE ON dirty_days FOR EACH ROW EXECUTE FUNCTION number_touch();

-- The state of each day's partition of each rollup: it holds what was touched up to that number,
-- by the SQL of that version. A day that is not here and not dirty has no events.
CREATE TABLE rollup_watermark (
    rollup   text NOT NULL,
    day      date NOT NULL,
    touch    bigint NOT NULL,
    version  text NOT NULL,
    built_at timestamptz NOT NULL,
    PRIMARY KEY (rollup, day)
);
CREATE INDEX rollup_watermark_day ON rollup_watermark (day);
