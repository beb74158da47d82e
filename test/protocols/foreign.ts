/**
 * The beginnings of conversations that none of our protocols speaks, as their specifications write them. Each is a list of
 * what client (`>`) and server (`<`) say in turn.
 */
import type { Transport } from '../../src/protocols/protocol'
import { bytesOf, random } from '../streams/wire'
import { piece } from './conformance/play'
import type { Piece } from './conformance/sample'

export interface Foreign {
  readonly name: string
  readonly transport: Exclude<Transport, 'tls'>
  readonly pieces: readonly Piece[]
}

const u16 = (value: number) => String.fromCharCode(value >> 8, value & 255)
const u32 = (value: number) => u16(value >>> 16) + u16(value & 0xffff)
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1')

/** So many bytes as ciphers and compressors make them. */
export function scrambled(seed: number, bytes: number): string {
  const next = random(seed)
  return Buffer.from(Uint8Array.from({ length: bytes }, () => next() * 256)).toString('latin1')
}

const said =
  (transport: Foreign['transport']) =>
  (name: string, ...lines: readonly string[]): Foreign => ({
    name,
    transport,
    pieces: lines.map((line) => piece(line[0] === '>' ? 'client' : 'server', bytesOf(line.slice(1)))),
  })
const stream = said('tcp')
const datagrams = said('udp')

const sshPacket = (seed: number, bytes: number) => `${u32(bytes + 12)}\x0a\x14${scrambled(seed, bytes + 10)}`
const gitLine = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text
/** A length of four bytes, big-endian, and what it counts. */
const counted = (text: string) => u32(text.length) + text
const rtp = (sequence: number) =>
  `\x80\x60${u16(sequence)}${u32(sequence * 160)}${u32(0xdecafbad)}${scrambled(sequence, 160)}`

export const FOREIGN: readonly Foreign[] = [
  // Sessions of lines.
  stream(
    'SSH (RFC 4253)',
    '<SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n',
    '>SSH-2.0-OpenSSH_9.7\r\n',
    `>${sshPacket(1, 1500)}`,
    `<${sshPacket(2, 1100)}`,
    `>${sshPacket(3, 48)}`,
    `<${sshPacket(4, 400)}`,
  ),
  stream(
    'SMTP (RFC 5321)',
    '<220 mail.example.test ESMTP Postfix\r\n',
    '>EHLO client.example.test\r\n',
    '<250-mail.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n',
    '>MAIL FROM:<a@example.test>\r\n',
    '<250 2.1.0 Ok\r\n',
    '>RCPT TO:<b@example.test>\r\n',
    '<250 2.1.5 Ok\r\n',
    '>DATA\r\n',
    '<354 End data with <CR><LF>.<CR><LF>\r\n',
    '>Subject: get\r\n\r\nGET well soon\r\n.\r\n',
    '<250 2.0.0 Ok: queued as 12345\r\n',
    '>QUIT\r\n',
    '<221 2.0.0 Bye\r\n',
  ),
  stream(
    'FTP (RFC 959)',
    '<220 ProFTPD Server ready\r\n',
    '>USER anonymous\r\n',
    '<331 Password required\r\n',
    '>PASS guest@\r\n',
    '<230 Logged in\r\n',
    '>PASV\r\n',
    '<227 Entering Passive Mode (127,0,0,1,200,13)\r\n',
    '>RETR file.txt\r\n',
    '<150 Opening\r\n',
    '<226 Transfer complete\r\n',
  ),
  stream(
    'POP3 (RFC 1939)',
    '<+OK POP3 server ready <1896.69@dbc.test>\r\n',
    '>USER mrose\r\n',
    '<+OK\r\n',
    '>STAT\r\n',
    '<+OK 2 320\r\n',
    '>LIST\r\n',
    '<+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n',
    '>QUIT\r\n',
    '<+OK bye\r\n',
  ),
  stream(
    'IMAP (RFC 9051)',
    '<* OK IMAP4rev1 Service Ready\r\n',
    '>a001 LOGIN mrc secret\r\n',
    '<a001 OK LOGIN completed\r\n',
    '>a002 SELECT inbox\r\n',
    '<* 18 EXISTS\r\n* FLAGS (\\Answered \\Seen)\r\na002 OK SELECT completed\r\n',
  ),
  stream(
    'IRC (RFC 2812)',
    '>NICK wiz\r\nUSER guest 0 * :Ronnie\r\n',
    '<:irc.test 001 wiz :Welcome\r\n',
    '<PING :irc.test\r\n',
    '>PONG :irc.test\r\n',
    '>PRIVMSG #a :hello\r\n',
  ),
  stream(
    'NNTP (RFC 3977)',
    '<200 news ready\r\n',
    '>GROUP misc.test\r\n',
    '<211 1234 3000234 3002322 misc.test\r\n',
    '>ARTICLE 3000234\r\n',
    '<430 none\r\n',
  ),
  stream(
    'rsync',
    '>@RSYNCD: 31.0 sha512 md5\n',
    '<@RSYNCD: 31.0 sha512 md5\n',
    '>backup\n',
    '<@RSYNCD: OK\n',
    `>--server\0--sender\0-logDtpr\0.\0backup/\0\0`,
    `<${scrambled(5, 600)}`,
  ),
  stream(
    'git (pack protocol)',
    `>${gitLine('git-upload-pack /project.git\0host=example.test\0\0version=2\0')}`,
    `<${gitLine('version 2\n')}${gitLine('agent=git/2.39\n')}${gitLine('ls-refs=unborn\n')}0000`,
    `>${gitLine('command=ls-refs\n')}0001${gitLine('peel\n')}0000`,
    `<${gitLine('95d09f2b10159347eece71399a7e2e907ea3df4f HEAD\n')}0000`,
  ),
  stream(
    'RTSP (RFC 7826)',
    '>OPTIONS rtsp://example.test/media RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    '<RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE\r\n\r\n',
    '>DESCRIBE rtsp://example.test/media RTSP/1.0\r\nCSeq: 2\r\n\r\n',
    '<RTSP/1.0 404 Not Found\r\nCSeq: 2\r\n\r\n',
  ),
  stream(
    'SIP (RFC 3261)',
    '>OPTIONS sip:carol@chicago.test SIP/2.0\r\nVia: SIP/2.0/TCP pc33.test\r\nContent-Length: 0\r\n\r\n',
    '<SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    '>REGISTER sip:chicago.test SIP/2.0\r\nContent-Length: 0\r\n\r\n',
    '<SIP/2.0 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
  ),
  stream(
    'ICAP (RFC 3507)',
    '>OPTIONS icap://icap.test/respmod ICAP/1.0\r\nHost: icap.test\r\n\r\n',
    '<ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nEncapsulated: null-body=0\r\n\r\n',
  ),
  stream(
    'beanstalkd',
    '>put 0 0 60 5\r\nhello\r\n',
    '<INSERTED 1\r\n',
    '>reserve\r\n',
    '<RESERVED 1 5\r\nhello\r\n',
    '>delete 1\r\n',
    '<DELETED\r\n',
  ),
  stream('Graphite, plaintext', '>local.random.diceroll 4 1700000000\nservers.web1.load 0.42 1700000000\n'),
  stream('StatsD over TCP', '>page.views:1|c\nfuel.level:0.5|g\nsong.length:240|ms|@0.1\n'),
  stream('finger (RFC 1288)', '>/W root\r\n', '<Login: root\tName: root\r\nDirectory: /root\r\n'),
  stream('Gopher (RFC 1436)', '>/docs\r\n', '<0About\t/about\texample.test\t70\r\n.\r\n'),
  stream('ident (RFC 1413)', '>6193, 23\r\n', '<6193, 23 : USERID : UNIX : stjohns\r\n'),
  stream(
    'Asterisk manager',
    '<Asterisk Call Manager/2.10.4\r\n',
    '>Action: Login\r\nUsername: a\r\nSecret: b\r\n\r\n',
    '<Response: Success\r\nMessage: ok\r\n\r\n',
  ),
  stream(
    'telnet (RFC 854)',
    `<${hex('fffd18 fffd20 fffd23 fffd27')}`,
    `>${hex('fffb18 fffb20 fffc23 fffb27')}`,
    '<login: ',
  ),
  stream('VNC (RFC 6143)', '<RFB 003.008\n', '>RFB 003.008\n', '<\x02\x01\x02', '>\x01', '<\0\0\0\0'),
  stream(
    'XMPP (RFC 6120)',
    "><?xml version='1.0'?><stream:stream to='a.test' xmlns='jabber:client' version='1.0'>",
    "<<?xml version='1.0'?><stream:stream from='a.test' id='1' version='1.0'>",
  ),
  stream(
    'syslog over TCP (RFC 6587)',
    '>83 <165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It is time now.',
    '><34>Oct 11 22:14:15 mymachine su: failed for lonvick\n',
  ),
  stream('Zabbix agent', `>ZBXD\x01\x0a\0\0\0\0\0\0\0agent.ping`, '<ZBXD\x01\x01\0\0\0\0\0\0\x001'),
  stream(
    'JSON lines',
    '>{"id":1,"method":"subscribe","params":[]}\n',
    '<{"id":1,"result":true,"error":null}\n',
    '<{"id":null,"method":"notify","params":["GET","/"]}\n',
  ),
  stream(
    'prose',
    '>It was the best of times, it was the worst of times,\n',
    '<it was the age of wisdom; set your mind to it, get up.\nDelete nothing, post everything.\n',
  ),
  // Sessions of bytes.
  stream(
    'X11',
    `>l\0\x0b\0\0\0\x12\0\x10\0\0\0MIT-MAGIC-COOKIE-1\0\0${scrambled(6, 16)}`,
    `<\x01\0\x0b\0\0\0${'\x80\x01'}${scrambled(7, 300)}`,
    `>${hex('6200050009000000')}BIG-REQUESTS\0\0\0`,
  ),
  stream(
    'iperf3',
    `>${'abcdefghijklmnopqrstuvwxyz234567abcd'}\0`,
    '<\x09',
    `>${counted('{"tcp":true,"omit":0,"time":10,"parallel":1,"len":131072,"client_version":"3.12"}')}`,
    '<\x0a',
    `>${scrambled(8, 30_000)}`,
  ),
  stream('iperf2', `>${'0123456789'.repeat(800)}`),
  stream(
    'LDAP (RFC 4511)',
    `>${hex('300c020101600702010304008000')}`,
    `<${hex('300c02010161070a010004000400')}`,
    `>${hex('3025020102632004000a01000a0100020100020100010100870b6f626a656374436c6173733000')}`,
  ),
  stream(
    'SMB 2',
    `>${counted(`\xfeSMB\x40\0${scrambled(9, 100)}`)}`,
    `<${counted(`\xfeSMB\x40\0${scrambled(10, 200)}`)}`,
  ),
  stream(
    'RDP (T.125)',
    `>${hex('030000130ee000000000000100080003000000')}`,
    `<${hex('030000130ed000001234000209080002000000')}`,
  ),
  stream(
    'BitTorrent',
    `>\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05${scrambled(11, 40)}`,
    `<\x13BitTorrent protocol\0\0\0\0\0\x10\0\x05${scrambled(12, 40)}`,
    '>\0\0\0\x01\x02',
    '<\0\0\0\x05\x04\0\0\0\x07',
  ),
  stream(
    'Dubbo 2',
    `>${hex('dabbc200 0000000000000001 00000024')}\x05${'2.0.2'}\x1dorg.apache.dubbo.DemoService\0`,
    `<${hex('dabb0214 0000000000000001 00000006')}\x94\x05hello`,
  ),
  stream(
    'Thrift, binary',
    `>${counted(`\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x01\0`)}`,
    `<${counted(`\x80\x01\0\x02\0\0\0\x04ping\0\0\0\x01\0`)}`,
  ),
  stream('Thrift, compact', `>${counted(`\x82\x21\x01\x04ping\0`)}`, `<${counted(`\x82\x41\x01\x04ping\0`)}`),
  stream(
    'ZooKeeper',
    `>${counted(`${u32(0)}${u32(0)}${u32(0)}${u32(30000)}${u32(0)}${u32(0)}${u32(16)}${'\0'.repeat(16)}\0`)}`,
    `<${counted(`${u32(0)}${u32(30000)}${u32(1)}${u32(77)}${u32(16)}${scrambled(13, 16)}\0`)}`,
    `>${counted(`${u32(1)}${u32(3)}${counted('/brokers/ids')}\0`)}`,
    `<${counted(`${u32(1)}${u32(0)}${u32(99)}${u32(0xffffff9b)}`)}`,
  ),
  stream(
    'AMQP 1.0',
    '>AMQP\x03\x01\0\0',
    '<AMQP\x03\x01\0\0',
    `<${hex('00000021 02010000 005340c0 1401e012')}\xa3\x05PLAIN\x09ANONYMOUS`,
    '>AMQP\0\x01\0\0',
    `>${hex('0000001c 02000000 005310c0 0f02a1')}\x05hello\xa1\x04test`,
  ),
  stream(
    'SQL Server (TDS 7.4)',
    `>${hex('1201002f00000100 00001a0006 0100200001 0200210001 0300220004 0400260001 ff')}${hex('11090001 00000000 00000000 00')}`,
    `<${hex('0401002b00000100 00001a0006 0100200001 0200210001 0300220000 0400220001 ff 0f000d4b 0000 00 00')}`,
    `>${hex('01010030 00000100')}${Buffer.from('SELECT 1 FROM t WHERE', 'utf16le').toString('latin1')}`,
  ),
  stream(
    'Oracle (TNS)',
    `>${hex('00580000 01000000 0139012c 0c012000 ffff7f08 00000100')}(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=x)))`,
    `<${hex('00200000 02000000 0139 0c01 0800 7fff 0001 0000 0020 4100 00000000 0000 0000')}`,
  ),
  stream(
    'Sun RPC (RFC 5531), NFS 3',
    `>${u32(0x80000028)}${u32(0x5a5a0001)}${u32(0)}${u32(2)}${u32(100003)}${u32(3)}${u32(0)}${u32(0)}${u32(0)}${u32(0)}${u32(0)}`,
    `<${u32(0x80000018)}${u32(0x5a5a0001)}${u32(1)}${u32(0)}${u32(0)}${u32(0)}${u32(0)}`,
  ),
  stream('Gearman', `>\0REQ${u32(7)}${u32(12)}reverse\0\0abc`, `<\0RES${u32(8)}${u32(7)}H:lap:1`),
  stream(
    'NSQ',
    '>  V2',
    `>IDENTIFY\n${counted('{"client_id":"a"}')}`,
    `<${u32(6)}${u32(0)}OK`,
    '>SUB topic channel\n',
    `<${u32(6)}${u32(0)}OK`,
    '>RDY 1\n',
  ),
  stream(
    'Elasticsearch transport',
    `>ES${u32(46)}${u32(0)}${u32(1)}\x08${u32(8_000_099)}${u32(0)}${scrambled(14, 25)}`,
    `<ES${u32(30)}${u32(0)}${u32(1)}\x09${u32(8_000_099)}${scrambled(15, 13)}`,
  ),
  stream(
    'Hazelcast client',
    `>CP2`,
    `>${hex('5c000000 0001 0000 00000000 0000 c000')}${scrambled(16, 78)}`,
    `<${hex('60000000 0101 0000 00000000 0000 c000')}${scrambled(17, 82)}`,
  ),
  stream(
    'Pulsar',
    `>${counted(counted('\x08\x02\x12\x1d\x0a\x06client\x1a\0\x20\x13'))}`,
    `<${counted(counted('\x08\x03\x1a\x0a\x0a\x05v3.0\x10\x13'))}`,
  ),
  stream(
    'Ceph messenger 2',
    `>ceph v2\n\x10\0${'\x01\0\0\0\0\0\0\0'}${'\0'.repeat(8)}`,
    `<ceph v2\n\x10\0${'\x01\0\0\0\0\0\0\0'}${'\0'.repeat(8)}`,
  ),
  stream('MessagePack RPC', `>\x94\0\x01\xa4ping\x90`, `<\x94\x01\x01\xc0\xa4pong`),
  stream(
    'SOCKS 5 (RFC 1928)',
    '>\x05\x01\0',
    '<\x05\0',
    '>\x05\x01\0\x01\x7f\0\0\x01\x1f\x90',
    '<\x05\0\0\x01\x7f\0\0\x01\x1f\x90',
    `>${scrambled(18, 80)}`,
  ),
  stream(
    'RTMP',
    `>\x03${u32(77)}${u32(0)}${scrambled(19, 1528)}`,
    `<\x03${u32(78)}${u32(0)}${scrambled(20, 1528)}`,
  ),
  stream(
    'Modbus/TCP',
    `>${hex('0001 0000 0006 11 03 006b 0003')}`,
    `<${hex('0001 0000 0009 11 03 06 ae41 5652 4340')}`,
  ),
  stream(
    'OPC UA',
    `>HELF\x38\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\0${'\0'.repeat(8)}\x18\0\0\0opc.tcp://localhost:4840/`,
    `<ACKF\x1c\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\0${'\0'.repeat(8)}`,
  ),
  stream(
    'S7 (ISO on TCP)',
    `>${hex('0300001611e00000000100c1020100c2020102c0010a')}`,
    `<${hex('0300001611d00001000100c0010ac1020100c2020102')}`,
  ),
  stream(
    'IEC 60870-5-104',
    `>${hex('680407000000')}`,
    `<${hex('68040b000000')}`,
    `>${hex('680e0000000064010600010000000014')}`,
  ),
  stream(
    'DICOM',
    `>${hex('0100 00000044 0001 0000')}ANY-SCP         ECHOSCU         ${'\0'.repeat(32)}`,
    `<${hex('0200 00000044 0001 0000')}ANY-SCP         ECHOSCU         ${'\0'.repeat(32)}`,
  ),
  stream(
    'HL7 (MLLP)',
    '>\x0bMSH|^~\\&|ADT|a|b|c|2024||ADT^A01|1|P|2.3\rPID|1||42\r\x1c\r',
    '<\x0bMSH|^~\\&|b|c|ADT|a|2024||ACK|1|P|2.3\rMSA|AA|1\r\x1c\r',
  ),
  stream(
    'FIX',
    '>8=FIX.4.4\x019=65\x0135=A\x0149=A\x0156=B\x0134=1\x0152=20240101-00:00:00\x0198=0\x01108=30\x0110=062\x01',
    '<8=FIX.4.4\x019=65\x0135=A\x0149=B\x0156=A\x0134=1\x0152=20240101-00:00:00\x0198=0\x01108=30\x0110=062\x01',
  ),
  // Files.
  stream('gzip', `<\x1f\x8b\x08\0\0\0\0\0\0\x03${scrambled(21, 5000)}`),
  stream('JPEG', `<\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0${scrambled(22, 5000)}`),
  stream('ELF', `<\x7fELF\x02\x01\x01\0${'\0'.repeat(8)}${scrambled(23, 3000)}`),
  stream('tar', `<hello.txt${'\0'.repeat(91)}0000644\0${'\0'.repeat(149)}ustar  \0${scrambled(24, 2000)}`),
  stream('zeros', `<${'\0'.repeat(20_000)}`, `>${'\0'.repeat(500)}`),
  stream('ones', `<${'\xff'.repeat(20_000)}`, `>${'\xff'.repeat(500)}`),
  stream('spaces', `<${' '.repeat(5000)}`, `>${'\n'.repeat(500)}`),
  stream('a counter of 4 bytes', `>${Array.from({ length: 2000 }, (_, i) => u32(i)).join('')}`),
  stream(
    'small lengths',
    `>${Array.from({ length: 300 }, (_, i) => counted(scrambled(i, i % 60))).join('')}`,
    `<${Array.from({ length: 300 }, (_, i) => counted(scrambled(i + 900, i % 60))).join('')}`,
  ),
  // Datagrams.
  datagrams(
    'NTP (RFC 5905)',
    `>\x23${'\0'.repeat(39)}${scrambled(31, 8)}`,
    `<\x24\x01\0\xec${scrambled(32, 44)}`,
  ),
  datagrams(
    'SNMP (RFC 3416)',
    `>${hex('302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500')}`,
    `<${hex('302c02010104067075626c6963a21f0201010201000201003014301206082b06010201010100040668656c6c6f21')}`,
  ),
  datagrams(
    'DHCP (RFC 2131)',
    `>\x01\x01\x06\0${scrambled(33, 4)}${'\0'.repeat(228)}${hex('63825363350101ff')}`,
  ),
  datagrams(
    'STUN (RFC 8489)',
    `>\0\x01\0\0${hex('2112a442')}${scrambled(34, 12)}`,
    `<\x01\x01\0\x0c${hex('2112a442')}${scrambled(34, 12)}\0\x20\0\x08\0\x01${scrambled(35, 6)}`,
  ),
  datagrams(
    'WireGuard',
    `>\x01\0\0\0${scrambled(36, 144)}`,
    `<\x02\0\0\0${scrambled(37, 88)}`,
    `>\x04\0\0\0${scrambled(38, 100)}`,
  ),
  datagrams(
    'syslog (RFC 5424)',
    '><165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - It is time',
  ),
  datagrams('StatsD', '>page.views:1|c', '>fuel.level:0.5|g'),
  datagrams('RTP (RFC 3550)', ...Array.from({ length: 20 }, (_, i) => `>${rtp(i + 4000)}`)),
  datagrams(
    'TFTP (RFC 1350)',
    '>\0\x01file.bin\0octet\0',
    `<\0\x03\0\x01${scrambled(39, 512)}`,
    '>\0\x04\0\x01',
  ),
  datagrams('IPsec (RFC 3948)', `>${scrambled(40, 200)}`, `<${scrambled(41, 180)}`),
  datagrams('VXLAN (RFC 7348)', `>\x08\0\0\0\0\0\x2a\0${scrambled(42, 14)}\x45\0${scrambled(43, 60)}`),
  datagrams('NetFlow 9', `>\0\x09\0\x01${scrambled(44, 12)}\0\0\0\x07\0\0\0\x1c\x01\0\0\x05`),
  datagrams('SSDP answer', '<NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n\r\n'),
  datagrams('CoAP (RFC 7252)', '>\x40\x01\x7d\x34\xbbtemperature', '<\x60\x45\x7d\x34\xff22.3 C'),
]
