"""
What mongod can and mongo-java-server can't, in front of it: compression, several answers to one command (exhaust), commands that want
no answer, TLS. Compresses as the driver does.

    python front.py UPSTREAM-PORT PORT [TLS-PORT CERTIFICATE KEY]
"""
import asyncio
import ssl
import struct
import sys

import bson
from pymongo.compression_support import SnappyContext, ZlibContext, ZstdContext, decompress

HEAD = struct.Struct('<iiii')
OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
MORE, EXHAUST = 2, 1 << 16
COMPRESSORS = {1: SnappyContext, 2: lambda: ZlibContext(-1), 3: ZstdContext}
NAMES = ['snappy', 'zlib', 'zstd']
# Ids of commands that nobody but this asked.
OWN = 1 << 30


async def read(reader):
    length, request, response, op = HEAD.unpack(await reader.readexactly(16))
    return request, response, op, await reader.readexactly(length - 16)


def written(request, response, op, content):
    return HEAD.pack(16 + len(content), request, response, op) + content


def document_of(op, content):
    """The first document, and where it begins."""
    at = 5 if op == OP_MSG else 20 if op == OP_REPLY else content.index(0, 4) + 9
    size = struct.unpack_from('<i', content, at)[0]
    return bson.decode(content[at:at + size]), at, size


class Between:
    def __init__(self, client, server):
        self.client, self.server = client, server
        self.asked = {}
        self.last = 0

    async def requests(self, reader):
        while True:
            request, response, op, content = await read(reader)
            compressor = 0
            if op == OP_COMPRESSED:
                op, _, compressor = struct.unpack_from('<iib', content)
                content = bytes(decompress(content[9:], compressor, 48_000_000))
            flags = struct.unpack_from('<i', content)[0] if op == OP_MSG else 0
            command = document_of(op, content)[0]
            self.asked[request] = (compressor, flags, command, request)
            if flags & (MORE | EXHAUST):
                content = struct.pack('<i', flags & ~(MORE | EXHAUST)) + content[4:]
            self.server.write(written(request, 0, op, content))
            await self.server.drain()

    async def answers(self, reader):
        while True:
            _, response, op, content = await read(reader)
            compressor, flags, command, answers = self.asked.pop(response)
            if flags & MORE:
                continue
            document, at, size = document_of(op, content)
            if 'maxWireVersion' in document:
                document['compression'] = [name for name in NAMES if name in command.get('compression', [])]
                content = content[:at] + bson.encode(document) + content[at + size:]
            self.last += 1
            cursor = document.get('cursor', {}).get('id', 0)
            if flags & EXHAUST and cursor:
                content = struct.pack('<i', MORE) + content[4:]
                more = {key: command[key] for key in ('getMore', 'collection', 'batchSize', '$db') if key in command}
                self.asked[OWN + self.last] = (compressor, flags, command, self.last)
                self.server.write(written(OWN + self.last, 0, OP_MSG, bytes(5) + bson.encode(more)))
            message = content
            if compressor:
                message = struct.pack('<iib', op, len(content), compressor) + COMPRESSORS[compressor]().compress(content)
            self.client.write(written(self.last, answers, OP_COMPRESSED if compressor else op, message))
            await self.client.drain()


async def main(upstream, port, tls_port=None, certificate=None, key=None):
    async def accept(reader, writer):
        from_server, to_server = await asyncio.open_connection('127.0.0.1', int(upstream))
        between = Between(writer, to_server)
        tasks = [asyncio.create_task(between.requests(reader)), asyncio.create_task(between.answers(from_server))]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        for task in done:
            if not isinstance(task.exception(), (asyncio.IncompleteReadError, ConnectionError)):
                print(repr(task.exception()), file=sys.stderr, flush=True)
        for each in (writer, to_server):
            each.close()

    servers = [await asyncio.start_server(accept, '127.0.0.1', int(port))]
    if tls_port:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        servers.append(await asyncio.start_server(accept, '127.0.0.1', int(tls_port), ssl=context))
    print('listening', flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main(*sys.argv[1:]))
