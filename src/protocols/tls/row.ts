/** What a row says of a handshake. */
import type { Outcome } from '../lib/columns'
import type { Link, Sink } from '../protocol'
import { cipherName } from './ciphers'
import type { Handshake } from './handshake'
import { alertName, EXTENSION, RECORD, versionName } from './numbers'
import { tlsEvents } from './table'
import { certificateText, offeredText, requestBody, responseBody } from './texts'

/** Appends the row of a handshake whose ClientHello is known. */
export function appendHandshake(
  sink: Sink,
  { connection }: Pick<Link, 'connection'>,
  handshake: Handshake,
  outcome: Outcome,
  timeNs: number,
): void {
  const { client, server, startNs, isRetried, isResumed, alerts, certificates } = handshake
  const [certificate] = certificates.server
  sink.append(tlsEvents, {
    ...connection,
    time_: timeNs,
    req_type: RECORD.handshake,
    req_body: requestBody(client!),
    resp_body: responseBody({
      hello: server,
      isRetried,
      certificates: certificates.server,
      clientCertificates: certificates.client,
      alerts,
    }),
    latency: timeNs - startNs,
    version: server ? versionName(server.version) : '',
    cipher: server ? cipherName(server.cipher) : '',
    server_name: client!.serverName,
    ech: client!.extensions.includes(EXTENSION.encryptedHello),
    alpn_offered: offeredText(client!),
    alpn: server?.alpn ?? '',
    resumed: isResumed,
    certificate: certificateText(certificate),
    certificate_expires: certificate?.expires ?? '',
    alert: alertOf(handshake),
    outcome,
  })
}

function alertOf({ alerts, hasEncryptedAlert }: Handshake): string {
  const told = alerts.at(-1)
  return told ? alertName(told.description) : hasEncryptedAlert ? 'encrypted' : ''
}
