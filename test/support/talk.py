"""Plays conversations over TCP, byte for byte: both ends in one process, so that what one writes is read before the next turn.

    talk.py LISTEN_HOST < plays, one JSON object a line, then an empty line

A play is {"from": address, "turns": [["client" | "server", latin-1 text], …], "closes": "client" | "server", "step": bytes a
write and read, "early": whether its connection is opened before anything is said}. It prints the port of its listener; then
"open" once the early connections are there; then, for each line that it reads, plays the early ones (first line) and the
others (second line), and prints "played".
"""
import json
import select
import socket
import sys

READ = 65536


def connect(listener, address):
    client = socket.socket()
    client.bind((address, 0))
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.setblocking(False)
    return client, server


def move(source, target, data, step):
    """Writes all of it at one end and reads it at the other, `step` bytes a call (0: as much as there is)."""
    size = step or len(data)
    for start in range(0, len(data), size):
        piece = memoryview(data)[start : start + size]
        left = len(piece)
        while left > 0:
            ready = select.poll()
            ready.register(target, select.POLLIN)
            if piece:
                ready.register(source, select.POLLOUT)
            ready.poll(10_000)
            if piece:
                try:
                    piece = piece[source.send(piece) :]
                except BlockingIOError:
                    pass
            try:
                got = target.recv(step or READ)
            except BlockingIOError:
                continue
            if not got:
                raise EOFError("the other end closed")
            left -= len(got)


def play(play, ends):
    client, server = ends
    for side, text in play["turns"]:
        source, target = (client, server) if side == "client" else (server, client)
        move(source, target, text.encode("latin-1"), play["step"])
    first, second = (client, server) if play["closes"] == "client" else (server, client)
    first.close()
    second.setblocking(True)
    try:
        second.recv(1)
    except ConnectionError:
        pass
    second.close()


def main():
    listener = socket.socket()
    listener.bind((sys.argv[1], 0))
    listener.listen(16)
    print(listener.getsockname()[1], flush=True)
    plays = [json.loads(line) for line in iter(sys.stdin.readline, "\n")]
    early = [(each, connect(listener, each["from"])) for each in plays if each["early"]]
    print("open", flush=True)
    sys.stdin.readline()
    for each, ends in early:
        play(each, ends)
    print("played", flush=True)
    sys.stdin.readline()
    for each in plays:
        if not each["early"]:
            play(each, connect(listener, each["from"]))
    print("played", flush=True)


main()
