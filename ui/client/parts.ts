/** Loads the script of each large widget when the page first holds one; that script then watches the page itself. */
export function loadParts(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-script]')) {
    const source = element.dataset.script!
    if (document.querySelector(`script[src="${CSS.escape(source)}"]`)) continue
    const script = document.createElement('script')
    script.src = source
    document.head.append(script)
  }
}
