import { BridgeError } from '../../errors.ts';
import { RawJson } from '../../protocol/raw-json.ts';

/**
 * The arguments of a call, as they were typed: numbers keep all their digits. None are `{}`; `-` reads them from the input, to its end.
 * @throws BridgeError `USAGE` that says where they are no JSON.
 */
export async function readArguments(given: string | undefined, input: AsyncIterable<Uint8Array>): Promise<RawJson> {
  const text = given === '-' ? await readAll(input) : (given ?? '{}');
  const args = parse(text);
  if (args.isObject) return args;
  throw new BridgeError('USAGE', 'the arguments have to be an object, such as {"path": "."}');
}

function parse(text: string): RawJson {
  try {
    return RawJson.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BridgeError('USAGE', `the arguments are no JSON: ${error.message}`, { cause: error });
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
