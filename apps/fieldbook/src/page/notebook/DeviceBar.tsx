/** The bar on top: whose device this is, how it stands with the server, and its offline switch. */
import { SyncBadge, useStatus } from '@landfall/react'
import { useEffect, useRef } from 'react'
import { useNetworkSwitch } from '../device/network.ts'
import type { Device } from '../device/open.ts'
import { useRoute } from '../route.ts'
import { ReviewDialog } from '../status/ReviewDialog.tsx'
import { toast } from '../status/toasts.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Icon } from '../ui/Icon.tsx'
import { type Theme, useTheme } from '../ui/theme.ts'

type Props = { device: Device; onSignOut(): void; onHelp(): void }

export function DeviceBar({ device, onSignOut, onHelp }: Props) {
  const { framed } = useRoute()
  const { person } = device
  return (
    <header className="device-bar">
      <span className="brand">
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span className="brand-name">Fieldbook</span>
      </span>
      <span className="bar-gap" />
      <ReviewButton />
      <SyncBadge />
      <OfflineSwitch device={device} />
      {!framed && <ThemeButton />}
      {!framed && (
        <button
          type="button"
          className="icon-button help-button"
          aria-label="Keyboard shortcuts"
          onClick={onHelp}
        >
          <Icon name="keyboard" />
        </button>
      )}
      <button
        type="button"
        className="person-button"
        onClick={onSignOut}
        disabled={framed}
        aria-label={`${person.name}. Change person`}
        title={framed ? person.name : `${person.name}. Change person`}
      >
        <Avatar name={person.name} color={person.color} size={28} />
      </button>
    </header>
  )
}

function OfflineSwitch({ device }: { device: Device }) {
  const on = useNetworkSwitch(device.network)
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      className="switch"
      onClick={() => device.network.turn(!on)}
    >
      <span className="switch-track" aria-hidden="true" />
      <span className="switch-text">{on ? 'Online' : 'Offline'}</span>
    </button>
  )
}

/** Says that there is something to decide; draws attention once for each new refusal. */
function ReviewButton() {
  const { rejections, conflicts } = useStatus()
  const dialog = useRef<HTMLDialogElement>(null)
  const seen = useRef(rejections)
  useEffect(() => {
    if (rejections > seen.current) {
      toast({
        tone: 'problem',
        title: 'The server refused a change',
        text: 'It is kept: see “to review” above.',
      })
    }
    seen.current = rejections
  }, [rejections])
  const count = rejections + conflicts
  return (
    <>
      {count > 0 && (
        <button
          type="button"
          className="review-button"
          data-tone={rejections > 0 ? 'problem' : undefined}
          onClick={() => dialog.current?.showModal()}
        >
          <Icon name="warning" size={16} />
          {count} to review
        </button>
      )}
      <ReviewDialog dialogRef={dialog} />
    </>
  )
}

const THEME_ICON = { system: 'system', light: 'sun', dark: 'moon' } as const satisfies Record<Theme, string>

function ThemeButton() {
  const { theme, next } = useTheme()
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Colours: ${theme}`}
      title={`Colours: ${theme}`}
      onClick={next}
    >
      <Icon name={THEME_ICON[theme]} />
    </button>
  )
}
