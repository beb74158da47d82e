import { expect, test } from 'bun:test'
import { readJunit, slowest } from './support/junit'

const XML = `<testsuites><testsuite name="a.test.ts">
  <testcase name="counts &quot;all&quot;" classname="x" time="0.25" file="test/a.test.ts" line="3" assertions="1" />
  <testcase name="fails" classname="x" time="1.5" file="test/a.test.ts" line="9" assertions="1"><failure type="AssertionError" /></testcase>
  <testcase name="is left out" classname="x" time="0" file="test/b.test.ts" line="1" assertions="0"><skipped /></testcase>
</testsuite></testsuites>`

test('the report of a run: its tests, and those that took longest', () => {
  const cases = readJunit(XML)
  expect(cases.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['counts "all"', 'passed'],
    ['fails', 'failed'],
    ['is left out', 'skipped'],
  ])
  expect(slowest(cases, 2)).toEqual(['1.5 s  test/a.test.ts: fails', '0.3 s  test/a.test.ts: counts "all"'])
})
