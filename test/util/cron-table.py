"""Writes cron-table.json: what two other programs say of the expressions that moraine takes.

    pip install cronsim==2.8 croniter==7.0.0
    python3 test/util/cron-table.py

A row has the ticks after `from`, and who gave them. An expression that one of them does not know, or is known to read
in another way (see `croniter=None`), has the other's word alone; where both answer they have to agree.
"""

import json
import os
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

YEAR = "2026-01-01T00:00Z"
AUTUMN = {"Europe/Oslo": "2026-10-24T22:10Z", "America/New_York": "2026-11-01T04:10Z", "Australia/Lord_Howe": "2026-04-04T13:40Z"}

# An expression, and how the two write it where they have another word for the same.
CALENDAR = [
    ("0 9 * * *",), ("0 9 * * 5",), ("0 9 * * 7",), ("0 9 * * 0-7",), ("0 9 * * 5-7",), ("0 9 * * SUN-TUE",),
    ("0 9 * * MON-FRI",), ("0 9 * jan mon",), ("0 9 * JAN,JUN MON-FRI",), ("0 9 * * 1-5/2",), ("0 9 * * */2",),
    ("0 9 * * FRI-SUN", "0 9 * * 5-7", "0 9 * * FRI-SUN"),
    ("0 9 * * FRI#L", "0 9 * * 5L", "0 9 * * L5"), ("0 9 * * 5#L", "0 9 * * 5L", "0 9 * * L5"),
    ("0 9 * * SUN#L", "0 9 * * 0L", "0 9 * * L0"), ("0 9 1 * 5#L", "0 9 1 * 5L", None),
    ("0 9 * * MON#2",), ("0 9 * * 1#1,3#2",), ("0 9 * * 0#1",), ("0 9 * * 5#5",),
    ("0 9 * * 1,3#2", "0 9 * * 1,3#2", None), ("0 9 1 * MON#2", "0 9 1 * MON#2", None),
    ("0 9 L * *",), ("0 9 15,L * *",), ("0 9 L 2 *",), ("0 9 L * 1",), ("0 9 31 * *",), ("0 9 29 2 *",), ("0 9 28-31 * *",),
    ("0 9 1,15 * 1",), ("0 9 1-31 * 1",), ("0 9 1-31/2 * 1",), ("0 9 30 2 1",), ("0 9 1 1-12 1",),
    ("0 9 */10 * *",), ("0 9 1-31/10 * *",), ("0 9 */2 * *",), ("0 9 * */5 *",), ("0 9 1 1 *",), ("00 09 01 01 *",),
    ("*/15 * * * *",), ("*/25 * * * *",), ("*/60 * * * *",), ("0-59/20 * * * *",), ("10-50/20 * * * *",), ("1,1,2 * * * *",),
    ("*,5 * * * *",), ("5-5 * * * *", "5-5 * * * *", None), ("0 */7 * * *",), ("0 22-23,0-2 * * *",), ("@hourly", "0 * * * *", "@hourly"),
    ("@daily", "0 0 * * *", "@daily"), ("@weekly", "0 0 * * 0", "@weekly"), ("@monthly", "0 0 1 * *", "@monthly"),
    ("@yearly", "0 0 1 1 *", "@yearly"), ("@annually", "0 0 1 1 *", "@annually"),
]  # fmt: skip
# Around the hour that comes twice. croniter gives what is daily twice there, unlike Vixie cron, and misses minutes where
# clocks move by half an hour.
DAILY = ["30 2 * * *", "15 1 * * *", "45 1 * * *", "0-59/20 2 * * *", "5,35 1,2 * * *"]
REPEATING = ["*/15 * * * *", "*/20 1-3 * * *", "*/30 2 * * *", "0 * * * *", "20,50 * * * *", "0 */2 * * *", "10 */1 * * *"]
# cronsim misses 02:00, which Lord Howe's clocks show once that night, half an hour after they were set back from it.
MISSED = [("Australia/Lord_Howe", "*/30 2 * * *"), ("Australia/Lord_Howe", "0 */2 * * *")]


def after(cron, start, zone, count):
    def of(program, text):
        if text is None:
            return None
        local = start.astimezone(zone)
        if program == "cronsim":
            ticks = CronSim(text, local)
            step = lambda: next(ticks)
        else:
            ticks = croniter(text, local)
            step = lambda: ticks.get_next(datetime)
        return [step().astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ") for _ in range(count)]

    text, sim, other = cron if len(cron) == 3 else (cron[0], cron[0], cron[0])
    answers = {name: found for name, found in (("cronsim", of("cronsim", sim)), ("croniter", of("croniter", other))) if found}
    ticks = next(iter(answers.values()))
    for name, found in answers.items():
        if found != ticks:
            raise SystemExit(f"{text} in {zone}: {answers}")
    return {"cron": text, "timezone": str(zone), "from": start.strftime("%Y-%m-%dT%H:%MZ"), "by": list(answers), "ticks": ticks}


def instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=timezone.utc)


rows = [after(cron, instant(YEAR), ZoneInfo("UTC"), 12) for cron in CALENDAR]
for zone, start in AUTUMN.items():
    for cron in DAILY:
        rows.append(after((cron, cron, None), instant(start), ZoneInfo(zone), 12))
    for cron in REPEATING:
        sim = None if (zone, cron) in MISSED else cron
        other = None if zone == "Australia/Lord_Howe" and sim is not None else cron
        rows.append(after((cron, sim, other), instant(start), ZoneInfo(zone), 16))

with open(os.path.join(os.path.dirname(__file__), "cron-table.json"), "w", encoding="utf-8") as file:
    file.write("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")
