import { memo } from 'react'
import type { CheckLine } from '../data/types.ts'
import { go, hrefOf } from '../route.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { SeverityGlyph, StatusGlyph } from '../ui/Glyph.tsx'
import { Icon } from '../ui/Icon.tsx'
import { Link } from '../ui/Link.tsx'
import { dueOf, SEVERITY_LABEL, STATUS_LABEL } from '../ui/words.ts'

type Props = { line: CheckLine; current: boolean; today: string; showProject: boolean }

/** Untouched rows keep their identity through live updates, so that only changed ones are drawn again. */
export const CheckRow = memo(function CheckRow({ line, current, today, showProject }: Props) {
  return (
    <li className="row" data-passed={line.status === 'passed' || undefined}>
      <Link
        href={hrefOf({ check: line.id })}
        onGo={() => go({ check: line.id })}
        className="row-link"
        aria-current={current ? 'true' : undefined}
        data-row
      >
        <span className="row-status" title={STATUS_LABEL[line.status]}>
          <StatusGlyph status={line.status} />
          <span className="sr">{STATUS_LABEL[line.status]}</span>
        </span>
        <span className="row-text">
          <span className="row-title">{line.title}</span>
          <span className="row-sub">
            {showProject && <span className="code">{line.project_code}</span>}
            <span className="row-place">{line.location === '' ? 'No place yet' : line.location}</span>
          </span>
        </span>
        <RowFacts line={line} today={today} />
      </Link>
    </li>
  )
})

function RowFacts({ line, today }: { line: CheckLine; today: string }) {
  const due = line.due === null ? null : dueOf(line.due, today)
  const settled = line.status === 'passed'
  return (
    <span className="row-facts">
      {Boolean(line.unsent) && (
        <span className="unsent" title="Not sent yet">
          <Icon name="upload" size={14} />
          <span className="sr">Not sent yet</span>
        </span>
      )}
      {line.comments > 0 && (
        <span className="row-comments" title={`${line.comments} comments`}>
          <Icon name="comment" size={14} />
          {line.comments}
        </span>
      )}
      {due !== null && (
        <span
          className="due"
          data-late={(!settled && due.late) || undefined}
          data-soon={(!settled && due.soon) || undefined}
        >
          {settled && due.late ? '' : due.text}
        </span>
      )}
      <span title={SEVERITY_LABEL[line.severity]}>
        <SeverityGlyph severity={line.severity} />
        <span className="sr">{SEVERITY_LABEL[line.severity]}</span>
      </span>
      <Avatar name={line.assignee_name} color={line.assignee_color} size={22} />
    </span>
  )
}
