/**
 * Personal data in texts, by its form: best effort. Every expression has bounded repetitions and starts only where a run of
 * its characters starts, so that hostile texts take linear time.
 */
import { isIP } from 'node:net'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'

/** Some letters may be starred already, and @ be percent-encoded. */
const EMAIL =
  /(?<![\w.+%*-])[\w.+%*-]{1,64}(?:@|%40)(?:(?:[A-Za-z0-9*-]{1,63}\.){1,8}[A-Za-z]{2,24}|localhost)(?![A-Za-z0-9])/gi
const MAC = /(?<![\w:-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])/g
/** With the zone of an address of the link. */
const V6 =
  /(?<![\w:.])([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)(?:%\w{1,16})?(?![\w:])/g
/** The last parts may be starred: 10.0.*.* */
const V4 = /(?<![\w.])\d{1,3}(?:\.(?:\d{1,3}|\*)){3}(?!\w|\.\d)/g
const SSN = /(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g
/** Runs that may start with such a number. Other words may follow in the run. */
const IBAN = /(?<!\w)[A-Z]{2}[ -]?\d{2}(?:[ -]?[A-Z0-9]){11,30}/g
const DIGITS = /(?<![\w.])\d(?:[ -]?\d){12,18}/g
/** 3GPP TS 23.003 §6.2.2: a software version of two digits in place of the check digit. */
const IMEISV = /(?<![\w-])\d{2}([ -])\d{6}\1\d{6}\1\d{2}(?![\w-])/g

/** Issuers' prefixes with the lengths of their numbers: https://en.wikipedia.org/wiki/Payment_card_number. */
const CARDS: readonly (readonly [prefix: string, lengths: readonly number[]])[] = [
  ['4', [13, 16, 19]],
  ['5[1-5]|2[2-7]|9792', [16]],
  ['220[0-4]', [16, 17, 18, 19]],
  ['3[47]', [15]],
  ['2131|1800', [15]],
  ['35', [16, 17, 18, 19]],
  ['30|3[689]', [14, 15, 16, 17, 18, 19]],
  ['50|5[6-8]|6[37]', [13, 14, 15, 16, 17, 18, 19]],
  ['6|8[12]', [16, 17, 18, 19]],
]
const CARD = new RegExp(
  `^(?:${CARDS.map(([prefix, lengths]) => `(?=(?:${lengths.map((n) => `\\d{${n}}`).join('|')})$)(?:${prefix})`).join('|')})`,
)

/** ISO/IEC 7812-1: every second digit from the right counts twice. */
function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** ISO 13616: letters are 10 to 35, the first four characters go last, the rest modulo 97 is 1. */
function isIban(text: string): boolean {
  let rest = 0
  for (const char of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}

function numberKind(digits: string): string | undefined {
  if (!passesLuhn(digits) || /^(\d)\1*$/.test(digits)) return undefined
  if (CARD.test(digits)) return 'CC_NUMBER'
  return digits.length === 15 ? 'IMEI' : undefined
}

const ibanKind = (text: string) => (text.length >= 15 && isIban(text) ? 'IBAN' : undefined)

type KindOf = (plain: string) => string | undefined

/** The longest start of a run that is a number of some kind and ends where a group of it ends. */
function startOf(run: string, after: string, kindOf: KindOf) {
  for (let end = run.length; end >= 13; end--) {
    const next = end < run.length ? run[end]! : after
    if (/\w/.test(next) || !/\w/.test(run[end - 1]!)) continue
    const kind = kindOf(run.slice(0, end).replace(/[ -]/g, ''))
    if (kind) return { kind, end }
  }
  return undefined
}

/** A group of four letters or digits may begin a number if the groups before it belong to none. */
const BEGINS = /[ -](?=\w{4})/

/** Numbers stand behind others without more than a space between them. */
function redactNumbers(text: string, pattern: RegExp, kindOf: KindOf): string {
  let out = ''
  let done = 0
  pattern.lastIndex = 0
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const [run] = found
    const start = startOf(run, text[found.index + run.length] ?? '', kindOf)
    if (start) {
      out += `${text.slice(done, found.index)}<REDACTED_${start.kind}>`
      done = found.index + start.end
      pattern.lastIndex = done
    } else {
      const group = run.search(BEGINS)
      pattern.lastIndex = found.index + (group < 0 ? run.length : group + 1)
    }
  }
  return out + text.slice(done)
}

function redact(text: string): string {
  if (!/[\d@:-]/.test(text)) return text
  let out = /@|%40/.test(text) ? text.replace(EMAIL, '<REDACTED_EMAIL>') : text
  out = out.replace(MAC, '<REDACTED_MAC_ADDR>')
  out = out.replace(V6, (found, address: string) =>
    isIP(address) === 6 && /\d/.test(address) ? '<REDACTED_IPV6>' : found,
  )
  out = out.replace(V4, (found) => (isIP(found.replaceAll('*', '0')) === 4 ? '<REDACTED_IPV4>' : found))
  out = redactNumbers(out, IBAN, ibanKind)
  out = out.replace(IMEISV, '<REDACTED_IMEI>')
  out = redactNumbers(out, DIGITS, numberKind)
  return out.replace(SSN, '<REDACTED_SSN>')
}

export const PII: readonly FunctionSpec[] = [
  {
    name: 'redact_pii_best_effort',
    description:
      'The text with what looks like personal data (addresses of mail, IP and MAC, numbers of cards, accounts, phones and social security) as <REDACTED_…>.',
    unit: none,
    overloads: [
      scalar('input_str:STRING -> STRING', ({ checkpoint }, text: string) => {
        checkpoint()
        return redact(text)
      }),
    ],
  },
]
