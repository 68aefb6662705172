import { findSecrets } from '../gates/secrets.ts';
import { block, type Check, lines, notApplicable, pass, READ_ONLY } from './check.ts';

const SECRET_FILE =
  /(?:^|\/)(?:\.env(?!\.(?:example|sample|template)$)[^/]*|id_(?:rsa|ed25519|ecdsa)|[^/]+\.(?:pem|p12|pfx|keystore|jks))$/i;

/** 10: no password, key or token was added. The evidence names the line, never the value. */
export const secrets: Check = async ({ writes, changes, addedLines }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const files = changes.filter((c) => c.status === 'A' && SECRET_FILE.test(c.path)).map((c) => c.path);
  const hits = (await findSecrets(addedLines)).map((h) => `${h.file}:${h.line}: ${h.what}`);
  const all = [...files.map((f) => `${f}: a file that holds secrets`), ...hits];
  if (all.length === 0) return pass(`${addedLines.length} added line(s) looked at`);
  return block(`A secret in ${all.length} place(s); read it from the environment instead`, lines(all));
};
