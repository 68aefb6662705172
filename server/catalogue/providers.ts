import { z } from 'zod';
import { accountSchema } from '#server/domain/accounts.ts';
import { isInner } from '#server/platform/outgoing.ts';

const accountName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a provider is named in lower case');

/** An address that nobody could mean is refused when the file is read; names are judged again at each connection. */
const checkedAccount = accountSchema.superRefine((account, context) => {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  let url: URL;
  try {
    url = new URL(account.base_url);
  } catch {
    return;
  }
  if (url.username || url.password) issue('base_url', 'must not hold a user name or a password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const inner =
    host === 'localhost' || host.endsWith('.localhost') || (/^[\d.]+$|:/.test(host) && isInner(host));
  if (inner && !account.allow_private)
    issue('base_url', `${host} lies inside the network; say allow_private: true if it is meant to`);
  if (url.protocol === 'http:' && !account.allow_private)
    issue('base_url', 'is plain http, so that anybody on the way could read the key; use https');
});

/** _shared/providers.yaml: the model services outside the hosts, and where their keys are found. */
export const providersSchema = z.strictObject({ providers: z.record(accountName, checkedAccount) });
export type Providers = z.infer<typeof providersSchema>;
