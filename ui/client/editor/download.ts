/** Downloads of a result whose script is only in the page. The text must be sent, so a link is not enough. */
import { messageOf } from '../../../src/errors'
import { html } from '../lib/dom'

async function fetched(form: HTMLFormElement, path: string): Promise<Blob> {
  const fields = new FormData(form)
  const text = (name: string) => String(fields.get(name) ?? '')
  const view = text('view').trim()
  const args = [...fields].flatMap(([name, value]) =>
    name.startsWith('arg.') ? [[name.slice(4), value]] : [],
  )
  const body = { query: text('text'), ...(view === '' ? {} : { view, args: Object.fromEntries(args) }) }
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: '*/*' },
    body: JSON.stringify(body),
  })
  if (response.ok) return response.blob()
  const { error } = (await response.json()) as { error: { message: string } }
  throw new Error(error.message)
}

export function startDownloads(): void {
  document.addEventListener('click', async (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>('[data-download]')
    const form = document.querySelector<HTMLFormElement>('#args')
    if (!button || !form) return
    button.disabled = true
    try {
      const url = URL.createObjectURL(await fetched(form, button.dataset.download!))
      html('a', { href: url, download: button.dataset.file ?? 'result' }).click()
      URL.revokeObjectURL(url)
    } catch (cause) {
      button.title = messageOf(cause)
      button.textContent = `${button.textContent} failed`
    } finally {
      button.disabled = false
    }
  })
}
