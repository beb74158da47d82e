import { expect, test } from 'bun:test'
import { Traces } from '../../src/redaction/traces'

const WORDS = ['token', 'key"', 'pw=', 'secret', ':/x']
const EXACT = ['AKIA', 'eyJ', 'a-b_c']
const traces = new Traces(WORDS, EXACT)

test('a word is found at every place, in any spelling; an exact one in its own', () => {
  for (let before = 0; before < 9; before++)
    for (const word of [...WORDS, ...EXACT])
      for (const behind of ['', '.', '..']) {
        const text = `${'.'.repeat(before)}${word}${behind}`
        expect(traces.find(text, 0), text).toBe(before)
        expect(traces.find(text, before), text).toBe(before)
        expect(traces.find(text, before + 1), text).toBe(-1)
        expect(traces.find(text.toUpperCase(), 0), text).toBe(
          EXACT.includes(word) && word !== word.toUpperCase() ? -1 : before,
        )
      }
})

test('what only has the same letters in five bits is none', () => {
  expect(traces.find('4oken t/ken', 0)).toBe(-1)
  expect(traces.find('', 0)).toBe(-1)
  expect(traces.find('to', 0)).toBe(-1)
})

test('the same as a search of all places, in random texts', () => {
  const letters = 'tokenTOKENsecr"=pwyJAKI/:x.-_ '
  for (let i = 0; i < 3000; i++) {
    let text = ''
    for (let j = 0; j < 40; j++) text += letters[(i * 7919 + j * j * 31 + ((i * j) >> 2)) % letters.length]
    const lower = text.toLowerCase()
    const places = [...WORDS.map((word) => lower.indexOf(word)), ...EXACT.map((word) => text.indexOf(word))]
    const first = Math.min(...places.filter((at) => at >= 0))
    expect(traces.find(text, 0), text).toBe(first === Infinity ? -1 : first)
  }
})
