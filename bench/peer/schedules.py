"""Three assets that do nothing in a chain and COUNT (from the environment) daily schedules, 12 hours away, for Dagster's daemon."""
import os
from datetime import datetime, timezone

from dagster import DefaultScheduleStatus, Definitions, ScheduleDefinition, asset, define_asset_job


@asset
def one() -> None: ...


@asset(deps=[one])
def two() -> None: ...


@asset(deps=[two])
def three() -> None: ...


job = define_asset_job("everything", "*")
hour = (datetime.now(timezone.utc).hour + 12) % 24
schedules = [
    ScheduleDefinition(
        name=f"daily_{number}",
        job=job,
        cron_schedule=f"{number} {hour} * * *",
        default_status=DefaultScheduleStatus.RUNNING,
    )
    for number in range(int(os.environ["COUNT"]))
]
defs = Definitions(assets=[one, two, three], jobs=[job], schedules=schedules)
