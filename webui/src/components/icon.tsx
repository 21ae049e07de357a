/** The page's icons: strokes on a 24-unit grid. They are decoration; the text beside them or a label names them. */

const PATHS = {
  chat: 'M4 5h16v11H9l-5 4z',
  sessions: 'M4 6h16M4 12h16M4 18h10',
  logs: 'M5 4h14v16H5zM8 8h8M8 12h8M8 16h5',
  cron: 'M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16M12 8v4l3 2',
  models: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5',
  channels: 'M7 7h11l-3-3M17 17H6l3 3',
  config: 'M5 7h8M17 7h2M5 17h2M11 17h8M15 5v4M9 15v4',
  status: 'M3 12h4l3-7l4 14l3-7h4',
  more: 'M5.5 12m-.8 0a.8 .8 0 1 0 1.6 0a.8 .8 0 1 0-1.6 0M12 12m-.8 0a.8 .8 0 1 0 1.6 0a.8 .8 0 1 0-1.6 0M18.5 12m-.8 0a.8 .8 0 1 0 1.6 0a.8 .8 0 1 0-1.6 0',
  close: 'M6 6l12 12M18 6L6 18',
  search: 'M11 5a6 6 0 1 0 0 12a6 6 0 0 0 0-12M15.5 15.5L20 20',
  plus: 'M12 5v14M5 12h14',
  attach: 'M19 11l-8 8a4.6 4.6 0 0 1-6.500-6.500l8.500-8.500a3 3 0 0 1 4.300 4.300l-8.500 8.500a1.500 1.500 0 0 1-2.200-2.200l7.400-7.400',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  terminal: 'M4 5l7 7l-7 7M12 19h8',
  check: 'M5 12l5 5l9-10',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  edit: 'M5 19l1-4L16 5l3 3L9 18zM14 7l3 3',
  stop: 'M7 7h10v10H7z',
  send: 'M5 12h13M12 6l6 6l-6 6',
  retry: 'M5 12a7 7 0 1 1 2 5M5 19v-4h4',
  download: 'M12 4v11M7 11l5 5l5-5M5 20h14',
  upload: 'M12 16V5M7 9l5-5l5 5M5 20h14',
  fork: 'M7 4v16M7 14c6 0 10-2 10-8M14 8l3-3l3 3',
  play: 'M8 5l11 7l-11 7z',
  pause: 'M8 5v14M16 5v14',
  down: 'M6 9l6 6l6-6',
  right: 'M9 6l6 6l-6 6',
  left: 'M15 6l-6 6l6 6',
  up: 'M6 15l6-6l6 6',
  palette: 'M11 5a6 6 0 1 0 0 12a6 6 0 0 0 0-12M15.5 15.5L20 20',
  keyboard: 'M3 7h18v10H3zM8 13.500h8M7 10.500h.01M11 10.500h.01M15 10.500h.01',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2',
  pin: 'M9 4h6l-1 6l3 3H7l3-3zM12 13v7',
  tag: 'M4 4h8l8 8l-8 8l-8-8zM8.5 8.5h.01',
  archive: 'M4 5h16v4H4zM6 9v10h12V9M10 13h4',
  tool: 'M14 6a4 4 0 0 1 5 5l-9 9l-4-4l9-9M14 6l3 3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
