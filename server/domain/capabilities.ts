/** What no agent does by itself, whatever its task says: each asks the human first, for exactly that call. */

export const capabilities = {
  deploy: 'puts something into operation',
  migrate: 'changes a database in operation',
  delete: 'deletes what cannot be had back',
  pay: 'moves money or buys something',
  publish: 'makes something public',
  credentials: 'handles keys, passwords or certificates',
  policy: 'changes what agents may do',
} as const;
export type Capability = keyof typeof capabilities;
export const capabilityNames = Object.keys(capabilities) as Capability[];

/** Program and arguments, joined by single blanks, as an agent asks for them. Order: the first that fits is told. */
const commands: readonly [Capability, RegExp][] = [
  [
    'publish',
    /^(?:npm|pnpm|yarn|bun|cargo|poetry|gem|npx (?:--yes )?np|twine|lerna) (?:.* )?(?:publish|upload|push)\b/,
  ],
  ['publish', /^(?:docker|podman|helm) (?:.* )?push\b/],
  ['publish', /^gh (?:release create|repo (?:create|edit).*--visibility|gist create)/],
  ['publish', /^git (?:.* )?push\b/],
  [
    'credentials',
    /^(?:gh (?:auth|secret)|vault|pass|op|aws (?:iam|secretsmanager|sts)|gcloud (?:auth|iam|secrets)|az (?:login|keyvault|ad)|ssh-keygen|ssh-add|openssl (?:genrsa|genpkey|req)|npm (?:login|token|adduser))\b/,
  ],
  ['pay', /^(?:stripe|paypal|gh sponsors)\b/],
  ['delete', /^(?:terraform|tofu|pulumi|cdk) (?:.* )?destroy\b/],
  [
    'delete',
    /^(?:kubectl|helm|gcloud|az|aws|doctl|heroku|fly|flyctl|gh) (?:.* )?(?:delete|rm|rb|uninstall|terminate-\S+|destroy|apps:destroy)\b/,
  ],
  ['delete', /^(?:redis-cli) (?:.* )?flush(?:all|db)\b/i],
  ['delete', /^(?:psql|mysql|mariadb|sqlite3|mongosh?)\b.*\b(?:drop|truncate|delete from|dropdatabase)\b/i],
  ['migrate', /\bprisma (?:migrate (?:deploy|reset|resolve)|db (?:push|execute))\b/],
  [
    'migrate',
    /^(?:npx )?(?:knex|sequelize|typeorm|drizzle-kit|dbmate|flyway|liquibase|alembic|rails db|rake db)\b.*\b(?:migrate|upgrade|push|up|run|rollback|downgrade)\b/,
  ],
  ['migrate', /^(?:psql|mysql|mariadb|mongosh?)\b/],
  [
    'deploy',
    /^(?:npx )?(?:vercel|netlify|wrangler|firebase|fly|flyctl|heroku|serverless|sls|railway|surge|eas)\b(?!.* (?:--help|--version|dev|login|whoami))/,
  ],
  ['deploy', /^(?:terraform|tofu|pulumi|cdk) (?:.* )?(?:apply|up|deploy)\b/],
  ['deploy', /^(?:kubectl|helm) (?:.* )?(?:apply|create|replace|patch|set|scale|rollout|install|upgrade)\b/],
  ['deploy', /^rsync .*\S:/],
  ['deploy', /^(?:ssh|scp|ansible|ansible-playbook|systemctl|pm2 (?:start|restart|reload))\b/],
];

/** An address that is written to, whatever the program: three looks at a line, none of which looks back. */
const WRITES_OUTSIDE = [
  /\bcurl\b/i,
  /\bhttps?:\/\/(?!(?:localhost|127\.0\.0\.1|\[::1\])[:/\s])/i,
  /(?:-X ?(?:POST|PUT|PATCH|DELETE)|--request|--data|\s-d\b|--upload-file|\s-T\b|\s-F\b)/i,
];

const CREDENTIAL_FILES =
  /(?:^|\/)(?:\.env(?!\.(?:example|sample|template|dist)$)(?:\.[\w-]+)?|\.netrc|\.pgpass|credentials(?:\.json)?|id_(?:rsa|ed25519|ecdsa)|[\w.-]+\.(?:pem|key|p12|pfx|jks|keystore))$/i;
const POLICY_FILES =
  /(?:^|\/)(?:CODEOWNERS|companies\/_shared\/(?:safety|routing|tiers)\.yaml|companies\/[\w-]+\/(?:config\.json|agents\/[\w-]+\.yaml|config\/[\w-]+\.json))$/;

/** Words of a tool's name that say what it does, for tools of MCP servers, which nobody here wrote. */
const toolWords: readonly [Capability, RegExp][] = [
  ['pay', /^(?:pay|payment|payout|charge|refund|transfer|invoice|purchase|buy|checkout)$/],
  ['delete', /^(?:delete|remove|drop|destroy|purge|truncate|wipe)$/],
  ['publish', /^(?:publish|release|tweet|post|send|email|broadcast)$/],
  ['deploy', /^(?:deploy|rollout|apply|promote)$/],
  ['migrate', /^(?:migrate|migration)$/],
  ['credentials', /^(?:credential|credentials|secret|secrets|password|token|rotate)$/],
];

/** Programs that only pass on what follows them. */
const WRAPPERS =
  /^(?:sudo(?: -[ugh] \S+| -\S+){0,6}|env(?: -\S+| \w+=\S*){0,20}|\w+=\S*|nice|time|nohup|exec|command|setsid|xargs(?: -\S+){0,6}|timeout(?: -\S+){0,4} \S+|npx(?: --yes| -y)?|bunx|pnpm (?:exec|dlx)|yarn dlx|(?:ba|z|da)?sh -\w*c) /;
const MOST_WRAPPERS = 10;
/** What ends one command of a shell's line and begins another. */
const BETWEEN_COMMANDS = /&&|\|\||[;|&\n`(){}]|\$\(/;

/** A path before a program changes nothing about it, nor does a quote. */
const bare = (command: string) =>
  command
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^["']+/, '')
    .replace(/^(?:\.{0,2}\/[\w./-]*\/)?([\w.-]+)/, '$1');

/** Each command of the line, with and without what only passes it on. */
function plainCommands(line: string): string[] {
  return line.split(BETWEEN_COMMANDS).flatMap((part) => {
    let text = bare(part);
    const forms = [text];
    for (let m = WRAPPERS.exec(text); m && forms.length <= MOST_WRAPPERS; m = WRAPPERS.exec(text)) {
      text = bare(text.slice(m[0].length));
      forms.push(text);
    }
    return forms;
  });
}

/** The capability that a command needs, or null. */
export function capabilityOfCommand(argv: readonly string[]): Capability | null {
  const line = argv.join(' ');
  const plain = plainCommands(line);
  for (const [capability, pattern] of commands) if (plain.some((l) => pattern.test(l))) return capability;
  return WRITES_OUTSIDE.every((look) => look.test(line)) ? 'publish' : null;
}

/** The capability that writing this file needs, or null. */
export function capabilityOfFile(path: string): Capability | null {
  if (CREDENTIAL_FILES.test(path)) return 'credentials';
  return POLICY_FILES.test(path) ? 'policy' : null;
}

/** The capability that a tool of an MCP server needs by its name, or null. */
export function capabilityOfTool(name: string): Capability | null {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return toolWords.find(([, pattern]) => words.some((w) => pattern.test(w)))?.[0] ?? null;
}
