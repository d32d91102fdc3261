"""Opens the embedded lake with PyIceberg: iceberg_client.py <uri> <token> <step> [argument...]. Prints one JSON document."""

import json
import sys

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType, TimestampType

uri, token, step, *arguments = sys.argv[1:]
catalog: RestCatalog = load_catalog("lake", type="rest", uri=uri, token=token, warehouse="lake")


def rows(table) -> list:
    return sorted(
        [[None if value is None else str(value) for value in row.values()] for row in table.scan().to_arrow().to_pylist()],
        key=str,
    )


def read():
    table = catalog.load_table("sf_raw.sf_user")
    daily = catalog.load_table("sf_raw.daily")
    return {
        "namespaces": catalog.list_namespaces(),
        "tables": catalog.list_tables("sf_raw"),
        "rows": rows(table),
        "snapshots": [str(snapshot.snapshot_id) for snapshot in table.snapshots()],
        "daily": rows(daily),
        "partitions": [str(field.transform) for one in (table, daily) for field in one.spec().fields],
    }


def append():
    table = catalog.load_table("sf_raw.sf_user")
    table.append(pa.Table.from_pylist([{"id": "005P", "n": 9}], schema=table.schema().as_arrow()))
    return rows(table)


def rows_of(name):
    return rows(catalog.load_table(name))


def append_row(name, row):
    table = catalog.load_table(name)
    table.append(pa.Table.from_pylist([json.loads(row)], schema=table.schema().as_arrow()))


def as_of(name, instant):
    return str(catalog.load_table(name).snapshot_as_of_timestamp(int(instant)).snapshot_id)


def restored():
    return rows(catalog.load_table("sf_raw.restored"))


def append_restored():
    table = catalog.load_table("sf_raw.restored")
    table.append(pa.Table.from_pylist([{"id": "p", "n": 9}], schema=table.schema().as_arrow()))
    return rows(table)


def write():
    """A table of its own: partitions, sort order, evolution, overwrite, delete, tags, statistics of every kind."""
    schema = Schema(
        NestedField(1, "id", StringType(), required=True),
        NestedField(2, "at", TimestampType()),
    )
    table = catalog.create_table(
        "sf_raw.py",
        schema,
        partition_spec=PartitionSpec(PartitionField(source_id=1, field_id=1000, transform=IdentityTransform(), name="id")),
        sort_order=SortOrder(SortField(source_id=1, transform=IdentityTransform())),
        properties={"owner": "ada"},
    )
    arrow = lambda *entries: pa.Table.from_pylist(list(entries), schema=table.schema().as_arrow())
    import datetime as dt

    day = dt.datetime(2026, 1, 2, 3, 4, 5, 123456)
    table.append(arrow({"id": "a", "at": day}, {"id": "b", "at": None}))
    with table.update_schema() as update:
        update.add_column("n", LongType())
    with table.update_spec() as update:
        update.add_field("n", IdentityTransform(), "n_part")
    table = catalog.load_table("sf_raw.py")
    table.append(arrow({"id": "c", "at": day, "n": 2**62}))
    table.delete("id = 'b'")
    with table.manage_snapshots() as snapshots:
        snapshots.create_tag(table.current_snapshot().snapshot_id, "v1")
    with table.transaction() as transaction:
        transaction.set_properties(owner="grace")
    table.overwrite(arrow({"id": "d", "at": day, "n": 1}), overwrite_filter="id = 'a'")
    return {"rows": rows(table), "refs": sorted(table.metadata.refs), "owner": table.properties["owner"]}


def expire():
    table = catalog.load_table("sf_raw.py")
    keep = {ref.snapshot_id for ref in table.metadata.refs.values()}
    old = [snapshot.snapshot_id for snapshot in table.snapshots() if snapshot.snapshot_id not in keep]
    table.maintenance.expire_snapshots().by_ids(old).commit()
    table = catalog.load_table("sf_raw.py")
    tagged = table.scan(snapshot_id=table.metadata.refs["v1"].snapshot_id).to_arrow()["id"].to_pylist()
    return {"tagged": sorted(tagged), "kept": sorted(str(s.snapshot_id) for s in table.snapshots()) == sorted(map(str, keep)), "rows": rows(table)}


def conflicts():
    """Two copies of a table, each committing on top of the same snapshot."""
    first = catalog.load_table("sf_raw.sf_user")
    second = catalog.load_table("sf_raw.sf_user")
    entry = pa.Table.from_pylist([{"id": "005X"}], schema=first.schema().as_arrow())
    first.append(entry)
    # Refused once by the catalog, then tried again by PyIceberg on top of the other append.
    second.append(entry)
    appended = catalog.load_table("sf_raw.sf_user").scan(row_filter="id = '005X'").to_arrow().num_rows
    refused = []
    third = catalog.load_table("sf_raw.sf_user")
    with first.update_schema() as update:
        update.add_column("one", StringType())
    try:
        with third.update_schema() as update:
            update.add_column("two", StringType())
    except CommitFailedException:
        refused.append("commit")
    try:
        catalog.create_table("sf_raw.sf_user", first.schema())
    except TableAlreadyExistsError:
        refused.append("create")
    try:
        catalog.load_table("sf_raw.nothing")
    except NoSuchTableError:
        refused.append("load")
    catalog.rename_table("sf_raw.py", "sf_raw.renamed")
    catalog.drop_table("sf_raw.renamed", purge_requested=True)
    return {"appended": appended, "refused": refused, "tables": catalog.list_tables("sf_raw"), "exists": catalog.table_exists("sf_raw.py")}


steps = {"rows": rows_of, "append-row": append_row, "as-of": as_of, "restored": restored, "append-restored": append_restored, "read": read, "append": append, "write": write, "expire": expire, "conflicts": conflicts}
print(json.dumps(steps[step](*arguments)))
