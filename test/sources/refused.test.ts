/** What one source, or one program of it, can't have is told under its name and costs nothing else. */
import { expect, test } from 'bun:test'
import { readConfig } from '../../src/config'
import { newCounters } from '../../src/health/counters'
import type { Kernel } from '../../src/kernel/kernel'
import { type ObjectSpec, OpenObject, type RawObject } from '../../src/kernel/object'
import { Processes } from '../../src/metadata'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import { probeStatus } from '../../src/records/probe-status'
import { Sources } from '../../src/sources/open'
import { type RowSource, UNLIMITED } from '../../src/sources/source'
import { status } from '../../src/sources/status'

/** A kernel that loads no object with one of these programs in it, and attaches none of those. */
function refusing(load: readonly string[], attach: readonly string[] = []) {
  const log: string[] = []
  const make = (): RawObject => {
    const loaded = new Set<string>()
    return {
      setKnob: () => {},
      setMaxEntries: () => {},
      reuseMap: () => {},
      setAutoload: (name, wanted) => void (wanted ? loaded.add(name) : loaded.delete(name)),
      load() {
        const refused = load.find((name) => loaded.has(name))
        if (refused !== undefined) throw new Error(`load: EINVAL: prog '${refused}'`)
      },
      attach(name) {
        if (attach.includes(name)) throw new Error(`${name}: ENOENT`)
        log.push(`attach ${name}`)
        return 0
      },
      attachUprobe: () => 0,
      attachUprobes: () => 0,
      attachCpuClock: () => 0,
      detach: () => {},
      iterate(name) {
        log.push(`iterate ${name}`)
        return new ArrayBuffer(0)
      },
      attachCgroup: () => 0,
      missedRuns: () => 0,
      map: () => 3,
      close: () => log.push('close'),
    }
  }
  return { log, open: <P extends string>(spec: ObjectSpec<P>) => OpenObject.open(spec, new Set(), make) }
}

const spec = {
  source: 'socket_tracer',
  files: { [process.arch]: import.meta.path },
  programs: {
    first: { purpose: 'one' },
    walk: { purpose: 'two', placement: 'iterator' },
    main: { purpose: 'three', required: true },
    place: { purpose: 'four', placement: 'later' },
  },
} as const satisfies ObjectSpec<string>

test('everything is attached in the declared order', () => {
  const { open, log } = refusing([])
  const { probes, object } = open(spec)
  expect(probes.every((probe) => probe.attached && probe.source === 'socket_tracer')).toBe(true)
  expect(log).toEqual(['attach first', 'iterate walk', 'attach main'])
  object!.close()
  object!.close()
  expect(log.filter((line) => line === 'close')).toHaveLength(1)
})

test('a refused program costs only itself, whether it is refused at loading or at attaching', () => {
  for (const { open } of [refusing(['walk']), refusing(['walk', 'place'], ['first'])]) {
    const { probes, object } = open(spec)
    expect(object).toBeDefined()
    const failures = probes.filter((probe) => !probe.attached)
    expect(failures.map((probe) => probe.name)).toContain('walk')
    for (const { name, error, hint } of failures) {
      expect(error).toContain(name)
      expect(hint).not.toBe('')
    }
    expect(probes.find((probe) => probe.name === 'main')!.attached).toBe(true)
  }
})

test('without a required program nothing stays loaded', () => {
  for (const { open, log } of [refusing(['main']), refusing([], ['main'])]) {
    const { probes, object } = open(spec)
    expect(object).toBeUndefined()
    expect(probes.some((probe) => probe.attached)).toBe(false)
    expect(log.at(-1)).toBe('close')
  }
})

const kernel = (open: Kernel['open']): Kernel => ({
  enabled: true,
  probes: [],
  timeBase: 0n,
  clock: { base: { high: 0, low: 0 }, correctionNs: 0 },
  now: () => 0,
  watch: () => false,
  missedRuns: () => 0,
  follow: () => {},
  open,
  close: () => {},
})

/** A source with that object, whose ticks are played. */
const source = (name: string, tick: (nowNs: number) => void): RowSource => ({
  name,
  tables: [probeStatus],
  open: (context) => {
    const { probes } = context.kernel.open({ ...spec, source: name })
    return { probes, tick, close: () => {} }
  },
})

function sources(members: readonly RowSource[], open: Kernel['open']) {
  const rows: { source_connector: string; tracepoint: string; status: number; error: string }[] = []
  const opened = new Sources(members, {
    kernel: kernel(open),
    sink: { append: (_, record) => void rows.push(record as never) },
    liveSink: { append: () => {} },
    processes: new Processes('node'),
    counters: newCounters(),
    processor: UNLIMITED,
    config: readConfig({}, {}),
    settings: { bodyLimit: 0, redact: true, decodeBudget: new DecodeBudget() },
  })
  return { opened, rows }
}

test('the rows of probe_status are under the name of the source that the probe feeds', () => {
  const { opened, rows } = sources(
    [source('one', () => {}), source('two', () => {}), status],
    refusing(['walk']).open,
  )
  opened.tick(0)
  expect(rows.map((row) => `${row.source_connector} ${row.tracepoint} ${row.status}`)).toEqual([
    'one first 0',
    'one walk 1',
    'one main 0',
    'one place 0',
    'two first 0',
    'two walk 1',
    'two main 0',
    'two place 0',
  ])
  expect(opened.ready).toBe(true)
  opened.tick(60e9)
  expect(rows).toHaveLength(8)
  // An hour later, and when the clock is set back.
  opened.tick(3600e9)
  expect(rows).toHaveLength(16)
  opened.tick(-86_400e9)
  expect(rows).toHaveLength(24)
})

test('a source whose tick fails is told as long as it does, and the others go on', () => {
  let fails = true
  let ticks = 0
  const bad = source('bad', () => {
    if (fails) throw new Error('out of memory')
  })
  const { opened } = sources([bad, source('good', () => void ticks++)], refusing([]).open)
  opened.tick(0)
  expect(ticks).toBe(1)
  const failure = () => opened.probes.find((probe) => probe.source === 'bad' && !probe.attached)
  expect(failure()).toMatchObject({ name: 'tick', error: 'out of memory', purpose: 'Rows of probe_status' })
  fails = false
  opened.tick(1e9)
  expect(failure()).toBeUndefined()
})

test('it does not capture without what is required, nor without any source that needs something', () => {
  expect(sources([source('one', () => {})], refusing(['main']).open).opened.ready).toBe(false)
  expect(sources([status], refusing([]).open).opened.ready).toBe(false)
})
