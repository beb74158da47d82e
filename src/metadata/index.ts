export type { ProcessInfo } from './metadata'
export { openMetadata } from './open'
export { Processes } from './processes'
