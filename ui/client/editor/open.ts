/**
 * Opens scripts from the user's disk: chosen or dropped files, or a folder. They stay in the page and are not uploaded
 * as files.
 */
import { messageOf } from '../../../src/errors'
import type { Draft } from './draft'

/** Most files of a folder, in case one is dropped by mistake. */
const MOST_FILES = 200
const LARGEST = 512 << 10

/** The script among the files: one .pxl, and perhaps a vis.json beside it. Throws an Error that says what is wrong. */
async function bundleOf(files: readonly File[]): Promise<Draft & { readonly names: string[] }> {
  const scripts = files.filter(({ name }) => name.endsWith('.pxl'))
  const views = files.filter(({ name }) => name.endsWith('.json'))
  const [script, another] = scripts
  if (!script) throw new Error('There is no .pxl file among them.')
  if (another) throw new Error(`There are several .pxl files (${script.name}, ${another.name}): open one.`)
  const view = views.find(({ name }) => name === 'vis.json') ?? (views.length === 1 ? views[0] : undefined)
  if (!view && views.length > 1)
    throw new Error('There are several .json files, and none is called vis.json.')
  const chosen = view ? [script, view] : [script]
  const large = chosen.find(({ size }) => size > LARGEST)
  if (large) throw new Error(`${large.name} is larger than ${LARGEST >> 10} KiB.`)
  const text = (await script.text()).replaceAll('\r\n', '\n')
  return { text, view: (await view?.text()) ?? '', names: chosen.map(({ name }) => name) }
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const files: File[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))
    if (some.length === 0 || files.length > MOST_FILES) return files
    // Only the folder's own files: a script has no subfolders.
    for (const inner of some) if (inner.isFile) files.push(...(await filesIn(inner)))
  }
}

function chooser(
  label: string,
  title: string,
  folder: boolean,
  chosen: (files: File[]) => void,
): HTMLElement {
  const input = document.createElement('input')
  input.type = 'file'
  input.hidden = true
  input.multiple = true
  if (folder) input.webkitdirectory = true
  else input.accept = '.pxl,.json,.yaml'
  input.dataset.open = folder ? 'folder' : 'files'
  input.addEventListener('change', () => {
    chosen([...(input.files ?? [])])
    // Cleared, so that the same files can be chosen again.
    input.value = ''
  })
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = label
  button.title = title
  button.addEventListener('click', () => input.click())
  const both = document.createElement('span')
  both.append(button, input)
  return both
}

export function openFiles(form: HTMLFormElement, opened: (bundle: Draft) => void): void {
  const note = document.createElement('span')
  note.className = 'help'
  note.setAttribute('role', 'status')
  const read = async (files: readonly File[]) => {
    if (files.length === 0) return
    try {
      const { names, ...bundle } = await bundleOf(files)
      note.textContent = `Opened ${names.join(' and ')}`
      opened(bundle)
    } catch (cause) {
      note.textContent = messageOf(cause)
    }
  }
  form
    .querySelector('.actions')
    ?.append(
      chooser('Open files', 'A .pxl file, and its vis.json', false, read),
      chooser('Open folder', "A script's folder: .pxl, vis.json", true, read),
      note,
    )
  form.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
  })
  // Handled before the editor inserts the drop as text.
  form.addEventListener(
    'drop',
    async (event) => {
      const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file')
      if (items.length === 0) return
      event.preventDefault()
      event.stopPropagation()
      // All items are read at once, because the event loses them after an await.
      const dropped = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
      const files = dropped.map(({ entry, file }) => (entry ? filesIn(entry) : file ? [file] : []))
      await read((await Promise.all(files)).flat())
    },
    { capture: true },
  )
}
