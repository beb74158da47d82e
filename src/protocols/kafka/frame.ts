/** Where the decoder is within a struct or an array. */
import type { Op, Plan } from './schema'

/** A number of tagged fields that hasn't been read yet. */
export const NOT_READ = -1

export class Frame {
  plan: Plan | undefined
  /** Of an array. */
  element: Op | undefined
  /** Elements, or tagged fields, that are still to be read. */
  left = 0
  /** The next field. */
  at = 0
  /** A tagged field whose value comes next. */
  tagged: Op | undefined
  isFirst = true
  /** The tagged fields before a message, which aren't shown. */
  isHeader = false
  topic = ''
  topicId = ''
  /** Its name says that its value is a secret. */
  isSecret = false

  asStruct(plan: Plan, isHeader: boolean): void {
    this.plan = plan
    this.element = undefined
    this.left = NOT_READ
    this.at = 0
    this.tagged = undefined
    this.isFirst = true
    this.isHeader = isHeader
    this.topic = this.topicId = ''
    this.isSecret = false
  }

  asArray(element: Op, count: number): void {
    this.plan = undefined
    this.element = element
    this.left = count
    this.isFirst = true
    this.isHeader = false
  }
}
