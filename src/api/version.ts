import pkg from '../../package.json'

/** Nixie's version; package.json is its only source. */
export const VERSION: string = pkg.version
