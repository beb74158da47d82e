/**
 * Which names announce a secret: of header fields, parameters, JSON keys, flags and variables. Names are told by their
 * shape (`*token*`), in any spelling: `apiKey`, `api-key`, `API_KEY` and `x[api.key]` are one.
 */

/**
 * 'always': what it names is a secret. 'random': when it also looks like one (`key`, `code`, `sid` name other things as well).
 * 'never': an ordinary name.
 */
export type Secrecy = 'always' | 'random' | 'never'

/** Names longer than this are none. */
export const MAX_NAME = 128

/** Anywhere in a name. Words are separated by `-` here, and all letters are small. */
const SECRET =
  /pass-?wo?r?[dt]|kennwort|wachtwoord|contrasena|mot-?de-?passe|social-?security|passphrase|passcode|pwd|secret(?!ar)|token(?!i[sz])|signature|credential|authorization|(?<![a-z])bearer$|jwt|(?<!aws-)sessionid|session-id|sessid|csrf|xsrf|client-?assertion|(?<![a-z])assertion$|saml-?(?:request|response)|code-verifier|connection-?string|(?:account|cipher|crypto|deploy|encrypt|encryption|license|licence|master|private|signing|storage|shared|subscription|symmetric|customer|consumer|functions?|server|service|write|admin|session|access|auth|api|app|application|secret|hmac|ssh|aes)-?key(?!-?(?:id|pairs?|md5|name|type)$)|apikey|api-?sign|access-sign|access-key-id|key-data$|requirepass|masterauth|mnemonic|(?:auth|authorization|device|backup|recovery|reset|verification|security|mfa)-?codes?$|^(?:set-)?cookies?2?$|session-cookie|^x-auth$/

/** The whole last word, or glued to the words that it is glued to in practice. */
const SECRET_END =
  /(?:^|-)(?:pass|pw|sig|ssn|creds|otp|totp|cvv|cvc|pin|mfa-code|otp-code|one-time-code|security-code|verification-code|psk)$|(?:^|-)(?:db|user|usr|my|root|admin|smtp|ftp|mail|proxy|login|redis|mysql|pg|bind|key|store|keystore|truststore|require|ldap|sudo|http)-?pass$/

/** What no two other words make, put together. */
const WORD =
  /passwor[dt]|kennwort|passphrase|secret(?!ar)|token(?!i[sz])|signature|credential|authorization|apikey/

/** What goes with secrets without being one: how many, which kind, where, until when. */
const BESIDE =
  /(?:^|-)(?:types?|counts?|limits?|names?|files?|paths?|dir|ur[il]s?|endpoints?|expir\w*|expires-(?:in|at)|ttl|age|lifetime|length|len|size|policy|strength|algorithms?|alg|algo|methods?|enabled|disabled|required|versions?|status|usage|used|fields?|labels?|placeholder|prefix|errors?|valid|supported|rotation|changed|updated|created|at|format|manager|ref|refs|store|class|provider|process|input|info|issuer|count|stdin|index|budget|modes?|requests?|responses?|cache|parts?|kind|entries|children|authenticator)$/
/** Tokens that turn pages, and those of language models. */
const NO_TOKEN =
  /(?:page|next|sync|continuation|cursor|pagination|sequence|skip|delta|resume|paging)-(?:page-)?token$|(?:^|-)(?:max|min|prompt|completion|total|input|output|num|remaining|cached|reasoning|used|audio|text|ratelimit|new|generated)-(?:[a-z]+-)?tokens?(?:-|$)|(?:^|-)tokens-(?:evaluated|predicted|cached)$|ratelimit/
const OTHER =
  /^(?:proxy-)?authorization-info$|^accept-signature$|cookies?-count$|^(?:has|is|show|hide|forgot|allow|requires?|enable|disable)-/

const SOMETIMES =
  /(?:^|-)(?:(?<!(?:primary|foreign|sort|cache|public|partition|routing|row|object|idempotency|websocket|group|message|event|lookup)-)key|auth|sid|session|code|state|ticket|hmac|hash|nonce|license)$|^(?:appid|app-id|user-?id-?token)$/

const KNOWN_MOST = 2048
const known = new Map<string, Secrecy>()

/** `name` as it was written; escapes and brackets are for those to undo who know that there may be some. */
export function secrecyOf(name: string): Secrecy {
  const before = known.get(name)
  if (before !== undefined) return before
  if (name.length > MAX_NAME) return 'never'
  const words = wordsOf(name)
  const secrecy = judged(words, name.toLowerCase())
  if (known.size >= KNOWN_MOST) known.clear()
  known.set(name, secrecy)
  return secrecy
}

export const isSecretName = (name: string): boolean => secrecyOf(name) === 'always'

/** Small letters, words separated by `-`: `dbPassword`, `DB_PASSWORD` and `db.password` are `db-password`. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

/** Capitals within one word, as in `PassWord`, part it nowhere: `written` has it as it was, in small letters. */
function judged(words: string, written: string): Secrecy {
  if (extras.some((extra) => extra.matches(words))) return 'always'
  const shape = SECRET.test(words) || SECRET_END.test(words) || WORD.test(written)
  if (shape && !BESIDE.test(words) && !NO_TOKEN.test(words) && !OTHER.test(words)) return 'always'
  return !shape && SOMETIMES.test(words) ? 'random' : 'never'
}

// ── Names that the user adds ─────────────────────────────────────────────────

/** `*` stands for any letters; what is between is found in order, each part at its first place: linear, unlike a pattern. */
class Extra {
  readonly #parts: readonly string[]

  constructor(shape: string) {
    this.#parts = shape.split('*').map(glued)
  }

  matches(words: string): boolean {
    const name = glued(words)
    const parts = this.#parts
    const first = parts[0]!
    const last = parts.at(-1)!
    if (parts.length === 1) return name === first
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false
    let at = first.length
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= name.length - last.length
  }
}

const glued = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '')

let extras: readonly Extra[] = []

/** `shapes`: names with `*` for any letters, as `--redact-extra` has them. */
export function addSecretNames(shapes: readonly string[]): void {
  extras = shapes.map((shape) => new Extra(shape))
  known.clear()
}
