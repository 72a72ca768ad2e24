"""Backup and restore: one file holds what can't be made again from the bucket."""
