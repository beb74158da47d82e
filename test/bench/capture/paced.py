"""Asks for a URL again and again, until it is ended. Arguments: port, path, requests a second, "keep" or "new" connections."""

import http.client
import sys
import time

port, path, rate, connections = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
connection = http.client.HTTPConnection("127.0.0.1", port)
due = time.monotonic()
while True:
    connection.request("GET", path, headers={"Accept": "*/*"})
    connection.getresponse().read()
    if connections == "new":
        connection.close()
    # What was late by more than 0.1 s, as it was stopped, is not made up for.
    due = max(due + 1 / rate, time.monotonic() - 0.1)
    time.sleep(max(0, due - time.monotonic()))
