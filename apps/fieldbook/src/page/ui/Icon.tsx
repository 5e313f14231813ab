/** Line icons on a 20 by 20 grid; decoration only, the text beside them or an aria-label carries the meaning. */
const PATHS = {
  person: 'M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM3.8 16.8c.6-3 3-4.6 6.2-4.6s5.6 1.6 6.2 4.6',
  clock: 'M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4ZM10 6v4.2l2.8 1.8',
  site: 'M3.5 17V7.2L10 3l6.5 4.2V17M3 17h14M8 17v-4.5h4V17M7 9.2h1.2M11.8 9.2H13',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l4 4',
  plus: 'M10 4v12M4 10h12',
  close: 'M5 5l10 10M15 5L5 15',
  back: 'M12.5 4.5L7 10l5.5 5.5',
  comment: 'M3.5 5.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-4 3v-3a1.5 1.5 0 0 1-1.5-1.5Z',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6M8.5 9v4.5M11.5 9v4.5',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.5v1.8M10 15.7v1.8M2.5 10h1.8M15.7 10h1.8M4.7 4.7L6 6M14 14l1.3 1.3M4.7 15.3L6 14M14 6l1.3-1.3',
  moon: 'M16.2 12.3A6.6 6.6 0 0 1 7.7 3.8a6.7 6.7 0 1 0 8.5 8.5Z',
  system:
    'M3 5.5a1.5 1.5 0 0 1 1.5-1.5h11A1.5 1.5 0 0 1 17 5.5V12a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 12ZM7.5 16.5h5M10 13.5v3',
  warning: 'M10 3.5l7.2 12.7H2.8ZM10 8.2v3.6M10 14v.1',
  pin: 'M10 17s5-4.6 5-8.5a5 5 0 0 0-10 0C5 12.4 10 17 10 17ZM10 10.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z',
  calendar: 'M4 5.5h12v11H4ZM4 8.8h12M7.2 3.5v3M12.8 3.5v3',
  cloud: 'M5.8 15.5a3.5 3.5 0 0 1-.3-7 4.8 4.8 0 0 1 9.2.9 3.1 3.1 0 0 1-.4 6.1Z',
  upload: 'M10 13V4.5M6.5 7.8L10 4.3l3.5 3.5M4.5 15.5h11',
  menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
  keyboard:
    'M3 6.5A1.5 1.5 0 0 1 4.5 5h11A1.5 1.5 0 0 1 17 6.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 13.5ZM6 8.2h.1M9 8.2h.1M12 8.2h.1M14.2 8.2h.1M7 12h6',
  devices: 'M3 5h6v10.5H3ZM11 5h6v10.5h-6ZM5.5 13h1M13.5 13h1',
  chevron: 'M5.5 8l4.5 4.5L14.5 8',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
