/** Which response answers which request, when nothing but the order says so. */
import { describe, expect, test } from 'bun:test'
import { type Answer, Pairing } from '../../../src/protocols/lib/pairing'
import { random } from '../../streams/wire'

interface Request {
  readonly name: string
  readonly seq: number
  done: boolean
}

interface Response {
  readonly name: string
  readonly answer: Answer<string>
  done: boolean
}

/** Bytes of a request's head. */
const HEAD = 100

/** Both queues, as a conversation has them, and what became of the messages. */
class Line {
  readonly pairing: Pairing<string>
  readonly requests: Request[] = []
  readonly responses: Response[] = []
  readonly out: string[] = []
  nowNs = 1e9

  constructor(isWhole = true) {
    this.pairing = new Pairing(isWhole)
  }

  asks(name: string, done = true): Request {
    this.nowNs += 1000
    const request = { name, seq: this.pairing.requestBegins(name, this.nowNs, HEAD), done }
    this.requests.push(request)
    this.take()
    return request
  }

  answers(name: string, done = true): Response {
    this.nowNs += 1000
    const response = { name, answer: this.pairing.responseBegins(this.nowNs), done }
    this.responses.push(response)
    if (done) this.pairing.responseEnds(response.answer, this.nowNs)
    this.take()
    return response
  }

  ends(message: Request | Response): void {
    this.nowNs += 1000
    message.done = true
    if ('answer' in message) this.pairing.responseEnds(message.answer, this.nowNs)
    this.take()
  }

  /**
   * Letters ask, the same in capitals answer; `q` and `Q` lose a request, or a response, of which nothing was seen; `?` loses
   * bytes that may have been requests, `!` some that may have been responses.
   */
  plays(steps: string): this {
    for (const step of steps) {
      const { nowNs: timeNs } = this
      if (step === 'q') this.pairing.requestGap({ bytes: HEAD + 20, isBetween: true, timeNs })
      else if (step === 'Q') this.pairing.responseGap({ isBetween: true, timeNs })
      else if (step === '?') this.pairing.requestGap()
      else if (step === '!') this.pairing.responseGap()
      else if (step === '.') this.waits(200e6)
      else if (step === '_') this.waits(2e9)
      else if (step === step.toLowerCase()) this.asks(step)
      else this.answers(step)
    }
    return this
  }

  waits(ns: number): void {
    this.nowNs += ns
    this.take()
  }

  take(final = false): this {
    this.pairing.take(this.requests, this.responses, this.nowNs, final, {
      pair: (request, response) => this.out.push(`${request.name}${response.name}`),
      unanswered: (request) => this.out.push(`${request.name}?`),
      drop: ({ name }) => this.out.push(`-${name}`),
    })
    return this
  }
}

const played = (steps: string, isWhole = true) => new Line(isWhole).plays(steps).take(true).out.join(' ')

describe('in order', () => {
  test.each([
    ['aAbBcC', 'aA bB cC'],
    ['abcABC', 'aA bB cC'],
    ['abAcBC', 'aA bB cC'],
    ['aAb', 'aA b?'],
    ['abc', 'a? b? c?'],
    ['A', '-A'],
    ['', ''],
  ])('%s', (steps, wanted) => {
    expect(played(steps)).toBe(wanted)
  })

  test('a pair waits until both are done', () => {
    const line = new Line()
    const request = line.asks('a', false)
    const response = line.answers('A', false)
    expect(response.answer.hint).toBe('a')
    line.ends(response)
    expect(line.out).toEqual([])
    line.ends(request)
    expect(line.out).toEqual(['aA'])
  })

  test('what is behind a pair that isn’t done waits for it', () => {
    const line = new Line()
    line.asks('a')
    line.asks('b')
    const first = line.answers('A', false)
    line.answers('B')
    expect(line.out).toEqual([])
    line.ends(first)
    expect(line.out).toEqual(['aA', 'bB'])
  })

  test('at the end what isn’t done was cut, and is a pair all the same', () => {
    const line = new Line()
    line.asks('a', false)
    line.answers('A', false)
    expect(line.take(true).out).toEqual(['aA'])
  })

  test('which requests wait for their answer is known', () => {
    const line = new Line()
    const [a, b] = [line.asks('a'), line.asks('b')]
    line.answers('A', false)
    expect([a, b].map((request) => line.pairing.isUnanswered(request))).toEqual([false, true])
    expect(line.pairing.outstanding).toBe(1)
    line.pairing.requestGap()
    expect(line.pairing.isUnanswered(b)).toBe(true)
    line.pairing.responseGap(true)
    expect(line.pairing.isUnanswered(b)).toBe(false)
  })
})

describe('behind holes', () => {
  test.each([
    // A lost request: its answer is nobody's, the next pair is right again.
    ['aAqBcCdD', 'aA -B cC dD'],
    // A lost answer: the request goes with it.
    ['aAbQcCdD', 'aA -b cC dD'],
    // Both.
    ['aAqQcCdD', 'aA cC dD'],
    // Two answers in a row behind a hole: the first is nobody's, and so is the second.
    ['aAqbBCdD', 'aA -B -C -b dD'],
    // Requests in front of a hole are answered in order.
    ['abqAB', 'aA bB'],
  ])('%s', (steps, wanted) => {
    expect(new Set(played(steps).split(' '))).toEqual(new Set(wanted.split(' ')))
  })

  test('a pair is tentative until the next request, silence, or the end', () => {
    for (const confirmed of ['c', '.']) {
      const line = new Line().plays('aAqQb')
      line.answers('B')
      expect(line.out).toEqual(['aA'])
      line.plays(confirmed)
      expect(line.out).toEqual(['aA', 'bB'])
    }
    expect(played('aAqQbB')).toBe('aA bB')
  })

  test('a tentative pair is refuted by a second answer', () => {
    expect(played('aAqQbBB')).not.toContain('bB')
  })

  test('a connection that pipelines is followed again after it was silent', () => {
    expect(played('abABqcdCD')).toBe('aA bB -C -D -c -d')
    expect(played('abABqcdCD_efEF').split(' ')).toEqual(expect.arrayContaining(['eE', 'fF']))
  })

  test('an answer whose end went by unseen is the answer that it is', () => {
    const line = new Line()
    line.asks('a')
    const response = line.answers('A', false)
    line.pairing.responseEndsUnseen(line.nowNs)
    line.ends(response)
    expect(line.out).toEqual(['aA'])
    line.plays('bB').take(true)
    expect(line.out).toEqual(['aA', 'bB'])
  })

  test('answers that all end in holes are pairs where client and server take turns', () => {
    const line = new Line()
    for (const name of 'abcdef') {
      line.asks(name)
      const response = line.answers(name.toUpperCase(), false)
      line.ends(response)
      line.pairing.responseGap(false)
    }
    expect(line.take(true).out).toEqual(['aA', 'bB', 'cC', 'dD', 'eE', 'fF'])
  })

  test('an answer that goes on behind the next request: nobody waits, and nothing is paired', () => {
    const line = new Line()
    line.asks('a')
    const response = line.answers('A', false)
    line.ends(response)
    line.pairing.responseEndsUnseen(line.nowNs)
    line.asks('b')
    line.pairing.responseGoesOn()
    line.plays('BcC').take(true)
    expect(new Set(line.out)).toEqual(new Set(['aA', '-b', '-B', '-c', '-C']))
  })

  test('an answer that goes on before the next request costs nothing', () => {
    const line = new Line()
    line.plays('aA')
    line.pairing.responseGoesOn()
    expect(line.plays('bBcC').take(true).out).toEqual(['aA', 'bB', 'cC'])
  })

  test('what was moved behind the next request isn’t of the answer before', () => {
    const line = new Line()
    line.asks('a')
    const response = line.answers('A', false)
    line.asks('b')
    line.pairing.responseEndsUnseen(line.nowNs + 1)
    line.ends(response)
    line.answers('C')
    line.take(true)
    expect(line.out).not.toContain('bC')
  })
})

describe('whole or joined', () => {
  test('several requests at once on a connection seen from its opening are answered in order', () => {
    expect(played('abcABC')).toBe('aA bB cC')
  })

  test('joined under way, the first answer may be to a request that nobody saw', () => {
    expect(played('AbBcC', false)).toBe('-A bB cC')
    expect(played('abAB', false)).not.toMatch(/aA|aB|bA/)
  })

  test('joined under way, a first exchange is a pair when nothing contradicts it', () => {
    expect(played('aAbB', false)).toBe('aA bB')
  })

  test('a byte that was lost before the first answer makes it unsure', () => {
    let isWhole = true
    const line = new Line(() => isWhole)
    line.asks('b')
    isWhole = false
    line.asks('c')
    line.plays('AB').take(true)
    expect(line.out.filter((text) => !text.startsWith('-') && !text.endsWith('?'))).toEqual([])
  })
})

describe('bounds', () => {
  test('requests that nobody answers are forgotten, and what comes then pairs with none of them', () => {
    const line = new Line()
    for (let i = 0; i < 20_000; i++) line.pairing.requestBegins(`${i}`, i)
    expect(line.pairing.outstanding).toBeLessThanOrEqual(8192)
  })

  test('the end empties both queues', () => {
    const next = random(31)
    for (let round = 0; round < 200; round++) {
      const line = new Line(next() < 0.5)
      line.plays(Array.from({ length: 30 }, () => 'abcABCqQ._'[Math.floor(next() * 10)]).join(''))
      line.take(true)
      expect([line.requests.length, line.responses.length]).toEqual([0, 0])
    }
  })
})

/**
 * A client and a server as they are, with a capture that loses things: every pair that comes out must be a true one.
 * `pipelines`: how many requests the client may have outstanding.
 */
function lossy(
  seed: number,
  pipelines: number,
  loss: number,
): { pairs: string[]; wrong: string[]; asked: number } {
  const next = random(seed)
  let isWhole = next() < 0.5
  const line = new Line(() => isWhole)
  if (!isWhole) {
    line.pairing.requestGap()
    line.pairing.responseGap(true)
  }
  let asked = 0
  let answered = 0
  // A hole is known when the next bytes of its side come.
  let requestHole = false
  let responseHole = false
  const loses = () => {
    const isLost = next() < loss
    if (isLost) isWhole = false
    return isLost
  }
  for (let step = 0; step < 200; step++) {
    // Silence says that everything is answered: who waits longer for an answer isn't told apart.
    if (asked === answered && next() < 0.1) line.waits(next() < 0.5 ? 150e6 : 2e9)
    const mayAsk = asked - answered < pipelines
    if (mayAsk && (asked === answered || next() < 0.5)) {
      const name = `${asked++}`
      if (loses()) requestHole = true
      else {
        if (requestHole) line.pairing.requestGap()
        requestHole = false
        line.asks(name)
      }
    } else {
      const name = `:${answered++}`
      if (loses()) responseHole = true
      else {
        // The client can't have said anything after its last request: what it lost is missed by now.
        if (requestHole) line.pairing.requestGap()
        requestHole = false
        if (responseHole) line.pairing.responseGap(true)
        responseHole = false
        line.answers(name)
      }
    }
  }
  line.take(true)
  const pairs = line.out.filter((text) => /^\d+:/.test(text))
  return { pairs, wrong: pairs.filter((text) => !/^(\d+):\1$/.test(text)), asked }
}

function playedOften(pipelines: number, loss: number) {
  const wrong: string[] = []
  let pairs = 0
  let asked = 0
  for (let seed = 1; seed <= 400; seed++) {
    const outcome = lossy(seed, pipelines, loss)
    wrong.push(...outcome.wrong.map((pair) => `seed ${seed}: ${pair}`))
    pairs += outcome.pairs.length
    asked += outcome.asked
  }
  return { wrong, paired: pairs / asked, wrongly: wrong.length / asked }
}

describe('random play against a client and a server', () => {
  test.each([
    ['takes turns', 1, 0, 0.99],
    ['takes turns', 1, 0.02, 0.9],
    ['takes turns', 1, 0.2, 0.4],
    ['pipelines', 4, 0, 0.8],
  ])('a client that %s, %p outstanding, %p lost: no pair is wrong', (_, pipelines, loss, least) => {
    const { wrong, paired } = playedOften(pipelines, loss)
    expect(wrong).toEqual([])
    expect(paired).toBeGreaterThan(least)
  })

  // Who pipelines now and then looks, behind a loss, like one who takes turns: then order alone can't tell.
  test.each([
    [0.02, 0.2],
    [0.2, 0.02],
  ])('a client that pipelines now and then, %p lost: hardly a pair is wrong', (loss, least) => {
    const { wrongly, paired } = playedOften(4, loss)
    expect(wrongly).toBeLessThan(0.006)
    expect(paired).toBeGreaterThan(least)
  })
})
