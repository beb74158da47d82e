"""An HTTPS server that tells each client its port, under uvicorn with uvloop. Arguments: certificate, key, a free port. Prints its port."""

import sys

import uvicorn


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.startup":
                print(sys.argv[3], flush=True)
            else:
                return
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = f"took {size} bytes of {scope['path']}\n".encode()
    headers = [(b"x-port", str(scope["client"][1]).encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), ssl_certfile=sys.argv[1], ssl_keyfile=sys.argv[2],
            loop="uvloop", http="httptools", log_level="error")
