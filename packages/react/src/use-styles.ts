/**
 * Puts the badge's CSS into the page, once.
 *
 * As an adopted style sheet: a `<style>` element would need `unsafe-inline` or a nonce where the app has a Content
 * Security Policy. Every browser with the file system that Landfall needs has adopted sheets, too.
 */
import { useInsertionEffect } from 'react'
import { STYLES } from './styles.ts'

const adopted = new WeakSet<Document>()

export function useStyles(): void {
  useInsertionEffect(() => {
    if (adopted.has(document)) return
    adopted.add(document)
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLES)
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  }, [])
}
