"""Asks ClickHouse with clickhouse-driver. Arguments: the port, and how blocks are compressed (none, lz4 or zstd). Prints a line for each query."""

import datetime
import json
import sys

from clickhouse_driver import Client, errors

port, compression = int(sys.argv[1]), sys.argv[2]
client = Client(
    "127.0.0.1",
    port=port,
    user="jane",
    password="hunter2",
    database="shop",
    compression=False if compression == "none" else compression,
    settings={"max_block_size": 1000, "max_threads": 1},
)


def ask(query, data=None, query_id=None):
    said = {"query": query, "rows": 0, "written": 0, "error": 0, "id": query_id or ""}
    try:
        if data is None:
            # The row of totals is no row of the result.
            said["rows"] = len(client.execute(query, query_id=query_id) or []) - ("TOTALS" in query)
        else:
            said["written"] = client.execute(query, data)
    except errors.ServerException as error:
        said["error"] = error.code
    print(json.dumps(said))


table = f"types_{compression}"
ask(f"DROP TABLE IF EXISTS {table}")
ask(
    f"CREATE TABLE {table} (a UInt64, b String, c Nullable(Int32), d Array(String), e Enum8('x' = 1, 'y, (z' = 2), f FixedString(3), "
    "g DateTime, h Decimal(18, 2), i Tuple(UInt8, String), j Array(Array(Nullable(Float64))), k Date, l UUID) ENGINE = Memory"
)
row = (
    7,
    "kettle" * 50,
    None,
    ["a", "b" * 300],
    "y, (z",
    "abc",
    datetime.datetime(2024, 1, 2, 3, 4, 5),
    12,
    (1, "t"),
    [[1.5, None], []],
    datetime.date(2024, 1, 2),
    "12345678-1234-5678-1234-567812345678",
)
ask(f"INSERT INTO {table} VALUES", [row] * 700)
ask(f"SELECT * FROM {table}", query_id=f"by-{compression}")
ask("SELECT number, toString(number) FROM system.numbers LIMIT 5500")
# Three frames of 1 MiB, where they are compressed.
ask("SELECT arrayStringConcat(arrayMap(x -> toString(x * 7919), range(20000))) AS text FROM system.numbers LIMIT 30")
ask("SELECT count() AS n, sum(number) FROM numbers(100) GROUP BY number % 3 WITH TOTALS")
ask("SELECT wrong FROM numbers(3)")
ask(f"SELECT a FROM {table} WHERE b = 'nobody'")
ask("SELECT throwIf(number = 3) FROM numbers(9)")
client.disconnect()
