import pkg from '../../package.json'

/** Set by deploy/build.ts. */
const commit = process.env.NIXIE_COMMIT

/** Nixie's version, of which package.json is the only source; an executable adds its commit (SemVer 2.0.0 §10). */
export const VERSION: string = commit ? `${pkg.version}+${commit}` : pkg.version
