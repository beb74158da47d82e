"""HTTPS requests over some connections. Arguments: library, URL, connections, requests of each, seconds before each request. Each path
ends with the connection's and the request's number."""

import http.client
import ssl
import sys
import threading
import time

LIBRARY, URL, CONNECTIONS, REQUESTS, PAUSE = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
HOST, PORT = URL.removeprefix("https://").split("/")[0].split(":")
ANY = ssl.create_default_context()
ANY.check_hostname = False
ANY.verify_mode = ssl.CERT_NONE
BODY = b"x" * 3000


def with_http_client(i):
    connection = http.client.HTTPSConnection(HOST, int(PORT), context=ANY)
    for n in range(REQUESTS):
        time.sleep(PAUSE)
        connection.request("POST" if n % 3 == 2 else "GET", f"/http.client/{i}/{n}", BODY if n % 3 == 2 else None)
        connection.getresponse().read()
    connection.close()


def with_requests(i):
    import requests
    import urllib3

    urllib3.disable_warnings()
    with requests.Session() as session:
        for n in range(REQUESTS):
            time.sleep(PAUSE)
            session.get(f"{URL}/requests/{i}/{n}", verify=False).raise_for_status()


def with_threads(work):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def with_aiohttp():
    import asyncio

    import aiohttp

    async def work(i):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=ANY)) as session:
            for n in range(REQUESTS):
                await asyncio.sleep(PAUSE)
                data = {"data": BODY} if n % 3 == 2 else {}
                async with session.request("POST" if data else "GET", f"{URL}/aiohttp/{i}/{n}", **data) as response:
                    await response.read()

    await asyncio.gather(*[work(i) for i in range(CONNECTIONS)])


if LIBRARY == "aiohttp":
    import asyncio

    asyncio.run(with_aiohttp())
else:
    with_threads({"http.client": with_http_client, "requests": with_requests}[LIBRARY])
