"""Dagster's view of the tables: thin, one module a group."""

import warnings

from dagster import BetaWarning

# Backfill policies, days that lie before the first hour, and owners of sensors (which Dagster passes on) are beta
# in Dagster 1.13 and warn at each import.
warnings.filterwarnings(
    "ignore", category=BetaWarning, message=".*(backfill_policy|allow_nonexistent_upstream|`owners` of initializer).*"
)
