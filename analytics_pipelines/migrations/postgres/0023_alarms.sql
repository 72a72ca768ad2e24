-- What is wrong in the installation, and what people were told of it: `count` times since `since`, of which they know of
-- `told_count`. A row goes an hour after they were told last, once it is over.
CREATE TABLE alarm_incidents (
    subject    text PRIMARY KEY,
    title      text NOT NULL,
    what       text NOT NULL,
    mend       text NOT NULL,
    link       text NOT NULL,
    count      integer NOT NULL,
    since      timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    over_at    timestamptz,
    told_at    timestamptz,
    told_count integer NOT NULL DEFAULT 0
);
