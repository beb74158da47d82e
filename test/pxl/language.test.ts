/** What PxL means and what it refuses, as blocks of text. */
import { describe } from 'bun:test'
import { join } from 'node:path'
import { runCases, runCasesWithExtras } from './support/golden'

describe('language', () => runCases(join(import.meta.dir, 'language.txt')))
describe('extra columns', () => runCases(join(import.meta.dir, 'extra-columns.txt')))
describe('the other end', () => runCases(join(import.meta.dir, 'other-end.txt')))
describe('constructs', () => runCases(join(import.meta.dir, 'constructs.txt')))
describe('tracing and export', () => runCases(join(import.meta.dir, 'tracing.txt')))
describe('as Pixie', () => runCases(join(import.meta.dir, 'as-pixie.txt')))
describe('errors', () => runCases(join(import.meta.dir, 'errors.txt')))

describe.each(['language', 'constructs', 'tracing', 'as-pixie', 'errors'])(
  '%s, with columns that no script names',
  (name) => runCasesWithExtras(join(import.meta.dir, `${name}.txt`)),
)
