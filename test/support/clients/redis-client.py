"""A client of Redis that keeps its own log, by redis-py in RESP3: for each connection one line of JSON with its port and what it said and
got, as rows show it. Arguments: the server's port, 'tls' where it speaks that."""
import json
import sys

import redis

PORT = int(sys.argv[1])
TLS = sys.argv[2:] == ['tls']


def shown(value):
    if value is None:
        return '<NULL>'
    if isinstance(value, Exception):
        # The library leaves out what it knows of an error.
        return f'-ERR {value}'
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(',', ':'))
    return str(value)


class Connection:
    def __init__(self):
        options = dict(ssl=True, ssl_cert_reqs='none', ssl_check_hostname=False) if TLS else {}
        self.redis = redis.Redis('127.0.0.1', PORT, protocol=3, decode_responses=True, single_connection_client=True, **options)
        self.port = self.redis.connection._sock.getsockname()[1]
        self.log = []

    def said(self, cmd, args, resp):
        words = json.dumps([str(arg) for arg in args], separators=(',', ':'))
        self.log.append({'cmd': cmd, 'args': words, 'resp': shown(resp)})

    def run(self, *words):
        # Without what the library makes of an answer.
        connection = self.redis.connection
        connection.send_command(*words)
        try:
            answer = connection.read_response()
        except redis.ResponseError as error:
            answer = error
        self.said(words[0], words[1:], answer)
        return answer

    def close(self):
        print(json.dumps({'port': self.port, 'log': self.log}))
        self.redis.close()


commands = Connection()
commands.run('SET', 'py:greeting', 'hello')
commands.run('GET', 'py:greeting')
commands.run('GET', 'py:nothing')
commands.run('HSET', 'py:hash', 'field', 'value', 'other', 'one')
commands.run('HGETALL', 'py:hash')
commands.run('ZADD', 'py:sorted', '1.5', 'a', '2', 'b')
commands.run('ZSCORE', 'py:sorted', 'a')
commands.run('LPOP', 'py:nothing')
commands.run('EVAL', 'return {1, {2, {"three"}}}', '0')
commands.run('FOO', 'bar')

# A pipeline of the library takes a connection of its own.
many = [words for i in range(100) for words in (('SET', f'py:many:{i}', f'value {i}'), ('GET', f'py:many:{i}'))]
connection = commands.redis.connection
connection.send_packed_command(connection.pack_commands(many))
for words in many:
    commands.said(words[0], words[1:], connection.read_response())

listener = Connection()
pubsub = listener.redis.pubsub()
pubsub.subscribe('py:news')
pubsub.get_message(timeout=5)
listener.port = pubsub.connection._sock.getsockname()[1]
listener.said('SUBSCRIBE', ['py:news'], ['subscribe', 'py:news', 1])
for message in ['one', 'two']:
    commands.run('PUBLISH', 'py:news', message)
    listener.said('PUSH PUB', [], ['message', 'py:news', pubsub.get_message(timeout=5)['data']])
commands.close()
listener.close()
pubsub.close()
