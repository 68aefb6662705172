import { refuseLargeBody } from '#server/api/body.ts';
import { refusedResponse } from '#server/api/refused.ts';
import { services } from '#server/api/services.ts';
import { slackAction } from '#server/api/slack.ts';

export const dynamic = 'force-dynamic';

/** Slack's interactions are small. */
const MOST_BYTES = 100_000;

/** Buttons of Slack. No cookie counts here: the signature over the raw body does. */
export async function POST(req: Request): Promise<Response> {
  const refused = refuseLargeBody(req, MOST_BYTES);
  if (refused) return refused;
  try {
    const said = await slackAction(services(), req.headers, await req.text());
    return Response.json({ text: said }, { headers: { 'cache-control': 'no-store' } });
  } catch (e) {
    return refusedResponse(e);
  }
}
