# Speaks to a server that says everything again, and prints each message of both sides as a JSON line. Arguments: the library
# (websockets or aiohttp) and the URL.
import asyncio
import json
import sys

DONE = 4001
MESSAGES = [('message %d ' % i * (size // 10 + 1))[:size] for i, size in enumerate([1, 20, 125, 126, 1000, 66000, 30, 30])]


def log(sender, said, kind=None, code=0):
    kind = kind or ('text' if isinstance(said, str) else 'binary')
    body = '' if kind == 'binary' else said[:20]
    print(json.dumps({'sender': sender, 'type': kind, 'size': len(said), 'body': body, 'code': code}))


def messages():
    for i, said in enumerate(MESSAGES):
        yield said if i % 2 == 0 else said.encode()


def by_websockets(url):
    from websockets.sync.client import connect

    with connect(url) as socket:
        for said in messages():
            socket.send(said)
            log('client', said)
            log('server', socket.recv())
        # In frames of its own for each part.
        socket.send(iter(['one, ', 'two, ', 'three']))
        log('client', 'one, two, three')
        log('server', socket.recv())
        log('client', 'that is all', 'close', DONE)
        socket.close(DONE, 'that is all')


async def by_aiohttp(url):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url, compress=15) as socket:
            for said in messages():
                await (socket.send_str(said) if isinstance(said, str) else socket.send_bytes(said))
                log('client', said)
                log('server', (await socket.receive()).data)
            log('client', 'that is all', 'close', DONE)
            await socket.close(code=DONE, message=b'that is all')


if sys.argv[1] == 'websockets':
    by_websockets(sys.argv[2])
else:
    asyncio.run(by_aiohttp(sys.argv[2]))
