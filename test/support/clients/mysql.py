"""Talks to MariaDB by PyMySQL, and prints what it asked and got, a JSON object each: mysql.py PORT FILE"""
import json
import sys

import pymysql
from pymysql.constants import CLIENT

port, path = int(sys.argv[1]), sys.argv[2]


def say(cmd, body, rows=0, affected=0, error=0):
    print(json.dumps({'cmd': cmd, 'body': body, 'rows': rows, 'affected': affected, 'error': error}))


def ask(connection, sql, values=None):
    with connection.cursor() as cursor:
        text = cursor.mogrify(sql, values)
        rows = affected = error = 0
        try:
            cursor.execute(sql, values)
            while True:
                if cursor.description:
                    rows += len(cursor.fetchall())
                else:
                    affected += cursor.rowcount
                if not cursor.nextset():
                    break
        except pymysql.MySQLError as failure:
            error = failure.args[0]
        say(3, text, rows, affected, error)


def talk(name, **options):
    connection = pymysql.connect(
        host='127.0.0.1', port=port, user='app', password='hunter2', database='shop', local_infile=True,
        client_flag=CLIENT.MULTI_STATEMENTS, autocommit=True, **options)
    say(3, 'SET NAMES utf8mb4')
    ask(connection, 'SELECT %s, %s', (name, 3))
    ask(connection, 'INSERT INTO goods (name, secret) VALUES (%s, %s)', (name, None))
    ask(connection, f'SELECT * FROM missing_{name}')
    ask(connection, f"SELECT seq, '{name}' FROM seq_1_to_2000")
    ask(connection, f"CALL two_results('{name}')")
    ask(connection, f"SELECT 1, '{name}'; DELETE FROM goods WHERE name = '{name}'")
    ask(connection, f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE loaded (name)")
    connection.ping(reconnect=False)
    say(14, '')
    connection.select_db('second')
    say(2, 'second')
    ask(connection, f"SELECT DATABASE(), '{name}'")
    connection.close()


talk('pyplain', ssl_disabled=True)
talk('pytls', ssl={'check_hostname': False})
