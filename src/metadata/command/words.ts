/** Words of a command line. */

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Arguments as /proc/PID/cmdline has them: each ends with a NUL. A title that a program wrote there may be one long one. */
export function argumentsOf(cmdline: string): string[] {
  const end = /\0*$/.exec(cmdline)!.index
  return end === 0 ? [] : cmdline.slice(0, end).split('\0')
}

export interface Word {
  readonly text: string
  /** `'` or `"` around it, '' for none; ' ' when it is the space between two words. */
  readonly quote: string
}

/** A shell's text as words and what is between them; joined again they are the text, but for an unfinished quote. */
export function quotedWords(text: string): Word[] {
  return [...text.matchAll(/(\s+)|"([^"]*)"?|'([^']*)'?|([^\s"']+)/g)].map(
    ([, space, double, single, plain]) => {
      if (space !== undefined) return { text: space, quote: ' ' }
      if (double !== undefined) return { text: double, quote: '"' }
      if (single !== undefined) return { text: single, quote: "'" }
      return { text: plain!, quote: '' }
    },
  )
}

/** A shell's text as simple commands, each of its words without their quotes. Expansions stay as they are written. */
export function shellCommands(text: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | undefined
  const end = () => {
    if (word !== undefined) commands.at(-1)!.push(word)
    word = undefined
  }
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?|[;&|()\n]+|[^\s"';&|()]+|\s+/g)) {
    if (/^[;&|()\n]/.test(token)) {
      end()
      commands.push([])
    } else if (/^\s/.test(token)) end()
    else word = (word ?? '') + (/^["']/.test(token) ? token.replace(/^["']|["']$/g, '') : token)
  }
  end()
  return commands.filter((command) => command.length > 0)
}
