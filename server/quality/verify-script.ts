const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
const line = (command: string[]) => command.map(quote).join(' ');

/** verify.sh: checks hashes, tree and patch and runs the commands again, with nothing but sh, git and the project's own tools. */
export function verifyScript(o: {
  taskId: number;
  base: string;
  commit: string;
  tree: string;
  commands: string[][];
  biting: { command: string[]; tests: string[] } | null;
}): string {
  const steps = o.commands.map((c) => `again ${quote(c.join(' '))} ${line(c)}`);
  const bite = o.biting
    ? `
# The new tests have to fail without the change.
git -C "$work/repo" checkout --quiet --force ${quote(o.base)} && git -C "$work/repo" clean -ffdqx -e node_modules
for file in ${o.biting.tests.map(quote).join(' ')}
do
  git -C "$work/repo" cat-file -e ${quote(o.commit)}:"$file" 2>/dev/null &&
    git -C "$work/repo" checkout --quiet ${quote(o.commit)} -- "$file"
done
if (cd "$work/repo" && ${line(o.biting.command)}) >"$work/log" 2>&1
then fail 'the new tests pass without the change'
else pass 'the new tests fail without the change'
fi`
    : '';
  return `#!/bin/sh
# Proof of work of task #${o.taskId}: looks again at everything that can be looked at again.
# Needs sh, git, sha256sum or shasum, and what the project itself needs. Runs the project's commands: use a machine for it.
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
pass() { passed=$((passed + 1)); echo "pass  $1"; }
fail() { failed=$((failed + 1)); echo "FAIL  $1"; }
again() {
  name=$1
  shift
  if (cd "$work/repo" && "$@") >"$work/log" 2>&1
  then pass "$name"
  else fail "$name"; tail -n 20 "$work/log"
  fi
}

sum=sha256sum
command -v sha256sum >/dev/null || sum='shasum -a 256'
if (cd "$here" && $sum -c verify/SHA256SUMS) >"$work/log" 2>&1
then pass 'every file of this archive is as it was written'
else fail 'a file of this archive was changed'; grep -v ': OK' "$work/log"
fi

if [ ! -f "$here/source.bundle" ]
then
  echo 'The archive holds no source.bundle (the repository was not on the machine that made it).'
  echo "$passed passed, $failed failed"
  exit 1
fi
git init --quiet "$work/repo"
git -C "$work/repo" fetch --quiet "$here/source.bundle" 'refs/alai/proof/*:refs/heads/*'
git -C "$work/repo" checkout --quiet ${quote(o.commit)} || fail 'the commit is not in the bundle'
if [ "$(git -C "$work/repo" rev-parse ${quote(`${o.commit}^{tree}`)})" = ${quote(o.tree)} ]
then pass 'the commit has the tree the evidence speaks of'
else fail 'the commit has another tree'
fi
if [ -f "$work/repo/package-lock.json" ]
then
  (cd "$work/repo" && npm ci --ignore-scripts --no-audit --no-fund) >"$work/log" 2>&1 || tail -n 5 "$work/log"
fi
${steps.join('\n')}
${bite}
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
`;
}
