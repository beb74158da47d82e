export { openMetadata } from './open'
export { Processes } from './processes'
