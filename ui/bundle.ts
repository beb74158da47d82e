/** A Bun macro: runs when the importing file is transpiled, so that the executable holds the bundled text. */

/** A part of ui/client with its imports, as one classic script. Throws the bundler's message. */
export function bundleClient(file: string): string {
  const entry = `${import.meta.dir}/client/${file}`
  // A second process: the bundler can't be entered again from within a macro.
  const run = Bun.spawnSync([
    process.execPath,
    'build',
    entry,
    '--minify',
    '--target=browser',
    '--format=iife',
  ])
  if (run.exitCode !== 0) throw new Error(`ui/client/${file} does not bundle: ${run.stderr}`)
  return run.stdout.toString()
}
