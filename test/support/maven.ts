/** Libraries of Java, in the versions that a `pom.xml` fixes. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from './scope'

/** The class path of what `folder/pom.xml` asks for. Maven keeps the files for the next time. */
export function classPath(scope: Scope, folder: string): string {
  const output = join(scope.dir, 'class-path')
  const args = [
    '-q',
    '-B',
    '-f',
    join(folder, 'pom.xml'),
    'dependency:build-classpath',
    `-Dmdep.outputFile=${output}`,
  ]
  execFileSync('mvn', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  return readFileSync(output, 'utf8').trim()
}
