// The browser's verifier for a test in another language: each line of the input is a JSON object
// {file: base64, printed: digest or null}, and is answered by a line: {refused: why} or
// {findings, digest, cells: {cell: {choice: number}}}.
import { createInterface } from "node:readline";
import { digestOf, findings, recount } from "../../static/src/verifier/check.js";
import { NotABox, readBox } from "../../static/src/verifier/read.js";

function judged({ file, printed }) {
  try {
    const box = readBox(new Uint8Array(Buffer.from(file, "base64")));
    const cells = Array.from(recount(box), ([cell, choices]) => [cell, Object.fromEntries(choices)]);
    return {
      findings: findings(box, printed), digest: digestOf(box), cells: Object.fromEntries(cells),
    };
  } catch (error) {
    if (error instanceof NotABox) return { refused: error.message };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(judged(JSON.parse(line)))}\n`);
}
