/** Captured bytes are hostile: what a terminal obeys, in text that a program reads, but that may end on a terminal. */

export const escapeUnicode = (char: string): string =>
  `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** C0 and C1 controls but tabs and ends of lines, and the marks that turn text round (Unicode's UAX 9). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** They are shown as `\u001b`. */
export const withoutControls = (text: string): string => text.replace(CONTROLS, escapeUnicode)
