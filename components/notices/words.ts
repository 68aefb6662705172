import type { ChannelKind, ChannelRules, DeliveryView } from '#server/domain/views/notifications.ts';
import type { Shape } from '../ui/mark.tsx';

export const kindWords: Record<ChannelKind, string> = {
  push: 'Browser push',
  slack: 'Slack',
  mail: 'E-mail',
  webhook: 'Webhook',
};

export const stateWords: Record<DeliveryView['state'], { word: string; shape: Shape }> = {
  WAITING: { word: 'Waits', shape: 'queued' },
  SENDING: { word: 'Sending', shape: 'running' },
  SENT: { word: 'Sent', shape: 'done' },
  FAILED: { word: 'Failed', shape: 'failed' },
  CANCELLED: { word: 'Not sent', shape: 'cancelled' },
  DIGESTED: { word: 'In a digest', shape: 'done' },
};

export const levels = { urgent: 'Urgent', normal: 'Normal', low: 'Low' } as const;
const told = { now: 'at once', digest: 'in a digest', off: 'never' } as const;

/** "Urgent at once, normal at once, low in a digest. Quiet 22:00–07:00 (Europe/Stockholm), urgent may wake." */
export function rulesSay(r: ChannelRules): string {
  const levels = `Urgent ${told[r.urgent]}, normal ${told[r.normal]}, low ${told[r.low]}.`;
  if (!r.quiet) return levels;
  const wakes = r.urgentWakes ? ', urgent may wake' : '';
  return `${levels} Quiet ${r.quiet.from}–${r.quiet.to} (${r.timeZone})${wakes}.`;
}

/** The zone of the reader's clock: what he means by an hour. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "Chrome on Android": what a reader knows his devices by. */
export function deviceName(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'A browser';
  const system = /iPhone|iPad/.test(agent)
    ? 'iOS'
    : /Android/.test(agent)
      ? 'Android'
      : /Mac OS X/.test(agent)
        ? 'macOS'
        : /Windows/.test(agent)
          ? 'Windows'
          : /Linux/.test(agent)
            ? 'Linux'
            : 'this device';
  return `${browser} on ${system}`;
}
