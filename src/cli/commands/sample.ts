import { type Command, UsageError } from '../command'

/** Tests and samples need several addresses. Separate words read better than a list. */
const WORDS = ['URL', 'URL2', 'URL3'].map((name) => ({ name, required: false }))

export const sample: Command = {
  name: 'sample',
  summary: 'What the containers of the samples run: nixie demo deploy starts them',
  hidden: true,
  details:
    'serve [ADDRESS]        answers with who it is and what it calls; by the environment: CALLS (addresses), FAIL (share), DELAY (20ms)\n' +
    'load RATE URL…         asks the addresses in turn, RATE times a second\n' +
    'get URL                asks once',
  positionals: [
    { name: 'WHAT', required: true, choices: ['serve', 'load', 'get'] },
    { name: 'FIRST', required: false },
    ...WORDS,
  ],
  options: [],
  run: async ({ positionals, io }) => {
    const [what, first, ...urls] = positionals
    const { getSample, loadSample, serveSample } = await import('../sample')
    if (what === 'serve') return serveSample(first ?? ':8080', io)
    if (first === undefined) throw new UsageError('URL is missing')
    if (what === 'get') return getSample(first, io)
    if (urls.length === 0) throw new UsageError('URL is missing')
    return loadSample(first, urls, io)
  },
}
