import { readdirSync, readFileSync } from "node:fs";

process.stdout.write(`pid ${process.pid} node ${process.version} perf ${performance.now()}\n`);
process.stdout.write(readdirSync("/").join(" ") + "\n");
setInterval(() => {}, 1000);
