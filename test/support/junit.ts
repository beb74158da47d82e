/** Bun's JUnit report of one run of `bun test`. */

export interface TestCase {
  readonly name: string
  readonly file: string
  readonly seconds: number
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

const CHARACTERS: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

const textOf = (attribute: string): string =>
  attribute.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => CHARACTERS[name]!)

export function readJunit(xml: string): TestCase[] {
  return [...xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)].map((match) => {
    const [, attributes = '', , inner = ''] = match
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''
    return {
      name: textOf(attribute('name')),
      file: textOf(attribute('file')),
      seconds: Number(attribute('time')) || 0,
      outcome: inner.includes('<skipped')
        ? 'skipped'
        : /<(failure|error)\b/.test(inner)
          ? 'failed'
          : 'passed',
    }
  })
}

/** The tests that took longest, a line each, longest first. */
export const slowest = (cases: readonly TestCase[], most: number): string[] =>
  [...cases]
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, most)
    .map(({ name, file, seconds }) => `${seconds.toFixed(1)} s  ${file}: ${name}`)
