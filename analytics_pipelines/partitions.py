"""How tables are cut: by hour of arrival where events come in."""

from dagster import HourlyPartitionsDefinition

from analytics_pipelines.settings import settings_of_process

# `end_offset` takes in the hour that has just begun.
arrival_hour = HourlyPartitionsDefinition(
    start_date=f"{settings_of_process().arrival_start:%Y-%m-%d}-00:00", timezone="UTC", end_offset=1
)
