"""What keeps an installation small and in order: compaction, retention, and clearing up."""
