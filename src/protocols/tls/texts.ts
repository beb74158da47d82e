/** What the columns of a handshake say. */

import type { Side } from '../protocol'
import type { Certificate } from './certificate'
import { cipherName } from './ciphers'
import type { ClientHello, ServerHello } from './hello'
import { alertName, EXTENSION, extensionName, groupName, hex, versionName } from './numbers'

export interface Alert {
  readonly from: Side
  readonly level: number
  readonly description: number
}

/** Certificates and alerts of a handshake that are shown at most. */
export const MOST_SHOWN = 8
/** Characters of a column with names. */
const MAX_TEXT = 512
const WARNING = 1

/** Extensions by name, in their order; `true` where only their presence is told. */
function extensionsIn(
  present: readonly number[],
  values: Readonly<Record<number, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(present.map((type) => [extensionName(type), values[type] ?? true]))
}

export function requestBody(hello: ClientHello): string {
  return JSON.stringify({
    version: versionName(hello.version),
    cipher_suites: hello.ciphers.map(cipherName),
    extensions: extensionsIn(hello.extensions, {
      [EXTENSION.serverName]: [hello.serverName],
      [EXTENSION.alpn]: hello.alpn,
      [EXTENSION.versions]: hello.versions.map(versionName),
      [EXTENSION.groups]: hello.groups.map(groupName),
      [EXTENSION.keyShare]: hello.shares.map(groupName),
    }),
    ...(hello.offersResumption ? { offers_resumption: true } : {}),
  })
}

/** What the server answered, and what was said in the clear after that. */
export interface Answered {
  readonly hello: ServerHello | undefined
  readonly isRetried: boolean
  readonly certificates: readonly Certificate[]
  readonly clientCertificates: readonly Certificate[]
  readonly alerts: readonly Alert[]
}

export function responseBody(answered: Answered): string {
  const { hello, isRetried, certificates, clientCertificates, alerts } = answered
  if (!hello && alerts.length === 0) return ''
  return JSON.stringify({
    ...(hello ? helloFields(hello) : {}),
    ...(isRetried ? { hello_retry: true } : {}),
    ...(certificates.length > 0 ? { certificates: certificates.map(certificateFields) } : {}),
    ...(clientCertificates.length > 0
      ? { client_certificates: clientCertificates.map(certificateFields) }
      : {}),
    ...(alerts.length > 0 ? { alerts: alerts.map(alertFields) } : {}),
  })
}

const helloFields = (hello: ServerHello) => ({
  version: versionName(hello.version),
  cipher_suite: cipherName(hello.cipher),
  extensions: extensionsIn(hello.extensions, {
    [EXTENSION.alpn]: [hello.alpn],
    [EXTENSION.versions]: versionName(hello.version),
    [EXTENSION.keyShare]: hello.group === 0 ? hex(0) : groupName(hello.group),
  }),
})

const certificateFields = ({ subject, issuer, names, expires }: Certificate) => ({
  subject,
  issuer,
  names,
  ...(expires === '' ? {} : { expires }),
})

const alertFields = ({ from, level, description }: Alert) => ({
  from,
  level: level === WARNING ? 'warning' : 'fatal',
  description: alertName(description),
})

export const certificateText = (certificate: Certificate | undefined): string =>
  certificate ? (certificate.names.join(',') || certificate.subject).slice(0, MAX_TEXT) : ''

export const offeredText = ({ alpn }: ClientHello): string => alpn.join(',').slice(0, MAX_TEXT)
