/** Status as a filling circle and severity as rising bars: told apart by shape, not by colour alone. */
import type { Severity, Status } from '../data/types.ts'

export function StatusGlyph({ status }: { status: Status }) {
  return (
    <svg className="glyph" data-status={status} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.25" className="glyph-ring" />
      {status === 'in_progress' && <path d="M8 4a4 4 0 0 1 0 8Z" className="glyph-fill" />}
      {status === 'rework' && <path d="M8 4.8v4M8 11.1v.1" className="glyph-mark" />}
      {status === 'passed' && <circle cx="8" cy="8" r="6.25" className="glyph-fill" />}
      {status === 'passed' && <path d="M5.2 8.2l2 2 3.6-4.2" className="glyph-tick" />}
    </svg>
  )
}

const BARS: Record<Severity, number> = { minor: 1, moderate: 2, major: 3, critical: 4 }

export function SeverityGlyph({ severity }: { severity: Severity }) {
  return (
    <svg
      className="bars"
      data-severity={severity}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {[0, 1, 2, 3].map((bar) => (
        <rect
          key={bar}
          x={1 + bar * 3.75}
          y={11 - bar * 2.75}
          width="2.5"
          height={3 + bar * 2.75}
          rx="1"
          className={bar < BARS[severity] ? 'bar-on' : 'bar-off'}
        />
      ))}
    </svg>
  )
}
