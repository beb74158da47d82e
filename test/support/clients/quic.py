"""QUIC: `server PORT CERT KEY` serves until it is ended; `client PORT` makes connections, and prints the name, protocols and outcome of each."""
import asyncio
import ssl
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamDataReceived
from aioquic.quic.packet import QuicProtocolVersion

V1, V2 = QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2


class Echo(QuicConnectionProtocol):
    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived) and event.end_stream:
            self._quic.send_stream_data(event.stream_id, event.data, end_stream=True)
            self.transmit()


async def server(port, cert, key):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3", "echo"], supported_versions=[V1, V2])
    configuration.load_cert_chain(cert, key)
    await serve("127.0.0.1", port, configuration=configuration, create_protocol=Echo, retry=port % 2 == 0)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def ask(port, name, alpn, version):
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=alpn, server_name=name, verify_mode=ssl.CERT_NONE, idle_timeout=2,
        original_version=version, supported_versions=[version],
    )
    outcome = "refused"
    try:
        async with connect("127.0.0.1", port, configuration=configuration) as client:
            reader, writer = await client.create_stream()
            writer.write(b"hello")
            writer.write_eof()
            await reader.read()
            outcome = "complete"
    except ConnectionError:
        pass
    print(name, ",".join(alpn), outcome, flush=True)


async def client(port):
    for i in range(3):
        await ask(port, f"one-{i}.test", ["h3", "echo"], V1)
    await ask(port, "two.test", ["echo"], V2)
    await ask(port, "long.test", [f"protocol-{i}" for i in range(150)] + ["h3"], V1)
    await ask(port, "refused.test", ["other"], V1)


asyncio.run(client(int(sys.argv[2])) if sys.argv[1] == "client" else server(int(sys.argv[2]), *sys.argv[3:]))
