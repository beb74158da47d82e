"""
A client of MongoDB: prints a JSON line for each command that it sent, as its own monitoring tells it.

    python mongodb.py URL NAME
"""
import datetime
import json
import sys

import bson
from bson.json_util import RELAXED_JSON_OPTIONS, dumps
from pymongo import CursorType, DeleteOne, InsertOne, MongoClient, UpdateOne, WriteConcern, errors, monitoring

url, name = sys.argv[1:]


def relaxed(value):
    return json.loads(dumps(value, json_options=RELAXED_JSON_OPTIONS))


class Listener(monitoring.CommandListener):
    """`exhaust`: what is told of further commands were answers to the first of them."""

    exhaust = None
    asked = {}

    def started(self, event):
        self.asked[event.operation_id, event.command_name] = relaxed(event.command)

    def succeeded(self, event):
        reply = relaxed(event.reply)
        self.ended(event, reply, 0, '')

    def failed(self, event):
        self.ended(event, {}, event.failure.get('code', 0), event.failure.get('errmsg', ''))

    def ended(self, event, reply, code, text):
        command = self.asked[event.operation_id, event.command_name]
        first = command[event.command_name]
        unanswered = command.get('writeConcern', {}).get('w') == 0
        cursor = reply.get('cursor', {})
        batch = cursor.get('firstBatch', cursor.get('nextBatch', reply.get('values', [])))
        error = reply.get('writeErrors', [{}])[0]
        line = {
            'cmd': event.command_name,
            'req': command,
            'resp': None if unanswered or code else reply,
            'status': '' if unanswered else 'error' if code or error else 'ok',
            'database': command['$db'],
            'collection': command.get('collection', first if isinstance(first, str) else ''),
            'sent': len(command.get('documents', command.get('updates', command.get('deletes', [])))),
            'returned': len(batch),
            'n': reply.get('n', 0),
            'modified': reply.get('nModified', 0),
            'code': code or error.get('code', 0),
            'text': text or error.get('errmsg', ''),
            'answers': 0 if unanswered else 1,
        }
        if self.exhaust is None or event.command_name != 'getMore':
            print(json.dumps(line), flush=True)
            return
        self.exhaust = line if not self.exhaust else {
            **self.exhaust,
            'returned': self.exhaust['returned'] + line['returned'],
            'answers': self.exhaust['answers'] + 1,
        }


listener = Listener()
client = MongoClient(url, event_listeners=[listener], maxPoolSize=1, retryWrites=False)
goods = client.shop[f'goods_{name}']


def failing(what):
    try:
        what()
        print('it should have failed', file=sys.stderr)
    except errors.PyMongoError:
        pass


goods.insert_many([
    {'_id': 1, 'name': 'milk', 'price': 1.5, 'sold': datetime.datetime(2026, 11, 1, 10, 20, 30, 400000)},
    {'_id': 2, 'name': 'café', 'count': bson.Int64(9007199254740993), 'none': None, 'is': True, 'tags': ['a', 1]},
    {'_id': 3, 'id': bson.ObjectId('65f0c0ffee65f0c0ffee65f0'), 'raw': b'bytes', 'far': -0.5},
])
list(goods.find({'_id': {'$gt': 1}}))
goods.update_many({}, {'$set': {'seen': True}})
goods.delete_one({'_id': 3})
goods.distinct('name')
failing(lambda: goods.insert_many([{'_id': 1}, {'_id': 9}], ordered=False))
failing(lambda: client.shop.command('noSuchCommand'))
goods.bulk_write([
    InsertOne({'_id': 20, 'name': 'rice'}),
    InsertOne({'_id': 21, 'name': 'salt'}),
    UpdateOne({'_id': 20}, {'$set': {'price': 2}}),
    DeleteOne({'_id': 21}),
])
goods.insert_many([{'_id': 1000 + i, 'text': f'{i} ' + 90 * 'x'} for i in range(1000)])
list(goods.find({'_id': {'$gte': 1000}}, batch_size=300))
goods.insert_one({'_id': 30, 'name': 'mine', 'password': 'hunter2', 'token': 'hunter2'})
listener.exhaust = {}
assert len(list(goods.find({'_id': {'$gte': 1000}}, batch_size=150, cursor_type=CursorType.EXHAUST))) == 1000
print(json.dumps(listener.exhaust), flush=True)
listener.exhaust = None
goods.with_options(write_concern=WriteConcern(w=0)).insert_one({'_id': 31, 'name': 'unanswered'})
goods.find_one({'name': 'milk'})
client.close()
