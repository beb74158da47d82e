/** The client's packets: its login, commands, files, and what proves who it is. */
import type { Taken, Taker } from './channel'
import type { Dialogue } from './dialogue'
import { Fields } from './fields'
import { asksForTls, changeIn, isLogin, loginIn } from './login'
import { COM, isOneWay, lengthsOf } from './numbers'
import type { Packet } from './packets'
import { argumentsText, LONG_HEAD, queryText, type Request, statementText, usedDatabase } from './request'
import { Template } from './secrets'

/** Bytes of a statement that are kept beyond the limit, so that values of its placeholders can be told from secrets. */
const BEHIND = 8 << 10
/** An acknowledgement of a replica, within its dump. */
const REPLICA_ACK = 0xef

type Content = Pick<Request, 'text'> & Partial<Pick<Request, 'statement' | 'execution' | 'database'>>

export class ClientSide implements Taker {
  hasAsked = false
  readonly #talk: Dialogue
  /** The rest of a command that was answered before its end. */
  #isAnswered = false

  constructor(talk: Dialogue) {
    this.#talk = talk
  }

  get keep(): number {
    return this.#talk.link.settings.bodyLimit + BEHIND
  }

  accepts(seq: number, length: number, isMore: boolean): boolean {
    const { last, current } = this.#talk
    const own = (last.client + 1) & 0xff
    const isNext = last.client >= 0 && seq === own
    const isBehindServer = last.server >= 0 && seq === ((last.server + 1) & 0xff)
    const isFirst = last.client < 0 && (seq === 1 || seq === 2)
    const isCommand = seq === 0 && length > 0
    const isOk = isMore ? isNext : isCommand || isBehindServer || isFirst || (current?.takesFile && isNext)
    if (!isOk && !this.#talk.isCompressed) return false
    last.client = seq
    return true
  }

  take(packet: Packet): Taken {
    const taken = this.#take(packet)
    if (taken === 'invalid') this.#talk.link.dropped(1)
    return taken
  }

  #take(packet: Packet): Taken {
    const { current } = this.#talk
    if (current?.takesFile) return 'more'
    if (this.#isAnswered) {
      this.#isAnswered = false
      return 'more'
    }
    if (packet.firstSeq === 0) return this.#command(packet)
    if (current?.isLogin) return 'more'
    if (asksForTls(packet.bytes, packet.size)) return { leave: 'tls', within: 'mysql' }
    if (!isLogin(packet.bytes)) return 'invalid'
    this.#login(packet)
    return 'message'
  }

  loses(timeNs: number, unfinished: Packet | undefined): void {
    this.cut(unfinished)
    this.#talk.last.client = -1
    this.#isAnswered = false
    // Nothing else comes before the server has the file.
    if (!this.#talk.current?.takesFile) this.#talk.losesAsked(timeNs)
  }

  /** The command whose packet is still coming ends here. */
  cut(unfinished: Packet | undefined): boolean {
    if (unfinished?.firstSeq !== 0 || unfinished.bytes.length === 0) return false
    if (this.#talk.current?.takesFile || this.#isAnswered) return false
    this.#command({ ...unfinished, isHoled: true }, true)
    return true
  }

  /** The server answers what is still being sent. */
  answersEarly(unfinished: Packet | undefined): void {
    if (this.cut(unfinished)) this.#isAnswered = true
  }

  // ───────────────────────────────────────────────────────────────────────────

  #login(packet: Packet): void {
    const { link } = this.#talk
    const { flags, database, text } = loginIn(packet.bytes, link.settings)
    this.#talk.agrees(flags)
    this.#talk.asks(this.#request(COM.CONNECT, packet, { text, database }))
    this.hasAsked = true
  }

  #command(packet: Packet, isCut = false): Taken {
    const command = packet.bytes[0] ?? -1
    const { current } = this.#talk
    if (command === REPLICA_ACK && current?.isDump) return 'more'
    const lengths = lengthsOf(command)
    if (!lengths || (!isCut && (packet.size < lengths[0] || packet.size > lengths[1]))) return 'invalid'
    this.hasAsked = true
    const request = this.#request(command, packet, this.#content(command, packet), isCut || packet.isHoled)
    if (isOneWay(command)) this.#talk.tells(request)
    else this.#talk.asks(request)
    return 'message'
  }

  #request(command: number, packet: Packet, content: Content, isCut = packet.isHoled): Request {
    const { startNs, endNs } = packet
    return {
      ...{ seq: -1, done: true, isCut, command, startNs, endNs, held: 0 },
      ...{ text: content.text, statement: content.statement },
      ...{ execution: content.execution, database: content.database },
    }
  }

  #content(command: number, packet: Packet): Content {
    const { settings } = this.#talk.link
    const { bytes, size } = packet
    switch (command) {
      case COM.QUERY: {
        const text = queryText(packet, this.#talk.isAttributed, settings)
        return { text, database: usedDatabase(text) }
      }
      case COM.PREPARE: {
        const statement = new Template(statementText(bytes.subarray(1)), settings)
        return { text: statement.shown, statement }
      }
      case COM.EXECUTE:
      case COM.BULK_EXECUTE:
        return { text: '', execution: this.#execution(packet) }
      case COM.CHANGE_USER:
        this.#talk.longValues.clear()
        return changeIn(bytes, this.#talk.flags, settings)
      case COM.RESET_CONNECTION:
        this.#talk.longValues.clear()
        return { text: '' }
      case COM.INIT_DB: {
        const text = argumentsText(command, packet)
        return { text, database: text }
      }
      default:
        this.#refers(command, bytes, size)
        return { text: argumentsText(command, packet) }
    }
  }

  #execution({ bytes, size, isHoled }: Packet) {
    const longData = this.#talk.longValues.take(new Fields(bytes, 1).number(4))
    return { bytes: bytes.slice(), isWhole: size === bytes.length && !isHoled, longData }
  }

  /** What these say of statements counts at once. */
  #refers(command: number, bytes: Uint8Array, size: number): void {
    const fields = new Fields(bytes, 1)
    const { longValues, statements, link } = this.#talk
    if (command === COM.LONG_DATA) {
      const [statement, parameter] = [fields.number(4), fields.number(2)]
      const limit = link.settings.bodyLimit
      longValues.add(statement, parameter, bytes.subarray(LONG_HEAD), size - LONG_HEAD, limit)
    } else if (command === COM.CLOSE) statements.close(fields.number(4))
    if (command === COM.CLOSE || command === COM.RESET) longValues.take(new Fields(bytes, 1).number(4))
  }
}
