import { beforeEach } from 'vitest';
import { channelRulesSchema } from '#server/domain/views/notifications.ts';
import { saveChannel } from '#server/notifications/commands.ts';
import { readDeliveries } from '#server/notifications/data.ts';
import { deliverDue } from '#server/notifications/deliver.ts';
import { noteEvents } from '#server/notifications/notices.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory, work } from '#test/factory.ts';
import { receiver } from '#test/receiver.ts';

const secret = 's'.repeat(40);
/** Who asks for what these tests ask for. */
export const by = { userId: null, by: 'Alem' };
/** What a channel is told when nobody chose. */
export const rules = channelRulesSchema.parse({});

const question = async (id: number) => ({
  id,
  kind: 'consent' as const,
  digest: 'abcdef0123456789',
  consequences: { approve: 'Merges 2 files.', send_back: null, reject: 'Ends it.' },
  reasons: ['Not now'],
});

/** A factory with three tasks, a receiver for what it sends, and a clock that the test moves. No channel before each test. */
export async function deliveryRoom() {
  const { db } = await testDatabase();
  const http = await receiver();
  const keeper = { db, secret, outgoing: { allow: [http.host] } };
  let clock = new Date();

  /** Reads the log to its end: events stay unread for as long as any older transaction of the whole server runs. */
  async function note(): Promise<void> {
    for (;;) {
      await noteEvents(db, clock);
      const { rows } = await db.pool.query(
        `SELECT 1 FROM event e, notification_cursor c
         WHERE (e.xid, e.seq) > (split_part(c.cursor, '-', 1)::xid8, split_part(c.cursor, '-', 2)::bigint) LIMIT 1`,
      );
      if (rows.length === 0) return;
      await new Promise((r) => setTimeout(r, 10));
    }
  }

  await db.pool.query(
    `INSERT INTO app_user(id, name, role) VALUES ('u1', 'Alem', 'ceo'), ('u2', 'Berit', 'operator')`,
  );
  const factory = await testFactory(db);
  const { taskIds } = await factory.create([work('Pricing'), work('Menu'), work('Legal')]);
  // What was before the first round is not news.
  await note();

  beforeEach(async () => {
    http.got.length = 0;
    http.answers.length = 0;
    // Messages are due by the database's clock, and a busy machine must not overtake ours.
    clock = new Date(Date.now() + 60_000);
    await note();
    await db.pool.query('DELETE FROM notification_channel');
  });

  return {
    db,
    http,
    keeper,
    factory,
    taskIds,
    note,
    now: () => clock,
    later: (ms: number) => {
      clock = new Date(clock.getTime() + ms);
    },
    deliver: (allow = [http.host], timeoutMs?: number) =>
      deliverDue({
        db,
        secret,
        publicUrl: 'https://alai.example',
        outgoing: { allow, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
        question,
        baseMs: 1_000,
        now: () => clock,
      }),
    deliveries: (channelId: number) => readDeliveries(db, { limit: 100, channelId }),
    /** A webhook of the factory, or as the test wants it. */
    hook: async (over: object = {}): Promise<{ id: number; signingSecret: string | null }> => {
      const channel = { kind: 'webhook', settings: {}, secrets: { url: `${http.url}/hook` } } as const;
      return await saveChannel(keeper, {
        id: null,
        name: 'Hook',
        userId: null,
        rules,
        channel,
        by: 'Alem',
        ...over,
      });
    },
  };
}
