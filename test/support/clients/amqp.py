"""A client of AMQP 0-9-1 (pika) that logs what it did: its process in the first line, then a line for each exchange.

    python amqp.py PORT PREFIX [CERTIFICATE]    the certificate: connects through TLS
"""
import json
import os
import ssl
import sys

import pika
from pika.exceptions import ChannelClosedByBroker, NackError, UnroutableError

PORT, PREFIX, *CERTIFICATE = sys.argv[1:]
EXCHANGE = PREFIX + '-events'
QUEUE = PREFIX + '-orders'


def said(line):
    print(json.dumps(line))


def method(req, resp, exchange='', key='', queue='', size=-1, code=0):
    said({'req': req, 'resp': resp, 'exchange': exchange, 'key': key, 'queue': queue, 'size': size, 'code': code})


def connect():
    options = None
    if CERTIFICATE:
        options = pika.SSLOptions(ssl.create_default_context(cafile=CERTIFICATE[0]), 'localhost')
    connection = pika.BlockingConnection(pika.ConnectionParameters(
        host='localhost' if CERTIFICATE else '127.0.0.1', port=int(PORT), ssl_options=options, heartbeat=1,
        credentials=pika.PlainCredentials('app', 'hunter2')))
    method('ConnectionStart', 'ConnectionStartOk')
    method('ConnectionTune', 'ConnectionTuneOk')
    method('ConnectionOpen', 'ConnectionOpenOk')
    return connection


def open_channel(connection):
    channel = connection.channel()
    method('ChannelOpen', 'ChannelOpenOk')
    return channel


def publish(channel, key, size, answer, exchange=EXCHANGE, **more):
    properties = pika.BasicProperties(
        content_type='text/plain', delivery_mode=2, headers={'n': 7, 'token': 'hunter3', 'list': [None, 'a']})
    try:
        channel.basic_publish(exchange, key, b'z' * size, properties, **more)
    except UnroutableError as error:
        returned = error.messages[0]
        method('BasicReturn', '', exchange, key, size=len(returned.body), code=returned.method.reply_code)
    except NackError:
        answer = 'BasicNack'
    method('BasicPublish', answer, exchange, key, size=size)


def consume(channel, count, auto_ack):
    got = 0
    for frame, _, body in channel.consume(QUEUE, auto_ack=auto_ack):
        if got == 0:
            method('BasicConsume', 'BasicConsumeOk', queue=QUEUE)
        got += 1
        answer = ''
        if not auto_ack:
            answer = 'BasicNack' if got % 3 == 0 else 'BasicAck'
            if got % 3 == 0:
                channel.basic_nack(frame.delivery_tag, requeue=False)
            else:
                channel.basic_ack(frame.delivery_tag)
        method('BasicDeliver', answer, frame.exchange, frame.routing_key, QUEUE, len(body))
        if got == count:
            break
    channel.cancel()
    method('BasicCancel', 'BasicCancelOk')


def main():
    said({'pid': os.getpid()})
    connection = connect()
    plain, confirming = open_channel(connection), open_channel(connection)
    plain.exchange_declare(EXCHANGE, 'direct')
    method('ExchangeDeclare', 'ExchangeDeclareOk', EXCHANGE)
    plain.queue_declare(QUEUE, arguments={'x-message-ttl': 600_000})
    method('QueueDeclare', 'QueueDeclareOk', queue=QUEUE)
    plain.queue_bind(QUEUE, EXCHANGE, 'order')
    method('QueueBind', 'QueueBindOk', EXCHANGE, 'order', QUEUE)
    confirming.confirm_delivery()
    method('ConfirmSelect', 'ConfirmSelectOk')
    sizes = [0, 1, 300, 150_000]
    for size in sizes:
        publish(plain, 'order', size, '')
    # Of more than it takes the library would send back the rest.
    consume(plain, 4, False)
    for size in sizes:
        publish(confirming, 'order', size, 'BasicAck')
    publish(confirming, 'nowhere', 9, 'BasicAck', mandatory=True)
    consume(confirming, 4, True)

    plain.tx_select()
    method('TxSelect', 'TxSelectOk')
    publish(plain, 'order', 33, '')
    plain.tx_commit()
    method('TxCommit', 'TxCommitOk')
    frame, _, body = plain.basic_get(QUEUE, auto_ack=True)
    method('BasicGet', 'BasicGetOk', EXCHANGE, frame.routing_key, QUEUE, len(body))
    try:
        confirming.exchange_declare(EXCHANGE, 'fanout')
    except ChannelClosedByBroker as error:
        method('ExchangeDeclare', 'ChannelClose', EXCHANGE, code=error.reply_code)
    # Heartbeats go by, which have no rows.
    connection.sleep(1.5)
    connection.close()
    # It closes its channels first.
    method('ChannelClose', 'ChannelCloseOk', code=200)
    method('ConnectionClose', 'ConnectionCloseOk', code=200)


main()
