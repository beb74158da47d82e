/** Bodies of the API as tests read them: what is missing shows as a failed expectation. */
export interface Body {
  script: string
  args: Record<string, string>
  tables: {
    name: string
    columns: unknown[]
    rows: Record<string, unknown>[]
    count: number
    values: unknown[][]
    truncated: boolean
  }[]
  scripts: unknown[]
  warnings: unknown[]
  stats: Record<string, number>
  error: { code: string; message: string; hint: string; line?: number; column?: number }
  ready: boolean
  reason: string
}

export const json = async (response: Response): Promise<Body> => (await response.json()) as Body
