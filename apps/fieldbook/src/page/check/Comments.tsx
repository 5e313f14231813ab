import { useLandfall, useLive } from '@landfall/react'
import { type KeyboardEvent, useState } from 'react'
import { addComment } from '../data/actions.ts'
import type { Check } from '../data/check.ts'
import { COMMENTS } from '../data/queries.ts'
import type { CommentLine } from '../data/types.ts'
import { now } from '../platform.ts'
import { problem } from '../status/toasts.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { agoOf } from '../ui/words.ts'

export function Comments({ check, userId }: { check: Check; userId: string }) {
  const { rows } = useLive<CommentLine>(COMMENTS, [check.id])
  const at = now()
  return (
    <section className="comments" aria-label="Comments">
      <h2>Comments {rows.length > 0 && <span className="count">{rows.length}</span>}</h2>
      <ol>
        {rows.map((comment) => (
          <Comment key={comment.id} comment={comment} at={at} />
        ))}
      </ol>
      <Composer check={check} userId={userId} />
    </section>
  )
}

function Comment({ comment, at }: { comment: CommentLine; at: number }) {
  return (
    <li className="comment">
      <Avatar name={comment.author_name ?? 'Somebody'} color={comment.author_color} size={26} />
      <div>
        <p className="comment-head">
          <strong>{comment.author_name ?? 'Somebody'}</strong>
          <time dateTime={comment.written_at}>{agoOf(Date.parse(comment.written_at), at)}</time>
          {Boolean(comment.unsent) && <span className="unsent-text">not sent yet</span>}
        </p>
        <p className="comment-body">{comment.body}</p>
      </div>
    </li>
  )
}

function Composer({ check, userId }: { check: Check; userId: string }) {
  const db = useLandfall()
  const [body, setBody] = useState('')
  const send = () => {
    const text = body.trim()
    if (text === '') return
    addComment(db, check, { authorId: userId, body: text }).then(
      () => setBody((kept) => (kept.trim() === text ? '' : kept)),
      (error: unknown) => problem('Comment not saved', error),
    )
  }
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send()
  }
  return (
    <div className="composer">
      <textarea
        className="input"
        rows={2}
        aria-label="Write a comment"
        placeholder="Write a comment"
        value={body}
        onChange={(event) => setBody(event.target.value)}
        onKeyDown={key}
        data-comment-field
      />
      <button type="button" className="button" onClick={send} disabled={body.trim() === ''}>
        Comment
      </button>
    </div>
  )
}
