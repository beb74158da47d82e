/**
 * GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): POST with JSON or the document alone, GET with parameters, batches,
 * persisted queries. A document (https://spec.graphql.org/) may be cut anywhere.
 */
import { JsonScanner, type Path } from '../../../protocols/lib/json/scanner'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { contentFacts } from './content-facts'

/** Documents of a batch that are looked at. */
const MAX_DOCUMENTS = 16
/** Characters of a document that are looked at. */
const MAX_DOCUMENT = 16 << 10

interface Operation {
  readonly kind: string
  readonly name: string
}

/** Comments, texts, names and numbers, and signs one by one. */
const TOKEN =
  /#[^\n\r]*|"""(?:[^"\\]|\\[\s\S]|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\.)*(?:"|$|(?=\n))|[_A-Za-z]\w*|[^\s\w"#]|\d+/g
const KINDS = new Set(['query', 'mutation', 'subscription'])
/** What may stand in a selection beside names, arguments and further selections; the last one marks a cut. */
const OF_SELECTION = new Set([...'{}(.:@,…'])
const isName = (token: string): boolean => /^[_A-Za-z]/.test(token)

/** The operations of a document, as far as it goes; undefined where it is none. `{ … }` alone is a query without a name. */
export function operationsIn(text: string): Operation[] | undefined {
  const reader = new DocumentReader()
  for (const [token] of text.slice(0, MAX_DOCUMENT).matchAll(TOKEN)) {
    if (token.startsWith('#') || token.startsWith('"')) continue
    if (!reader.take(token)) return undefined
  }
  return reader.isSeen ? reader.operations : undefined
}

class DocumentReader {
  readonly operations: Operation[] = []
  isSeen = false
  /** Selections, and arguments, that are open. */
  #braces = 0
  #parens = 0
  #next: 'definition' | 'name' | 'selection' = 'definition'
  #isDirective = false

  /** False where no document has such a token. */
  take(token: string): boolean {
    this.isSeen = true
    if (this.#parens > 0) this.#inArguments(token)
    else if (token === '(') this.#parens++
    else if (this.#braces > 0) return this.#inSelection(token)
    else if (this.#next === 'definition') return this.#begins(token)
    else return this.#inHead(token)
    return this.#next !== 'definition'
  }

  #inArguments(token: string): void {
    if ('([{'.includes(token)) this.#parens++
    else if (')]}'.includes(token)) this.#parens--
  }

  #inSelection(token: string): boolean {
    if (token === '{') this.#braces++
    else if (token === '}' && --this.#braces === 0) this.#next = 'definition'
    return isName(token) || OF_SELECTION.has(token)
  }

  #begins(token: string): boolean {
    if (token === '{') {
      this.operations.push({ kind: 'query', name: '' })
      this.#braces++
      this.#next = 'selection'
    } else if (KINDS.has(token)) {
      this.operations.push({ kind: token, name: '' })
      this.#next = 'name'
    } else this.#next = 'selection'
    // A fragment has `on` and a type before its selection.
    this.#isDirective = token === 'fragment'
    return token === '{' || KINDS.has(token) || token === 'fragment'
  }

  #inHead(token: string): boolean {
    if (token === '{') {
      this.#braces++
      this.#isDirective = false
      this.#next = 'selection'
      return true
    }
    if (this.#next === 'name' && isName(token)) {
      this.operations.push({ kind: this.operations.pop()!.kind, name: token })
      this.#next = 'selection'
      return true
    }
    this.#next = 'selection'
    if (token === '@') this.#isDirective = true
    return token === '@' || token === '…' || (this.#isDirective && isName(token))
  }
}

/** The documents of a body of JSON. */
class Documents {
  readonly texts: string[] = []

  wants(name: string): boolean {
    return name === 'query'
  }

  value(path: Path, value: string, isText: boolean): void {
    const isOwn = path === 'query' || path === '*.query'
    if (isOwn && isText && this.texts.length < MAX_DOCUMENTS) this.texts.push(value)
  }
}

function documentsIn(body: string): readonly string[] {
  const documents = new Documents()
  const scanner = new JsonScanner(documents)
  const bytes = new Uint8Array(Buffer.from(body))
  scanner.take(bytes, 0, bytes.length)
  scanner.finish(false)
  return documents.texts
}

/** A document that is a body by itself, with the media type application/graphql. */
const isBare = (path: string, body: string): boolean =>
  /graphql/i.test(path.slice(0, 256)) && !/^\s*(?:\[|\{\s*["}]|$)/.test(body)

interface Asked {
  readonly documents: readonly string[]
  readonly names: readonly string[]
  readonly persisted: string
}

function askedInBody(path: string, body: string, facts: string): Asked | undefined {
  if (isBare(path, body)) return { documents: [body], names: [], persisted: '' }
  // What isn't one is left as cheaply as possible.
  if (facts === '' && !body.includes('"query"') && !body.includes('persistedQuery')) return undefined
  const request = contentFacts(body, facts)
  const persisted = request.last('persisted')
  return { documents: documentsIn(body), names: request.list('operations'), persisted }
}

function askedInPath(path: string): Asked | undefined {
  const start = path.indexOf('?')
  if (start < 0 || !/[?&](?:query|extensions)=/.test(path)) return undefined
  const given = new URLSearchParams(path.slice(start + 1, start + MAX_DOCUMENT))
  const query = given.get('query')
  const name = given.get('operationName')
  const extensions = contentFacts(`{"extensions":${given.get('extensions') ?? '{}'}}`, '')
  return {
    documents: query === null ? [] : [query],
    names: name ? [name] : [],
    persisted: extensions.last('persisted'),
  }
}

function askedIn(method: string, path: string, body: string, facts: string): Asked | undefined {
  if (method === 'POST') return askedInBody(path, body, facts)
  return method === 'GET' ? askedInPath(path) : undefined
}

function graphqlCall(
  method: string,
  path: string,
  requestBody: string,
  requestFacts: string,
  body: string,
  facts: string,
): string {
  const asked = askedIn(method, path, requestBody, requestFacts)
  if (!asked) return ''
  const found = asked.documents.map(operationsIn)
  const documents = found.filter((operations) => operations !== undefined)
  if (documents.length === 0 && (asked.persisted === '' || found.length > 0)) return ''
  const chosen = documents.map((operations, i) => chosenOf(operations, asked.names[i] ?? ''))
  const names = chosen.length > 0 ? chosen.map(({ name }) => name) : asked.names
  const response = contentFacts(body, facts)
  return JSON.stringify({
    kind: [...new Set(chosen.map(({ kind }) => kind))].filter(Boolean).join(', '),
    operation: names.filter(Boolean).join(', '),
    operations: Math.max(1, documents.length),
    persisted: asked.persisted,
    errors: response.count('errorMessages'),
    error: response.list('errorMessages').join('; '),
  })
}

/** Of several operations the one that is named runs. */
function chosenOf(operations: readonly Operation[], name: string): Operation {
  return (
    operations.find((operation) => operation.name === name) ??
    (operations.length === 1 ? operations[0]! : { kind: '', name })
  )
}

export const GRAPHQL: readonly FunctionSpec[] = [
  {
    name: 'graphql_call',
    description:
      'What a request and its answer say of a request of GraphQL, as a JSON object: kind, operation, operations, persisted (the hash of a persisted ' +
      'query), errors, error; of a batch the operations of all, of 16 at most. Empty for other requests.',
    unit: none,
    overloads: [
      scalar(
        'req_method:STRING req_path:STRING req_body:STRING req_facts:STRING resp_body:STRING resp_facts:STRING -> STRING',
        (
          _,
          method: string,
          path: string,
          requestBody: string,
          requestFacts: string,
          body: string,
          facts: string,
        ) => graphqlCall(method, path, requestBody, requestFacts, body, facts),
      ),
    ],
  },
]
