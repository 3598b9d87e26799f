/** Takes the secrets of a server's settings out of its words. */
export type Redact = (text: string) => string;

/**
 * Servers quote their settings when they fail, and their words end up in logs, errors and the status. Whatever is named like a
 * secret is taken out, and the password of a URL whatever its name; shorter values than {@link SHORTEST} would take words apart.
 */
export function createRedactor(env: Readonly<Record<string, string>>): Redact {
  const secrets = Object.entries(env)
    .flatMap(([name, value]) => (SECRET_NAME.test(name) ? linesOf(value) : passwordsOf(value)))
    .filter((secret) => secret.length >= SHORTEST)
    // One may begin with another, whose rest must not stay.
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}

const SHORTEST = 6;
const SECRET_NAME = /TOKEN|KEY|SECRET|PASS|AUTH|CREDENTIAL|COOKIE|WEBHOOK|(^|_)(PAT|PWD|DSN)$/i;

/** A private key has several lines, and words are heard line by line. */
function linesOf(value: string): string[] {
  return value.split(/[\r\n]+/).map((line) => line.trim());
}

/** As in `postgres://user:password@host`; encoded as it stands there and as programs print it. */
function passwordsOf(value: string): string[] {
  const passwords = [...value.matchAll(/:\/\/[^/\s:@]*:([^/\s@]+)@/g)].map(([, password = '']) => password);
  return passwords.flatMap((password) => [password, decoded(password)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // It was not encoded.
  }
}
