"""The same graphs as in bench/support/shapes.mjs: [(name, names of upstreams)], upstream first."""


def chain(count):
    return [(f"a{i}", [f"a{i - 1}"] if i else []) for i in range(count)]


def wide(count):
    return [(f"a{i}", []) for i in range(count)]


def layered(count, width=50):
    def upstreams(i):
        row, column = divmod(i, width)
        return [f"a{(row - 1) * width + (column + step) % width}" for step in range(3)] if row else []

    return [(f"a{i}", upstreams(i)) for i in range(count)]


SHAPES = {"chain": chain, "wide": wide, "layered": layered}


def no_op_assets(spec):
    """Dagster assets that do nothing: dependencies only, so no value is loaded or stored."""
    from dagster import asset

    def make(name, upstreams):
        @asset(name=name, deps=upstreams, code_version="1")
        def body() -> None: ...

        return body

    return [make(name, upstreams) for name, upstreams in spec]
