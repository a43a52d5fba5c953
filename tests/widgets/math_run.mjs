// Calls functions of a widget's mathematics in Node: { folder, module, engine, calls: [[name,
// …arguments]] } on stdin, the list of answers on stdout. Where the module exports `prepare`, what it
// makes of its compiled loops is each function's last argument. A number unknown to JSON becomes its name.
import { readFileSync } from "node:fs";

const { folder, module, engine, calls } = JSON.parse(readFileSync(0, "utf8"));
const known = await import(`file://${module}`);
const loops = module.includes("gradient-flow") ? "products" : "engine";
const bytes = engine === "wasm" ? readFileSync(`${folder}/maths/${loops}.wasm`) : new Uint8Array(1);
const source = await known.prepare?.(bytes);
const answers = [];
for (const [name, ...given] of calls) answers.push(await known[name](...given, source));
process.stdout.write(JSON.stringify(answers, (_, value) => {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}));
