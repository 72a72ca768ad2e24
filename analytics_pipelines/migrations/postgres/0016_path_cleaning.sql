-- What a project's paths take for the same page: objects with a `regex` and the `alias` for what it matches.
ALTER TABLE projects ADD path_cleaning_filters jsonb NOT NULL DEFAULT '[]';
