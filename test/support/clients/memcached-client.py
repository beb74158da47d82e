"""A client of Memcached that keeps its own log, by pymemcache in text: each command with its answer as a line of JSON, as rows show it.
Arguments: the server's port, 'tls' where it speaks that."""
import json
import ssl
import sys

from pymemcache.client.base import Client

context = None
if sys.argv[2:] == ['tls']:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
client = Client(('127.0.0.1', int(sys.argv[1])), tls_context=context, default_noreply=False)


def log(cmd, key, req_body, resp, resp_body):
    print(json.dumps(dict(cmd=cmd, key=key, req_body=req_body, resp=resp, resp_body=resp_body)))


# The first command of a connection may log in: its value would not be shown.
log('version', '', '', f'VERSION {client.version().decode()}', '')
for i in range(50):
    client.set(f'py:{i}', f'value {i}', expire=60)
    log('set', f'py:{i}', f'value {i}', 'STORED', '')
    log('get', f'py:{i}', '', 'END', client.get(f'py:{i}').decode())
found = client.get_many([f'py:{i}' for i in range(5)] + ['py:nothing'])
keys = [f'py:{i}' for i in range(5)] + ['py:nothing']
log('get', json.dumps(keys, separators=(',', ':')), '', 'END',
    json.dumps({key: found[key].decode() for key in keys if key in found}, separators=(',', ':')))
client.get('py:nothing')
log('get', 'py:nothing', '', 'END', '')
client.set('py:count', '5', noreply=True)
log('set', 'py:count', '5', '', '')
log('incr', 'py:count', '', str(client.incr('py:count', 3)), '')
log('delete', 'py:nothing', '', 'DELETED' if client.delete('py:nothing') else 'NOT_FOUND', '')
client.append('py:0', ' and more')
log('append', 'py:0', ' and more', 'STORED', '')
log('gets', 'py:0', '', 'END', client.gets('py:0')[0].decode())
# Meta commands, and quiet ones.
for line, answer in [
    (b'ms py:meta 5\r\nhello\r\n', b'HD'),
    (b'mg py:meta v\r\n', b'VA 5\r\nhello'),
    (b'mg py:nothing v q\r\nmg py:meta v q k\r\nmn\r\n', b'VA 5 kpy:meta\r\nhello\r\nMN'),
]:
    client.sock.sendall(line)
    got = b''
    while not got.endswith(answer + b'\r\n'):
        got += client.sock.recv(4096)
log('ms', 'py:meta', 'hello', 'HD', '')
log('mg', 'py:meta', '', 'VA 5', 'hello')
log('mg', 'py:nothing', '', '', '')
log('mg', 'py:meta', '', 'VA 5 kpy:meta', 'hello')
log('mn', '', '', 'MN', '')
client.close()
