"""moto's server on a free port of 127.0.0.1, with two things of Glue that it lacks.

The optimistic lock of UpdateTable: Glue takes the VersionId that a writer read, and refuses the update when the table
has another one by then. moto ignores it, so that of two Iceberg commits both are acknowledged and one is lost.
`as-published` leaves it so.

Column statistics, which Trino sends with each table in Hive format that it makes: taken, not kept.
"""

import functools
import json
import sys
import threading

from moto.glue.exceptions import GlueClientError
from moto.glue.responses import GlueResponse
from moto.server import main

# The server answers each request in a thread of its own, and reading a table's version and writing it must be one step.
lock = threading.RLock()


class ConcurrentModification(GlueClientError):
    def __init__(self, database: str, table: str) -> None:
        super().__init__(
            "ConcurrentModificationException",
            f"Update table failed due to concurrent modifications. ({database}.{table})",
        )


def one_at_a_time(operation):
    @functools.wraps(operation)
    def locked(self, *args, **kwargs):
        with lock:
            return operation(self, *args, **kwargs)

    return locked


def refuse_stale(update_table):
    @functools.wraps(update_table)
    def checked(self):
        expected = self.parameters.get("VersionId")
        if expected is not None:
            database, name = self.parameters["DatabaseName"], self.parameters["TableInput"]["Name"]
            if self.glue_backend.get_table(database, name).as_dict()["VersionId"] != expected:
                raise ConcurrentModification(database, name)
        return update_table(self)

    return checked


def lock_glue() -> None:
    GlueResponse.update_table = refuse_stale(GlueResponse.update_table)
    for operation in ("create_table", "update_table", "delete_table", "batch_delete_table", "get_table", "get_tables"):
        setattr(GlueResponse, operation, one_at_a_time(getattr(GlueResponse, operation)))


def take_column_statistics() -> None:
    answers = {
        "get_column_statistics_for": {"ColumnStatisticsList": [], "Errors": []},
        "update_column_statistics_for": {"Errors": []},
        "delete_column_statistics_for": {},
    }
    for operation, answer in answers.items():
        for of in ("table", "partition"):
            setattr(GlueResponse, f"{operation}_{of}", lambda self, body=json.dumps(answer): body)


take_column_statistics()
if sys.argv[1] == "glue-locks":
    lock_glue()
main(["-H", "127.0.0.1", "-p", "0"])
