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
    if (done) this.pairing.requestEnds(request, this.nowNs)
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
    else this.pairing.requestEnds(message, this.nowNs)
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
    line.pairing.responseGap()
    expect(line.pairing.isUnanswered(b)).toBe(false)
  })
})

const pairsIn = (line: Line) => line.out.filter((text) => !text.startsWith('-') && !text.endsWith('?'))
const pairsOf = (steps: string, isWhole = true) =>
  pairsIn(new Line(isWhole).plays(steps).take(true)).join(' ')

describe('counting behind holes', () => {
  test.each([
    // A hole between two requests with room for one held one; its answer makes no row.
    ['aAbBcCqDeEfF', 'aA bB cC eE fF'],
    ['aAbBcCqdDDeEfF', 'aA bB cC dD eE fF'],
    // A lost answer: the request goes with it, once the next request shows that none was lost.
    ['aAbQcCdD', 'aA cC dD'],
    ['abcAQCdD', 'aA cC dD'],
    // Both.
    ['aAbBcCqQdDeE', 'aA bB cC dD eE'],
    // It may be an answer, except by the count.
    ['aA!bBcC', 'aA bB cC'],
    ['ab!BcC', ''],
    // Requests in front of a hole are answered in order.
    ['abqAB', 'aA bB'],
    ['ab?ABCcC', 'aA bB'],
  ])('%s', (steps, wanted) => {
    expect(pairsOf(`${steps}zZ`).replace(/ ?zZ$/, '')).toBe(wanted)
  })

  test('what a hole has room for is known once some requests were seen', () => {
    const line = new Line().plays('qaAA')
    expect(line.out).toEqual([])
    line.plays('bBcCd')
    expect(pairsIn(line)).toEqual(['aA', 'bB', 'cC'])
  })

  test('an answer that its request is not yet known of waits for the next request', () => {
    const line = new Line().plays('aAbcQC')
    expect(pairsIn(line)).toEqual(['aA'])
    expect(pairsIn(line.plays('d'))).toEqual(['aA', 'cC'])
  })

  test('requests that wait behind what is unsure are answered in order when it is sure', () => {
    expect(pairsOf('aA?bcBCd_dDDeE')).not.toMatch(/bC|cB|dE/)
  })

  test('an answer whose end went by unseen is the answer that it is', () => {
    const line = new Line()
    line.asks('a')
    const response = line.answers('A', false)
    line.pairing.responseGap()
    line.ends(response)
    expect(line.plays('bBcC').take(true).out).toEqual(['aA', 'bB', 'cC'])
  })

  test('answers that all end in holes are pairs where client and server take turns', () => {
    const line = new Line()
    for (const name of 'abcdef') {
      line.asks(name)
      const response = line.answers(name.toUpperCase(), false)
      line.ends(response)
      line.pairing.responseGap()
    }
    expect(line.take(true).out).toEqual(['aA', 'bB', 'cC', 'dD', 'eE', 'fF'])
  })

  test('an answer that goes on behind the next request: its client does not wait', () => {
    const line = new Line().plays('aA')
    line.asks('b')
    line.pairing.responseGoesOn()
    expect(line.pairing.isPipelined).toBe(true)
    expect(pairsIn(line.plays('BcC').take(true))).not.toContain('bC')
  })

  test('an answer that goes on before the next request costs nothing', () => {
    const line = new Line().plays('aA')
    line.pairing.responseGoesOn()
    expect(line.plays('bBcC').take(true).out).toEqual(['aA', 'bB', 'cC'])
  })

  test('answers seen before their requests, and such to none, are never pairs by guess', () => {
    expect(pairsOf('aABbCcdD')).not.toMatch(/bC|cD|bB C/)
    expect(pairsOf('aAXbBcC')).not.toMatch(/bX|cB/)
  })
})

describe('silence', () => {
  test('tells what was unsure, once the next request and response show that nothing was lost', () => {
    const line = new Line().plays('abAB?cdCD_')
    expect(pairsIn(line)).toEqual(['aA', 'bB'])
    line.plays('e')
    expect(pairsIn(line)).toEqual(['aA', 'bB'])
    expect(pairsIn(line.plays('E'))).toEqual(['aA', 'bB', 'cC', 'dD', 'eE'])
  })

  test.each(['abAB?cdCD_qeEE', 'abAB?cdCD_eQfF', 'abAB?cdCD_qQeE'])(
    'is none where something was lost: %s',
    (steps) => {
      for (const pair of pairsOf(`${steps}gG`).split(' ')) expect(pair).toMatch(/^(aA|bB|cC|dD|eE|fF|gG)$/)
    },
  )

  test('a server that took long before takes as long again', () => {
    const line = new Line().plays('aAb_BcdCD?efEF_g')
    expect(pairsIn(line.plays('G'))).not.toContain('eE')
  })

  test('behind it all is sure, also where what was counted contradicts it', () => {
    const line = new Line().plays('abAB')
    // No request, though it looks like some.
    line.pairing.requestGap({ bytes: 500, isBetween: true, timeNs: line.nowNs })
    expect(pairsOf('aA')).toBe('aA')
    expect(pairsIn(line.plays('cC_dDeE').take(true)).slice(-2)).toEqual(['dD', 'eE'])
  })
})

describe('silence of the server while a request is sent', () => {
  const uploaded = (line: Line, name: string, ns: number) => {
    const request = line.asks(name, false)
    line.waits(ns)
    line.ends(request)
    return line
  }

  test('on a connection joined under way the first exchange is sure at once', () => {
    expect(uploaded(new Line(false), 'a', 400e6).plays('A').out).toEqual(['aA'])
  })

  test('so is the next one behind a hole, however it was before', () => {
    const line = new Line().plays('abAB?c!dD')
    expect(pairsIn(uploaded(line, 'e', 400e6).plays('E'))).toContain('eE')
  })

  test('none, if it is short, or the server isn’t quick, or speaks meanwhile', () => {
    expect(uploaded(new Line(false), 'a', 200e6).plays('A').out).toEqual([])
    expect(uploaded(new Line(false), 'a', 400e6).plays('.A').out).toEqual([])
    const line = new Line(false)
    const request = line.asks('a', false)
    line.waits(400e6)
    line.answers('X')
    line.waits(400e6)
    line.ends(request)
    expect(pairsIn(line.plays('A'))).toEqual([])
  })

  test('the end of a request that is still sent is awaited, before a silence says that all was answered', () => {
    const line = new Line(false)
    const request = line.asks('b', false)
    line.plays('A_')
    line.ends(request)
    expect(pairsIn(line.plays('cBC').take(true))).not.toContain('cB')
    const unknown = new Line(false).plays('A_')
    unknown.pairing.asksUnknown()
    expect(pairsIn(unknown.plays('cBC').take(true))).not.toContain('cB')
  })
})

describe('taking turns', () => {
  const alphabet = Array.from({ length: 200 }, (_, n) => n)
  const turns = (line: Line, from: number, count: number) => {
    for (const n of alphabet.slice(from, from + count)) {
      line.asks(`${n}`)
      line.answers(`:${n}`)
    }
    return line
  }

  test('a client that has done so often has everything answered when it asks again', () => {
    const line = turns(new Line(), 0, 20)
    line.pairing.requestGap()
    expect(pairsIn(turns(line, 20, 9))).toHaveLength(29)
  })

  test('one that has not is not believed', () => {
    const line = turns(new Line().plays('abAB'), 0, 20)
    line.pairing.requestGap()
    expect(pairsIn(turns(line, 20, 30))).toHaveLength(22)
  })
})

describe('whole or joined', () => {
  test('several requests at once on a connection seen from its opening are answered in order', () => {
    expect(played('abcABC')).toBe('aA bB cC')
  })

  test('joined under way, the first answer may be to a request that nobody saw', () => {
    expect(pairsOf('AbBcC_', false)).toBe('bB cC')
    expect(pairsOf('AbBcC', false)).toBe('')
    expect(pairsOf('abAB', false)).toBe('')
  })

  test('joined under way, exchanges are pairs after two seconds, or a shorter silence before the end, when nothing was lost', () => {
    expect(pairsOf('aAbB', false)).toBe('')
    expect(pairsOf('aAbB..', false)).toBe('aA bB')
    const line = new Line(false).plays('aA.')
    expect(line.out).toEqual([])
    expect(line.plays('_').out).toEqual(['aA'])
  })

  test('an answer to none at the end makes it unsure', () => {
    expect(pairsOf('aAX', false)).toBe('')
    expect(pairsOf('aAX.', false)).toBe('')
    expect(pairsOf('aAX_bB', false)).toBe('bB')
  })

  test('a loss anywhere makes it unsure', () => {
    const link = { losses: 0, unreadNs: -1, asleepNs: -1, restingNs: undefined, isAtServer: true }
    const pairing = new Pairing<string>(false, link)
    pairing.requestBegins('a', 1)
    const answer = pairing.responseBegins(2)
    pairing.responseEnds(answer, 2)
    link.losses++
    pairing.take([], [], 5e9, false, { pair() {}, unanswered() {}, drop() {} })
    expect(answer.certainty).toBe('tentative')
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
