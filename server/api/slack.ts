import { answerName } from '#server/domain/answers.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import { may } from '#server/domain/permissions.ts';
import { readKind } from '#server/human-queue/data.ts';
import { slackChannels } from '#server/notifications/data.ts';
import {
  isFromSlack,
  mayBeFromSlack,
  readSlackAction,
  type SlackAnswer,
} from '#server/notifications/slack.ts';
import { personById } from '#server/people/data.ts';
import { post } from '#server/platform/outgoing.ts';
import { answerOne } from './answer.ts';
import { keeperOf } from './notices.ts';
import type { Services } from './services.ts';

const unsigned = new AlaiError(
  'SIGN_IN_REQUIRED',
  'This was not signed by Slack within the last five minutes.',
  'Check the signing secret of the channel, and the clock of this machine.',
);

/**
 * A button pressed in Slack: signed by Slack, mapped to a person of ours, bound to the digest that stood above it, and answered the
 * way every answer is. Throws SIGN_IN_REQUIRED for a signature that is old or wrong.
 */
export async function slackAction(
  s: Services,
  headers: Headers,
  body: string,
  now = new Date(),
): Promise<string> {
  const keeper = keeperOf(s);
  const given = {
    timestamp: headers.get('x-slack-request-timestamp'),
    signature: headers.get('x-slack-signature'),
  };
  if (!mayBeFromSlack(given, now)) throw unsigned;
  const channels = await slackChannels(s.db, keeper.secret);
  const channel = channels.find((c) => isFromSlack(c.signingSecret, given, body, now));
  if (!channel) throw unsigned;
  let action: SlackAnswer | null;
  try {
    action = readSlackAction(body);
  } catch {
    throw new AlaiError(
      'BAD_INPUT',
      'This is no action of a button of ours.',
      'Send Slack interactions only.',
    );
  }
  if (!action) return 'Nothing to answer.';
  const said = await answer(s, action, channel.users).catch((e) => {
    if (isAlaiError(e)) return `${e.message} ${e.hint}`;
    throw e;
  });
  if (action.responseUrl)
    // The button's answer stands already; who pressed it hears of it where Slack can be reached.
    await post(
      action.responseUrl,
      { 'content-type': 'application/json' },
      JSON.stringify({ response_type: 'ephemeral', replace_original: false, text: said }),
      { ...keeper.outgoing, timeoutMs: 2_000 },
    ).catch(() => undefined);
  return said;
}

async function answer(s: Services, a: SlackAnswer, users: Record<string, string>): Promise<string> {
  const userId = users[a.slackUser];
  const person = userId === undefined ? null : await personById(s.db, userId);
  if (!person || !may(person.role, null, 'decide'))
    throw new AlaiError(
      'NOT_ALLOWED',
      person ? `You are ${person.role}: you may look, not answer.` : `Slack's ${a.slackUser} is nobody here.`,
      'The owner says in Settings, Notifications who is who.',
    );
  const viewer = { ...person, scopes: null, sessionId: null };
  await answerOne(s, viewer, { id: a.id, answer: a.answer, note: a.note, digest: a.digest });
  const kind = (await readKind(s.db, a.id))?.kind;
  return `${answerName(kind, a.answer).name}, by ${person.name}. It takes effect in ten seconds; undo it in the human queue.`;
}
