"""The table of contents that Dagster loads."""

import dagster as dg

import assets
from analytics_pipelines.jobs import JOBS
from analytics_pipelines.schedules import SCHEDULES
from analytics_pipelines.sensors import SENSORS
from resources.shells import RESOURCES

defs = dg.Definitions(
    assets=dg.load_assets_from_package_module(assets, include_specs=True),
    asset_checks=dg.load_asset_checks_from_package_module(assets),
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=SENSORS,
    resources=RESOURCES,
    executor=dg.in_process_executor,
)
