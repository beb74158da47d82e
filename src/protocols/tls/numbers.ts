/** Numbers of TLS and their names: RFC 8446, RFC 5246, and the registries of IANA (TLS parameters, TLS extensions). */
import { numbered } from '../lib/identity'

/** Types of a record (RFC 8446 §5.1, RFC 6520). */
export const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, data: 23, heartbeat: 24 } as const

/** Types of a handshake message (RFC 8446 §4, RFC 5246 §7.4). */
export const MESSAGE = {
  clientHello: 1,
  serverHello: 2,
  certificate: 11,
  serverKeyExchange: 12,
  serverHelloDone: 14,
  clientKeyExchange: 16,
} as const

export const EXTENSION = {
  serverName: 0,
  groups: 10,
  signatures: 13,
  alpn: 16,
  ticket: 35,
  preSharedKey: 41,
  earlyData: 42,
  versions: 43,
  keyShare: 51,
  encryptedHello: 0xfe0d,
} as const

export const TLS_1_3 = 0x0304

const VERSIONS = numbered('768 SSL_3.0 769 TLS_1.0 770 TLS_1.1 771 TLS_1.2 772 TLS_1.3')

/** `TLS 1.3`; drafts and what is unknown as four hexadecimal digits. */
export const versionName = (number: number): string => VERSIONS[number]?.replace('_', ' ') ?? hex(number)

const EXTENSIONS = numbered(
  '0 server_name 1 max_fragment_length 5 status_request 10 supported_groups 11 ec_point_formats 13 signature_algorithms ' +
    '14 use_srtp 15 heartbeat 16 application_layer_protocol_negotiation 17 status_request_v2 ' +
    '18 signed_certificate_timestamp 19 client_certificate_type 20 server_certificate_type 21 padding 22 encrypt_then_mac ' +
    '23 extended_master_secret 24 token_binding 27 compress_certificate 28 record_size_limit 34 delegated_credential ' +
    '35 session_ticket 41 pre_shared_key 42 early_data 43 supported_versions 44 cookie 45 psk_key_exchange_modes ' +
    '47 certificate_authorities 48 oid_filters 49 post_handshake_auth 50 signature_algorithms_cert 51 key_share ' +
    '57 quic_transport_parameters 13172 next_protocol_negotiation 17513 application_settings 17613 application_settings ' +
    '65037 encrypted_client_hello 65281 renegotiation_info',
)

export const extensionName = (number: number): string => EXTENSIONS[number] ?? hex(number)

const GROUPS = numbered(
  '19 secp192r1 21 secp224r1 22 secp256k1 23 secp256r1 24 secp384r1 25 secp521r1 26 brainpoolP256r1 27 brainpoolP384r1 ' +
    '28 brainpoolP512r1 29 x25519 30 x448 256 ffdhe2048 257 ffdhe3072 258 ffdhe4096 259 ffdhe6144 260 ffdhe8192 ' +
    '512 MLKEM512 513 MLKEM768 514 MLKEM1024 4587 SecP256r1MLKEM768 4588 X25519MLKEM768 4589 SecP384r1MLKEM1024 ' +
    '25497 X25519Kyber768Draft00',
)

export const groupName = (number: number): string => GROUPS[number] ?? hex(number)

const ALERTS = numbered(
  '0 close_notify 10 unexpected_message 20 bad_record_mac 21 decryption_failed 22 record_overflow 30 decompression_failure ' +
    '40 handshake_failure 41 no_certificate 42 bad_certificate 43 unsupported_certificate 44 certificate_revoked ' +
    '45 certificate_expired 46 certificate_unknown 47 illegal_parameter 48 unknown_ca 49 access_denied 50 decode_error ' +
    '51 decrypt_error 60 export_restriction 70 protocol_version 71 insufficient_security 80 internal_error ' +
    '86 inappropriate_fallback 90 user_canceled 100 no_renegotiation 109 missing_extension 110 unsupported_extension ' +
    '111 certificate_unobtainable 112 unrecognized_name 113 bad_certificate_status_response 114 bad_certificate_hash_value ' +
    '115 unknown_psk_identity 116 certificate_required 120 no_application_protocol 121 ech_required',
)

export const alertName = (number: number): string => ALERTS[number] ?? String(number)

export const hex = (number: number): string => `0x${number.toString(16).padStart(4, '0')}`

/** Values that mean nothing, and are there so that nobody minds unknown ones (RFC 8701). */
export const isGrease = (number: number): boolean =>
  (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff)
