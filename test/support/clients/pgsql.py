"""Talks to PostgreSQL through asyncpg, whose values are binary, and says as JSON lines what it asked and got.

Usage: pgsql.py URL NAME
"""

import asyncio
import datetime
import decimal
import ipaddress
import json
import ssl
import sys
import time
import uuid

import asyncpg

url, name = sys.argv[1:3]

UTC = datetime.timezone.utc
# Each value of a type; what the server itself shows of it is asked for, too.
VALUES = [
    ("bool", True),
    ("int2", -2),
    ("int4", 2147483647),
    ("int8", -(2**63)),
    ("float4", 0.1),
    ("float8", 1e-7),
    ("float8", 123456789.125),
    ("float8", 1e22),
    ("numeric", decimal.Decimal("-12345678901234567890.00012")),
    ("numeric", decimal.Decimal("0.5")),
    ("numeric", decimal.Decimal("NaN")),
    ("numeric", decimal.Decimal("1e10")),
    ("text", "Zoë"),
    ("varchar", "x"),
    ("bytea", b"\x00\xff"),
    ("date", datetime.date(1999, 12, 31)),
    ("date", datetime.date(2024, 2, 29)),
    ("time", datetime.time(1, 2, 3, 40)),
    ("timestamp", datetime.datetime(1969, 7, 20, 20, 17, 40)),
    ("timestamptz", datetime.datetime(2024, 2, 29, 12, 34, 56, 789, tzinfo=UTC)),
    ("interval", datetime.timedelta(days=400, seconds=3.5)),
    ("interval", datetime.timedelta(days=-1)),
    ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("json", '{"a": 1}'),
    ("jsonb", '{"a": 1}'),
    ("inet", ipaddress.ip_address("10.0.0.1")),
    ("inet", ipaddress.ip_address("2001:db8::1")),
    ("cidr", ipaddress.ip_network("10.0.0.0/8")),
    ("int4[]", [1, None, 3]),
    ("int4[]", [[1, 2], [3, 4]]),
    ("text[]", ["a b", 'q"', "", "NULL", "plain"]),
    ("bit(3)", asyncpg.BitString("101")),
]


def say(**line):
    print(json.dumps(line))


async def main():
    context = None
    if "sslmode=require" in url:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    connection = await asyncpg.connect(url.split("?")[0], ssl=context or False)

    async def ask(mark, sql, *values, seconds=None):
        since = time.monotonic_ns()
        rows, error = 0, ""
        try:
            rows = len(await connection.fetch(f"{sql} /* {mark} */", *values, timeout=seconds))
        except asyncpg.PostgresError as cause:
            error = cause.sqlstate
        except asyncio.TimeoutError:
            error = "57014"
        say(mark=mark, rows=rows, error=error, ns=time.monotonic_ns() - since)

    await connection.execute("SET TIME ZONE 'UTC'")
    for i in range(20):
        await ask(f"{name}-series", "SELECT generate_series(1, $1::int)", i)
    for i, (kind, value) in enumerate(VALUES):
        mark = f"{name}-value-{i}"
        await ask(mark, f"SELECT $1::{kind} AS v", value)
        shown = await connection.fetchval(f"SELECT ($1::{kind})::text", value)
        # What the server sends for it as text, where a cast is longer.
        if kind == "bool":
            shown = shown[0]
        elif kind == "inet":
            shown = shown.split("/")[0]
        say(value=mark, shown=shown)
    await ask(f"{name}-fails", "SELECT 1 / $1::int", 0)
    await ask(f"{name}-missing", "SELECT * FROM missing_table")
    # It gives up, and cancels on a connection of its own.
    await ask(f"{name}-cancelled", "SELECT pg_sleep(60)", seconds=0.3)
    # Some rows at a time.
    async with connection.transaction():
        rows = 0
        async for _ in connection.cursor(f"SELECT generate_series(1, 25) /* {name}-cursor */", prefetch=10):
            rows += 1
        say(cursor=f"{name}-cursor", rows=rows)
    since = time.monotonic_ns()
    tag = await connection.copy_records_to_table("things", records=[(i, "py") for i in range(30)], columns=["id", "name"])
    say(mark=f"{name}-copy", rows=int(tag.split()[1]), error="", ns=time.monotonic_ns() - since)
    await connection.close()


asyncio.run(main())
