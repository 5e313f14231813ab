/** Writes `styles.css` from the compiled `styles.js`: the badge's CSS for pages that show it before scripts run. */
import { writeFileSync } from 'node:fs'
import { STYLES } from './dist/styles.js'

writeFileSync(new URL('./dist/styles.css', import.meta.url), STYLES.trimStart())
