/** What failed, to be said once more at the end of a run: the log of all rings is long, and only its end is sure to be read. */

/** Lines of one failed test that are kept. */
const MAX_LINES = 60
/** Failed tests that are kept. */
const MAX_TESTS = 40

const OUTCOME = /^\((pass|fail|skip|todo)\) /

/** Collects, from the output of `bun test`, what each failed test printed before its `(fail)` line. */
export class Failures {
  private readonly failed: string[] = []
  private lines: string[] = []
  private readonly seen = new Set<string>()
  private partial = ''
  private more = 0

  feed(text: string): void {
    const lines = (this.partial + text).split('\n')
    this.partial = lines.pop()!
    for (const line of lines) this.line(line)
  }

  /** A step that is no test, or that failed outside of any. */
  add(title: string): void {
    this.keep([...this.lines, title])
    this.lines = []
  }

  /** Those of a step, which has ended. */
  include(step: Failures): void {
    for (const test of step.failed) this.keep([test])
    this.more += step.more
  }

  /** '' when nothing failed. */
  summary(): string {
    if (this.failed.length === 0) return ''
    const rest = this.more > 0 ? `\n\n… and ${this.more} more` : ''
    return `\n── what failed\n${this.failed.join('\n\n')}${rest}`
  }

  private line(line: string): void {
    this.lines.push(line)
    if (this.lines.length > MAX_LINES) this.lines.shift()
    const outcome = OUTCOME.exec(line)?.[1]
    if (outcome === undefined) return
    // Bun lists them once more at the end of a file.
    if (outcome === 'fail' && !this.seen.has(line)) this.keep(this.lines)
    if (outcome === 'fail') this.seen.add(line)
    this.lines = []
  }

  private keep(lines: readonly string[]): void {
    if (this.failed.length < MAX_TESTS) this.failed.push(lines.join('\n').trim())
    else this.more++
  }
}
