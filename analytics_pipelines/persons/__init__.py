"""Who the people are: the person store, what it publishes to ClickHouse, undo, deletion and squash."""
