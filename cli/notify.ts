import { type Command, InvalidArgumentError } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import type { ChannelView, DeliveryView } from '#server/domain/views/notifications.ts';
import { sleep } from '#server/platform/clock.ts';
import { api } from './client.ts';
import { exits, print } from './output.ts';

const number = (value: string): number => {
  const n = Number(value);
  if (Number.isInteger(n) && n > 0) return n;
  throw new InvalidArgumentError('a number, as `alai notify list` shows it');
};

const channelLine = (c: ChannelView) =>
  [
    `${c.id}`,
    c.kind,
    c.name,
    `to ${c.where}`,
    c.owner ? `of ${c.owner.name}` : 'of the factory',
    c.enabled ? 'on' : (c.problem ?? 'off'),
  ].join('  ');
const deliveryLine = (d: DeliveryView) =>
  [
    `${d.id}`,
    d.state.toLowerCase(),
    `${d.attempts.length} tries`,
    d.channel.name,
    d.title,
    d.reason ? `(${d.reason})` : '',
  ].join('  ');

const WAIT_MS = 30_000;
const LOOK_MS = 500;

/** What became of a delivery, once it is known; the conductor sends within a second or two. */
async function outcomeOf(id: number): Promise<DeliveryView | undefined> {
  for (const end = Date.now() + WAIT_MS; ; ) {
    const found = (await api().notifications.list.query({ limit: 200 })).deliveries.find((d) => d.id === id);
    const tried = found && found.attempts.length > 0 && found.state !== 'SENDING';
    if (tried || Date.now() > end) return found;
    await sleep(LOOK_MS);
  }
}

/** `alai notify`: who is told, a test, what was sent, and once more. */
export function registerNotifyCommands(program: Command): void {
  const notify = program.command('notify').description('notices: list, test, replay');
  notify
    .command('list')
    .description('channels, and the last deliveries with their tries')
    .option('--limit <n>', 'how many deliveries', number, 20)
    .action(async (o: { limit: number }) => {
      const all = await api().notifications.list.query({ limit: o.limit });
      print(all, () =>
        [
          'Channels',
          ...(all.channels.length > 0
            ? all.channels.map((c) => `  ${channelLine(c)}`)
            : ['  none yet: Settings, Notifications']),
          'Deliveries',
          ...(all.deliveries.length > 0 ? all.deliveries.map((d) => `  ${deliveryLine(d)}`) : ['  none yet']),
        ].join('\n'),
      );
    });
  notify
    .command('test')
    .description('send a test to a channel, and say what became of it')
    .argument('<channel>', 'its number', number)
    .action(async (id: number) => {
      const { deliveryId } = await api().notifications.test.mutate({ id });
      const d = await outcomeOf(deliveryId);
      if (!d)
        throw new AlaiError(
          'NOT_FOUND',
          `Delivery ${deliveryId} is not in the list.`,
          'Run alai notify list.',
        );
      print(d, () => deliveryLine(d));
      if (d.state !== 'SENT') process.exitCode = exits.failed;
    });
  notify
    .command('replay')
    .description('send a delivery once more, with the same key')
    .argument('<delivery>', 'its number', number)
    .action(async (id: number) => {
      await api().notifications.replay.mutate({ id });
      print({ ok: true, id }, () => `Delivery ${id} is sent again. See npx alai notify list.`);
    });
}
