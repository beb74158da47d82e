/** The longest run of zero groups of an IPv6 address becomes `::` (RFC 5952). */
export function ipv6Text(groups: readonly number[]): string {
  let best = 0
  let length = 0
  for (let i = 0; i < 8; ) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length && end - i > 1) {
      best = i
      length = end - i
    }
    i = Math.max(end, i + 1)
  }
  const hex = (part: readonly number[]) => part.map((g) => g.toString(16)).join(':')
  return length === 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`
}
