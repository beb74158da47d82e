"""Asks with dnspython. Arguments: server, port, marker, how many names. A line of JSON for each question.

Over UDP from one socket that is bound to no address: A and AAAA of a name at once, as glibc does. Over TCP on one connection:
all questions, then all answers.
"""
import itertools
import json
import random
import socket
import sys

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

server, port, marker, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
family = socket.AF_INET6 if ":" in server else socket.AF_INET


def say(question, answer):
    asked = question.question[0]
    answers = sorted(str(item) for rrset in answer.answer for item in rrset)
    rcode = dns.rcode.to_text(answer.rcode())
    name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
    print(json.dumps({"name": name, "type": kind, "rcode": rcode, "answers": answers}))


# Of numbers drawn at random two may be the same, and then an answer is of either question.
numbers = itertools.count(random.randrange(1 << 15))


def questions(name):
    return [dns.message.make_query(name, kind, id=next(numbers)) for kind in ("A", "AAAA")]


with socket.socket(family, socket.SOCK_DGRAM) as sock:
    sock.settimeout(60)
    for i in range(count):
        asked = questions(f"{marker}-udp-{i}.any.test")
        for question in asked:
            sock.sendto(question.to_wire(), (server, port))
        waiting = {question.id: question for question in asked}
        while waiting:
            answer = dns.message.from_wire(sock.recv(65535))
            say(waiting.pop(answer.id), answer)

with socket.create_connection((server, port)) as sock:
    sock.setblocking(False)
    asked = [question for i in range(count) for question in questions(f"{marker}-tcp-{i}.any.test")]
    for question in asked:
        dns.query.send_tcp(sock, question)
    waiting = {question.id: question for question in asked}
    while waiting:
        answer, _ = dns.query.receive_tcp(sock)
        say(waiting.pop(answer.id), answer)
