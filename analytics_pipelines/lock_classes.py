"""The first numbers of Postgres advisory locks: whose a lock is. The second number is the part's own affair.

Two parts that used the same by chance would wait for each other, so that all are here, and each once.
"""

from enum import IntEnum, unique


@unique
class LockClass(IntEnum):
    """By the part that takes them."""

    MIGRATIONS = 7_203_001
    INGESTION = 7_203_002
    ROLLUPS = 7_203_003
    PERSONS = 7_203_004
    QUESTIONS = 7_203_005
    COHORTS = 7_203_011
    VISIBLE_BATCHES = 7_203_012
    DELIVERIES = 7_203_013
    EXPORTS = 7_203_021
    ALARMS = 7_203_031
