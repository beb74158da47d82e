"""Talks to Cassandra by the Python driver, and prints what it asked and got, a JSON object each: cql.py PORT VERSION COMPRESSION [older|setup]"""

import json
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from uuid import UUID

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import WhiteListRoundRobinPolicy
from cassandra.query import BatchStatement, BatchType, SimpleStatement

QUERY, PREPARE, EXECUTE, BATCH = 7, 9, 10, 13
port, version, compression = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
name = f"py{version}{compression}"


def say(op, body, rows=0, error=0, **more):
    print(json.dumps({"op": op, "body": body, "rows": rows, "error": error, **more}), flush=True)


def ask(session, op, statement, shown, values=None, **more):
    """Each page is a request of its own."""
    try:
        found = session.execute(statement, values, **more)
    except Exception as problem:
        say(op, shown, error=CODES[type(problem).__name__])
        return None
    said = {}
    if found.response_future.warnings:
        said["warnings"] = found.response_future.warnings
    say(op, shown, len(found.current_rows), **said)
    while found.has_more_pages:
        found.fetch_next_page()
        say(op, shown, len(found.current_rows))
    return found


CODES = {"SyntaxException": 0x2000, "InvalidRequest": 0x2200, "AlreadyExists": 0x2400, "Unauthorized": 0x2100}


SETUP = [
    "CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "CREATE TABLE shop.goods (name text PRIMARY KEY, price double, password text)",
    "CREATE TYPE shop.place (city text, code int)",
    "CREATE TABLE shop.kinds (id uuid PRIMARY KEY, big bigint, small smallint, tiny tinyint, yes boolean, price double, "
    "rate float, exact decimal, huge varint, day date, clock time, moment timestamp, address inet, bytes blob, "
    "tags set<text>, counts map<text, int>, lists list<frozen<list<int>>>, place place, pair tuple<int, text>)",
    "CREATE TABLE shop.many (name int PRIMARY KEY)",
    "CREATE TABLE shop.wide (name text PRIMARY KEY, text text)",
]


def setup():
    cluster, session = connected(None)
    for statement in SETUP:
        session.execute(statement)
    for i in range(250):
        session.execute(f"INSERT INTO shop.many (name) VALUES ({i})")
    cluster.shutdown()


def connected(keyspace="shop"):
    cluster = Cluster(
        ["127.0.0.1"],
        port=port,
        protocol_version=version,
        compression=False if compression == "none" else compression,
        auth_provider=PlainTextAuthProvider("cassandra", "cassandra"),
        execution_profiles={
            EXEC_PROFILE_DEFAULT: ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy(["127.0.0.1"]))
        },
    )
    return cluster, cluster.connect(keyspace)


def older():
    """What was prepared before Nixie isn't known to it."""
    cluster, session = connected()
    statement = session.prepare("SELECT name FROM shop.goods WHERE name = ?")
    print("ready", flush=True)
    sys.stdin.readline()
    unknown = f"<unknown statement {statement.query_id.hex()}>"
    ask(session, EXECUTE, statement, unknown, ["nobody"])
    text = f"SELECT name FROM shop.goods WHERE name = '{name} older'"
    ask(session, QUERY, text, text)
    cluster.shutdown()


def types(session):
    text = (
        "INSERT INTO shop.kinds (id, big, small, tiny, yes, price, rate, exact, huge, day, clock, moment, address, bytes, "
        "tags, counts, lists, place, pair) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    statement = session.prepare(text)
    Place = session.cluster.metadata.keyspaces["shop"].user_types["place"]
    assert Place
    values = [
        UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        -(2**62),
        -7,
        8,
        True,
        12.5,
        0.1,
        Decimal("-12.050"),
        -(2**70),
        date(2026, 11, 27),
        time(12, 30, 5, 7),
        datetime(2026, 11, 27, 12, 30, 5, 120000, tzinfo=timezone.utc),
        "::1",
        b"\x00\xff",
        {"a"},
        {"one": 1},
        [[1, 2], [3]],
        ("Berlin", 10115),
        (1, "it's"),
    ]
    shown = [
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        str(-(2**62)),
        "-7",
        "8",
        "true",
        "12.5",
        "0.1",
        "-12.050",
        str(-(2**70)),
        "'2026-11-27'",
        "'12:30:05.000007000'",
        "'2026-11-27T12:30:05.120Z'",
        "'::1'",
        "0x00ff",
        "{'a'}",
        "{'one': 1}",
        "[[1, 2], [3]]",
        "{city: 'Berlin', code: 10115}",
        "(1, 'it''s')",
    ]
    ask(session, EXECUTE, statement, f"query=[{text}] params=[{', '.join(shown)}]", values)


def talk():
    cluster, session = connected()
    text = f"INSERT INTO shop.goods (name, price) VALUES ('{name}', 1.5)"
    ask(session, QUERY, text, text)
    insert = "INSERT INTO shop.goods (name, price, password) VALUES (?, ?, ?)"
    statement = session.prepare(insert)
    for i in range(25):
        shown = f"query=[{insert}] params=['{name} {i}', {i}.5, '[redacted]']"
        ask(session, EXECUTE, statement, shown, [f"{name} {i}", i + 0.5, "pa55w0rd"])
    shown = f"query=[{insert}] params=['{name} null', null, '[redacted]']"
    ask(session, EXECUTE, statement, shown, [f"{name} null", None, "pa55w0rd"])
    types(session)
    pages = "SELECT name FROM shop.many"
    ask(session, QUERY, SimpleStatement(pages, fetch_size=100), pages)
    large = f"INSERT INTO shop.wide (name, text) VALUES ('{name}', '{'0123456789' * 30000}')"
    ask(session, QUERY, large, large[:1024])
    wide = "SELECT * FROM shop.wide"
    ask(session, QUERY, wide, wide)
    for wrong in (f"SELEC '{name}' FROM shop.goods", f"SELECT {name} FROM shop.goods", "CREATE TABLE shop.goods (a int PRIMARY KEY)"):
        ask(session, QUERY, wrong, wrong)
    role = f"CREATE ROLE {name} WITH PASSWORD = '%s' AND LOGIN = true"
    ask(session, QUERY, role % "hunter2", (role % "[redacted]"))
    traced = f"SELECT price FROM shop.goods WHERE name = '{name}'"
    ask(session, QUERY, traced, traced, trace=True)
    batch = BatchStatement(BatchType.UNLOGGED)
    batch.add(statement, [f"{name} batch", 7.5, "pa55w0rd"])
    simple = f"DELETE FROM shop.goods WHERE name = '{name} 1'"
    batch.add(SimpleStatement(simple))
    lines = [
        "BEGIN UNLOGGED BATCH",
        f"query=[{insert}] params=['{name} batch', 7.5, '[redacted]']",
        simple,
        "APPLY BATCH",
    ]
    ask(session, BATCH, batch, ";\n".join(lines))
    if version >= 4:
        payload = f"SELECT name FROM shop.goods WHERE name = '{name} payload'"
        ask(session, QUERY, payload, payload, custom_payload={"from": b"tests", "password": b"hunter2"})
    warned = BatchStatement(BatchType.UNLOGGED)
    for i in range(12):
        warned.add(SimpleStatement(f"INSERT INTO shop.goods (name) VALUES ('{name} warned {i}')"))
    lines = [f"INSERT INTO shop.goods (name) VALUES ('{name} warned {i}')" for i in range(12)]
    ask(session, BATCH, warned, ";\n".join(["BEGIN UNLOGGED BATCH", *lines, "APPLY BATCH"]))
    cluster.shutdown()


{"older": older, "setup": setup, "talk": talk}[sys.argv[4] if len(sys.argv) > 4 else "talk"]()
