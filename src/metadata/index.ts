export type {
  Container,
  Kubernetes,
  KubernetesObject,
  ObjectStatus,
  OwnerReference,
  Pod,
  Service,
  Workload,
} from './kubernetes'
export { NO_KUBERNETES } from './kubernetes'
export type { Metadata, ProcessInfo } from './metadata'
export { openMetadata } from './plain-host'
export { Processes } from './processes'
