"""Requests over HTTP/2 within TLS, by httpx, several at a time on one connection; each is a line of JSON. Arguments: port, word, how many."""

import asyncio
import json
import sys

import httpx

PORT, WORD, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def main():
    async with httpx.AsyncClient(http2=True, verify=False, base_url=f"https://127.0.0.1:{PORT}") as client:

        async def ask(n):
            method, body = ("POST", b"u" * n) if n % 2 else ("GET", b"")
            answer = await client.request(method, f"/{WORD}/{n}", content=body)
            assert answer.http_version == "HTTP/2"
            said = {"method": method, "path": f"/{WORD}/{n}", "status": answer.status_code, "sent": len(body)}
            port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
            print(json.dumps({**said, "received": len(answer.content), "outcome": "complete", "port": port}))

        await ask(0)
        for first in range(1, COUNT, 10):
            await asyncio.gather(*[ask(n) for n in range(first, min(first + 10, COUNT))])


asyncio.run(main())
