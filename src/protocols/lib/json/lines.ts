/**
 * JSON documents in lines: newline-delimited JSON, and the data of server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream), as they pass.
 *
 *     line  = document | "data:" [SP] document | other-field ":" value | ""
 */
import { type JsonListener, JsonScanner } from './scanner'

const LF = 10
const CR = 13
const SPACE = 0x20
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const DATA = Buffer.from('data')

enum State {
  Start,
  /** Within the name of a field, which is `data` as far as it was read. */
  Name,
  Document,
  Other,
}

export class JsonLines {
  readonly #scanner: JsonScanner
  #state = State.Start
  #named = 0

  constructor(listener: JsonListener) {
    this.#scanner = new JsonScanner(listener)
  }

  /** Bytes are missing here: of the line that goes on, what stands at its end may be read. */
  misses(): void {
    this.#scanner.misses()
    this.#state = State.Document
  }

  take(all: Uint8Array, start: number, end: number): void {
    const bytes = all.subarray(start, end)
    for (let at = 0; at < bytes.length; ) {
      const lineFeed = bytes.indexOf(LF, at)
      const stop = lineFeed < 0 ? bytes.length : lineFeed
      this.#readLine(bytes, at, stop)
      if (lineFeed >= 0) this.#endsLine()
      at = stop + 1
    }
  }

  /** `isWhole`: the content ends here, and was not cut. */
  finish(isWhole: boolean): void {
    this.#scanner.finish(isWhole && this.#state !== State.Name)
  }

  #readLine(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    if (this.#state === State.Start && at < end) {
      const first = bytes[at]!
      const isBare = first === OPEN_OBJECT || first === OPEN_ARRAY
      this.#state = isBare ? State.Document : State.Name
      this.#named = 0
      // Lines of data that stand behind one another are one document.
      if (isBare || first === CR) this.#scanner.finish(true)
    }
    while (this.#state === State.Name && at < end) this.#readName(bytes[at++]!)
    if (this.#state === State.Document && at < end) this.#scanner.take(bytes, at, end)
  }

  #readName(byte: number): void {
    if (this.#named < DATA.length && byte === DATA[this.#named]) this.#named++
    else this.#state = byte === COLON && this.#named === DATA.length ? State.Document : State.Other
  }

  #endsLine(): void {
    // An empty line ends an event.
    if (this.#state === State.Start) this.#scanner.finish(true)
    else if (this.#state === State.Document) this.#scanner.take(LINE_BREAK, 0, 1)
    this.#state = State.Start
  }
}

const LINE_BREAK = new Uint8Array([SPACE])
