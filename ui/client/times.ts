const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: '2-digit' })

/** Shows the `<time>` elements in the time zone of the browser; the day only when it isn't today. */
export function localTimes(root: ParentNode): void {
  const today = new Date().toDateString()
  for (const element of root.querySelectorAll('time')) {
    const date = new Date(element.dateTime)
    if (Number.isNaN(date.getTime())) continue
    const time = clock.format(date)
    element.textContent = date.toDateString() === today ? time : `${day.format(date)} ${time}`
    element.title = date.toISOString()
  }
}

const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const second = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** Labels of ticks, given as seconds since the epoch: as short as their distance allows. */
export function timeOfDay(at: number, ticks: readonly number[]): string {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : at % 60 === 0 && ticks.length > 0 ? 60 : 1
  return (step >= 86_400 ? day : step >= 60 ? minute : second).format(new Date(at * 1000))
}
