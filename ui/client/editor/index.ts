/** The query page's editors, in place of its text areas: loaded by that page alone. */
import { json } from '@codemirror/lang-json'
import { python } from '@codemirror/lang-python'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { startDownloads } from './download'
import { remember, remembered } from './draft'
import { openFiles } from './open'
import { pxlCompletion, pxlLinter, visLinter } from './service'
import { setup } from './setup'
import { startTabs } from './tabs'

/** A text area with the editor that stands for it. */
interface Field {
  readonly area: HTMLTextAreaElement
  readonly view: EditorView
}

/**
 * The editor lives in a shadow root: there its style sheet is adopted, where a `<style>` would need a gap in the
 * content security policy.
 */
function edit(area: HTMLTextAreaElement, language: readonly Extension[], changed: () => void): Field {
  const host = document.createElement('div')
  host.className = 'editor'
  area.before(host)
  const root = host.attachShadow({ mode: 'open' })
  const label = document.querySelector(`label[for=${area.id}]`)?.textContent ?? 'Text'
  const view = new EditorView({
    doc: area.value,
    root,
    parent: root,
    extensions: [
      ...setup(label),
      ...language,
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return
        area.value = update.state.doc.toString()
        changed()
      }),
    ],
  })
  area.hidden = true
  return { area, view }
}

function setText({ area, view }: Field, text: string): void {
  if (view.state.doc.toString() === text) return
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
  area.value = text
}

function start(): void {
  const form = document.querySelector<HTMLFormElement>('#args.pad')
  const text = form?.querySelector<HTMLTextAreaElement>('#text')
  const spec = form?.querySelector<HTMLTextAreaElement>('#view')
  if (!form || !text || !spec) return
  const draft = remembered(form)
  if (draft) {
    text.value = draft.text
    spec.value = draft.view
  }
  const keep = () => remember({ text: text.value, view: spec.value })
  const pxl = edit(text, [python(), pxlLinter(() => spec.value), pxlCompletion], keep)
  const vis = edit(spec, [json(), visLinter(() => text.value)], keep)
  startTabs(form, () => vis.view.requestMeasure())
  openFiles(form, (bundle) => {
    setText(pxl, bundle.text)
    setText(vis, bundle.view)
    // Values of the previous script don't apply to this one.
    form.querySelector('#variables')?.replaceChildren()
    form.requestSubmit()
  })
}

start()
startDownloads()
