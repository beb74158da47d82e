import { expect, test } from 'bun:test'
import {
  type BudgetState,
  budgetWords,
  percentWords,
  sampledShare,
  sampledWords,
  shedWords,
} from '../../src/health/budget'
import { NO_BUDGET } from '../support/status'

const STATE: BudgetState = { ...NO_BUDGET, processors: 2, share: 0.1, allowed: 0.1, used: 0.08 }
const SHED: BudgetState = { ...STATE, recorded: 38, shed: 62, pressure: 'budget' }

test('how many of the requests have rows', () => {
  expect(sampledShare(STATE)).toBe(1)
  expect(sampledWords({ ...STATE, recorded: 100 })).toBeUndefined()
  expect(sampledWords(SHED)).toBe('sampled: 38 % of requests have rows')
  expect(sampledWords({ ...SHED, recorded: 0 })).toBe('sampled: 0 % of requests have rows')
})

test('what is not whole is never said to be', () => {
  expect([1, 0.9999, 0.5, 0.025, 0.004, 0].map(percentWords)).toEqual([
    '100 %',
    '99 %',
    '50 %',
    '2.5 %',
    '0.4 %',
    '0 %',
  ])
})

test('what is shed, and why', () => {
  expect(shedWords(STATE)).toEqual([])
  expect(shedWords(SHED)).toEqual([
    '38 % of the requests of the last ten seconds have rows; the others are counted, so rates are right: to capture all would take more than the CPU budget.',
  ])
})

test('the budget and its use', () => {
  expect(budgetWords(STATE)).toBe('10 % of 2 processors; 8 % used')
  expect(budgetWords({ ...STATE, allowed: 0.025, used: 0.02 })).toBe(
    '10 % of 2 processors, 2.5 % on average while others want them; 2 % used',
  )
  expect(budgetWords({ ...STATE, share: 0, allowed: 1 })).toBe('no limit on 2 processors; 8 % used')
})
