"""librdkafka: produces and consumes; its log has a line for each request and answer. python3 kafka.py BROKER CERTIFICATE USER PASSWORD"""

import sys

from confluent_kafka import Consumer, Producer

broker, certificate, user, password = sys.argv[1:]
common = {
    'bootstrap.servers': broker,
    'client.id': 'py-client',
    'security.protocol': 'SASL_SSL',
    'ssl.ca.location': certificate,
    'ssl.endpoint.identification.algorithm': 'none',
    'sasl.mechanism': 'SCRAM-SHA-256',
    'sasl.username': user,
    'sasl.password': password,
    'debug': 'protocol',
}
producer = Producer({**common, 'compression.type': 'lz4'})
for i in range(3):
    producer.produce('py-topic', key=f'key {i}', value='hidden' * 10)
producer.flush()
del producer

consumer = Consumer({**common, 'group.id': 'py-group', 'auto.offset.reset': 'earliest', 'enable.auto.commit': False})
consumer.subscribe(['py-topic'])
seen = 0
while seen < 3:
    message = consumer.poll(1)
    if message is not None and message.error() is None:
        seen += 1
consumer.commit(asynchronous=False)
consumer.close()
