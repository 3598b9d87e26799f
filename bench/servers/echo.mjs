// The stdio MCP server behind every bridge. It ends with its stdin, so none is left behind.
import { createAnswers } from './answers.mjs';
import { readLines } from './lines.mjs';

const answer = createAnswers();
readLines(process.stdin, (line) =>
  answer(JSON.parse(line), (message) => process.stdout.write(`${JSON.stringify(message)}\n`)),
);
