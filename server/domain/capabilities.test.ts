import { describe, expect, it } from 'vitest';
import { capabilityOfCommand, capabilityOfFile, capabilityOfTool } from './capabilities.ts';

describe('a command', () => {
  it.each([
    ['npm publish --access public', 'publish'],
    ['git push origin main', 'publish'],
    ['docker push registry.example/app:1', 'publish'],
    ['gh release create v1', 'publish'],
    ['curl -X POST https://api.example.com/v1/things', 'publish'],
    ['curl --data @x.json https://hooks.example.com', 'publish'],
    ['npx prisma migrate deploy', 'migrate'],
    ['psql postgres://db/prod', 'migrate'],
    ['npx knex migrate:latest', 'migrate'],
    ['psql -c "DROP TABLE users"', 'delete'],
    ['terraform destroy -auto-approve', 'delete'],
    ['kubectl delete namespace prod', 'delete'],
    ['aws s3 rm s3://bucket --recursive', 'delete'],
    ['redis-cli FLUSHALL', 'delete'],
    ['terraform apply', 'deploy'],
    ['kubectl apply -f k8s/', 'deploy'],
    ['npx vercel --prod', 'deploy'],
    ['ssh deploy@host restart', 'deploy'],
    ['stripe payouts create', 'pay'],
    ['gh secret set TOKEN', 'credentials'],
    ['ssh-keygen -t ed25519', 'credentials'],
    ['sh -c "npm test && npm publish"', 'publish'],
    ['env CI=1 npx --yes wrangler deploy', 'deploy'],
    ['./node_modules/.bin/vercel --prod', 'deploy'],
    ['sudo systemctl restart app', 'deploy'],
    ['sh -c "cd infra && sudo -u deploy terraform apply"', 'deploy'],
    ['bash -lc "true\nterraform apply"', 'deploy'],
    ['sh -c "sleep 1 & npm publish"', 'publish'],
    ['sh -c "echo $(vault read secret)"', 'credentials'],
    ['sh -c "STAGE=prod ./bin/vercel --prod"', 'deploy'],
    ['/usr/bin/env -i terraform destroy', 'delete'],
    ['rsync -a dist/ web@host:/srv', 'deploy'],
    ['curl https://api.example.com/?a=1&b=2 -X POST', 'publish'],
  ])('%s asks first: %s', (line, capability) =>
    expect(capabilityOfCommand(line.split(' '))).toBe(capability),
  );

  it.each([
    'npm test',
    'npm run build',
    'node --test test/publish.test.mjs',
    'git status',
    'git diff HEAD',
    'npx prisma generate',
    'npx prisma migrate dev --create-only',
    'npx tsc --noEmit',
    'cat docs/deploy.md',
    'ls migrations',
    'curl http://localhost:3000/health',
    'curl -X POST http://127.0.0.1:3000/api',
    'rg delete src',
    'npx vitest run',
  ])('%s does not', (line) => expect(capabilityOfCommand(line.split(' '))).toBeNull());
});

it.each([
  ['rsync', 'a'.repeat(60_000)],
  ['curl ', 'curl '.repeat(12_000)],
  ['sudo', 'sudo '.repeat(12_000)],
  ['sudo', '-u '.repeat(20_000)],
  ['sh', '-c', '; '.repeat(30_000)],
])('a command that is made to be hard to read is read at once: %s', (...argv) => {
  const from = performance.now();
  capabilityOfCommand(argv);
  expect(performance.now() - from).toBeLessThan(5_000);
});

it.each([
  ['.env', 'credentials'],
  ['config/.env.production', 'credentials'],
  ['certs/server.key', 'credentials'],
  ['.github/CODEOWNERS', 'policy'],
  ['companies/_shared/safety.yaml', 'policy'],
  ['.env.example', null],
  ['src/env.ts', null],
  ['docs/keys.md', null],
])('to write %s needs %s', (path, capability) => expect(capabilityOfFile(path)).toBe(capability));

it.each([
  ['stripe_create_refund', 'pay'],
  ['deleteRepository', 'delete'],
  ['slack.post-message', 'publish'],
  ['get_deployment_status', null],
  ['read_file', null],
])('the tool %s needs %s', (name, capability) => expect(capabilityOfTool(name)).toBe(capability));
