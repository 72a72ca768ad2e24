"""Files of events or tables of anything → durable raw objects, which ingestion takes like all others."""
