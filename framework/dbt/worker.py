"""Keeps dbt imported and its manifest parsed, and runs it for moraine.

Newline-delimited JSON: requests on stdin, answers and events on stdout, each with the request's `id`. dbt prints what
it likes: the real stdout is moved away before dbt is imported, and what is printed goes to stderr. The process ends
when its stdin does, so it never outlives the process that started it.

requests   {id, command: "parse", env}                        -> the project (see `describe`)
           {id, command: "build", env, nodes, fullRefresh}    -> nothing; `nodes` holds models and tests, and nothing
                                                                 else runs
           {id, command: "shutdown"}
answers    {id, type: "done", value} | {id, type: "failed", kind: "dbt" | "interrupted" | "internal", message, detail}
events     {type: "ready"} once, then
           {id, type: "node-started", node}
           {id, type: "node-finished", node, status, message, durationMs, failures, rowsAffected, bytesScanned, compiledCode}
           {id, type: "log", level, message}
SIGINT     ends the running request with "interrupted"; without one it is ignored.
"""

import hashlib
import json
import math
import os
import queue
import re
import signal
import sys
import threading
import traceback

# How long dbt may take to stop once nobody listens any more.
ORPHAN_GRACE_SECONDS = 5

protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
requests_pipe = os.fdopen(os.dup(0), "r", encoding="utf-8")
os.dup2(2, 1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

protocol_lock = threading.Lock()


def send(message):
    try:
        line = json.dumps(message, default=str, allow_nan=False)
    except ValueError:
        line = json.dumps(without_nan(message), default=str)
    with protocol_lock:
        protocol.write(line + "\n")
        protocol.flush()


def without_nan(value):
    """NaN and the infinities as text: Python writes them as words that are not JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: without_nan(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(member) for member in value]
    return value


class Interrupts:
    """Lets SIGINT through only while a request runs; dbt turns it into cancelled queries."""

    def __init__(self):
        self.running = False
        signal.signal(signal.SIGINT, self.handle)

    def handle(self, _signal, _frame):
        if self.running:
            # Once: a second one would tear up dbt while it cancels its queries.
            self.running = False
            raise KeyboardInterrupt

    def __enter__(self):
        self.running = True

    def __exit__(self, *_):
        self.running = False


def read_requests(requests):
    for line in requests_pipe:
        requests.put(json.loads(line))
    requests.put(None)
    exit_soon()
    os.kill(os.getpid(), signal.SIGINT)


def exit_soon():
    """Ends the process even if a thread of dbt or DuckDB does not come back."""
    end = threading.Timer(ORPHAN_GRACE_SECONDS, lambda: os._exit(1))
    end.daemon = True
    end.start()


def missing_profile_variables(profiles_dir):
    """Variables without default that profiles.yml reads and nobody has set: parsing needs some value, never the real one."""
    path = os.path.join(profiles_dir, "profiles.yml")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        names = re.findall(r"""env_var\(\s*['"]([^'"]+)['"]\s*\)""", file.read())
    return {name: "unset" for name in names if name not in os.environ}


class Worker:
    def __init__(self, settings):
        self.settings = settings
        self.manifest = None
        # Variables that had no value when the manifest was parsed.
        self.placeholders = {}
        self.request_id = None
        self.reported = set()

    def arguments(self):
        settings = self.settings
        return [
            "--project-dir", settings["projectDir"],
            "--profiles-dir", settings["profilesDir"],
            "--target", settings["target"],
            "--target-path", settings["targetPath"],
            "--log-path", settings["logPath"],
            "--no-write-json",
            "--no-use-colors",
            "--no-use-colors-file",
            "--no-send-anonymous-usage-stats",
            "--quiet",
        ]  # fmt: skip

    def invoke(self, command, *arguments):
        """Runs dbt; raises what dbt could not report as the result of a node."""
        from dbt.cli.main import dbtRunner

        runner = dbtRunner(manifest=self.manifest, callbacks=[self.take_event])
        answer = runner.invoke([command, *self.arguments(), *arguments])
        if answer.exception is not None:
            raise answer.exception
        return answer.result

    def parse(self, _request):
        self.placeholders = missing_profile_variables(self.settings["profilesDir"])
        os.environ.update(self.placeholders)
        try:
            self.manifest = None
            self.manifest = self.invoke("parse")
            self.compile_tests()
            return describe(self.manifest, self.settings["projectDir"])
        finally:
            for name in self.placeholders:
                del os.environ[name]

    def compile_tests(self):
        """Gives tests their SQL where that needs no connection; the others get theirs when they run."""
        tests = [node for node in self.manifest.nodes.values() if node.resource_type == "test"]
        if not tests:
            return
        request_id, self.request_id = self.request_id, None
        try:
            self.invoke("compile", "--no-introspect", "--no-populate-cache", *self.selection(tests))
        except Exception:
            # A test whose SQL depends on the tables themselves; not an error of the project.
            traceback.print_exc()
        finally:
            self.request_id = request_id

    def build(self, request):
        if any(name in os.environ for name in self.placeholders):
            # A profile may name a database by a variable; the manifest then holds the placeholder.
            self.parse(request)
        self.forget_compiled()
        nodes = [self.node(unique_id) for unique_id in request["nodes"]]
        self.reported = set()
        changed = []
        try:
            for unique_id in request["fullRefresh"]:
                config = self.node(unique_id).config
                # dbt's own flag is for a whole invocation. False stays: it is how a model says "never".
                if config.full_refresh is None:
                    config.full_refresh = True
                    changed.append(config)
            result = self.invoke("build", *self.selection(nodes))
        finally:
            for config in changed:
                config.full_refresh = None
            self.disconnect()
        for node_result in result.results:
            if node_result.node.unique_id not in self.reported:
                self.report_result(node_result.node.unique_id, node_result.to_msg_dict())

    def disconnect(self):
        """DuckDB keeps the names that an attached catalog once listed: a table that another process drops before the
        next build would be taken for one that is there. An idle worker holds no memory of DuckDB's either."""
        duckdb = sys.modules.get("dbt.adapters.duckdb.connections")
        if duckdb is not None:
            duckdb.DuckDBConnectionManager.close_all_connections()

    def forget_compiled(self):
        """dbt marks nodes as compiled and then leaves their ephemeral models out the next time."""
        from dbt.contracts.graph.nodes import CompiledNode

        for node in self.manifest.nodes.values():
            if isinstance(node, CompiledNode):
                node.compiled = False
                node.compiled_code = None
                node.extra_ctes_injected = False
                node.extra_ctes = []

    def node(self, unique_id):
        node = self.manifest.nodes.get(unique_id) or self.manifest.unit_tests.get(unique_id)
        if node is None:
            raise KeyError(f"no node {unique_id} in the dbt project")
        return node

    def selection(self, nodes):
        """dbt selects by path and name, not by id; a name that is also a folder's would bring more than was asked."""
        known = [*self.manifest.nodes.values(), *self.manifest.unit_tests.values()]
        wanted = {node.unique_id for node in nodes}
        for node in nodes:
            for other in known:
                if other.unique_id not in wanted and other.fqn[: len(node.fqn)] == node.fqn:
                    raise ValueError(f"{node.unique_id} and {other.unique_id} can't be told apart: rename a folder")
        return ["--indirect-selection", "empty", "--select", *("fqn:" + ".".join(node.fqn) for node in nodes)]

    def take_event(self, event):
        """Called by dbt, from any of its threads."""
        if self.request_id is None:
            return
        name = event.info.name
        if name == "NodeStart":
            send({"id": self.request_id, "type": "node-started", "node": event.data.node_info.unique_id})
        elif name == "NodeFinished":
            from google.protobuf.json_format import MessageToDict

            result = MessageToDict(event.data.run_result, preserving_proto_field_name=True)
            self.report_result(event.data.node_info.unique_id, result)
        elif name == "JinjaLogInfo" or (event.info.level in ("warn", "error") and name not in REPORTED_BY_NODE):
            level = event.info.level if event.info.level in ("warn", "error") else "info"
            send({"id": self.request_id, "type": "log", "level": level, "message": event.info.msg})

    def report_result(self, unique_id, result):
        self.reported.add(unique_id)
        response = result.get("adapter_response") or {}
        node = self.manifest.nodes.get(unique_id)
        send(
            {
                "id": self.request_id,
                "type": "node-finished",
                "node": unique_id,
                "status": result.get("status", "error"),
                "message": result.get("message") or "",
                "durationMs": float(result.get("execution_time") or 0) * 1000,
                "failures": int(result.get("num_failures") or 0),
                "rowsAffected": response.get("rows_affected"),
                "bytesScanned": response.get("data_scanned_in_bytes"),
                "compiledCode": getattr(node, "compiled_code", None),
            }
        )


# Said again by the result of the node, or by the answer to the request.
REPORTED_BY_NODE = {
    "LogModelResult", "LogTestResult", "LogNodeResult", "LogSeedResult", "LogSnapshotResult", "LogStartLine",
    "RunResultError", "RunResultErrorNoMessage", "RunResultFailure", "RunResultWarning", "RunResultWarningMessage",
    "CatchableExceptionOnRun", "InternalErrorOnRun", "GenericExceptionOnRun", "MainEncounteredError", "EndOfRunSummary",
    "CheckNodeTestFailure", "NodeCompiling", "NodeExecuting", "LogSkipBecauseError", "SkippingDetails", "MainStackTrace",
}  # fmt: skip


def describe(manifest, project_dir):
    """What moraine needs of a manifest, as JSON."""
    from dbt.adapters.factory import get_adapter_package_names
    from dbt.version import __version__

    adapter_type = manifest.metadata.adapter_type
    own_packages = set(get_adapter_package_names(adapter_type))
    nodes = [describe_node(node, manifest, project_dir, own_packages) for node in manifest.nodes.values()]
    return {
        "dbtVersion": __version__,
        "adapterType": adapter_type,
        "adapterVersion": adapter_version(adapter_type),
        "projectName": manifest.metadata.project_name,
        "nodes": nodes + [describe_unit_test(test) for test in manifest.unit_tests.values()],
        "sources": [
            {
                "uniqueId": source.unique_id,
                "schema": source.schema,
                "identifier": source.identifier,
                "meta": source.meta,
                "columns": describe_columns(source),
                "path": source.original_file_path,
            }
            for source in manifest.sources.values()
        ],
        "macros": [
            {
                "uniqueId": macro.unique_id,
                "name": macro.name,
                "code": "" if macro.package_name in own_packages else macro.macro_sql,
                "dependsOn": macro.depends_on.macros,
                # Covered by the versions of dbt and of the adapter.
                "isBuiltIn": macro.package_name in own_packages,
            }
            for macro in manifest.macros.values()
        ],
        "groups": {group.name: group.owner.to_dict() for group in manifest.groups.values()},
        "vars": project_vars(project_dir),
        "environment": {name: os.environ.get(name) for name in manifest.env_vars},
    }


def project_vars(project_dir):
    import yaml

    with open(os.path.join(project_dir, "dbt_project.yml"), encoding="utf-8") as file:
        return yaml.safe_load(file).get("vars") or {}


def adapter_version(adapter_type):
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dbt-" + adapter_type)
    except PackageNotFoundError:
        return "unknown"


def describe_node(node, manifest, project_dir, own_packages):
    config = node.config.to_dict(omit_none=True)
    return {
        "uniqueId": node.unique_id,
        "resourceType": str(node.resource_type),
        "name": node.name,
        "package": node.package_name,
        "schema": node.schema,
        "alias": node.alias,
        "path": node.original_file_path,
        "language": node.language,
        "code": node.raw_code,
        "checksum": file_checksum(project_dir, node) if str(node.resource_type) == "seed" else None,
        "config": config,
        "materialized": config.get("materialized"),
        "description": node.description,
        "tags": node.tags,
        "group": getattr(node, "group", None),
        "meta": node.meta,
        "columns": describe_columns(node),
        "dependsOn": node.depends_on_nodes,
        "macros": [*node.depends_on.macros, *materialization_of(node, config, manifest, own_packages)],
        "testName": node.test_metadata.name if hasattr(node, "test_metadata") else None,
        "columnName": getattr(node, "column_name", None),
        "compiledCode": getattr(node, "compiled_code", None) if str(node.resource_type) == "test" else None,
    }


def describe_columns(node):
    return {
        name: {"description": column.description, "dataType": column.data_type}
        for name, column in node.columns.items()
    }


def describe_unit_test(test):
    return {
        "uniqueId": test.unique_id,
        "resourceType": "unit_test",
        "name": test.name,
        "package": test.package_name,
        "schema": test.schema or "",
        "alias": test.name,
        "path": test.original_file_path,
        "language": "sql",
        "code": "",
        "checksum": None,
        "config": {},
        "materialized": None,
        "description": test.description,
        "tags": [],
        "group": None,
        "meta": {},
        "columns": {},
        "dependsOn": test.depends_on.nodes,
        "macros": [],
        "testName": None,
        "columnName": None,
        "compiledCode": None,
    }


def materialization_of(node, config, manifest, own_packages):
    """The project's own materialization of a node, which dbt does not count among its macros."""
    if str(node.resource_type) not in ("model", "seed", "snapshot"):
        return []
    macro = manifest.find_materialization_macro_by_name(
        manifest.metadata.project_name, config.get("materialized"), manifest.metadata.adapter_type
    )
    return [] if macro is None or macro.package_name in own_packages else [macro.unique_id]


def file_checksum(project_dir, node):
    """dbt's own checksum of a seed above 1 MB is of its path."""
    path = os.path.join(node.root_path or project_dir, node.original_file_path)
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def answer(worker, interrupts, request):
    worker.request_id = request["id"]
    os.environ.update(request.get("env", {}))
    try:
        with interrupts:
            value = getattr(worker, request["command"])(request)
        send({"id": request["id"], "type": "done", "value": value})
    except KeyboardInterrupt:
        send({"id": request["id"], "type": "failed", "kind": "interrupted", "message": "", "detail": ""})
    except BaseException as error:
        from dbt_common.exceptions import DbtBaseException

        kind = "dbt" if isinstance(error, DbtBaseException) else "internal"
        send(
            {
                "id": request["id"],
                "type": "failed",
                "kind": kind,
                "message": str(error) or type(error).__name__,
                "detail": "".join(traceback.format_exception(error)),
            }
        )
    finally:
        worker.request_id = None


def main():
    settings = json.loads(sys.argv[1])
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    requests = queue.Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    interrupts = Interrupts()
    import dbt.cli.main  # noqa: F401  the slow part, done before anybody waits for it

    send({"type": "ready"})
    worker = Worker(settings)
    while True:
        request = requests.get()
        if request is None or request["command"] == "shutdown":
            break
        answer(worker, interrupts, request)
    exit_soon()


if __name__ == "__main__":
    main()
