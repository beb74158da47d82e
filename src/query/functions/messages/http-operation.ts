/**
 * Operations of services over HTTP that a head names:
 *
 *     SOAP       SOAPAction (https://www.w3.org/TR/2000/NOTE-SOAP-20000508/#_Toc478383528), or `action` of the media type (RFC 3902)
 *     AWS JSON   X-Amz-Target: SERVICE.OPERATION (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html): DynamoDB, Kinesis, SQS, KMS, …
 *     AWS query  Action=OPERATION&Version=… in the form or the path (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html): SNS, STS, EC2, …
 *     S3         method, path and parameters (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html)
 */
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { type Headers, headersOf } from './headers'

/** Characters of a path, of a form and of a name that are looked at. */
const MAX_PATH = 4096
const MAX_NAME = 256

interface Named {
  readonly service: string
  readonly operation: string
}

const HINTS = /soapaction|x-amz-|action=|amazonaws|minio/i

function operationOf(method: string, path: string, headers: string, body: string): Named | undefined {
  // What isn't one is left as cheaply as possible.
  const mayBe =
    HINTS.test(headers) ||
    /[?&](?:Action|x-id)=/.test(path.slice(0, MAX_PATH)) ||
    /(?:^|&)Action=/.test(body.slice(0, MAX_PATH))
  if (!mayBe) return undefined
  const fields = headersOf(headers)
  return soap(fields) ?? awsTarget(fields) ?? awsQuery(path, fields, body) ?? s3(method, path, fields)
}

function soap(headers: Headers): Named | undefined {
  const type = headers.get('content-type') ?? ''
  const inType = /^application\/soap\+xml\b/i.test(type)
    ? /;\s*action="?([^";]{1,256})/i.exec(type)?.[1]
    : undefined
  const action = inType ?? headers.get('soapaction')
  if (action === undefined) return undefined
  return { service: 'SOAP', operation: action.replace(/^"|"$/g, '').slice(0, MAX_NAME) }
}

/** `DynamoDB_20120810.GetItem`: the service has the date of its API behind it. */
function awsTarget(headers: Headers): Named | undefined {
  const target = /^([\w.]{1,200})\.(\w{1,100})$/.exec(headers.get('x-amz-target') ?? '')
  if (!target) return undefined
  const service = target[1]!.replace(/_\d{8}(?:_\w+)?$/, '').replace(/^(?:Amazon|AWS)(?=[A-Z])/, '')
  return { service: SERVICES[service] ?? service, operation: target[2]! }
}

/** Names of the protocol that differ from those that people use. */
const SERVICES: Readonly<Record<string, string>> = { TrentService: 'KMS', secretsmanager: 'SecretsManager' }

function awsQuery(path: string, headers: Headers, body: string): Named | undefined {
  const inPath = parametersOf(path)
  const given = inPath.has('Action') ? inPath : formOf(headers, body)
  const operation = given?.get('Action') ?? ''
  if (!/^\w{1,100}$/.test(operation) || !/^\d{4}-\d\d-\d\d$/.test(given?.get('Version') ?? ''))
    return undefined
  const service = /^(?:https?:\/\/)?([a-z0-9-]{1,40})\.(?:[a-z0-9-]{1,40}\.)?amazonaws\.com/.exec(
    headers.get('host') ?? headers.get(':authority') ?? '',
  )
  return { service: service?.[1]?.toUpperCase() ?? 'AWS', operation }
}

const formOf = (headers: Headers, body: string): URLSearchParams | undefined =>
  /^application\/x-www-form-urlencoded\b/i.test(headers.get('content-type') ?? '')
    ? new URLSearchParams(body.slice(0, MAX_PATH))
    : undefined

function parametersOf(path: string): URLSearchParams {
  const start = path.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : path.slice(start + 1, start + MAX_PATH))
}

// ── S3 ───────────────────────────────────────────────────────────────────────

/** Clients of S3 alone send the digest of their content; the newer ones name the operation. */
const isS3 = (headers: Headers, given: URLSearchParams): boolean =>
  headers.has('x-amz-content-sha256') ||
  given.has('x-id') ||
  given.has('X-Amz-Signature') ||
  hostIsS3(headers)

const hostOf = (headers: Headers): string =>
  (headers.get('host') ?? headers.get(':authority') ?? '').slice(0, MAX_NAME)
const hostIsS3 = (headers: Headers): boolean =>
  /(?:^|\.)s3[.-][a-z0-9.-]*amazonaws\.com/.test(hostOf(headers))

function s3(method: string, path: string, headers: Headers): Named | undefined {
  const given = parametersOf(path)
  if (!isS3(headers, given)) return undefined
  const said = given.get('x-id') ?? ''
  const operation = /^\w{1,60}$/.test(said) ? said : s3Operation(method, path, headers, given)
  return operation === '' ? undefined : { service: 'S3', operation }
}

/** What a parameter without the name of an operation makes of a request, of a bucket or of an object. */
const PARTS: readonly (readonly [parameter: string, name: string, of: 'bucket' | 'object' | 'both'])[] = [
  ['tagging', 'Tagging', 'both'],
  ['acl', 'Acl', 'both'],
  ['retention', 'Retention', 'object'],
  ['legal-hold', 'LegalHold', 'object'],
  ['attributes', 'Attributes', 'object'],
  ['location', 'Location', 'bucket'],
  ['policy', 'Policy', 'bucket'],
  ['versioning', 'Versioning', 'bucket'],
  ['lifecycle', 'LifecycleConfiguration', 'bucket'],
  ['cors', 'Cors', 'bucket'],
  ['encryption', 'Encryption', 'bucket'],
  ['notification', 'NotificationConfiguration', 'bucket'],
  ['replication', 'Replication', 'bucket'],
  ['website', 'Website', 'bucket'],
  ['logging', 'Logging', 'bucket'],
]
const VERBS: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head' }

function s3Operation(method: string, path: string, headers: Headers, given: URLSearchParams): string {
  const [place = ''] = path.slice(0, MAX_PATH).split('?', 1)
  const names = place.split('/').filter(Boolean)
  // The bucket is in the host, or first in the path.
  const isVirtual = /^[^.]+\.s3[.-]/.test(hostOf(headers))
  const kind = names.length + (isVirtual ? 1 : 0)
  const of = kind > 1 ? 'object' : 'bucket'
  if (kind === 0) return method === 'GET' ? 'ListBuckets' : ''
  const verb = VERBS[method] ?? ''
  const part = PARTS.find(
    ([parameter, , whose]) => given.has(parameter) && (whose === 'both' || whose === of),
  )
  if (part && verb !== '') return `${verb}${of === 'bucket' ? 'Bucket' : 'Object'}${part[1]}`
  return of === 'bucket' ? bucketOperation(method, given) : objectOperation(method, headers, given)
}

function bucketOperation(method: string, given: URLSearchParams): string {
  if (method === 'POST') return given.has('delete') ? 'DeleteObjects' : 'PostObject'
  if (method === 'PUT') return 'CreateBucket'
  if (method === 'DELETE') return 'DeleteBucket'
  if (method === 'HEAD') return 'HeadBucket'
  if (method !== 'GET') return ''
  if (given.has('uploads')) return 'ListMultipartUploads'
  if (given.has('versions')) return 'ListObjectVersions'
  return given.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects'
}

function objectOperation(method: string, headers: Headers, given: URLSearchParams): string {
  const isPart = given.has('uploadId')
  if (method === 'POST') {
    if (given.has('uploads')) return 'CreateMultipartUpload'
    if (isPart) return 'CompleteMultipartUpload'
    return given.has('restore') ? 'RestoreObject' : ''
  }
  if (method === 'PUT') {
    const isCopy = headers.has('x-amz-copy-source')
    if (isPart) return isCopy ? 'UploadPartCopy' : 'UploadPart'
    return isCopy ? 'CopyObject' : 'PutObject'
  }
  if (method === 'DELETE') return isPart ? 'AbortMultipartUpload' : 'DeleteObject'
  if (method === 'HEAD') return 'HeadObject'
  if (method !== 'GET') return ''
  return isPart ? 'ListParts' : 'GetObject'
}

export const HTTP_OPERATION: readonly FunctionSpec[] = [
  {
    name: 'http_operation',
    description:
      'The operation of a service that a request names in its head, as a JSON object: service (SOAP, S3, DynamoDB and others of AWS), operation. ' +
      'Empty for other requests.',
    unit: none,
    overloads: [
      scalar(
        'req_method:STRING req_path:STRING req_headers:STRING req_body:STRING -> STRING',
        (_, method: string, path: string, headers: string, body: string) => {
          const named = operationOf(method, path, headers, body)
          return named ? JSON.stringify(named) : ''
        },
      ),
    ],
  },
]
