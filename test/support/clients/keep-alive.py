"""Requests over one kept connection of http.client. Arguments: port, count, path prefix. Prints its log as JSON lines.

With a fourth argument it waits for a line on its standard input after the first answer.
"""

import http.client
import json
import sys

port, count, prefix = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
connection = http.client.HTTPConnection("127.0.0.1", port)
for i in range(count):
    path = f"{prefix}{i}"
    connection.request("GET", path)
    local_port = connection.sock.getsockname()[1]
    response = connection.getresponse()
    body = response.read()
    line = {
        "method": "GET",
        "path": path,
        "status": response.status,
        "resp_body_size": len(body),
        "local_port": local_port,
    }
    print(json.dumps(line), flush=True)
    if i == 0 and len(sys.argv) > 4:
        sys.stdin.readline()
connection.close()
