import { describe, expect, it } from 'vitest';
import { BridgeError } from '../../src/errors.ts';
import { splitCommand } from '../../src/process/command-line.ts';

const env = { HOME: '/home/ann', DIR: 'my files', EMPTY: '', N1: 'one' };
const split = (line: string, platform: NodeJS.Platform) => {
  const { command, args } = splitCommand(line, env, platform);
  return [command, ...args];
};

describe.each(['linux', 'win32'] as const)('splitCommand on %s', (platform) => {
  it.each<[string, string[]]>([
    ['npx -y some-server', ['npx', '-y', 'some-server']],
    ['  a \t b\r\n c ', ['a', 'b', 'c']],
    [`a "b c" 'd e'`, ['a', 'b c', 'd e']],
    [`a '' ""`, ['a', '', '']],
    [`a x"y z"'!'w`, ['a', 'x' + 'y z!w']],
    [`a '"' "'"`, ['a', '"', "'"]],
    [`a '{"k": "v"}'`, ['a', '{"k": "v"}']],
    ['a #b c#d ~x x~ x?y=1 k=v --k=v', ['a', '#b', 'c#d', '~x', 'x~', 'x?y=1', 'k=v', '--k=v']],
    ['a *.ts **/[ab]?.{js,ts} !', ['a', '*.ts', '**/[ab]?.{js,ts}', '!']],
    ['a ünï "日本 語" 😀', ['a', 'ünï', '日本 語', '😀']],
    ['a b\u00a0c', ['a', 'b\u00a0c']],
    [`$N1 \${N1}x "$N1 \${N1}" $N1$N1`, ['one', 'onex', 'one one', 'oneone']],
    ['a $DIR "$DIR"', ['a', 'my files', 'my files']],
    ['a $EMPTY "$EMPTY" x$EMPTY', ['a', '', 'x']],
    [`a '$N1' '\${N1}'`, ['a', '$N1', `\${N1}`]],
    ['a $ $5 "$" 5$ %N1%', ['a', '$', '$5', '$', '5$', '%N1%']],
    [`a 'x|y' "x && y; z > w" 'x\`y' '$(z)'`, ['a', 'x|y', 'x && y; z > w', 'x`y', '$(z)']],
  ])('splits %j', (line, words) => {
    expect(split(line, platform)).toEqual(words);
  });

  it.each([
    ['a | b', '"|"'],
    ['a && b', '"&&"'],
    ['a; b', '";"'],
    ['a > f', '">"'],
    ['a 2>&1', '">&"'],
    ['a < f', '"<"'],
    ['a &', '"&"'],
    ['a http://x/?a=1&b=2', '"&"'],
    ['(a)', '"("'],
    ['a `b`', '"`"'],
    ['a $(b)', '"$("'],
    ['a "$(b)"', '"$("'],
    ['a "x`b`"', '"`"'],
    [`a \${N1:-x}`, '"${"'],
    ['A=b c', 'NAME=value before the command'],
  ])('refuses %j, which needs a shell', (line, culprit) => {
    expect(() => split(line, platform)).toThrow(`${culprit} needs a shell; add --shell`);
  });

  it.each([
    ['', 'the command is empty'],
    ['  ', 'the command is empty'],
    ['"" a', 'the command is empty'],
    [`a 'b`, "the ' at character 3 is left open"],
    ['a b"c d', 'the " at character 4 is left open'],
    ['a $NOPE', 'the variable NOPE is not set'],
    [`a "x\${NOPE}y"`, 'the variable NOPE is not set'],
    ['a $constructor', 'the variable constructor is not set'],
  ])('refuses %j and says why', (line, reason) => {
    const attempt = () => split(line, platform);
    expect(attempt).toThrow(reason);
    expect(attempt).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(attempt).toThrow(BridgeError);
  });
});

describe('splitCommand on POSIX', () => {
  it.each<[string, string[]]>([
    ['a b\\ c \\"d\\" \\$N1 \\|', ['a', 'b c', '"d"', '$N1', '|']],
    ['a "b \\"c\\" \\\\ \\$N1 \\n"', ['a', 'b "c" \\ $N1 \\n']],
    [`a 'b\\c'`, ['a', 'b\\c']],
    ['a \\\n b\\\nc "d\\\ne"', ['a', 'bc', 'de']],
    [
      '~/bin/server ~ ~/x "~/x" \\~ a~/x ~ann',
      ['/home/ann/bin/server', '/home/ann', '/home/ann/x', '~/x', '~', 'a~/x', '~ann'],
    ],
  ])('splits %j', (line, words) => {
    expect(split(line, 'linux')).toEqual(words);
  });

  it('refuses a line that ends in a backslash', () => {
    expect(() => split('a b\\', 'linux')).toThrow('the \\ at character 4 is left open');
  });
});

describe('splitCommand on Windows', () => {
  it.each<[string, string[]]>([
    ['C:\\Tools\\npx.cmd -y C:\\new\\table', ['C:\\Tools\\npx.cmd', '-y', 'C:\\new\\table']],
    ['"C:\\Program Files\\nodejs\\node.exe" "C:\\my dir\\"', ['C:\\Program Files\\nodejs\\node.exe', 'C:\\my dir\\']],
    ['a \\\\host\\share .\\b\\', ['a', '\\\\host\\share', '.\\b\\']],
    ['a ~\\x ~/x', ['a', '~\\x', '~/x']],
  ])('splits %j', (line, words) => {
    expect(split(line, 'win32')).toEqual(words);
  });
});

it('reads the process environment unless told otherwise', () => {
  expect(splitCommand('a "$PATH"').args).toEqual([process.env.PATH]);
});
