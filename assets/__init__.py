"""Dagster's view of the tables: thin, one module a group."""

import warnings

from dagster import BetaWarning

# Backfill policies, and days that lie before the first hour, are beta in Dagster 1.13 and warn at each import.
warnings.filterwarnings("ignore", category=BetaWarning, message=".*(backfill_policy|allow_nonexistent_upstream).*")
