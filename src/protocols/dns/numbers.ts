/** What numbers in DNS messages mean (the IANA registry "Domain Name System (DNS) Parameters"). */
import { numbered } from '../lib/identity'

const TYPES = numbered(`
  1 A 2 NS 3 MD 4 MF 5 CNAME 6 SOA 7 MB 8 MG 9 MR 10 NULL 11 WKS 12 PTR 13 HINFO 14 MINFO 15 MX 16 TXT 17 RP 18 AFSDB 19 X25
  20 ISDN 21 RT 22 NSAP 23 NSAP-PTR 24 SIG 25 KEY 26 PX 27 GPOS 28 AAAA 29 LOC 30 NXT 31 EID 32 NIMLOC 33 SRV 34 ATMA 35 NAPTR
  36 KX 37 CERT 38 A6 39 DNAME 40 SINK 41 OPT 42 APL 43 DS 44 SSHFP 45 IPSECKEY 46 RRSIG 47 NSEC 48 DNSKEY 49 DHCID 50 NSEC3
  51 NSEC3PARAM 52 TLSA 53 SMIMEA 55 HIP 56 NINFO 57 RKEY 58 TALINK 59 CDS 60 CDNSKEY 61 OPENPGPKEY 62 CSYNC 63 ZONEMD 64 SVCB
  65 HTTPS 66 DSYNC 67 HHIT 68 BRID 99 SPF 104 NID 105 L32 106 L64 107 LP 108 EUI48 109 EUI64 128 NXNAME 249 TKEY 250 TSIG
  251 IXFR 252 AXFR 253 MAILB 254 MAILA 255 ANY 256 URI 257 CAA 258 AVC 259 DOA 260 AMTRELAY 261 RESINFO 262 WALLET
  32768 TA 32769 DLV`)

const CLASSES = numbered('1 IN 3 CH 4 HS 254 NONE 255 ANY')

export const isKnownType = (type: number): boolean => TYPES[type] !== undefined
export const isKnownClass = (code: number): boolean => CLASSES[code] !== undefined

/** The name of a number; RFC 3597 §5 gives the form for those without one. */
export const typeName = (type: number): string => TYPES[type] ?? `TYPE${type}`
export const className = (code: number): string => CLASSES[code] ?? `CLASS${code}`

export const TYPE_OPT = 41
export const CLASS_IN = 1
const TYPE_IXFR = 251
const TYPE_AXFR = 252

/** A zone transfer: one question, many messages in answer (RFC 5936 §2.2, RFC 1995 §4). */
export const isTransfer = (type: number): boolean => type === TYPE_AXFR || type === TYPE_IXFR
