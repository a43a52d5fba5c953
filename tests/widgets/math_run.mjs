// Calls functions of a widget's mathematics in Node: { folder, module, calls: [[name, …arguments]] }
// on stdin, the list of answers on stdout. A number that JSON does not know becomes its name.
import { readFileSync } from "node:fs";

const { folder, module, calls } = JSON.parse(readFileSync(0, "utf8"));
const known = await import(new URL(module, `file://${folder}/`));
const answers = [];
for (const [name, ...given] of calls) answers.push(await known[name](...given));
process.stdout.write(JSON.stringify(answers, (_, value) =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value));
