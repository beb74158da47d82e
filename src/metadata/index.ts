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
export type { Metadata, ProcessInfo } from './metadata'
export { openMetadata } from './open'
export { Processes } from './processes'
