-- A batch some of whose events gave way to ones that were received earlier, and is to be counted again.
ALTER TABLE ingest_batches ADD recount boolean NOT NULL DEFAULT false;
CREATE INDEX ingest_batches_recount ON ingest_batches (id) WHERE recount;
