import type { AnchorHTMLAttributes, MouseEvent } from 'react'

/** A real link that stays on the page for a plain click, and opens a tab for the others. */
export function Link({
  onGo,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string; onGo(): void }) {
  const click = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    onGo()
  }
  return <a {...rest} onClick={click} />
}
