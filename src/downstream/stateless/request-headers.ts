import type { IncomingMessage } from 'node:http';
import { metaOf, PROTOCOL_VERSION } from '../../protocol/envelope.ts';
import { HEADER_MISMATCH, MessageError, type Request } from '../../protocol/message.ts';
import type { RawJson } from '../../protocol/raw-json.ts';
import { isFieldName, nameIn } from '../../protocol/standard-headers.ts';

/**
 * Checks the headers of a request against its body.
 * @throws MessageError -32020 when one is missing, broken, or says something else.
 */
export function checkHeaders({ headers }: IncomingMessage, request: Request): void {
  const check = (name: string, expected: string | undefined, given = headers[name.toLowerCase()]) => {
    if (expected === undefined) return;
    if (typeof given !== 'string') throw mismatch(request, `${name} is missing`);
    if (given !== expected) throw mismatch(request, `${name} says ${quote(given)}, and the body ${quote(expected)}`);
  };
  check('MCP-Protocol-Version', metaOf(request.frame)?.string(PROTOCOL_VERSION));
  check('Mcp-Method', request.method);
  check('Mcp-Name', nameIn(request.method, request.frame), decode(headers['mcp-name'], 'Mcp-Name', request));
}

/**
 * Checks the headers that repeat arguments of a call, as its tool's schema says (`x-mcp-header`).
 * @throws MessageError -32020 when one is missing, broken, says something else, or has no argument to repeat.
 */
export function checkParamHeaders({ headers }: IncomingMessage, request: Request, tool: RawJson): void {
  // Most tools have none, and a look at the text is enough to know.
  if (!tool.text.includes('"x-mcp-header"')) return;
  const args = request.frame.raw('params')?.raw('arguments');
  for (const { header, path } of annotationsIn(tool.raw('inputSchema'), [])) {
    const name = `Mcp-Param-${header}`;
    const given = decode(headers[name.toLowerCase()], name, request);
    const argument = valueAt(path, args, (key) => {
      throw mismatch(request, `the argument that ${name} repeats is not clear, as ${key} is there twice`);
    });
    if (argument === undefined || argument === null) {
      if (given !== undefined) throw mismatch(request, `${name} repeats an argument that is not there`);
    } else if (given === undefined) {
      throw mismatch(request, `${name} is missing`);
    } else if (!isSame(given, argument)) {
      throw mismatch(request, `${name} says ${quote(given)}, and the argument is ${quote(argument)}`);
    }
  }
}

/** Readers differ in which of two equal keys they take. */
function valueAt(path: readonly string[], args: RawJson | undefined, refuse: (repeatedKey: string) => never): unknown {
  let holder = args;
  for (const key of path) {
    if (holder?.repeatedKey !== undefined) refuse(holder.repeatedKey);
    holder = holder?.raw(key);
  }
  return holder?.value;
}

interface Annotation {
  readonly header: string;
  /** Keys that lead to the argument. */
  readonly path: readonly string[];
}

/** Only properties of properties count; what stands behind a condition or in a list cannot be repeated. */
function annotationsIn(schema: RawJson | undefined, path: readonly string[]): Annotation[] {
  const properties = schema?.raw('properties');
  return (properties?.keys ?? []).flatMap((key) => {
    const property = properties?.raw(key);
    const header = property?.string('x-mcp-header');
    const nested = annotationsIn(property, [...path, key]);
    return header && isFieldName(header) ? [{ header, path: [...path, key] }, ...nested] : nested;
  });
}

/** Numbers are compared as numbers: `42.0` is `42`. Lists and objects cannot be repeated. */
function isSame(given: string, argument: unknown): boolean {
  if (typeof argument === 'number') return DECIMAL.test(given) && Number(given) === argument;
  return typeof argument !== 'object' && given === String(argument);
}

/** As JSON writes numbers. What else JavaScript takes for one (`0x2a`, a space) is none to whoever stands in between. */
const DECIMAL = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

const ENCODED = /^=\?base64\?(.*)\?=$/;

/** The text of a header's value, which is encoded where plain ASCII cannot hold it ("Value Encoding"). */
function decode(value: string | string[] | undefined, name: string, request: Request): string | undefined {
  if (typeof value !== 'string') return undefined;
  const encoded = ENCODED.exec(value)?.[1];
  if (encoded === undefined) {
    if (/^[\x20-\x7e\t]*$/.test(value)) return value;
    throw mismatch(request, `${name} holds characters that have to be encoded`);
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) throw mismatch(request, `${name} is no Base64`);
  return bytes.toString();
}

function mismatch({ id }: Request, why: string): MessageError {
  return new MessageError(HEADER_MISMATCH, `Header mismatch: ${why}`, id);
}

/** Enough of a value to know it by. */
function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

const LONGEST_QUOTE = 200;
