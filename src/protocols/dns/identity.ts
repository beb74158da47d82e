import { inOrder, type ProtocolIdentity } from '../lib/identity'
import { dnsEvents } from './table'

/** RFC 6895 §2.3. */
const RCODES = inOrder(
  'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI',
)

export const DNS: ProtocolIdentity = {
  label: 'DNS',
  code: 6,
  tables: [dnsEvents],
  names: [
    {
      name: 'dns_rcode_name',
      description: 'The name of a DNS response code.',
      args: ['rcode'],
      nameOf: RCODES,
    },
  ],
}
