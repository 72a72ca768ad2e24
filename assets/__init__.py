"""Dagster's view of the tables: thin, one module a group."""

import warnings

from dagster import BetaWarning

# A backfill policy on a partitioned asset is beta in Dagster 1.13 and warns once an asset, at each import.
warnings.filterwarnings("ignore", category=BetaWarning, message=".*backfill_policy.*")
