// Calls functions of a widget's mathematics in Node: { folder, module, engine, calls: [[name,
// …arguments]] } on stdin, the list of answers on stdout. Where the module exports `prepare`, what it
// makes of its compiled loops is each function's last argument. An argument { file } stands for that
// file's bytes. A number unknown to JSON becomes its name.
import { readFileSync } from "node:fs";

const { folder, module, engine, calls } = JSON.parse(readFileSync(0, "utf8"));
const known = await import(`file://${module}`);
const bytes = engine === "wasm" ? readFileSync(`${folder}/maths/${known.binary ?? "engine.wasm"}`) : new Uint8Array(1);
const source = await known.prepare?.(bytes);
const answers = [];
const loaded = (argument) => (argument?.file ? new Uint8Array(readFileSync(argument.file)) : argument);
for (const [name, ...given] of calls) answers.push(await known[name](...given.map(loaded), source));
process.stdout.write(JSON.stringify(answers, (_, value) => {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}));
