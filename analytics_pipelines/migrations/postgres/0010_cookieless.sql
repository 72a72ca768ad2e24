-- What this installation alone knows. With `cookieless` the ids of visitors are made whose browsers store nothing: while
-- it is kept, loading their days again gives the same ids; deleting it makes a new one, with which nobody is known again.
CREATE TABLE installation_secrets (
    name       text PRIMARY KEY,
    secret     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
