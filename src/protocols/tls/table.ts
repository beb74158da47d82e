import { bool, defineTable, extra, string, time } from '../../records/table'
import { code, keyword, latency, outcome, remoteUpid, seenAt, structured } from '../lib/columns'

export const tlsEvents = defineTable(
  'tls_events',
  'TLS handshakes, as far as they are in the clear: what was offered, what was chosen, certificates before TLS 1.3, alerts; also those of QUIC',
  {
    ...seenAt,
    time_: time('When the handshake was done as far as that can be seen, or failed'),
    req_type: code('Content type of the record: 22, a handshake'),
    req_body: structured(
      'ClientHello as JSON: version (in TLS 1.3 that of its compatible field), cipher_suites, extensions by name: ' +
        'server_name, application_layer_protocol_negotiation, supported_versions, supported_groups, key_share (the groups), …',
    ),
    resp_body: structured(
      'ServerHello as JSON: version, cipher_suite, extensions; certificates (subject, issuer, names, expires) and ' +
        'client_certificates before TLS 1.3; hello_retry; alerts (from, level, description)',
    ),
    latency: {
      ...latency,
      description:
        'From the first byte of the ClientHello to the last Finished; in TLS 1.3, which encrypts it, to the client’s first encrypted record',
    },
    version: extra(keyword('Version that was chosen, as TLS 1.3; empty without a ServerHello')),
    cipher: extra(keyword('Cipher suite that was chosen, as IANA names it')),
    server_name: extra(string('Name of the server that the client asks for (SNI); with ech a public one')),
    ech: extra(
      bool('Whether the ClientHello has an encrypted one within (ECH), or pretends to', {
        pattern: 'GENERAL_ENUM',
      }),
    ),
    alpn_offered: extra(string('Protocols that the client offers (ALPN), with commas')),
    alpn: extra(keyword('Protocol that the server chose of them; TLS 1.3 encrypts it, then it is empty')),
    resumed: extra(
      bool('Whether the handshake goes on from an earlier connection', { pattern: 'GENERAL_ENUM' }),
    ),
    certificate: extra(
      string('Names that the server’s certificate is for, else its subject; TLS 1.3 encrypts it, then empty'),
    ),
    certificate_expires: extra(
      string('When the server’s certificate expires, as 2027-01-31T12:00:00Z; empty where it isn’t seen'),
    ),
    alert: extra(
      keyword(
        'Why the handshake failed, as unknown_ca; encrypted: it is one, and which isn’t seen; else empty',
      ),
    ),
    outcome,
    remote_upid: remoteUpid,
  },
)
