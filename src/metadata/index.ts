export type { Metadata, ProcessInfo } from './metadata'
export { openMetadata } from './plain-host'
export { Processes } from './processes'
