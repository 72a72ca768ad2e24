"""How tables are cut: by hour of arrival where events come in, by day of event time where they are summed up, and by
what people save where they are answered."""

from dagster import DailyPartitionsDefinition, DynamicPartitionsDefinition, HourlyPartitionsDefinition

from analytics_pipelines.exports.model import Model
from analytics_pipelines.settings import settings_of_process

# `end_offset` takes in the hour that has just begun.
arrival_hour = HourlyPartitionsDefinition(
    start_date=f"{settings_of_process().arrival_start:%Y-%m-%d}-00:00", timezone="UTC", end_offset=1
)

# Events may be from 1900 on, and Dagster slows down beyond some ten thousand partitions: the first stands for all days
# before it, too.
event_day = DailyPartitionsDefinition(
    start_date=f"{settings_of_process().event_start:%Y-%m-%d}", timezone="UTC", end_offset=1
)

# Saved insights, `<project>-<short id>`: they come and go with them, and stay when one is renamed.
insights = DynamicPartitionsDefinition(name="insights")

# Cohorts, by their ids.
cohorts = DynamicPartitionsDefinition(name="cohorts")

# Destinations of webhooks, `<project>-<id>`.
destinations = DynamicPartitionsDefinition(name="destinations")

# Exports, by their ids: each kind is an asset.
exports = {model: DynamicPartitionsDefinition(name=f"{model}_exports") for model in Model}
